/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTP half of a broker against a server on the same loop. */
#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include "tests/unit/http/http_rig.h"

static void
answer_ok(void *arg, struct conn *c, const char *head, const char *body,
    size_t len)
{
	(void)arg, (void)head, (void)body, (void)len;
	conn_answer(c, "200 OK", "Content-Type: Application/JSON; charset=x\r\n"
	    "Docker-Content-Digest: sha256:0123456789012345678901234567890a\r\n"
	    "Link: </v2/other/path?n=2&last=b>; rel=\"next\"\r\n"
	    "RateLimit-Limit: 100;w=21600\r\nRateLimit-Remaining: 76;w=21600"
	    "\r\nOCI-Subject: none\r\n", "hello");
}

Test(http, a_reply_has_its_fields)
{
	struct rig *g = rig_new(answer_ok);
	struct result *r = rig_get(g, "manifests/latest");

	rig_wait(g, r);
	cr_assert_eq(r->err.kind, ERROR_NONE, "%s", r->err.text);
	cr_assert_eq(r->status, 200);
	cr_assert_str_eq(r->body, "hello");
	cr_assert_str_eq(r->reply.media_type, "application/json");
	cr_assert_str_eq(r->reply.digest,
	    "sha256:0123456789012345678901234567890a");
	cr_assert_str_eq(r->reply.next, "n=2&last=b");
	cr_assert_str_eq(r->reply.subject, "");
	cr_assert_eq(r->reply.length, 5);
	cr_assert(r->reply.has_rate);
	cr_assert_eq(r->reply.rate_limit, 100);
	cr_assert_eq(r->reply.rate_remain, 76);
	cr_assert_str_eq(r->reply.rate_policies, "100;w=21600");
	cr_assert_str_eq(buffer_str(&g->server->log),
	    "GET /v2/app/manifests/latest conn=1 auth=\n");
	rig_free(g);
}

static void
show_headers(void *arg, struct conn *c, const char *head, const char *body,
    size_t len)
{
	struct rig *g = arg;

	(void)body, (void)len;
	free(g->note);
	g->note = strdup(head);
	conn_answer(c, "200 OK", "", "");
}

Test(http, sends_what_it_should_and_nothing_else)
{
	struct rig *g = rig_new(show_headers);
	struct http_spec s = rig_spec("tags/list");
	char *want;

	s.accept = "application/json";
	s.query = "n=5";
	rig_wait(g, rig_start(g, &s));
	want = mem_printf("GET /v2/app/tags/list?n=5 HTTP/1.1\r\n"
	    "Host: 127.0.0.1:%u\r\nUser-Agent: regbot-test\r\n"
	    "Accept: application/json\r\n\r\n", g->server->port);
	cr_assert_str_eq(g->note, want);
	free(want);
	s.accept = NULL;
	s.accept_manifests = true;
	rig_wait(g, rig_start(g, &s));
	cr_assert_not_null(strstr(g->note,
	    "Accept: application/vnd.oci.image.index.v1+json\r\n"
	    "Accept: application/vnd.oci.image.manifest.v1+json\r\n"));
	rig_free(g);
}

Test(http, connections_are_reused)
{
	struct rig *g = rig_new(answer_ok);

	for (int i = 0; i < 5; i++)
		rig_wait(g, rig_get(g, "manifests/latest"));
	cr_assert_eq(g->server->connections, 1);
	cr_assert_eq(g->server->requests, 5);
	rig_free(g);
}

static void
answer_404(void *arg, struct conn *c, const char *head, const char *body,
    size_t len)
{
	(void)arg, (void)head, (void)body, (void)len;
	conn_answer(c, "404 Not Found", "", "{\"errors\":\001[]}\n");
}

Test(http, a_status_becomes_a_sentence)
{
	struct rig *g = rig_new(answer_404);
	struct result *r = rig_get(g, "manifests/x");

	rig_wait(g, r);
	cr_assert_eq(r->err.kind, ERROR_NOT_FOUND);
	cr_assert_eq(r->err.http, 404);
	cr_assert_str_eq(r->err.text,
	    "request failed: not found [http 404]: {\"errors\": []}\n");
	cr_assert_eq(g->server->requests, 1);
	rig_free(g);
}

static void
answer_script(void *arg, struct conn *c, const char *head, const char *body,
    size_t len)
{
	struct rig *g = arg;
	const char *status = g->script[g->step];

	(void)head, (void)body, (void)len;
	if (g->script[g->step + 1] != NULL)
		g->step++;
	if (strcmp(status, "reset") == 0) {
		c->reset = true;
		conn_close(c);
	} else
		conn_answer(c, status, g->extra, strncmp(status, "200", 3) ==
		    0 ? "good" : "bad");
}

