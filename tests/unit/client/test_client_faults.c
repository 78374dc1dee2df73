/* SPDX-License-Identifier: Apache-2.0 */
/* What goes wrong on a broker's channel: violations, cancelling, deaths. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "tests/unit/client/clientrig.h"

#define DIGEST "sha256:" \
	"1111111111111111111111111111111111111111111111111111111111111111"

static struct rig *r;
static struct reference ref;
static struct result res, res2;

static void
setup(void)
{
	r = rig_new();
	ref = rig_ref("h.io/a:v1");
	memset(&res, 0, sizeof(res));
	memset(&res2, 0, sizeof(res2));
}

static void
teardown(void)
{
	reference_free(&ref);
	result_free(&res);
	result_free(&res2);
	rig_free(r);
}

TestSuite(faults, .init = setup, .fini = teardown);

/* A GET (which has credit) and a PUT (which waits for some) are under way;
 * whatever is wrong ends the channel and fails both. */
static struct peer *
two_requests(uint32_t *get, uint32_t *put)
{
	struct peer *b;

	client_manifest_get(r->client, &ref, rig_done, &res);
	client_manifest_put(r->client, &ref, "t", DIGEST, "{}", 2, rig_done,
	    &res2);
	b = rig_broker(r, 0);
	*get = rig_take(b, MSG_MANIFEST_GET)->id;
	rig_take(b, MSG_CREDIT);
	*put = rig_take(b, MSG_MANIFEST_PUT)->id;
	return b;
}

static void
expect_given_up(struct peer *b)
{
	struct result again = { 0 };

	rig_wait(r, &res);
	rig_wait(r, &res2);
	cr_expect_eq(res.err.kind, ERROR_PROTOCOL, "%s", res.err.text);
	cr_expect_eq(res2.err.kind, ERROR_PROTOCOL, "%s", res2.err.text);
	cr_expect(strstr(res.err.text, "h.io was given up") != NULL);
	rig_steps(r, 10);
	cr_expect(b->closed);
	/* The next call has a channel of its own. */
	client_manifest_head(r->client, &ref, rig_done, &again);
	b = rig_broker(r, 1);
	rig_end(b, rig_take(b, MSG_MANIFEST_HEAD)->id, ERROR_NONE, 200, 0,
	    "");
	rig_wait(r, &again);
	cr_expect_eq(again.err.kind, ERROR_NONE);
	result_free(&again);
}

#define VIOLATION(name, ...)						\
	Test(faults, name)						\
	{								\
		static char big[CHUNK_MAX];				\
		uint32_t get, put;					\
		struct peer *b = two_requests(&get, &put);		\
									\
		(void)big;						\
		__VA_ARGS__						\
		expect_given_up(b);					\
	}

VIOLATION(data_beyond_credit, rig_data(b, get, big, CHUNK_MAX);)
VIOLATION(data_for_a_put, rig_data(b, put, big, 1);)
VIOLATION(data_for_nobody, rig_data(b, put + 1, big, 1);)
VIOLATION(meta_twice, rig_meta(b, get, "", "", 0, "");
    rig_meta(b, get, "", "", 0, "");)
VIOLATION(meta_after_data, rig_data(b, get, big, 1);
    rig_meta(b, get, "", "", 0, "");)
VIOLATION(meta_with_a_negative_size, rig_meta(b, get, "", "",
    (uint64_t)INT64_MAX + 1, "");)
VIOLATION(subject_of_a_get, rig_subject(b, get, DIGEST);)
VIOLATION(subject_twice, rig_subject(b, put, DIGEST);
    rig_subject(b, put, DIGEST);)
VIOLATION(credit_for_a_get, rig_send_u64(b, MSG_CREDIT, get, 1);)
VIOLATION(credit_beyond_the_window, rig_send_u64(b, MSG_CREDIT, put,
    CHANNEL_WINDOW + 1);)
VIOLATION(credit_that_overflows, rig_send_u64(b, MSG_CREDIT, put,
    UINT64_MAX);)
VIOLATION(held_without_a_stream, rig_send(b, MSG_HELD, get);)
VIOLATION(upload_without_a_stream, rig_send(b, MSG_UPLOAD, put);)
VIOLATION(end_with_an_unknown_status, rig_end(b, get, ERROR_KINDS, 0, 0,
    "x");)
VIOLATION(end_for_nobody, rig_end(b, 77, ERROR_NONE, 0, 0, "");)
VIOLATION(put_that_read_nothing, rig_end(b, put, ERROR_NONE, 201, 0, "");)

