/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies that flow: sources and sinks that pause, cuts, resumed ranges. */
#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include "tests/unit/http/http_rig.h"

#define BIG (3u * 1024 * 1024)

/* Byte i of every stream of these tests. */
static char
byte_at(size_t i)
{
	return (char)('a' + (i ^ i >> 9 ^ i >> 16) % 26);
}

static char *
big_body(void)
{
	static char *body;

	if (body == NULL) {
		body = malloc(BIG);
		for (size_t i = 0; i < BIG; i++)
			body[i] = byte_at(i);
	}
	return body;
}

/* A source and a sink that say HTTP_AGAIN every other time. */
struct flow {
	struct rig *rig;
	struct result *result;
	struct timer *timer;
	size_t moved, size, abort_at, cancel_at;
	int calls, pauses;
	bool wrong, stuck, no_pause;
};

static void
on_flow(void *arg)
{
	struct flow *f = arg;

	http_resume(f->result->request);
}

static int64_t
pause_flow(struct flow *f)
{
	f->pauses++;
	if (!f->stuck)
		timer_arm(f->timer, NS_PER_MS / 4);
	return HTTP_AGAIN;
}

static int64_t
take(void *arg, const char *p, size_t n)
{
	struct flow *f = arg;

	if (f->abort_at != 0 && f->moved >= f->abort_at)
		return HTTP_ABORT;
	if (f->cancel_at != 0 && f->moved >= f->cancel_at) {
		http_cancel(f->result->request);
		return HTTP_ABORT;
	}
	if (!f->no_pause && (f->stuck || ++f->calls % 16 == 0))
		return pause_flow(f);
	for (size_t i = 0; i < n; i++)
		f->wrong = f->wrong || p[i] != byte_at(f->moved + i);
	f->moved += n;
	return (int64_t)n;
}

static int64_t
give(void *arg, char *p, size_t n)
{
	struct flow *f = arg;

	if (f->abort_at != 0 && f->moved >= f->abort_at)
		return HTTP_ABORT;
	if (!f->no_pause && (f->stuck || ++f->calls % 2 == 0))
		return pause_flow(f);
	if (n > f->size - f->moved)
		n = f->size - f->moved;
	for (size_t i = 0; i < n; i++)
		p[i] = byte_at(f->moved + i);
	f->moved += n;
	return (int64_t)n;
}

static struct result *
download(struct rig *g, struct flow *f, int64_t from)
{
	struct http_sink sink = { take, f };
	struct http_spec s = rig_spec("blobs/x");

	s.sink = &sink;
	s.range_from = from;
	if (from > 0)
		s.statuses[0] = 206;
	f->rig = g;
	f->moved = (size_t)from;
	f->timer = loop_timer(g->loop, on_flow, f);
	f->result = rig_start(g, &s);
	return f->result;
}

static struct result *
upload(struct rig *g, struct flow *f, size_t size)
{
	struct http_source source = { size, give, f };
	struct http_spec s = rig_spec("blobs/uploads/1");

	s.method = HTTP_PUT;
	s.actions = "pull,push";
	s.statuses[0] = 201;
	s.source = &source;
	s.media_type = "application/octet-stream";
	f->rig = g;
	f->size = size;
	f->timer = loop_timer(g->loop, on_flow, f);
	f->result = rig_start(g, &s);
	return f->result;
}

/* Serves big_body, with ranges; cut after g->step bytes while script says. */
static void
serve_big(void *arg, struct conn *c, const char *head, const char *body,
    size_t len)
{
	struct rig *g = arg;
	const char *range = request_header(head, "Range");
	size_t from = 0, n;

	(void)body, (void)len;
	if (strncmp(range, "bytes=", 6) == 0)
		from = strtoul(range + 6, NULL, 10);
	if (from != 0 && strcmp(g->extra, "no ranges") == 0)
		from = 0;
	if (from != 0)
		conn_printf(c, "HTTP/1.1 206 Partial Content\r\n"
		    "Content-Range: bytes %zu-%u/%u\r\n",
		    strcmp(g->extra, "wrong") == 0 ? from + 1 : from,
		    BIG - 1, BIG);
	else
		conn_printf(c, "HTTP/1.1 200 OK\r\n");
	n = BIG - from;
	conn_printf(c, "Content-Length: %zu\r\n\r\n", n);
	if (g->nheld-- > 0 && n > (size_t)g->step) {
		n = (size_t)g->step;
		conn_close(c);
	}
	conn_put(c, big_body() + from, n);
}