static int64_t
since(int64_t start)
{
	return (clock_now() - start) / NS_PER_MS;
}

Test(http, retries_what_may_pass)
{
	static const char *const script[] = { "reset", "503 x", "200 OK",
	    NULL };
	struct rig *g = rig_new(answer_script);
	struct result *r;
	int64_t start = clock_now();

	g->script = script;
	r = rig_get(g, "manifests/x");
	rig_wait(g, r);
	cr_assert_eq(r->err.kind, ERROR_NONE, "%s", r->err.text);
	cr_assert_str_eq(r->body, "good");
	/* 200 and 400 ms between the three. */
	cr_assert_geq(since(start), 600);
	cr_assert_lt(since(start), 10000);
	rig_free(g);
}

Test(http, gives_up_after_five_attempts)
{
	static const char *const script[] = { "500 x", NULL };
	struct rig *g = rig_new(answer_script);
	struct result *r;

	g->script = script;
	r = rig_get(g, "manifests/x");
	rig_wait(g, r);
	cr_assert_eq(r->err.http, 500);
	cr_assert_str_eq(r->err.text, "request failed: unexpected http status "
	    "code: Internal Server Error [http 500]: bad");
	cr_assert_eq(g->server->requests, 5);
	rig_free(g);
}

Test(http, no_retry_means_one)
{
	static const char *const script[] = { "500 x", NULL };
	struct rig *g = rig_new(answer_script);
	struct http_spec s = rig_spec("manifests/x");
	struct result *r;
	int64_t start;

	g->script = script;
	s.no_retry = s.no_backoff = true;
	r = rig_start(g, &s);
	rig_wait(g, r);
	cr_assert_eq(r->err.http, 500);
	cr_assert_eq(g->server->requests, 1);
	/* Nor do the next ones wait: that would be 6 s. */
	start = clock_now();
	for (int i = 0; i < 5; i++)
		rig_wait(g, rig_start(g, &s));
	cr_assert_lt(since(start), 4000);
	rig_free(g);
}

Test(http, a_client_error_slows_nothing)
{
	static const char *const script[] = { "403 x", "405 x", "400 x",
	    "404 x", "409 x", "200 OK", NULL };
	struct rig *g = rig_new(answer_script);
	int64_t start = clock_now();
	struct result *r = NULL;

	g->script = script;
	/* With a pause after each failure it would be 6 s. */
	for (int i = 0; i < 6; i++) {
		r = rig_get(g, "manifests/x");
		rig_wait(g, r);
	}
	cr_assert_eq(r->status, 200);
	cr_assert_eq(g->server->requests, 6);
	cr_assert_lt(since(start), 4000);
	rig_free(g);
}

Test(http, retry_after_is_obeyed)
{
	static const char *const script[] = { "429 x", "200 OK", NULL };
	struct rig *g = rig_new(answer_script);
	struct result *r, *other;
	int64_t start = clock_now();

	g->script = script;
	g->extra = "Retry-After: 1\r\n";
	r = rig_get(g, "manifests/x");
	while (g->server->requests == 0)
		loop_step(g->loop, -1);
	for (int i = 0; i < 20; i++)
		loop_step(g->loop, 1);
	other = rig_get(g, "manifests/y");
	rig_wait(g, r);
	rig_wait(g, other);
	cr_assert_eq(r->status, 200);
	cr_assert_eq(other->status, 200);
	cr_assert_geq(since(start), 1000);
	cr_assert_eq(g->server->requests, 3);
	rig_free(g);
}

Test(http, a_refused_connection_fails_in_three_seconds)
{
	struct rig *g = rig_new(answer_ok);
	struct result *r;
	int64_t start = clock_now();
	char want[64];

	server_free(g->server);
	g->server = NULL;
	r = rig_get(g, "tags/list");
	rig_wait(g, r);
	cr_assert_eq(r->err.kind, ERROR_NETWORK);
	snprintf(want, sizeof(want), "Get \"http://127.0.0.1:%u/v2/app/tags/"
	    "list\"", g->port);
	cr_assert_eq(strncmp(r->err.text, want, strlen(want)), 0, "%s",
	    r->err.text);
	cr_assert_not_null(strstr(r->err.text,
	    ": connect: connection refused"), "%s", r->err.text);
	cr_assert_geq(since(start), 3000);
	cr_assert_lt(since(start), 10000);
	rig_free(g);
}

static void
truncate_once(void *arg, struct conn *c, const char *head, const char *body,
    size_t len)
{
	struct rig *g = arg;

	(void)head, (void)body, (void)len;
	if (g->step++ == 0) {
		conn_printf(c, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"
		    "half");
		conn_close(c);
	} else
		conn_answer(c, "200 OK", "", "whole body");
}

