/* SPDX-License-Identifier: Apache-2.0 */
/* client_blob_copy: the dance of a stream pair. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "tests/unit/client/clientrig.h"

#define DIGEST "sha256:" \
	"1111111111111111111111111111111111111111111111111111111111111111"

static struct rig *r;
static struct reference src, dst;
static struct result res;
static struct client_call *call;
static struct peer *s, *t;	/* the source's broker, the target's */
static uint32_t rd, wr, pair;	/* ids of BLOB_READ, BLOB_WRITE, STREAM */
static uint64_t number;

static void
setup(void)
{
	r = rig_new();
	src = rig_ref("z.io/from:1");
	dst = rig_ref("m.io/to:1");
	memset(&res, 0, sizeof(res));
}

static void
teardown(void)
{
	reference_free(&src);
	reference_free(&dst);
	result_free(&res);
	rig_free(r);
}

TestSuite(stream, .init = setup, .fini = teardown);

static void
start(const char *known)
{
	call = client_blob_copy(r->client, &src, &dst, DIGEST, 1000, known,
	    rig_done, &res);
	t = rig_broker(r, 0);
}

static void
expect_write(const char *known)
{
	struct rec *m = rig_take(t, MSG_BLOB_WRITE);

	wr = m->id;
	cr_expect_str_eq(m->s[0], "to");
	cr_expect_str_eq(m->s[1], DIGEST);
	cr_expect_eq(m->n[2], 1000u);
	cr_expect_neq(m->n[3], 0u);
	cr_expect_neq(m->n[3], number, "a stream number came twice");
	number = m->n[3];
	cr_expect_str_eq(m->s[4], known);
}

/* From the open upload on to both commands and the pair. */
static void
expect_read(unsigned broker)
{
	struct rec *m;

	rig_send(t, MSG_UPLOAD, wr);
	s = rig_broker(r, broker);
	m = rig_take(s, MSG_BLOB_READ);
	rd = m->id;
	cr_expect_str_eq(m->s[0], "from");
	cr_expect_str_eq(m->s[1], DIGEST);
	cr_expect_eq(m->n[2], 1000u);
	cr_expect_eq(m->n[3], 0u);
	cr_expect_eq(m->n[4], number);
	m = rig_take(&r->supervisor, MSG_STREAM);
	pair = m->id;
	cr_expect_str_eq(m->s[0], src.registry);
	cr_expect_str_eq(m->s[1], dst.registry);
	cr_expect_eq(m->n[2], number);
}

static void
reserve(struct peer *first, uint32_t a, struct peer *second, uint32_t b)
{
	cr_expect_eq(rig_take(first, MSG_RESERVE)->id, a);
	cr_expect(rig_quiet(first) && rig_quiet(second));
	rig_send(first, MSG_HELD, a);
	cr_expect_eq(rig_take(second, MSG_RESERVE)->id, b);
	cr_expect(rig_quiet(first) && rig_quiet(second));
	rig_send(second, MSG_HELD, b);
	cr_expect_eq(rig_take(t, MSG_GO)->id, wr);
	cr_expect_eq(rig_take(s, MSG_GO)->id, rd);
}

/* m.io sorts before z.io. */
static void
all_the_way(unsigned source)
{
	expect_write("");
	expect_read(source);
	reserve(t, wr, s, rd);
}

Test(stream, from_one_registry_to_another)
{
	start("");
	all_the_way(1);
	rig_end(s, rd, ERROR_NONE, 200, 0, "");
	rig_steps(r, 10);
	cr_expect_eq(res.calls, 0u);
	rig_end(t, wr, ERROR_NONE, 201, 1000, "");
	rig_wait(r, &res);
	cr_expect_eq(res.err.kind, ERROR_NONE);
	cr_expect_eq(res.size, 1000);
	cr_expect(rig_quiet(s) && rig_quiet(t) && rig_quiet(&r->supervisor));
}

