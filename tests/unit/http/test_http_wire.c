/* SPDX-License-Identifier: Apache-2.0 */
/* Answers that are cut, and answers that nobody asked for. */
#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include "supervisor/broker/http/http_private.h"
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

Test(http_wire, a_fresh_connection_when_asked_for)
{
	struct rig *g = rig_new(talk);
	struct http_spec s = rig_spec("second");

	g->extra = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
	rig_wait(g, rig_get(g, "first"));
	s.fresh = true;
	rig_wait(g, rig_start(g, &s));
	cr_assert_eq(g->server->connections, 2);
	rig_free(g);
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

/* A server that is silent, or says g->extra every 50 ms without an end. */
static struct timer *drips;

static void
drip(void *arg)
{
	struct rig *g = arg;

	for (struct conn *c = g->server->conns; c != NULL; c = c->next)
		if (c->requests != 0)
			conn_printf(c, "%s", g->extra);
	timer_arm(drips, 50 * NS_PER_MS);
}

static void
no_answer(void *arg, struct conn *c, const char *head, const char *body,
    size_t len)
{
	struct rig *g = arg;

	(void)head, (void)body, (void)len;
	if (*g->extra != '\0') {
		conn_printf(c, "HTTP/1.1 102 x\r\n");
		timer_arm(drips, 0);
	}
	c->holding = true;
}

static struct rig *
rig_silent(const char *extra)
{
	struct rig *g = rig_new(no_answer);

	g->extra = extra;
	drips = loop_timer(g->loop, drip, g);
	/* What is silent for longer is looked at every second. */
	g->http->ctx.patience = (struct transfer_patience){ 200, 200, 200,
	    200 };
	return g;
}

/* How often a request was sent when it failed. */
static int
tries_of(struct rig *g, const struct http_spec *s)
{
	struct result *r = rig_start(g, s);
	int before = g->server->requests;

	rig_wait(g, r);
	cr_assert_eq(r->err.kind, s->method == HTTP_GET ? ERROR_NETWORK :
	    ERROR_LIMIT, "%s", r->err.text);
	cr_assert_not_null(strstr(r->err.text, "no answer within"), "%s",
	    r->err.text);
	return g->server->requests - before;
}

Test(http_wire, a_silent_server_is_given_up)
{
	static const char *const says[] = { "X: y\r\n",
	    "\r\nHTTP/1.1 102 Processing\r\n" };
	struct http_spec s = rig_spec("x");
	struct rig *g;

	for (size_t i = 0; i < sizeof(says) / sizeof(says[0]); i++) {
		g = rig_silent(says[i]);
		cr_assert_eq(tries_of(g, &s), SILENCES_MAX, "%s", says[i]);
		timer_free(drips);
		rig_free(g);
	}
}

/* Only what is sent may take long to be stored. */
Test(http_wire, an_upload_begins_soon, .timeout = 30)
{
	struct rig *g = rig_silent("");
	struct http_spec s = rig_spec("x");

	g->http->ctx.patience.write = 600000;
	s.method = HTTP_POST;
	cr_assert_eq(tries_of(g, &s), 1);
	timer_free(drips);
	rig_free(g);
}

Test(http_wire, lists_and_writes_wait_once)
{
	static const enum http_method methods[] = { HTTP_GET, HTTP_PUT,
	    HTTP_DELETE, HTTP_POST };
	struct rig *g = rig_silent("");
	struct http_spec s = rig_spec("x");

	s.list = s.no_backoff = true;
	for (size_t i = 0; i < 4; i++) {
		s.method = methods[i];
		cr_assert_eq(tries_of(g, &s), 1, "%zu", i);
	}
	timer_free(drips);
	rig_free(g);
}

Test(http_wire, each_kind_of_request_has_its_own_patience)
{
	struct rig *g = rig_new(no_answer);
	const struct transfer_patience *p = &g->http->ctx.patience;

	cr_assert_eq(p->read, ANSWER_READ_MS);
	cr_assert_eq(p->list, ANSWER_LIST_MS);
	cr_assert_eq(p->write, ANSWER_WRITE_MS);
	cr_assert_eq(p->token, TOKEN_ANSWER_MS);
	/* All tries of a read together: about a minute. */
	cr_assert_leq(SILENCES_MAX * (CONNECT_MS > ANSWER_READ_MS ?
	    CONNECT_MS : ANSWER_READ_MS), 60000);
	rig_free(g);
}

static void
answer_late(void *arg)
{
	struct rig *g = arg;

	conn_answer(g->held[0], "201 Created", "", "");
}

static void
hold(void *arg, struct conn *c, const char *head, const char *body,
    size_t len)
{
	struct rig *g = arg;

	(void)head, (void)body, (void)len;
	c->holding = true;
	g->held[0] = c;
	timer_arm(drips, 1500 * NS_PER_MS);
}

Test(http_wire, a_write_may_take_longer_than_a_read)
{
	struct rig *g = rig_new(hold);
	struct http_spec s = rig_spec("x");
	struct result *r;

	g->http->ctx.patience.read = 200;
	drips = loop_timer(g->loop, answer_late, g);
	s.method = HTTP_PUT;
	s.statuses[0] = 201;
	r = rig_start(g, &s);
	rig_wait(g, r);
	cr_assert_eq(r->status, 201, "%s", r->err.text);
	timer_free(drips);
	rig_free(g);
}

/* The token server is silent. */
static void
no_token(void *arg, struct conn *c, const char *head, const char *body,
    size_t len)
{
	struct rig *g = arg;
	char *extra;

	(void)head, (void)body, (void)len;
	if (c->server == g->other) {
		c->holding = true;
		return;
	}
	extra = mem_printf("WWW-Authenticate: Bearer realm=\"http://127.0.0.1"
	    ":%u/token\"\r\n", g->other->port);
	conn_answer(c, "401 Unauthorized", extra, "");
	free(extra);
}

Test(http_wire, a_silent_token_server_is_given_up)
{
	struct rig *g = rig_new(no_token);
	struct result *r;

	g->other = server_new(g->loop, no_token, g);
	g->http->ctx.patience.token = 200;
	r = rig_get(g, "x");
	rig_wait(g, r);
	cr_assert_eq(r->err.kind, ERROR_NETWORK, "%s", r->err.text);
	cr_assert_eq(g->other->requests, SILENCES_MAX);
	rig_free(g);
}

/* A proxy before a server that hangs ends the connection in the end. */
static void
end_held(void *arg)
{
	struct rig *g = arg;

	conn_close(g->held[0]);
}

static void
ends_late(void *arg, struct conn *c, const char *head, const char *body,
    size_t len)
{
	struct rig *g = arg;

	if (g->other != NULL && c->server != g->other) {
		no_token(arg, c, head, body, len);
		return;
	}
	c->holding = true;
	g->held[0] = c;
	timer_arm(drips, 150 * NS_PER_MS);
}

static void
gives_up_on_late_ends(struct rig *g)
{
	struct result *r;

	g->http->ctx.patience = (struct transfer_patience){ 200, 200, 200,
	    200 };
	drips = loop_timer(g->loop, end_held, g);
	r = rig_get(g, "x");
	rig_wait(g, r);
	cr_assert_eq(r->err.kind, ERROR_NETWORK, "%s", r->err.text);
	cr_assert_null(strstr(r->err.text, "TLS"), "%s", r->err.text);
	timer_free(drips);
}

Test(http_wire, a_server_that_ends_after_a_while_is_silent)
{
	struct rig *g = rig_new(ends_late);

	gives_up_on_late_ends(g);
	cr_assert_eq(g->server->requests, SILENCES_MAX);
	rig_free(g);
	g = rig_new(ends_late);
	g->other = server_new(g->loop, ends_late, g);
	gives_up_on_late_ends(g);
	cr_assert_eq(g->other->requests, SILENCES_MAX);
	rig_free(g);
}
