/* SPDX-License-Identifier: Apache-2.0 */
/* What the registry may not do, and how many requests run at once. */
#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include "tests/unit/http/http_rig.h"

static void
answer_ok(void *arg, struct conn *c, const char *head, const char *body,
    size_t len)
{
	(void)arg, (void)head, (void)body, (void)len;
	conn_answer(c, "200 OK", "", "hello");
}

static int64_t
since(int64_t start)
{
	return (clock_now() - start) / NS_PER_MS;
}

static void
too_much(void *arg, struct conn *c, const char *head, const char *body,
    size_t len)
{
	(void)body, (void)len;
	(void)arg;
	if (strstr(head, "headers") != NULL) {
		conn_printf(c, "HTTP/1.1 200 OK\r\n");
		for (int i = 0; i < 3000; i++)
			conn_printf(c, "X-%d: %060d\r\n", i, i);
		conn_printf(c, "Content-Length: 0\r\n\r\n");
	} else if (strstr(head, "length") != NULL)
		conn_printf(c, "HTTP/1.1 200 OK\r\nContent-Length: 99999999"
		    "\r\n\r\n");
	else {
		conn_printf(c, "HTTP/1.1 %s\r\nConnection: close\r\n\r\n",
		    strstr(head, "error") != NULL ? "400 x" : "200 OK");
		for (int i = 0; i < 20000; i++)
			conn_printf(c, "%064d", i);
		conn_close(c);
	}
}

Test(http_limits, what_is_too_large_is_refused)
{
	struct rig *g = rig_new(too_much);
	struct http_spec s = rig_spec("headers");
	struct result *r = rig_start(g, &s);

	rig_wait(g, r);
	cr_assert_eq(r->err.kind, ERROR_LIMIT, "%s", r->err.text);
	s.path = "length";
	s.what = "manifest";
	s.max_body = 1000;
	r = rig_start(g, &s);
	rig_wait(g, r);
	cr_assert_eq(r->err.kind, ERROR_LIMIT);
	cr_assert_not_null(strstr(r->err.text,
	    "the manifest is larger than 1000 bytes"), "%s", r->err.text);
	s.path = "body";
	s.max_body = 300000;
	r = rig_start(g, &s);
	rig_wait(g, r);
	cr_assert_eq(r->err.kind, ERROR_LIMIT, "%s", r->err.text);
	/* An error's text is cut, and still an error of that status. */
	s.path = "error";
	r = rig_start(g, &s);
	rig_wait(g, r);
	cr_assert_eq(r->err.http, 400);
	cr_assert_lt(strlen(r->err.text), 1200);
	cr_assert_eq(g->server->requests, 4);
	rig_free(g);
}

/* A body of as many bytes as the path says, in two parts or with a length. */
static void
so_many(void *arg, struct conn *c, const char *head, const char *body,
    size_t len)
{
	const char *p = strstr(head, "/app/") + 5;
	int n = (int)strtol(p + 1, NULL, 10);

	(void)arg, (void)body, (void)len;
	if (*p == 'l') {
		conn_printf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n"
		    "%0*d", n, n, 0);
		return;
	}
	conn_printf(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	    "%x\r\n%0*d\r\n1\r\n0\r\n0\r\n\r\n", (unsigned)n - 1, n - 1, 0);
}

Test(http_limits, a_body_has_an_exact_limit)
{
	static const char *const paths[] = { "l1000", "c1000", "l1001",
	    "c1001", "c65535" };
	struct rig *g = rig_new(so_many);
	struct http_spec s = rig_spec("");
	struct result *r;

	s.max_body = 1000;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		s.path = paths[i];
		r = rig_start(g, &s);
		rig_wait(g, r);
		cr_assert_eq(r->err.kind, i < 2 ? ERROR_NONE : ERROR_LIMIT,
		    "%s: %s", paths[i], r->err.text);
		if (i < 2)
			cr_assert_eq(strlen(r->body), 1000);
	}
	rig_free(g);
}

static void
nonsense(void *arg, struct conn *c, const char *head, const char *body,
    size_t len)
{
	(void)arg, (void)head, (void)body, (void)len;
	conn_printf(c, "hello, I am not HTTP\r\n\r\n");
	conn_close(c);
}

Test(http_limits, what_is_no_http_fails)
{
	struct rig *g = rig_new(nonsense);
	struct http_spec s = rig_spec("x");
	struct result *r = rig_start(g, &s);

	rig_wait(g, r);
	cr_assert_eq(r->err.kind, ERROR_NETWORK);
	cr_assert_not_null(strstr(r->err.text, ": the answer is not HTTP; the "
	    "server may want TLS: remove"), "%s", r->err.text);
	cr_assert_eq(g->server->requests, SILENCES_MAX);
	rig_free(g);
}

Test(http_limits, a_location_is_checked_like_a_redirect)
{
	struct rig *g = rig_new(answer_ok);
	struct http_spec s = rig_spec("");
	struct result *r;

	s.url = "http://169.254.169.254/latest";
	r = rig_start(g, &s);
	rig_wait(g, r);
	cr_assert_eq(r->err.kind, ERROR_DENIED, "%s", r->err.text);
	s.url = "/v2/app/blobs/uploads/1?_state=x";
	r = rig_start(g, &s);
	rig_wait(g, r);
	cr_assert_eq(r->status, 200);
	cr_assert_not_null(strstr(buffer_str(&g->server->log),
	    "GET /v2/app/blobs/uploads/1?_state=x "));
	rig_free(g);
}

Test(http_limits, a_loopback_registry_must_be_named)
{
	struct rig *g = rig_new(answer_ok);
	struct result *r;

	g->config.named = false;
	r = rig_get(g, "tags/list");
	rig_wait(g, r);
	cr_assert_eq(r->err.kind, ERROR_DENIED);
	cr_assert_not_null(strstr(r->err.text, "name the registry in creds"),
	    "%s", r->err.text);
	cr_assert_eq(g->server->connections, 0);
	rig_free(g);
}