Test(stream, reserves_in_the_order_of_names)
{
	reference_free(&src);
	src = rig_ref("a.io/from:1");
	start("");
	expect_write("");
	expect_read(1);
	reserve(s, rd, t, wr);
	rig_end(t, wr, ERROR_NONE, 201, 1000, "");
	rig_end(s, rd, ERROR_NONE, 200, 0, "");
	rig_wait(r, &res);
	cr_expect_eq(res.err.kind, ERROR_NONE);
}

Test(stream, within_one_registry_the_target_reserves_first)
{
	reference_free(&src);
	src = rig_ref("m.io/from:1");
	start("known/here");
	expect_write("known/here");
	expect_read(0);
	reserve(t, wr, s, rd);
	rig_end(s, rd, ERROR_NONE, 200, 0, "");
	rig_end(t, wr, ERROR_NONE, 201, 1000, "");
	rig_wait(r, &res);
	cr_expect_eq(res.err.kind, ERROR_NONE);
}

Test(stream, a_mount_moves_nothing)
{
	start("known/here");
	expect_write("known/here");
	rig_end(t, wr, ERROR_NONE, 201, 0, "");
	rig_wait(r, &res);
	cr_expect_eq(res.err.kind, ERROR_NONE);
	cr_expect_eq(res.size, 0);
	cr_expect_eq(r->nbrokers, 1u);
	cr_expect(rig_quiet(&r->supervisor));
}

Test(stream, restarts_from_the_beginning)
{
	start("");
	all_the_way(1);
	rig_end(s, rd, ERROR_ABORTED, 0, 0, "the other end is gone");
	rig_steps(r, 10);
	cr_expect(rig_quiet(t), "the one that failed is not cancelled");
	rig_end(t, wr, ERROR_RESTART, 0, 500, "request failed: 401");
	all_the_way(1);
	rig_end(t, wr, ERROR_NONE, 201, 1000, "");
	rig_end(s, rd, ERROR_NONE, 200, 0, "");
	rig_wait(r, &res);
	cr_expect_eq(res.err.kind, ERROR_NONE);
}

Test(stream, restarts_for_the_source_too)
{
	start("");
	all_the_way(1);
	rig_end(s, rd, ERROR_RESTART, 0, 0, "request failed: kept");
	cr_expect_eq(rig_take(t, MSG_CANCEL)->id, wr);
	rig_end(t, wr, ERROR_CANCELED, 0, 0, "request failed: canceled");
	all_the_way(1);
	rig_end(t, wr, ERROR_NONE, 201, 1000, "");
	rig_end(s, rd, ERROR_NONE, 200, 0, "");
	rig_wait(r, &res);
	cr_expect_eq(res.err.kind, ERROR_NONE);
}

Test(stream, not_more_often_than_ten_times)
{
	start("");
	for (int i = 0; i <= RESTARTS_MAX; i++) {
		expect_write("");
		rig_end(t, wr, ERROR_RESTART, 0, 0, "request failed: x");
	}
	rig_wait(r, &res);
	cr_expect_neq(res.err.kind, ERROR_NONE);
	cr_expect_neq(res.err.kind, ERROR_RESTART);
	cr_expect_str_eq(res.err.text, "the upload was given up after 10 "
	    "restarts: request failed: x");
	cr_expect(rig_quiet(t));
}

/* The other side cannot know that its bytes were wrong. */
Test(stream, corrupted_bytes_are_sent_again_once)
{
	start("");
	for (int i = 0; i < 2; i++) {
		all_the_way(1);
		rig_end(s, rd, ERROR_NONE, 200, 0, "");
		rig_steps(r, 10);
		rig_end(t, wr, ERROR_DIGEST, 0, 0, "request failed: x");
	}
	rig_wait(r, &res);
	cr_expect_eq(res.err.kind, ERROR_DIGEST);
	cr_expect(rig_quiet(t));
}

Test(stream, reports_the_side_that_failed_source)
{
	start("");
	all_the_way(1);
	rig_end(t, wr, ERROR_ABORTED, 0, 0, "the other end is gone");
	rig_steps(r, 10);
	cr_expect(rig_quiet(s));
	rig_end(s, rd, ERROR_NOT_FOUND, 404, 0, "request failed: not found");
	rig_wait(r, &res);
	cr_expect_eq(res.err.kind, ERROR_NOT_FOUND);
	cr_expect_eq(res.err.http, 404);
	cr_expect_str_eq(res.err.text, "request failed: not found");
}

