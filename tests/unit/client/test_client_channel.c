/* SPDX-License-Identifier: Apache-2.0 */
/* Requests to a broker: fields, answers, credit, violations, deaths. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "tests/unit/client/clientrig.h"

#define DIGEST "sha256:" \
	"1111111111111111111111111111111111111111111111111111111111111111"

static struct rig *r;
static struct reference ref;
static struct result res;

static void
setup(void)
{
	r = rig_new();
	ref = rig_ref("Registry.example:443/a/b:v1");
	memset(&res, 0, sizeof(res));
}

static void
teardown(void)
{
	reference_free(&ref);
	result_free(&res);
	rig_free(r);
}

TestSuite(channel, .init = setup, .fini = teardown);

Test(channel, head)
{
	struct peer *b;
	struct rec *m;

	client_manifest_head(r->client, &ref, rig_done, &res);
	b = rig_broker(r, 0);
	cr_expect_str_eq(b->registry, "registry.example");
	m = rig_take(b, MSG_MANIFEST_HEAD);
	cr_expect_str_eq(m->s[0], "a/b");
	cr_expect_str_eq(m->s[1], "v1");
	rig_meta(b, m->id, "application/x", DIGEST, 17, "");
	rig_end(b, m->id, ERROR_NONE, 200, 0, "");
	rig_wait(r, &res);
	cr_expect_eq(res.err.kind, ERROR_NONE);
	cr_expect_str_eq(res.media_type, "application/x");
	cr_expect_str_eq(res.digest, DIGEST);
	cr_expect_eq(res.size, 17);
}

Test(channel, get_with_rate_and_digest_before_tag)
{
	struct message_out o;
	struct peer *b;
	struct rec *m;
	uint32_t id;

	reference_add_digest(&ref, DIGEST);
	client_manifest_get(r->client, &ref, rig_done, &res);
	b = rig_broker(r, 0);
	m = rig_take(b, MSG_MANIFEST_GET);
	cr_expect_str_eq(m->s[1], DIGEST);
	id = m->id;
	m = rig_take(b, MSG_CREDIT);
	cr_expect_eq(m->id, id);
	cr_expect_geq(m->n[0], 2u);
	rig_meta(b, id, "application/x", DIGEST, 2, "");
	message_start(&o, MSG_RATE, id);
	message_put_u64(&o, 100);
	message_put_u64(&o, 99);
	message_put_u64(&o, 60);
	message_put_str(&o, "100;w=21600");
	cr_assert_eq(channel_send(b->channel, &o, -1, NULL), 0);
	rig_data(b, id, "{}", 2);
	rig_end(b, id, ERROR_NONE, 200, 0, "");
	rig_wait(r, &res);
	cr_expect_str_eq(res.body, "{}");
	cr_expect(res.rate.set);
	cr_expect_eq(res.rate.limit, 100);
	cr_expect_eq(res.rate.remain, 99);
	cr_expect_eq(res.rate.reset, 60);
}

Test(channel, failures_keep_their_sentence)
{
	struct peer *b;

	client_manifest_head(r->client, &ref, rig_done, &res);
	b = rig_broker(r, 0);
	rig_end(b, rig_take(b, MSG_MANIFEST_HEAD)->id, ERROR_NOT_FOUND, 404,
	    0, "request failed: not found [http 404]: ");
	rig_wait(r, &res);
	cr_expect_eq(res.err.kind, ERROR_NOT_FOUND);
	cr_expect_eq(res.err.http, 404);
	cr_expect_str_eq(res.err.text,
	    "request failed: not found [http 404]: ");
}

Test(channel, put_sends_its_body_against_credit)
{
	size_t n = 3 * CHUNK_MAX + 5, got = 0, credit = 0;
	char *bytes = mem_alloc(n), *back = mem_alloc(n);
	struct peer *b;
	struct rec *m;
	uint32_t id;

	for (size_t i = 0; i < n; i++)
		bytes[i] = (char)(i * 7);
	client_manifest_put(r->client, &ref, "application/x", DIGEST, bytes,
	    n, rig_done, &res);
	b = rig_broker(r, 0);
	m = rig_take(b, MSG_MANIFEST_PUT);
	id = m->id;
	cr_expect_str_eq(m->s[2], "application/x");
	cr_expect_str_eq(m->s[3], DIGEST);
	cr_expect_eq(m->n[4], n);
	cr_expect(rig_quiet(b));
	while (got < n) {
		rig_send_u64(b, MSG_CREDIT, id, 40000);
		credit += 40000;
		while (got < n && got < credit) {
			m = rig_take(b, MSG_DATA);
			cr_assert_leq(got + m->len[0], credit);
			memcpy(back + got, m->s[0], m->len[0]);
			got += m->len[0];
		}
	}
	cr_expect_arr_eq(back, bytes, n);
	rig_meta(b, id, "", DIGEST, 0, "");
	rig_end(b, id, ERROR_NONE, 201, 0, "");
	rig_wait(r, &res);
	cr_expect_eq(res.err.kind, ERROR_NONE);
	cr_expect_str_eq(res.digest, DIGEST);
	free(bytes);
	free(back);
}

Test(channel, the_other_operations)
{
	struct peer *b;
	struct rec *m;
	struct result x[7] = { 0 };
	uint32_t id;

	client_manifest_delete(r->client, &ref, DIGEST, rig_done, &x[0]);
	client_tag_delete(r->client, &ref, rig_done, &x[1]);
	client_tag_list(r->client, &ref, 5, "last", "", rig_done, &x[2]);
	client_catalog(r->client, "registry.example", -1, "", "n=2",
	    rig_done, &x[3]);
	client_blob_head(r->client, &ref, DIGEST, rig_done, &x[4]);
	client_blob_get(r->client, &ref, DIGEST, 77, rig_done, &x[5]);
	client_blob_mount(r->client, &ref, DIGEST, "from/here", rig_done,
	    &x[6]);
	b = rig_broker(r, 0);
	m = rig_take(b, MSG_MANIFEST_DELETE);
	cr_expect_str_eq(m->s[1], DIGEST);
	rig_end(b, m->id, ERROR_NONE, 202, 0, "");
	m = rig_take(b, MSG_TAG_DELETE);
	cr_expect_str_eq(m->s[1], "v1");
	rig_end(b, m->id, ERROR_NONE, 202, 0, "");
	m = rig_take(b, MSG_TAG_LIST);
	cr_expect(m->n[1] == 5 && strcmp(m->s[2], "last") == 0);
	id = m->id;
	rig_take(b, MSG_CREDIT);
	rig_meta(b, id, "application/json", "", 3, "n=5&last=z");
	rig_data(b, id, "[1]", 3);
	rig_end(b, id, ERROR_NONE, 200, 0, "");
	m = rig_take(b, MSG_CATALOG);
	cr_expect(m->n[0] == 0 && strcmp(m->s[2], "n=2") == 0);
	rig_end(b, m->id, ERROR_NONE, 200, 0, "");
	rig_take(b, MSG_CREDIT);
	rig_end(b, rig_take(b, MSG_BLOB_HEAD)->id, ERROR_NONE, 200, 0, "");
	m = rig_take(b, MSG_BLOB_GET);
	cr_expect_eq(m->n[2], 77u);
	rig_end(b, m->id, ERROR_NONE, 200, 0, "");
	rig_take(b, MSG_CREDIT);
	m = rig_take(b, MSG_BLOB_MOUNT);
	cr_expect_str_eq(m->s[2], "from/here");
	rig_end(b, m->id, ERROR_NOT_FOUND, 0, 0, "not mounted");
	for (int i = 0; i < 7; i++)
		rig_wait(r, &x[i]);
	cr_expect_str_eq(x[2].body, "[1]");
	cr_expect_str_eq(x[2].next, "n=5&last=z");
	cr_expect_eq(x[6].err.kind, ERROR_NOT_FOUND);
	for (int i = 0; i < 7; i++)
		result_free(&x[i]);
}

Test(channel, sixty_four_at_once_and_then_in_turn)
{
	struct result x[150] = { 0 };
	uint32_t ids[150];
	struct peer *b;

	for (int i = 0; i < 150; i++)
		client_manifest_head(r->client, &ref, rig_done, &x[i]);
	b = rig_broker(r, 0);
	for (int i = 0; i < 64; i++)
		ids[i] = rig_take(b, MSG_MANIFEST_HEAD)->id;
	cr_expect(rig_quiet(b), "more than 64 are outstanding");
	for (int i = 0; i < 150; i++) {
		if (i >= 64)
			ids[i] = rig_take(b, MSG_MANIFEST_HEAD)->id;
		cr_assert(i == 0 || ids[i] > ids[i - 1]);
		rig_end(b, ids[i], ERROR_NONE, 200, 0, "");
	}
	for (int i = 0; i < 150; i++) {
		rig_wait(r, &x[i]);
		result_free(&x[i]);
	}
}

/* Sends bodies with whatever credit comes; those that are cancelled end
 * there. Returns how many were. */
