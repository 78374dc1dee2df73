/* SPDX-License-Identifier: Apache-2.0 */
/* Answers that are cut, and answers that nobody asked for. */
#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include "tests/unit/http/http_rig.h"

#define WRONG "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwrong"

/* Answers g->script[0] to the first request, byte for byte, and hangs up; any
 * other gets what it wants. */
static void
cut_once(void *arg, struct conn *c, const char *head, const char *body,
    size_t len)
{
	struct rig *g = arg;

	(void)body, (void)len;
	if (g->step++ == 0) {
		conn_printf(c, "%s", g->script[0]);
		conn_close(c);
	} else
		conn_answer(c, strncmp(head, "GET", 3) == 0 ? "200 OK" :
		    "201 Created", "Location: /there\r\n", "right");
}

Test(http_wire, headers_that_are_cut_are_no_answer)
{
	static const char *const cuts[] = {
		"HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Len",
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n",
		"HTTP/1.1 201 Created\r\nLocation: /there\r\n",
		"HTTP/1.1 100 Continue\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r", "HTT",
	};
	static const enum http_method methods[] = { HTTP_GET, HTTP_POST,
	    HTTP_PATCH, HTTP_PUT };
	struct http_spec s;
	struct result *r;
	struct rig *g;

	for (size_t i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++)
		for (size_t m = 0; m < 4; m++) {
			g = rig_new(cut_once);
			g->script = &cuts[i];
			s = rig_spec("x");
			s.method = methods[m];
			s.statuses[1] = 201;
			r = rig_start(g, &s);
			rig_wait(g, r);
			cr_assert_eq(r->err.kind, ERROR_NONE, "%zu %zu: %s",
			    i, m, r->err.text);
			cr_assert_str_eq(r->body, "right");
			cr_assert_eq(g->server->requests, 2);
			rig_free(g);
		}
}

Test(http_wire, an_answer_that_is_always_cut)
{
	static const char *const cut[] = { "HTTP/1.1 200 OK\r\nX: y\r\n" };
	struct rig *g = rig_new(cut_once);
	struct http_spec s = rig_spec("x");
	struct result *r;

	g->script = cut;
	s.no_retry = true;
	r = rig_start(g, &s);
	rig_wait(g, r);
	cr_assert_eq(r->err.kind, ERROR_NETWORK, "%s", r->err.text);
	cr_assert_not_null(strstr(r->err.text, ": unexpected EOF"), "%s",
	    r->err.text);
	rig_free(g);
}

/* The first request on the first connection gets g->extra, and what else is
 * to come by itself; every later request is answered right. */
static void
talk(void *arg, struct conn *c, const char *head, const char *body,
    size_t len)
{
	struct rig *g = arg;

	(void)head, (void)body, (void)len;
	if (c->number == 1 && c->requests == 1) {
		g->held[0] = c;
		conn_printf(c, "%s", g->extra);
	} else
		conn_answer(c, "200 OK", "", "right");
}

/* The second request, after the first one has got its answer. */
static void
second_is_right(struct rig *g, const char *what)
{
	struct result *r = rig_get(g, "second");

	rig_wait(g, r);
	cr_assert_eq(r->err.kind, ERROR_NONE, "%s: %s", what, r->err.text);
	cr_assert_str_eq(r->body, "right", "%s", what);
	rig_free(g);
}

Test(http_wire, what_comes_between_requests_is_no_answer)
{
	static const char *const more[] = { WRONG, "H", "\r\n",
	    "HTTP/1.1 408 Request Timeout\r\n\r\n" };
	struct rig *g;

	for (size_t i = 0; i < sizeof(more) / sizeof(more[0]); i++) {
		g = rig_new(talk);
		g->extra = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
		rig_wait(g, rig_get(g, "first"));
		conn_printf(g->held[0], "%s", more[i]);
		while (g->held[0]->out.len != 0)
			loop_step(g->loop, 100);
		second_is_right(g, more[i]);
	}
}

Test(http_wire, what_comes_with_an_answer_is_no_other)
{
	static const char *const first[] = {
		"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok" WRONG,
		"HTTP/1.1 204 No Content\r\n\r\n" WRONG WRONG,
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
		    "2\r\nok\r\n0\r\n\r\n" WRONG,
		"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" WRONG,
		"HTTP/1.1 404 x\r\nContent-Length: 2\r\n\r\nno" WRONG,
	};
	static const enum http_method methods[] = { HTTP_GET, HTTP_HEAD };
	struct http_spec s = rig_spec("first");
	struct rig *g;

	for (size_t i = 0; i < sizeof(first) / sizeof(first[0]); i++)
		for (int m = 0; m < 2; m++) {
			g = rig_new(talk);
			g->extra = first[i];
			s.method = methods[m];
			rig_wait(g, rig_start(g, &s));
			second_is_right(g, first[i]);
		}
}

Test(http_wire, a_connection_that_ended_is_not_used)
{
	struct rig *g = rig_new(talk);
	struct http_spec s = rig_spec("second");
	struct result *r;

	g->extra = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
	rig_wait(g, rig_get(g, "first"));
	conn_close(g->held[0]);
	while (g->server->conns != NULL)
		loop_step(g->loop, 100);
	s.no_retry = true;
	r = rig_start(g, &s);
	rig_wait(g, r);
	cr_assert_str_eq(r->body, "right");
	cr_assert_eq(g->server->connections, 2);
	rig_free(g);
}