Test(stream, reports_the_side_that_failed_target)
{
	start("");
	all_the_way(1);
	rig_end(s, rd, ERROR_ABORTED, 0, 0, "the other end is gone");
	rig_end(t, wr, ERROR_HTTP, 413, 0, "request failed: too large");
	rig_wait(r, &res);
	cr_expect_str_eq(res.err.text, "request failed: too large");
}

Test(stream, a_source_that_fails_cancels_the_upload)
{
	start("");
	expect_write("");
	expect_read(1);
	rig_end(s, rd, ERROR_DENIED, 0, 0, "not allowed");
	rig_take(t, MSG_RESERVE);
	cr_expect_eq(rig_take(t, MSG_CANCEL)->id, wr);
	rig_steps(r, 10);
	cr_expect_eq(res.calls, 0u);
	rig_end(t, wr, ERROR_CANCELED, 0, 0, "canceled");
	rig_wait(r, &res);
	cr_expect_str_eq(res.err.text, "not allowed");
}

Test(stream, a_target_that_fails_early_never_reads)
{
	start("");
	expect_write("");
	rig_end(t, wr, ERROR_UNAUTHORIZED, 403, 0, "no");
	rig_wait(r, &res);
	cr_expect_eq(res.err.kind, ERROR_UNAUTHORIZED);
	cr_expect_eq(r->nbrokers, 1u);
}

Test(stream, a_pair_that_is_refused)
{
	start("");
	expect_write("");
	expect_read(1);
	rig_refuse(&r->supervisor, pair, ERROR_LIMIT, "too many streams");
	rig_take(t, MSG_RESERVE);
	cr_expect_eq(rig_take(t, MSG_CANCEL)->id, wr);
	cr_expect_eq(rig_take(s, MSG_CANCEL)->id, rd);
	rig_end(t, wr, ERROR_CANCELED, 0, 0, "canceled");
	rig_end(s, rd, ERROR_CANCELED, 0, 0, "canceled");
	rig_wait(r, &res);
	cr_expect_str_eq(res.err.text, "too many streams");
}

Test(stream, success_too_early_is_a_violation)
{
	start("");
	expect_write("");
	expect_read(1);
	rig_end(t, wr, ERROR_NONE, 201, 1000, "");
	rig_steps(r, 10);
	cr_expect(t->closed);
	cr_expect_eq(rig_take(s, MSG_CANCEL)->id, rd);
	rig_end(s, rd, ERROR_CANCELED, 0, 0, "canceled");
	rig_wait(r, &res);
	cr_expect_eq(res.err.kind, ERROR_PROTOCOL);
}

Test(stream, cancelled_on_the_way)
{
	start("");
	all_the_way(1);
	call_cancel(call);
	cr_expect_eq(rig_take(t, MSG_CANCEL)->id, wr);
	cr_expect_eq(rig_take(s, MSG_CANCEL)->id, rd);
	rig_end(t, wr, ERROR_CANCELED, 0, 0, "canceled");
	rig_end(s, rd, ERROR_RESTART, 0, 0, "whatever");
	cr_expect(rig_quiet(t) && rig_quiet(s));
	cr_expect_eq(res.calls, 0u);
}

Test(stream, cancelled_before_the_upload_is_open)
{
	start("");
	expect_write("");
	call_cancel(call);
	cr_expect_eq(rig_take(t, MSG_CANCEL)->id, wr);
	rig_send(t, MSG_UPLOAD, wr);	/* was under way */
	rig_end(t, wr, ERROR_CANCELED, 0, 0, "canceled");
	cr_expect(rig_quiet(t));
	cr_expect_eq(r->nbrokers, 1u);
	cr_expect_eq(res.calls, 0u);
}