Test(http_stream, a_sink_may_pause)
{
	struct rig *g = rig_new(serve_big);
	struct flow f = { 0 };
	struct result *r = download(g, &f, 0);

	rig_wait(g, r);
	cr_assert_eq(r->err.kind, ERROR_NONE, "%s", r->err.text);
	cr_assert_eq(f.moved, BIG);
	cr_assert_not(f.wrong);
	cr_assert_gt(f.pauses, 5);
	cr_assert_str_eq(r->body, "");
	rig_free(g);
}

Test(http_stream, a_cut_body_is_resumed)
{
	struct rig *g = rig_new(serve_big);
	struct flow f = { 0 };
	struct result *r;

	g->nheld = 3;
	g->step = 700000;
	r = download(g, &f, 0);
	rig_wait(g, r);
	cr_assert_eq(r->err.kind, ERROR_NONE, "%s", r->err.text);
	cr_assert_eq(f.moved, BIG);
	cr_assert_not(f.wrong);
	cr_assert_eq(g->server->requests, 4);
	rig_free(g);
}

Test(http_stream, resumed_where_there_are_no_ranges)
{
	struct rig *g = rig_new(serve_big);
	struct flow f = { 0 };
	struct result *r;

	g->nheld = 1;
	g->step = 700001;
	g->extra = "no ranges";
	r = download(g, &f, 0);
	rig_wait(g, r);
	cr_assert_eq(r->err.kind, ERROR_NONE, "%s", r->err.text);
	cr_assert_eq(f.moved, BIG);
	cr_assert_not(f.wrong);
	rig_free(g);
}

Test(http_stream, begins_in_the_middle)
{
	struct rig *g = rig_new(serve_big);
	struct flow f = { 0 };
	struct result *r = download(g, &f, 12345);

	rig_wait(g, r);
	cr_assert_eq(r->err.kind, ERROR_NONE, "%s", r->err.text);
	cr_assert_eq(r->status, 206);
	cr_assert_eq(f.moved, BIG);
	cr_assert_not(f.wrong);
	rig_free(g);
}

Test(http_stream, another_range_is_refused)
{
	struct rig *g = rig_new(serve_big);
	struct flow f = { 0 };
	struct result *r;

	g->extra = "wrong";
	r = download(g, &f, 12345);
	rig_wait(g, r);
	cr_assert_eq(r->err.kind, ERROR_HTTP);
	cr_assert_not_null(strstr(r->err.text, "other than the one requested"));
	cr_assert_eq(f.moved, 12345);
	rig_free(g);
}

Test(http_stream, a_sink_may_give_up)
{
	struct rig *g = rig_new(serve_big);
	struct flow f = { .abort_at = 1000 };
	struct result *r = download(g, &f, 0);

	rig_wait(g, r);
	cr_assert_eq(r->err.kind, ERROR_ABORTED);
	cr_assert_eq(g->server->requests, 1);
	rig_free(g);
}

Test(http_stream, cancelled_from_its_own_sink)
{
	struct rig *g = rig_new(serve_big);
	struct flow f = { .cancel_at = 1000 };
	struct result *r = download(g, &f, 0);

	while (http_requests(g->http) != 0)
		loop_step(g->loop, 100);
	for (int i = 0; i < 5; i++)
		loop_step(g->loop, 1);
	cr_assert_not(r->over);
	rig_free(g);
}

Test(http_stream, cancelled_while_paused)
{
	struct rig *g = rig_new(serve_big);
	struct flow f = { .stuck = true };
	struct result *r = download(g, &f, 0);

	while (f.pauses == 0)
		loop_step(g->loop, 100);
	http_cancel(r->request);
	for (int i = 0; i < 5; i++)
		loop_step(g->loop, 1);
	cr_assert_not(r->over);
	rig_free(g);
}

/* How often the loop wakes in 200 ms. */
static int
steps(struct rig *g)
{
	int64_t until = clock_now() + 200 * NS_PER_MS;
	int n = 0;

	while (clock_now() < until) {
		loop_step(g->loop, 50);
		n++;
	}
	return n;
}

static void
store(void *arg, struct conn *c, const char *head, const char *body,
    size_t len)
{
	struct rig *g = arg;

	(void)head;
	g->step = (int)len;
	for (size_t i = 0; i < len; i++)
		if (body[i] != byte_at(i))
			g->step = -1;
	conn_answer(c, "201 Created", "", "");
}