Test(faults, a_body_beyond_its_limit)
{
	struct result x = { 0 };
	struct peer *b;
	uint32_t id;

	client_blob_get(r->client, &ref, DIGEST, 3, rig_done, &x);
	b = rig_broker(r, 0);
	id = rig_take(b, MSG_BLOB_GET)->id;
	rig_data(b, id, "1234", 4);
	rig_wait(r, &x);
	cr_expect_eq(x.err.kind, ERROR_PROTOCOL);
	result_free(&x);
}

Test(faults, a_call_that_waits_is_cancelled_without_a_word)
{
	struct client_call *call;

	r->hold_open = true;
	call = client_manifest_head(r->client, &ref, rig_done, &res);
	call_cancel(call);
	rig_open(r, rig_take(&r->supervisor, MSG_OPEN)->id, "h.io");
	cr_expect(rig_quiet(&r->brokers[0]));
	cr_expect_eq(res.calls, 0u);
	call_cancel(NULL);
}

Test(faults, a_cancelled_request_keeps_its_place_until_its_end)
{
	struct client_call *calls[64];
	struct peer *b;
	uint32_t first = 0, id;

	for (int i = 0; i < 64; i++)
		calls[i] = client_manifest_get(r->client, &ref, rig_done,
		    &res);
	b = rig_broker(r, 0);
	for (int i = 0; i < 64; i++) {
		id = rig_take(b, MSG_MANIFEST_GET)->id;
		first = i == 0 ? id : first;
		rig_take(b, MSG_CREDIT);
	}
	client_manifest_head(r->client, &ref, rig_done, &res2);
	call_cancel(calls[0]);
	cr_expect_eq(rig_take(b, MSG_CANCEL)->id, first);
	cr_expect(rig_quiet(b));
	/* What was under way already is no violation. */
	rig_meta(b, first, "", "", 0, "");
	rig_data(b, first, "abc", 3);
	cr_expect(rig_quiet(b));
	rig_end(b, first, ERROR_CANCELED, 0, 0, "canceled");
	id = rig_take(b, MSG_MANIFEST_HEAD)->id;
	cr_expect_neq(id, first);
	rig_end(b, id, ERROR_NONE, 200, 0, "");
	rig_wait(r, &res2);
	cr_expect_eq(res.calls, 0u);
}

struct nest {
	struct client_call *own, *other;
	unsigned calls;
	struct result inner;
};

/* Cancels itself (which does nothing), a call that has its answer already,
 * and runs the loop until a new call is done. */
static void
nested_done(void *arg, struct answer *a)
{
	struct nest *n = arg;

	(void)a;
	n->calls++;
	call_cancel(n->own);
	call_cancel(n->other);
	client_manifest_head(r->client, &ref, rig_done, &n->inner);
	rig_wait(r, &n->inner);
}

Test(faults, done_may_cancel_and_run_the_loop)
{
	struct nest n = { 0 };
	struct peer *b;
	uint32_t id;

	n.own = client_manifest_head(r->client, &ref, nested_done, &n);
	n.other = client_manifest_head(r->client, &ref, rig_done, &res);
	b = rig_broker(r, 0);
	id = rig_take(b, MSG_MANIFEST_HEAD)->id;
	rig_end(b, rig_take(b, MSG_MANIFEST_HEAD)->id, ERROR_NONE, 200, 0,
	    "");
	rig_end(b, id, ERROR_NONE, 200, 0, "");
	b->answers_heads = true;
	/* The second answer may be delivered first; n.other is then done. */
	n.other = NULL;
	for (int i = 0; n.calls == 0 && i < 100; i++)
		loop_step(r->loop, 10);
	cr_expect_eq(n.calls, 1u);
	cr_expect_eq(n.inner.calls, 1u);
	result_free(&n.inner);
}

Test(faults, cancelling_a_call_whose_answer_is_there)
{
	struct nest n = { 0 };
	struct peer *b;
	uint32_t id, id2;

	n.own = client_manifest_head(r->client, &ref, nested_done, &n);
	n.other = client_manifest_head(r->client, &ref, rig_done, &res);
	b = rig_broker(r, 0);
	id = rig_take(b, MSG_MANIFEST_HEAD)->id;
	id2 = rig_take(b, MSG_MANIFEST_HEAD)->id;
	b->answers_heads = true;
	rig_end(b, id, ERROR_NONE, 200, 0, "");
	rig_end(b, id2, ERROR_NONE, 200, 0, "");
	for (int i = 0; n.calls == 0 && i < 100; i++)
		loop_step(r->loop, 10);
	rig_steps(r, 20);
	cr_expect_eq(n.calls, 1u);
	cr_expect_eq(n.inner.calls, 1u);
	cr_expect_eq(res.calls, 0u);
	result_free(&n.inner);
}