static void
hold(void *arg, struct conn *c, const char *head, const char *body,
    size_t len)
{
	struct rig *g = arg;

	(void)head, (void)body, (void)len;
	c->holding = true;
	g->held[g->nheld++] = c;
}

Test(http_limits, no_more_at_once_than_allowed)
{
	struct rig *g = rig_new(hold);
	struct result *r[5];

	for (int i = 0; i < 5; i++)
		r[i] = rig_get(g, "x");
	for (int i = 0; i < 5; i++) {
		while (g->nheld <= i)
			loop_step(g->loop, -1);
		cr_assert_leq(g->server->requests, i + 2);
		conn_answer(g->held[i], "200 OK", "", "");
	}
	for (int i = 0; i < 5; i++)
		rig_wait(g, r[i]);
	cr_assert_eq(http_requests(g->http), 0);
	rig_free(g);
}

static void
granted(void *arg)
{
	(*(int *)arg)++;
}

Test(http_limits, slots_and_requests_share_the_places)
{
	struct rig *g = rig_new(answer_ok);
	struct http_slot *a, *b, *c;
	struct http_spec s = rig_spec("x");
	struct result *r, *waits;
	int n = 0;

	a = http_slot_new(g->http, granted, &n);
	b = http_slot_new(g->http, granted, &n);
	c = http_slot_new(g->http, granted, &n);
	cr_assert_eq(n, 0);
	loop_step(g->loop, -1);
	cr_assert_eq(n, 2);
	waits = rig_get(g, "waits");
	s.slot = a;
	r = rig_start(g, &s);
	rig_wait(g, r);
	cr_assert_eq(r->status, 200);
	cr_assert_not(waits->over);
	http_slot_free(a);
	loop_step(g->loop, -1);
	cr_assert_eq(n, 3);
	http_slot_free(c);
	rig_wait(g, waits);
	cr_assert_eq(waits->status, 200);
	http_slot_free(b);
	rig_free(g);
}

Test(http_limits, starts_are_spaced)
{
	struct rig *g = rig_new(answer_ok);
	struct result *r[4];
	int64_t start = clock_now();

	g->config.req_milli = 20000;	/* 20 a second */
	rig_renew(g);
	for (int i = 0; i < 4; i++)
		r[i] = rig_get(g, "x");
	for (int i = 0; i < 4; i++)
		rig_wait(g, r[i]);
	cr_assert_geq(since(start), 150);
	rig_free(g);
}

Test(http_limits, cancel_at_every_stage)
{
	struct rig *g = rig_new(hold);
	struct result *r;

	/* Queued, then after 1, 2, ... rounds of the loop, then answered. */
	for (int steps = 0; steps < 12; steps++) {
		r = rig_get(g, "x");
		for (int i = 0; i < steps; i++)
			loop_step(g->loop, 2);
		http_cancel(r->request);
		for (int i = 0; i < 3; i++)
			loop_step(g->loop, 1);
		cr_assert_not(r->over);
		cr_assert_eq(http_requests(g->http), 0);
		g->nheld = 0;
	}
	/* And with everything on the way when the object goes. */
	rig_get(g, "a");
	rig_get(g, "b");
	rig_get(g, "c");
	while (g->nheld < 2)
		loop_step(g->loop, 5);
	rig_free(g);
}

static void
warn(void *arg, struct conn *c, const char *head, const char *body,
    size_t len)
{
	(void)arg, (void)head, (void)body, (void)len;
	conn_answer(c, "200 OK", "Warning: 299 - \"this is \\\"old\\\"\"\r\n"
	    "Warning: 199 - \"other\"\r\n", "");
}

static void
on_log(void *arg, struct log_record *r)
{
	struct buffer *b = arg;

	buffer_printf(b, "%d %s", r->level, r->message);
	for (int i = 0; i < r->nattrs; i++)
		if (r->attrs[i].kind == ATTR_STRING)
			buffer_printf(b, " %s=%s", r->attrs[i].key,
			    r->attrs[i].text);
	buffer_putc(b, '\n');
}

Test(http_limits, warnings_and_exchanges_are_logged)
{
	struct rig *g = rig_new(warn);
	struct buffer b;

	buffer_init(&b, 0);
	http_set_log(g->http, on_log, &b);
	rig_wait(g, rig_get(g, "x"));
	rig_wait(g, rig_get(g, "x"));
	cr_assert_str_eq(buffer_str(&b), "4 Registry warning message "
	    "warning=this is \"old\"\n");
	g->config.trace = true;
	buffer_clear(&b);
	rig_wait(g, rig_get(g, "x"));
	cr_assert_eq(strncmp(buffer_str(&b), "-8 reg http request req-method="
	    "GET req-url=http://127.0.0.1:", 60), 0, "%s", buffer_str(&b));
	cr_assert_not_null(strstr(buffer_str(&b), "/v2/app/x req-headers=map["
	    "User-Agent:[regbot-test]] "), "%s", buffer_str(&b));
	cr_assert_not_null(strstr(buffer_str(&b), " resp-status=200 OK "));
	buffer_free(&b);
	rig_free(g);
}

Test(http_limits, a_width_raises_what_is_not_configured)
{
	struct rig *g = rig_new(warn);

	cr_expect_eq(http_width(g->http, 9), 2);
	g->config.elastic = true;
	cr_expect_eq(http_width(g->http, 9), 9);
	cr_expect_eq(http_width(g->http, 1000), PLACES_MAX);
	cr_expect_eq(http_width(g->http, 1), 2);
	rig_free(g);
}
