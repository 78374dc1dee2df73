/* SPDX-License-Identifier: Apache-2.0 */
/* log.c - the queue in front of stderr, and the status line. */
#include "supervisor/log/log.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/bounds.h"
#include "common/clock.h"
#include "common/mem.h"

struct log {
	struct loop *loop;
	struct watch *watch;
	int fd;
	int level;
	bool json;
	bool terminal;		/* and text: it may have a status line */
	bool status;		/* a status line is on the terminal */
	uint64_t dropped;
	struct buffer queue;
};

static void on_writable(void *arg, short revents);

struct log *
log_new(struct loop *l, int fd, int level, bool json)
{
	struct log *g = mem_alloc(sizeof(*g));

	g->loop = l;
	g->fd = fd;
	g->level = level;
	g->json = json;
	g->terminal = !json && isatty(fd) == 1;
	buffer_init(&g->queue, 0);
	g->watch = loop_watch(l, fd, 0, on_writable, g);
	return g;
}

/* The descriptor is shared with whoever started us, so it cannot be made
 * non-blocking; poll before each small write does the same. */
static bool
write_some(struct log *g)
{
	struct pollfd p = { .fd = g->fd, .events = POLLOUT };
	size_t n = g->queue.len < 4096 ? g->queue.len : 4096;
	ssize_t w;

	if (n == 0 || poll(&p, 1, 0) != 1)
		return false;
	if ((p.revents & POLLOUT) == 0) {
		buffer_clear(&g->queue);	/* nobody reads it */
		return false;
	}
	w = write(g->fd, g->queue.data, n);
	if (w == -1 && errno != EAGAIN && errno != EINTR)
		buffer_clear(&g->queue);
	if (w <= 0)
		return false;
	buffer_consume(&g->queue, (size_t)w);
	return true;
}

static void
flush(struct log *g)
{
	for (int i = 0; i < 64 && write_some(g); i++)
		;
	watch_set(g->watch, g->queue.len != 0 ? POLLOUT : 0);
}

static void
on_writable(void *arg, short revents)
{
	(void)revents;
	flush(arg);
}

void
log_free(struct log *g)
{
	struct pollfd p;
	int64_t end = clock_now() + LOG_FLUSH_MS * NS_PER_MS;

	if (g == NULL)
		return;
	log_status(g, "");
	while (g->queue.len != 0 && clock_now() < end) {
		p = (struct pollfd){ .fd = g->fd, .events = POLLOUT };
		poll(&p, 1, 100);
		write_some(g);
	}
	watch_free(g->watch);
	buffer_free(&g->queue);
	free(g);
}

bool
log_wants(const struct log *g, int level)
{
	return level >= g->level;
}

bool
log_is_terminal(const struct log *g)
{
	return g->terminal;
}

static void
enqueue(struct log *g, const char *p, size_t n)
{
	struct log_record r;
	struct buffer line;

	if (g->queue.len + n > LOG_BACKLOG_MAX) {
		g->dropped++;
		return;
	}
	if (g->status) {
		buffer_puts(&g->queue, "\r\033[K");
		g->status = false;
	}
	if (g->dropped != 0) {
		log_record_init(&r, LOG_WARN, "Log lines were dropped, the "
		    "output is too slow");
		log_record_int(&r, "lines", (int64_t)g->dropped);
		g->dropped = 0;
		buffer_init(&line, 0);
		log_format(&r, clock_wall(), g->json, &line);
		buffer_put(&g->queue, line.data, line.len);
		buffer_free(&line);
		log_record_free(&r);
	}
	buffer_put(&g->queue, p, n);
	flush(g);
}

void
log_borrowed(void *arg, const struct log_record *r)
{
	struct log *g = arg;
	struct buffer line;

	if (!log_wants(g, r->level))
		return;
	buffer_init(&line, 0);
	log_format(r, clock_wall(), g->json, &line);
	enqueue(g, line.data, line.len);
	buffer_free(&line);
}

void
log_write(struct log *g, struct log_record *r)
{
	log_borrowed(g, r);
	log_record_free(r);
}

int
log_message(struct log *g, const struct message *m, const char *script,
    struct error *err)
{
	struct log_record r;
	int64_t level = (int64_t)message_u64(m, 0) - LOG_LEVEL_BIAS;

	if (level < -LOG_LEVEL_BIAS || level > LOG_LEVEL_BIAS)
		return error_set(err, ERROR_PROTOCOL, "a log level is out of "
		    "bounds");
	log_record_init(&r, (int)level, message_str(m, 1));
	if (log_record_get(&r, m->f[2].p, m->f[2].len, err) == -1) {
		log_record_free(&r);
		return -1;
	}
	for (int i = 0; i < r.nattrs && script != NULL; i++)
		if (strcmp(r.attrs[i].key, "script") == 0) {
			free(r.attrs[i].text);
			r.attrs[i].kind = ATTR_STRING;
			r.attrs[i].text = mem_strdup(script);
		}
	log_write(g, &r);
	return 0;
}

/* Text may hold what a registry said: no terminal codes, nor U+0080 to U+009F,
 * which are some too. */
static void
put_escaped(struct buffer *b, const char *text)
{
	size_t n = strlen(text);

	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)text[i], next =
		    (unsigned char)text[i + 1];

		if ((c < ' ' && c != '\n' && c != '\t') || c == 0x7f)
			buffer_printf(b, "\\x%02x", c);
		else if (c == 0xc2 && next >= 0x80 && next < 0xa0) {
			buffer_printf(b, "\\u%04x", next);
			i++;
		} else
			buffer_putc(b, (char)c);
	}
	if (n == 0 || text[n - 1] != '\n')
		buffer_putc(b, '\n');
}

void
log_last(struct log *g, const char *text, struct log_record *r)
{
	struct buffer b;

	buffer_init(&b, 0);
	if (g->json)
		log_format(r, clock_wall(), true, &b);
	else
		put_escaped(&b, text);
	enqueue(g, b.data, b.len);
	buffer_free(&b);
	log_record_free(r);
}

void
log_plain(struct log *g, const char *text)
{
	struct log_record r;

	log_record_init(&r, LOG_ERROR, text);
	log_last(g, text, &r);
}

void
log_status(struct log *g, const char *text)
{
	if (!g->terminal || (*text == '\0' && !g->status) ||
	    g->queue.len > 4096)
		return;
	buffer_puts(&g->queue, "\r\033[K");
	buffer_puts(&g->queue, text);
	g->status = *text != '\0';
	flush(g);
}
