/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exchange.h - what an HTTP exchange is made of, for transfer.h and for
 * http.h: its method, and bodies that are produced or consumed as they flow.
 */
#ifndef REGBOT_EXCHANGE_H
#define REGBOT_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct url;

enum http_method {
	HTTP_GET, HTTP_HEAD, HTTP_PUT, HTTP_POST, HTTP_PATCH, HTTP_DELETE
};

struct http_source {		/* a request's body */
	uint64_t size;
	/* Up to n bytes into p: how many, 0 at the end, HTTP_AGAIN when none
	 * are there yet (http_resume later), HTTP_ABORT to give up. */
	int64_t (*read)(void *arg, char *p, size_t n);
	void *arg;
};
struct http_sink {		/* a response's body, of 2xx answers only */
	/* Takes all n bytes (returns n), or HTTP_AGAIN and is called with
	 * them again after http_resume, or HTTP_ABORT. */
	int64_t (*write)(void *arg, const char *p, size_t n);
	void *arg;
};
#define HTTP_AGAIN (-1)
#define HTTP_ABORT (-2)

const char *exchange_method(enum http_method m);	/* "GET" */
/* Get "https://host/path": how an error begins, as Go prints it. The query is
 * left out unless query is set. Free it. */
char *exchange_text(enum http_method m, const struct url *u, bool query);

#endif
