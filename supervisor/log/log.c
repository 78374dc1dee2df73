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
#include "supervisor/log/terminal.h"

struct log {
	struct loop *loop;
	struct watch *watch;
	int fd;
	int level;
	enum log_style style;
	bool terminal;		/* and text: it may have a status line */
	bool status;		/* a status line is on the terminal */
	uint64_t dropped;
	uint64_t told;		/* the count in a line that is in the queue */
	bool midline;		/* the last byte written ended no line */
	bool cut;		/* a line was cut: the next begins with \n */
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
	g->style = json ? LOG_STYLE_JSON : terminal_is_colored(fd) ?
	    LOG_STYLE_COLOR : LOG_STYLE_TEXT;
	g->terminal = !json && terminal_is(fd);
	buffer_init(&g->queue, 0);
	g->watch = loop_watch(l, fd, 0, on_writable, g);
	return g;
}

/* The output is gone, full, or a file at its limit. */
static void
lose(struct log *g)
{
	for (size_t i = 1; i < g->queue.len; i++)
		g->dropped += g->queue.data[i] == '\n';
	if (g->told != 0)
		g->dropped += g->told - 1;
	g->told = 0;
	g->cut = g->midline;
	buffer_clear(&g->queue);
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
		lose(g);	/* nobody reads it */
		return false;
	}
	w = write(g->fd, g->queue.data, n);
	if (w == -1 && errno != EAGAIN && errno != EINTR)
		lose(g);
	if (w <= 0)
		return false;
	g->midline = g->queue.data[w - 1] != '\n';
	buffer_consume(&g->queue, (size_t)w);
	if (g->queue.len == 0)
		g->told = 0;
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

unsigned
log_columns(const struct log *g)
{
	return g->terminal ? terminal_columns(g->fd) : 0;
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
		terminal_clear(&g->queue);
		g->status = false;
	}
	if (g->cut) {
		buffer_putc(&g->queue, '\n');
		g->cut = false;
	}
	if (g->dropped != 0) {
		log_record_init(&r, LOG_WARN, "Log lines were dropped, the "
		    "output is too slow or full");
		log_record_int(&r, "lines", (int64_t)g->dropped);
		g->told = g->dropped;
		g->dropped = 0;
		buffer_init(&line, 0);
		log_format(&r, clock_wall(), g->style, &line);
		buffer_put(&g->queue, line.data, line.len);
		buffer_free(&line);
		log_record_free(&r);
	}
	buffer_put(&g->queue, p, n);
	flush(g);
}

static void
show(struct log *g, const struct log_record *r)
{
	struct buffer line;

	buffer_init(&line, 0);
	log_format(r, clock_wall(), g->style, &line);
	enqueue(g, line.data, line.len);
	buffer_free(&line);
}

void
log_borrowed(void *arg, const struct log_record *r)
{
	struct log *g = arg;

	if (log_wants(g, r->level))
		show(g, r);
}

void
log_write(struct log *g, struct log_record *r)
{
	log_borrowed(g, r);
	log_record_free(r);
}

int
log_read(const struct message *m, struct log_record *r, struct error *err)
{
	int64_t level = (int64_t)message_u64(m, 0) - LOG_LEVEL_BIAS;

	if (level < -LOG_LEVEL_BIAS || level > LOG_LEVEL_BIAS)
		return error_set(err, ERROR_PROTOCOL, "a log level is out of "
		    "bounds");
	log_record_init(r, (int)level, message_str(m, 1));
	if (log_record_get(r, m->f[2].p, m->f[2].len, err) == -1) {
		log_record_free(r);
		return -1;
	}
	return 0;
}

int
log_message(struct log *g, const struct message *m, const char *script,
    bool (*amend)(void *arg, struct log_record *r), void *arg,
    struct error *err)
{
	struct log_record r;

	if (log_read(m, &r, err) == -1)
		return -1;
	for (int i = 0; i < r.nattrs && script != NULL; i++)
		if (strcmp(r.attrs[i].key, "script") == 0) {
			free(r.attrs[i].text);
			r.attrs[i].kind = ATTR_STRING;
			r.attrs[i].text = mem_strdup(script);
		}
	if ((amend != NULL && amend(arg, &r)) || log_wants(g, r.level))
		show(g, &r);
	log_record_free(&r);
	return 0;
}

void
log_last(struct log *g, const char *text, struct log_record *r)
{
	struct buffer b;

	buffer_init(&b, 0);
	if (g->style == LOG_STYLE_JSON)
		log_format(r, clock_wall(), g->style, &b);
	else
		log_escape(text, &b);
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
	g->status = *text != '\0';
	if (g->status)
		terminal_status(&g->queue, text, terminal_columns(g->fd));
	else
		terminal_clear(&g->queue);
	flush(g);
}
