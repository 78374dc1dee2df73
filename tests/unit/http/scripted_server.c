/* SPDX-License-Identifier: Apache-2.0 */
/* As much of HTTP/1.1 as the tests need. */
#include "tests/unit/http/scripted_server.h"

#include <sys/socket.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "common/mem.h"

static void on_conn(void *arg, short revents);

static void
conn_free(struct conn *c)
{
	struct conn **p = &c->server->conns;
	struct linger hard = { 1, 0 };

	while (*p != c)
		p = &(*p)->next;
	*p = c->next;
	if (c->reset)
		setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
	watch_free(c->watch);
	close(c->fd);
	buffer_free(&c->in);
	buffer_free(&c->out);
	free(c);
}

static void
on_accept(void *arg, short revents)
{
	struct server *s = arg;
	struct conn *c;
	int fd = accept4(s->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)revents;
	if (fd == -1)
		return;
	c = mem_alloc(sizeof(*c));
	c->server = s;
	c->fd = fd;
	c->number = ++s->connections;
	c->next = s->conns;
	s->conns = c;
	buffer_init(&c->in, 0);
	buffer_init(&c->out, 0);
	c->watch = loop_watch(s->loop, fd, POLLIN, on_conn, c);
}

struct server *
server_new(struct loop *l, server_fn *fn, void *arg)
{
	struct server *s = mem_alloc(sizeof(*s));
	struct sockaddr_in sin = { .sin_family = AF_INET };
	socklen_t n = sizeof(sin);

	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	s->loop = l;
	s->fn = fn;
	s->arg = arg;
	s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    0);
	if (s->fd == -1 || bind(s->fd, (struct sockaddr *)&sin, n) == -1 ||
	    listen(s->fd, 64) == -1 ||
	    getsockname(s->fd, (struct sockaddr *)&sin, &n) == -1)
		abort();
	s->port = ntohs(sin.sin_port);
	buffer_init(&s->log, 0);
	s->watch = loop_watch(l, s->fd, POLLIN, on_accept, s);
	return s;
}

void
server_free(struct server *s)
{
	while (s->conns != NULL)
		conn_free(s->conns);
	watch_free(s->watch);
	close(s->fd);
	buffer_free(&s->log);
	free(s);
}

static void
interest(struct conn *c)
{
	watch_set(c->watch, (short)(POLLIN | (c->out.len != 0 || c->closing ?
	    POLLOUT : 0)));
}

void
conn_put(struct conn *c, const void *p, size_t n)
{
	buffer_put(&c->out, p, n);
	c->holding = false;
	interest(c);
}

void
conn_printf(struct conn *c, const char *fmt, ...)
{
	char *s;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&s, fmt, ap) == -1)
		abort();
	va_end(ap);
	conn_put(c, s, strlen(s));
	free(s);
}

void
conn_answer(struct conn *c, const char *status, const char *extra,
    const char *body)
{
	conn_printf(c, "HTTP/1.1 %s\r\n%sContent-Length: %zu\r\n\r\n%s",
	    status, extra, strlen(body), body);
}

void
conn_close(struct conn *c)
{
	c->closing = true;
	interest(c);
}

const char *
request_header(const char *head, const char *name)
{
	static char value[8192];
	const char *p;
	size_t n = strlen(name);

	for (p = strstr(head, "\r\n"); p != NULL && p[2] != '\0';
	    p = strstr(p + 2, "\r\n"))
		if (strncasecmp(p + 2, name, n) == 0 && p[2 + n] == ':') {
			p += 3 + n;
			p += strspn(p, " ");
			snprintf(value, sizeof(value), "%.*s",
			    (int)strcspn(p, "\r"), p);
			return value;
		}
	return "";
}

/* Answers what is complete in c->in. */
static void
serve(struct conn *c)
{
	struct server *s = c->server;
	char *end, *head;
	size_t hlen, blen;

	while (!c->closing && !c->holding && c->in.len != 0) {
		end = memmem(c->in.data, c->in.len, "\r\n\r\n", 4);
		if (end == NULL)
			return;
		hlen = (size_t)(end + 4 - c->in.data);
		head = mem_strndup(c->in.data, hlen);
		blen = strtoul(request_header(head, "Content-Length"), NULL,
		    10);
		if (!s->before_body && c->in.len < hlen + blen) {
			if (!c->early && *request_header(head, "Expect")) {
				c->early = true;
				conn_printf(c, "HTTP/1.1 100 Continue\r\n"
				    "\r\n");
			}
			free(head);
			return;
		}
		c->early = false;
		c->requests++;
		s->requests++;
		buffer_printf(&s->log, "%.*s conn=%d auth=%s\n",
		    (int)(strcspn(head, "\r") - 9), head, c->number,
		    request_header(head, "Authorization"));
		s->fn(s->arg, c, head, c->in.data + hlen,
		    s->before_body ? 0 : blen);
		free(head);
		if (s->before_body)
			blen = c->in.len - hlen;
		buffer_consume(&c->in, hlen + blen);
	}
}

static void
on_conn(void *arg, short revents)
{
	struct conn *c = arg;
	static char part[262144];
	ssize_t n;

	if (revents & (POLLIN | POLLHUP | POLLERR)) {
		n = recv(c->fd, part, sizeof(part), 0);
		if (n == 0 || (n == -1 && (revents & (POLLHUP | POLLERR)))) {
			conn_free(c);
			return;
		}
		if (n > 0)
			buffer_put(&c->in, part, (size_t)n);
		serve(c);
	}
	if (c->out.len != 0) {
		n = send(c->fd, c->out.data, c->out.len, MSG_NOSIGNAL);
		if (n > 0)
			buffer_consume(&c->out, (size_t)n);
	}
	if (c->out.len == 0 && c->closing) {
		conn_free(c);
		return;
	}
	interest(c);
}