Test(http, a_truncated_body_is_fetched_again)
{
	struct rig *g = rig_new(truncate_once);
	struct result *r = rig_get(g, "manifests/x");

	rig_wait(g, r);
	cr_assert_eq(r->err.kind, ERROR_NONE, "%s", r->err.text);
	cr_assert_str_eq(r->body, "whole body");
	cr_assert_eq(g->server->requests, 2);
	rig_free(g);
}

/* What the log says, a line each. */
static void
on_log(void *arg, struct log_record *r)
{
	struct buffer *b = arg;

	buffer_printf(b, "%d %s", r->level, r->message);
	for (int i = 0; i < r->nattrs; i++)
		if (r->attrs[i].kind == ATTR_STRING)
			buffer_printf(b, " %s=%s", r->attrs[i].key,
			    r->attrs[i].text);
		else
			buffer_printf(b, " %s=%d", r->attrs[i].key,
			    (int)r->attrs[i].number);
	buffer_putc(b, '\n');
}

/* Steps until the log has text, then some more. */
static void
step_until(struct rig *g, const struct buffer *log, size_t len)
{
	int64_t until = clock_now() + 20 * NS_PER_S;

	while (log->len < len) {
		loop_step(g->loop, 100);
		cr_assert_lt(clock_now(), until);
	}
	for (int i = 0; i < 20; i++)
		loop_step(g->loop, 2);
}

static void
log_is(const struct rig *g, const struct buffer *log, const char *what,
    const char *rest)
{
	char *want = mem_printf("0 %s for registry registry=%s %s\n", what,
	    g->hostname, rest);

	cr_assert_str_eq(buffer_str(log), want);
	free(want);
}

Test(http, a_pause_is_told_once_for_all_that_wait)
{
	static const char *const script[] = { "429 x", NULL };
	struct rig *g = rig_new(answer_script);
	struct buffer log;

	buffer_init(&log, 0);
	http_set_log(g->http, on_log, &log);
	g->script = script;
	g->extra = "Retry-After: 100\r\n";
	for (int i = 0; i < 5; i++)
		rig_get(g, "x");
	step_until(g, &log, 1);
	log_is(g, &log, "Waiting", "reason=429 Too Many Requests, "
	    "Retry-After seconds=100");
	buffer_free(&log);
	rig_free(g);
}

Test(http, waits_by_reqpersec_are_told_once)
{
	struct rig *g = rig_new(answer_ok);
	struct buffer log;

	buffer_init(&log, 0);
	g->config.req_milli = 100;
	rig_renew(g);
	http_set_log(g->http, on_log, &log);
	for (int i = 0; i < 4; i++)
		rig_get(g, "x");
	step_until(g, &log, 1);
	log_is(g, &log, "Waiting", "reason=reqPerSec seconds=10");
	buffer_free(&log);
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

Test(http, a_wait_for_a_place_is_told_when_it_is_over)
{
	struct rig *g = rig_new(hold);
	int64_t until = clock_now() + 2600 * NS_PER_MS;
	struct buffer log;

	buffer_init(&log, 0);
	http_set_log(g->http, on_log, &log);
	for (int i = 0; i < 6; i++)
		rig_get(g, "x");
	while (clock_now() < until)
		loop_step(g->loop, 50);
	cr_assert_eq(g->nheld, 2);
	cr_assert_str_eq(buffer_str(&log), "");
	conn_answer(g->held[0], "200 OK", "", "");
	conn_answer(g->held[1], "200 OK", "", "");
	step_until(g, &log, 1);
	cr_assert_not_null(strstr(buffer_str(&log), "0 Waited for registry "));
	cr_assert_not_null(strstr(buffer_str(&log), " reason=reqConcurrent: 2 "
	    "at once seconds="), "%s", buffer_str(&log));
	cr_assert_eq(strchr(buffer_str(&log), 0) - 1,
	    strchr(buffer_str(&log), 10));
	buffer_free(&log);
	rig_free(g);
}

static void
always_429(void *arg, struct conn *c, const char *head, const char *body,
    size_t len)
{
	(void)arg, (void)head, (void)body, (void)len;
	conn_answer(c, "429 x", "Retry-After: 0\r\n", "");
}

/* Also of a registry that says to come back at once, for ever. */
Test(http, tries_are_limited)
{
	struct rig *g = rig_new(always_429);
	struct result *r = rig_get(g, "manifests/x");

	rig_wait(g, r);
	cr_assert_eq(r->err.kind, ERROR_RATE_LIMIT);
	cr_assert_eq(g->server->requests, ATTEMPTS_MAX);
	rig_free(g);
}