static int
feed(struct peer *b, uint32_t *ids, size_t *left, uint64_t *credit, int n)
{
	static char zeros[CHUNK_MAX];
	uint64_t window, all;
	int canceled = 0;
	struct rec *m;
	size_t k;

	for (all = 1; all > 0;) {
		for (int i = 0; i < 8 && b->head == NULL; i++)
			rig_steps(r, 1);
		while (b->head != NULL) {
			m = rig_take(b, b->head->type);
			canceled += m->type == MSG_CANCEL;
			for (int i = 0; i < n; i++)
				if (ids[i] == m->id && m->type == MSG_CANCEL)
					left[i] = 0;
				else if (ids[i] == m->id)
					credit[i] += m->n[0];
		}
		window = all = 0;
		for (int i = 0; i < n; i++)
			window += credit[i];
		cr_assert_leq(window, CHANNEL_WINDOW);
		for (int i = 0; i < n; i++) {
			if (left[i] == 0)
				continue;
			all += credit[i] == 0 ? left[i] : 0;
			if (credit[i] == 0)
				continue;
			k = credit[i] < CHUNK_MAX ? credit[i] : CHUNK_MAX;
			k = k < left[i] ? k : left[i];
			rig_data(b, ids[i], zeros, k);
			left[i] -= k;
			credit[i] -= k;
			all += left[i];
		}
	}
	rig_steps(r, 20);
	return canceled;
}