Test(faults, a_read_is_repeated_once)
{
	struct peer *b;
	uint32_t id;

	client_manifest_get(r->client, &ref, rig_done, &res);
	b = rig_broker(r, 0);
	id = rig_take(b, MSG_MANIFEST_GET)->id;
	rig_meta(b, id, "old", "", 9, "");
	rig_data(b, id, "old", 3);
	rig_steps(r, 10);
	rig_kill(b);
	b = rig_broker(r, 1);
	id = rig_take(b, MSG_MANIFEST_GET)->id;
	rig_take(b, MSG_CREDIT);
	rig_meta(b, id, "new", "", 2, "");
	rig_data(b, id, "ok", 2);
	rig_end(b, id, ERROR_NONE, 200, 0, "");
	rig_wait(r, &res);
	cr_expect_str_eq(res.body, "ok");
	cr_expect_str_eq(res.media_type, "new");
}

Test(faults, and_not_twice)
{
	client_manifest_head(r->client, &ref, rig_done, &res);
	rig_take(rig_broker(r, 0), MSG_MANIFEST_HEAD);
	rig_kill(rig_broker(r, 0));
	rig_take(rig_broker(r, 1), MSG_MANIFEST_HEAD);
	rig_kill(rig_broker(r, 1));
	rig_wait(r, &res);
	cr_expect_eq(res.err.kind, ERROR_PEER);
	cr_expect_eq(r->nbrokers, 2u);
	/* A later call opens anew. */
	client_manifest_head(r->client, &ref, rig_done, &res2);
	rig_end(rig_broker(r, 2), rig_take(rig_broker(r, 2),
	    MSG_MANIFEST_HEAD)->id, ERROR_NONE, 200, 0, "");
	rig_wait(r, &res2);
	cr_expect_eq(res2.err.kind, ERROR_NONE);
}

Test(faults, a_write_is_not_repeated)
{
	client_tag_delete(r->client, &ref, rig_done, &res);
	client_manifest_head(r->client, &ref, rig_done, &res2);
	rig_take(rig_broker(r, 0), MSG_TAG_DELETE);
	rig_kill(rig_broker(r, 0));
	rig_wait(r, &res);
	cr_expect_eq(res.err.kind, ERROR_PEER);
	cr_expect_str_eq(res.err.text, "the process that talks to h.io died; "
	    "the request was not repeated because it writes");
	rig_end(rig_broker(r, 1), rig_take(rig_broker(r, 1),
	    MSG_MANIFEST_HEAD)->id, ERROR_NONE, 200, 0, "");
	rig_wait(r, &res2);
	cr_expect_eq(res2.err.kind, ERROR_NONE);
	cr_expect(rig_quiet(rig_broker(r, 1)));
}

Test(faults, what_waits_is_sent_to_the_new_broker_in_order)
{
	struct result x[70] = { 0 };
	struct peer *b;
	char *tag;

	for (int i = 0; i < 70; i++) {
		tag = mem_printf("t%d", i);
		reference_set_tag(&ref, tag);
		client_manifest_head(r->client, &ref, rig_done, &x[i]);
		free(tag);
	}
	b = rig_broker(r, 0);
	rig_take(b, MSG_MANIFEST_HEAD);
	rig_kill(b);
	b = rig_broker(r, 1);
	for (int i = 0; i < 70; i++) {
		struct rec *m = rig_take(b, MSG_MANIFEST_HEAD);

		tag = mem_printf("t%d", i);
		cr_expect_str_eq(m->s[1], tag);
		free(tag);
		rig_end(b, m->id, ERROR_NONE, 200, 0, "");
	}
	for (int i = 0; i < 70; i++) {
		rig_wait(r, &x[i]);
		result_free(&x[i]);
	}
}

Test(faults, a_registry_that_is_refused)
{
	r->hold_open = true;
	client_manifest_head(r->client, &ref, rig_done, &res);
	client_tag_delete(r->client, &ref, rig_done, &res2);
	rig_refuse(&r->supervisor, rig_take(&r->supervisor, MSG_OPEN)->id,
	    ERROR_DENIED, "h.io is not allowed");
	rig_wait(r, &res);
	rig_wait(r, &res2);
	cr_expect_str_eq(res.err.text, "h.io is not allowed");
	cr_expect_eq(res2.err.kind, ERROR_DENIED);
	cr_expect(rig_quiet(&r->supervisor));
}