Test(http_stream, a_source_may_pause)
{
	static const size_t sizes[] = { 0, 1, 100000, BIG };
	struct rig *g = rig_new(store);

	for (int i = 0; i < 4; i++) {
		struct flow f = { 0 };
		struct result *r = upload(g, &f, sizes[i]);

		rig_wait(g, r);
		cr_assert_eq(r->err.kind, ERROR_NONE, "%s", r->err.text);
		cr_assert_eq(g->step, (int)sizes[i]);
	}
	rig_free(g);
}

Test(http_stream, a_source_that_ends_early_aborts)
{
	struct rig *g = rig_new(store);
	struct flow f = { .abort_at = 1 };
	struct result *r = upload(g, &f, BIG);

	rig_wait(g, r);
	cr_assert_eq(r->err.kind, ERROR_ABORTED);
	rig_free(g);
}

static void
refuse(void *arg, struct conn *c, const char *head, const char *body,
    size_t len)
{
	struct rig *g = arg;
	char *extra;

	(void)head, (void)body, (void)len;
	if (c->server == g->other) {
		g->other->before_body = false;
		store(arg, c, head, body, len);
		return;
	}
	extra = mem_printf("Location: http://127.0.0.1:%u/there\r\n",
	    g->other->port);
	conn_answer(c, "307 Temporary Redirect", extra, "");
	free(extra);
	conn_close(c);
}

/* A large body waits for the server's word, so nothing is lost. */
Test(http_stream, a_redirect_before_the_body)
{
	struct rig *g = rig_new(refuse);
	struct flow f = { .no_pause = true };
	struct result *r;

	g->server->before_body = true;
	g->other = server_new(g->loop, refuse, g);
	r = upload(g, &f, BIG);
	rig_wait(g, r);
	cr_assert_eq(r->err.kind, ERROR_NONE, "%s", r->err.text);
	cr_assert_eq(g->step, (int)BIG);
	rig_free(g);
}

static void
late_401(void *arg, struct conn *c, const char *head, const char *body,
    size_t len)
{
	(void)arg, (void)head, (void)body, (void)len;
	conn_answer(c, "401 Unauthorized", "WWW-Authenticate: Basic "
	    "realm=\"x\"\r\n", "");
}

Test(http_stream, a_spent_body_asks_for_a_restart)
{
	struct rig *g = rig_new_user(late_401);
	struct flow f = { 0 };
	struct result *r = upload(g, &f, 100000);

	rig_wait(g, r);
	cr_assert_eq(r->err.kind, ERROR_RESTART, "%s", r->err.text);
	cr_assert_eq(r->err.http, 401);
	/* The next one knows better from the start. */
	memset(&f, 0, sizeof(f));
	r = upload(g, &f, 100000);
	rig_wait(g, r);
	cr_assert_not_null(strstr(buffer_str(&g->server->log), "auth=Basic"));
	rig_free(g);
}

static void
cut_upload(void *arg, struct conn *c, const char *head, const char *body,
    size_t len)
{
	(void)arg, (void)head, (void)body, (void)len;
	if (*request_header(head, "Expect") != '\0')
		conn_printf(c, "HTTP/1.1 100 Continue\r\n\r\n");
	c->reset = true;
	conn_close(c);
}

Test(http_stream, a_cut_upload_asks_for_a_restart)
{
	struct rig *g = rig_new(cut_upload);
	struct flow f = { .no_pause = true };
	struct result *r;

	g->server->before_body = true;
	r = upload(g, &f, 200000);
	rig_wait(g, r);
	cr_assert_eq(r->err.kind, ERROR_RESTART, "%s", r->err.text);
	cr_assert_eq(g->server->connections, 1);
	rig_free(g);
}

Test(http_stream, what_is_paused_does_not_spin)
{
	struct rig *g = rig_new(serve_big);
	struct flow down = { .stuck = true }, up = { .stuck = true };

	g->config.req_concurrent = 1;
	rig_renew(g);
	download(g, &down, 0);
	while (down.pauses == 0)
		loop_step(g->loop, 100);
	/* The server is stuck too, and waits for POLLOUT. */
	cr_assert_lt(steps(g), 40);
	http_cancel(down.result->request);
	upload(g, &up, BIG);
	while (up.pauses == 0)
		loop_step(g->loop, 100);
	cr_assert_lt(steps(g), 40);
	rig_free(g);
}
