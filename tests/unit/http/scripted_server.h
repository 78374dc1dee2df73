/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scripted_server.h - an HTTP server on loopback, on the loop of the test
 * that uses it: a handler sees each request and says, byte for byte, what is
 * sent back. Nothing about it is correct unless the test makes it so.
 */
#ifndef REGBOT_SCRIPTED_SERVER_H
#define REGBOT_SCRIPTED_SERVER_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buffer.h"
#include "common/wire/loop.h"

struct server;

struct conn {
	struct server *server;
	struct conn *next;
	struct watch *watch;
	int fd;
	int number;		/* of this connection, from 1 */
	int requests;		/* seen on it, with the current one */
	struct buffer in, out;
	size_t need;		/* bytes of the request, 0: not known yet */
	bool closing;		/* close once out is sent */
	bool reset;		/* with RST */
	bool holding;		/* answer later with conn_printf() */
	bool early;		/* handler was called before the body came */
};

/* head is the request up to and with its empty line. */
typedef void server_fn(void *arg, struct conn *c, const char *head,
    const char *body, size_t body_len);

struct server {
	struct loop *loop;
	struct watch *watch;
	struct conn *conns;
	int fd;
	unsigned port;
	int connections, requests;
	struct buffer log;	/* "GET /v2/ conn=1 auth=...\n" per request */
	bool before_body;	/* call the handler as soon as the head is in */
	server_fn *fn;
	void *arg;
};

struct server *server_new(struct loop *l, server_fn *fn, void *arg);
void server_free(struct server *s);
void conn_printf(struct conn *c, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void conn_put(struct conn *c, const void *p, size_t n);
/* A whole answer with Content-Length; extra has header lines, each ended. */
void conn_answer(struct conn *c, const char *status, const char *extra,
    const char *body);
void conn_close(struct conn *c);	/* after what was put is sent */

/* The value of a header of the request, or "" (static memory). */
const char *request_header(const char *head, const char *name);

#endif
