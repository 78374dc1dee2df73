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
