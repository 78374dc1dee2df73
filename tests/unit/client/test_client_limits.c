/* SPDX-License-Identifier: Apache-2.0 */
/* test_client_limits.c - what a worker neither takes nor asks for. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "common/mem.h"
#include "tests/unit/client/clientrig.h"

#define DIGEST "sha256:" \
	"1111111111111111111111111111111111111111111111111111111111111111"

static void
send_info(struct rig *r, uint32_t id, const char *path, uint64_t size)
{
	struct message_out o;

	message_start(&o, MSG_MODULE_INFO, id);
	message_put_str(&o, path);
	message_put_u64(&o, size);
	cr_assert_eq(channel_send(r->supervisor.channel, &o, -1, NULL), 0);
}

static void
refused_module(uint64_t size)
{
	struct rig *r = rig_new();
	struct result a = { 0 };

	client_module(r->client, "json", rig_done, &a);
	send_info(r, rig_take(&r->supervisor, MSG_MODULE)->id, "j", size);
	rig_wait(r, &a);
	cr_expect_eq(a.err.kind, ERROR_PEER);
	cr_expect_eq(r->stops, 1u);
	result_free(&a);
	rig_free(r);
}

Test(client_limits, a_module_has_a_limit)
{
	refused_module(MODULE_MAX + 1);
}

Test(client_limits, a_refusal_has_a_reason)
{
	struct rig *r = rig_new();
	struct result a = { 0 };

	client_module(r->client, "json", rig_done, &a);
	rig_refuse(&r->supervisor, rig_take(&r->supervisor, MSG_MODULE)->id,
	    ERROR_NONE, "");
	rig_wait(r, &a);
	cr_expect_eq(a.err.kind, ERROR_PEER);
	cr_expect_eq(r->stops, 1u);
	result_free(&a);
	rig_free(r);
}

Test(client_limits, manifests_and_blobs_have_limits)
{
	struct rig *r = rig_new();
	struct reference ref = rig_ref("h.io/a:1");
	struct result a = { 0 }, b = { 0 };
	char *big = mem_alloc(MANIFEST_PUT_MAX + 1);

	client_manifest_put(r->client, &ref, "t/t", DIGEST, big,
	    MANIFEST_PUT_MAX + 1, rig_done, &a);
	rig_wait(r, &a);
	cr_expect_eq(a.err.kind, ERROR_LIMIT);
	client_blob_get(r->client, &ref, DIGEST, 10 * BLOB_GET_MAX, rig_done,
	    &b);
	cr_expect_eq(rig_take(rig_broker(r, 0), MSG_BLOB_GET)->n[2],
	    BLOB_GET_MAX);
	free(big);
	rig_free(r);
	reference_free(&ref);
	result_free(&a);
	result_free(&b);
}