Test(channel, windows_sum_to_the_channel_s)
{
	struct result x[64] = { 0 };
	uint32_t ids[64];
	uint64_t credit[64] = { 0 };
	size_t left[64];
	struct peer *b;
	struct rec *m;

	for (int i = 0; i < 64; i++)
		client_manifest_get(r->client, &ref, rig_done, &x[i]);
	b = rig_broker(r, 0);
	for (int i = 0; i < 64; i++) {
		ids[i] = rig_take(b, MSG_MANIFEST_GET)->id;
		m = rig_take(b, MSG_CREDIT);
		cr_assert_eq(m->id, ids[i]);
		credit[i] = m->n[0];
		left[i] = 100000 + (size_t)i;
	}
	feed(b, ids, left, credit, 64);
	for (int i = 0; i < 64; i++)
		rig_end(b, ids[i], ERROR_NONE, 200, 0, "");
	for (int i = 0; i < 64; i++) {
		rig_wait(r, &x[i]);
		cr_expect_eq(x[i].len, 100000 + (size_t)i);
		result_free(&x[i]);
	}
}

Test(channel, a_large_body_alone)
{
	size_t left = MANIFEST_GET_MAX;
	uint64_t credit = 0;
	struct peer *b;
	uint32_t id;

	client_manifest_get(r->client, &ref, rig_done, &res);
	b = rig_broker(r, 0);
	id = rig_take(b, MSG_MANIFEST_GET)->id;
	feed(b, &id, &left, &credit, 1);
	rig_end(b, id, ERROR_NONE, 200, 0, "");
	rig_wait(r, &res);
	cr_expect_eq(res.err.kind, ERROR_NONE);
	cr_expect_eq(res.len, MANIFEST_GET_MAX);
}

Test(channel, all_bodies_together_are_bounded)
{
	enum { N = CLIENT_BODIES_MAX / MANIFEST_GET_MAX + 1 };
	struct result x[N] = { 0 };
	uint32_t ids[N];
	uint64_t credit[N] = { 0 };
	size_t left[N];
	struct peer *b;
	struct rec *m;
	int failed = 0;

	for (int i = 0; i < N; i++)
		client_manifest_get(r->client, &ref, rig_done, &x[i]);
	b = rig_broker(r, 0);
	for (int i = 0; i < N; i++) {
		ids[i] = rig_take(b, MSG_MANIFEST_GET)->id;
		m = rig_take(b, MSG_CREDIT);
		credit[i] = m->n[0];
		left[i] = MANIFEST_GET_MAX - (i == N - 1 ? 1000 : 0);
	}
	cr_expect_eq(feed(b, ids, left, credit, N), 1);
	while (b->head != NULL)
		rig_take(b, MSG_CREDIT);
	for (int i = 0; i < N; i++)
		rig_end(b, ids[i], ERROR_NONE, 200, 0, "");
	for (int i = 0; i < N; i++) {
		rig_wait(r, &x[i]);
		failed += x[i].err.kind == ERROR_LIMIT;
		result_free(&x[i]);
	}
	cr_expect_eq(failed, 1);
	/* Its room is free again. */
	client_manifest_get(r->client, &ref, rig_done, &res);
	ids[0] = rig_take(b, MSG_MANIFEST_GET)->id;
	credit[0] = rig_take(b, MSG_CREDIT)->n[0];
	left[0] = 100000;
	feed(b, ids, left, credit, 1);
	rig_end(b, ids[0], ERROR_NONE, 200, 0, "");
	rig_wait(r, &res);
	cr_expect_eq(res.len, 100000u);
}