Test(stream, a_dead_source_costs_one_restart)
{
	start("");
	all_the_way(1);
	rig_kill(s);
	cr_expect_eq(rig_take(t, MSG_CANCEL)->id, wr);
	rig_end(t, wr, ERROR_ABORTED, 0, 0, "the other end is gone");
	all_the_way(2);
	rig_kill(s);
	cr_expect_eq(rig_take(t, MSG_CANCEL)->id, wr);
	rig_end(t, wr, ERROR_ABORTED, 0, 0, "the other end is gone");
	rig_wait(r, &res);
	cr_expect_eq(res.err.kind, ERROR_PEER);
	cr_expect_str_eq(res.err.text, "the process that talks to z.io died");
}

Test(stream, a_dead_target_costs_one_restart)
{
	start("");
	all_the_way(1);
	rig_kill(t);
	cr_expect_eq(rig_take(s, MSG_CANCEL)->id, rd);
	rig_end(s, rd, ERROR_ABORTED, 0, 0, "the other end is gone");
	t = rig_broker(r, 2);
	all_the_way(1);
	rig_kill(t);
	cr_expect_eq(rig_take(s, MSG_CANCEL)->id, rd);
	rig_end(s, rd, ERROR_ABORTED, 0, 0, "the other end is gone");
	rig_wait(r, &res);
	cr_expect_eq(res.err.kind, ERROR_PEER);
	cr_expect_str_eq(res.err.text, "the process that talks to m.io died; "
	    "the request was not repeated because it writes");
}

Test(stream, one_registry_that_dies_has_both)
{
	reference_free(&src);
	src = rig_ref("m.io/from:1");
	start("");
	expect_write("");
	expect_read(0);
	rig_kill(t);
	t = rig_broker(r, 1);
	expect_write("");
	rig_end(t, wr, ERROR_NONE, 201, 0, "");
	rig_wait(r, &res);
	cr_expect_eq(res.err.kind, ERROR_NONE);
}

/* Two requests each, and a channel has 64 places: the writes must not fill
 * it. */
Test(stream, many_copies_within_one_registry_all_end)
{
	enum { N = 200 };
	struct result x[N] = { 0 };
	unsigned writes = 0, reads = 0, most = 0, done = 0;
	struct rec *m;

	reference_free(&src);
	src = rig_ref("m.io/from:1");
	for (int i = 0; i < N; i++)
		client_blob_copy(r->client, &src, &dst, DIGEST, 1, "",
		    rig_done, &x[i]);
	t = rig_broker(r, 0);
	while (done < N) {
		/* Uploads are opened only when no more writes come. */
		if (rig_quiet(t))
			break;
		while (t->head != NULL) {
			uint32_t id = t->head->id;

			m = rig_take(t, t->head->type);
			writes += m->type == MSG_BLOB_WRITE;
			reads += m->type == MSG_BLOB_READ;
			most = writes - done > most ? writes - done : most;
			if (m->type == MSG_BLOB_WRITE)
				rig_send(t, MSG_UPLOAD, id);
			else if (m->type == MSG_RESERVE)
				rig_send(t, MSG_HELD, id);
			else if (m->type == MSG_GO) {
				rig_end(t, id, ERROR_NONE, 0, 1, "");
				done = reads;
			}
		}
	}
	for (int i = 0; i < N; i++) {
		rig_wait(r, &x[i]);
		cr_expect_eq(x[i].err.kind, ERROR_NONE);
		result_free(&x[i]);
	}
	cr_expect_eq(writes, (unsigned)N);
	cr_expect_eq(reads, (unsigned)N);
	cr_expect_leq(most, 2u * CLIENT_STREAMS_MAX);
}

Test(stream, when_the_supervisor_is_gone)
{
	enum { N = 300 };
	struct result x[N] = { 0 };

	r->hold_open = true;
	for (int i = 0; i < N; i++)
		client_blob_copy(r->client, &src, &dst, DIGEST, 1, "",
		    rig_done, &x[i]);
	rig_take(&r->supervisor, MSG_OPEN);
	rig_kill(&r->supervisor);
	for (int i = 0; i < N; i++) {
		rig_wait(r, &x[i]);
		cr_expect_eq(x[i].err.kind, ERROR_PEER);
		result_free(&x[i]);
	}
}
