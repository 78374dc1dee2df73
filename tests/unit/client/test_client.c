/* SPDX-License-Identifier: Apache-2.0 */
/* The control channel, and one operation after the other. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "tests/unit/client/clientrig.h"

#define DIGEST "sha256:" \
	"1111111111111111111111111111111111111111111111111111111111111111"

static void
send_job(struct rig *r, uint64_t size, uint64_t flags)
{
	struct message_out o;

	message_start(&o, MSG_JOB, 0);
	message_put_str(&o, "nightly mirror");
	message_put_u64(&o, size);
	message_put_u64(&o, 5000000000u);
	message_put_u64(&o, flags);
	message_put_u64(&o, LOG_LEVEL_BIAS - 4);
	message_put_u64(&o, 1 << 20);
	cr_assert_eq(channel_send(r->supervisor.channel, &o, -1, NULL), 0);
}

static void
send_env(struct rig *r, const char *name, const char *value)
{
	struct message_out o;

	message_start(&o, MSG_GETENV, 0);
	message_put_str(&o, name);
	message_put_str(&o, value);
	cr_assert_eq(channel_send(r->supervisor.channel, &o, -1, NULL), 0);
}

static void
send_script(struct rig *r, const char *text)
{
	struct message_out o;

	message_start(&o, MSG_SCRIPT, 0);
	message_put_bytes(&o, text, strlen(text));
	cr_assert_eq(channel_send(r->supervisor.channel, &o, -1, NULL), 0);
}

Test(client, takes_its_job)
{
	struct rig *r = rig_new();
	struct client_job job;
	struct error err;

	client_ready(r->client);
	cr_expect_str_eq(rig_take(&r->supervisor, MSG_READY)->s[0],
	    PACKAGE_VERSION);
	send_job(r, 10, 3);
	send_env(r, "HOME", "a b\nc");
	send_script(r, "12345");
	send_env(r, "EMPTY", "");
	send_script(r, "67890");
	cr_assert_eq(client_get_job(r->client, &job, &err), 0);
	cr_expect_str_eq(job.name, "nightly mirror");
	cr_expect_str_eq(job.script, "1234567890");
	cr_expect_eq(job.script_len, 10u);
	cr_expect(job.dry_run && job.parallel_unset);
	cr_expect_eq(job.log_level, -4);
	cr_expect_eq(job.timeout_ns, 5000000000);
	cr_expect_eq(job.memory, 1u << 20);
	cr_expect_str_eq(client_getenv(r->client, "HOME"), "a b\nc");
	cr_expect_str_eq(client_getenv(r->client, "EMPTY"), "");
	cr_expect_null(client_getenv(r->client, "PATH"));
	free(job.name);
	free(job.script);
	rig_free(r);
}

Test(client, an_empty_script_is_a_job)
{
	struct rig *r = rig_new();
	struct client_job job;
	struct error err;

	send_job(r, 0, 0);
	cr_assert_eq(client_get_job(r->client, &job, &err), 0);
	cr_expect_str_eq(job.script, "");
	cr_expect(!job.dry_run && !job.parallel_unset);
	free(job.name);
	free(job.script);
	rig_free(r);
}

static void
expect_violation(struct rig *r)
{
	struct client_job job;
	struct error err;

	cr_assert_eq(client_get_job(r->client, &job, &err), -1);
	cr_expect_eq(err.kind, ERROR_PEER);
	cr_expect_eq(r->stops, 1u);
	cr_expect_eq(r->stop_reason, STOP_CANCELED);
	rig_free(r);
}

Test(client, refuses_a_script_above_its_bound)
{
	struct rig *r = rig_new();

	send_job(r, SCRIPT_MAX + 1, 0);
	expect_violation(r);
}

Test(client, refuses_more_script_than_announced)
{
	struct rig *r = rig_new();

	send_job(r, 4, 0);
	send_script(r, "12345");
	expect_violation(r);
}

Test(client, refuses_a_second_job)
{
	struct rig *r = rig_new();

	send_job(r, 4, 0);
	send_job(r, 4, 0);
	expect_violation(r);
}

Test(client, refuses_variables_before_the_job)
{
	struct rig *r = rig_new();

	send_env(r, "A", "b");
	expect_violation(r);
}

Test(client, stop_before_the_job)
{
	struct rig *r = rig_new();
	struct client_job job;
	struct error err;

	rig_send_u64(&r->supervisor, MSG_STOP, 0, STOP_DEADLINE);
	cr_assert_eq(client_get_job(r->client, &job, &err), -1);
	cr_expect_eq(err.kind, ERROR_DEADLINE);
	cr_expect_eq(r->stop_reason, STOP_DEADLINE);
	cr_expect_eq(r->stops, 1u);
	rig_free(r);
}

Test(client, stop_for_an_unknown_reason)
{
	static const uint64_t reasons[] = { STOP_NONE, STOP_REASONS };

	for (size_t i = 0; i < 2; i++) {
		struct rig *r = rig_new();

		rig_send_u64(&r->supervisor, MSG_STOP, 0, reasons[i]);
		expect_violation(r);
	}
}

/* One after the other, and none of them is the job. */
Test(client, compiles_scripts)
{
	struct rig *r = rig_new();
	struct client_job job;
	struct error err;

	for (int i = 0; i < 3; i++) {
		send_job(r, 5, JOB_COMPILE);
		send_script(r, i == 1 ? "wrong" : "right");
		cr_assert_eq(client_get_job(r->client, &job, &err), 0);
		cr_assert(job.compile);
		cr_expect_str_eq(job.script, i == 1 ? "wrong" : "right");
		client_compiled(r->client, &job, i == 1 ? "<string>:1: no" :
		    NULL);
		cr_expect_str_eq(rig_take(&r->supervisor, MSG_COMPILED)->s[0],
		    i == 1 ? "<string>:1: no" : "");
	}
	send_job(r, 0, 0);
	cr_assert_eq(client_get_job(r->client, &job, &err), 0);
	cr_expect_not(job.compile);
	free(job.name);
	free(job.script);
	rig_free(r);
}

static uint64_t
expect(struct rig *r, int64_t bytes)
{
	client_expect(r->client, bytes);
	return rig_take(&r->supervisor, MSG_EXPECT)->n[0];
}

/* The sum stays within its bounds, whatever manifests say. */
Test(client, expects_bytes)
{
	struct rig *r = rig_new();
	struct client_job job;
	struct error err;

	send_job(r, 0, JOB_EXPECT);
	cr_assert_eq(client_get_job(r->client, &job, &err), 0);
	cr_expect_eq(expect(r, 10), 10u);
	cr_expect_eq(expect(r, -4), 6u);
	cr_expect_eq(expect(r, INT64_MAX), (uint64_t)INT64_MAX);
	cr_expect_eq(expect(r, -INT64_MAX), 0u);
	cr_expect_eq(expect(r, -7), 0u);
	free(job.name);
	free(job.script);
	rig_free(r);
}

Test(client, says_goodbye)
{
	struct rig *r = rig_new();
	char *text = mem_array(ERROR_TEXT_MAX + 10, 1);
	struct rec *m;

	/* Cut, but not in the middle of a letter. */
	memset(text, 'x', ERROR_TEXT_MAX - 1);
	memcpy(text + ERROR_TEXT_MAX - 1, "\xc3\xa4" "b", 4);
	client_late(r->client, "<string>:3");
	client_finish(r->client, &(struct client_done){ .failed = true,
	    .exit_code = 3, .text = text, .copied = 4, .up_to_date = 5,
	    .deleted = 6, .failures = 7, .bytes = 8 });
	cr_expect_str_eq(rig_take(&r->supervisor, MSG_LATE)->s[0],
	    "<string>:3");
	m = rig_take(&r->supervisor, MSG_DONE);
	cr_expect_eq(m->n[0], 1u);
	cr_expect_eq(m->n[1], 3u);
	cr_expect_eq(m->len[2], ERROR_TEXT_MAX - 1u);
	for (int i = 3; i < 8; i++)
		cr_expect_eq(m->n[i], (uint64_t)i + 1);
	free(text);
	rig_free(r);
}

Test(client, logs)
{
	struct rig *r = rig_new();
	struct log_record rec, got;
	struct error err;
	struct rec *m;

	log_record_init(&rec, LOG_WARN, "hello");
	log_record_string(&rec, "script", "t");
	log_record_int(&rec, "n", 7);
	client_log(r->client, &rec);
	m = rig_take(&r->supervisor, MSG_LOG);
	cr_expect_eq(m->n[0], (uint64_t)(LOG_LEVEL_BIAS + LOG_WARN));
	cr_expect_str_eq(m->s[1], "hello");
	log_record_init(&got, LOG_WARN, "hello");
	cr_assert_eq(log_record_get(&got, m->s[2], m->len[2], &err), 0);
	cr_expect_eq(got.nattrs, 2);
	cr_expect_str_eq(got.attrs[0].text, "t");
	log_record_free(&rec);
	log_record_free(&got);
	rig_free(r);
}

Test(client, slots_are_granted_and_given_back)
{
	struct rig *r = rig_new();
	struct result a = { 0 }, b = { 0 }, c = { 0 };
	struct client_call *x, *y, *z;
	uint32_t id, id2, id3;

	x = client_slot(r->client, rig_done, &a);
	id = rig_take(&r->supervisor, MSG_SLOT)->id;
	rig_send(&r->supervisor, MSG_GRANTED, id);
	rig_wait(r, &a);
	cr_expect_eq(a.err.kind, ERROR_NONE);
	client_slot_release(r->client, x);
	cr_expect_eq(rig_take(&r->supervisor, MSG_RELEASE)->id, id);
	/* One that is taken back while the grant is under way. */
	y = client_slot(r->client, rig_done, &b);
	id2 = rig_take(&r->supervisor, MSG_SLOT)->id;
	rig_send(&r->supervisor, MSG_GRANTED, id2);
	call_cancel(y);
	cr_expect_eq(rig_take(&r->supervisor, MSG_RELEASE)->id, id2);
	rig_steps(r, 10);
	cr_expect_eq(b.calls, 0u);
	/* One that is refused may be released all the same. */
	z = client_slot(r->client, rig_done, &c);
	id3 = rig_take(&r->supervisor, MSG_SLOT)->id;
	rig_refuse(&r->supervisor, id3, ERROR_DENIED, "no");
	rig_wait(r, &c);
	cr_expect_str_eq(c.err.text, "no");
	client_slot_release(r->client, z);
	cr_expect(rig_quiet(&r->supervisor));
	cr_expect_eq(r->stops, 0u);
	result_free(&a);
	result_free(&c);
	rig_free(r);
}

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
send_part(struct rig *r, uint32_t id, const char *text)
{
	struct message_out o;

	message_start(&o, MSG_MODULE_DATA, id);
	message_put_bytes(&o, text, strlen(text));
	cr_assert_eq(channel_send(r->supervisor.channel, &o, -1, NULL), 0);
}

Test(client, modules_come_in_parts)
{
	struct rig *r = rig_new();
	struct result a = { 0 }, b = { 0 }, c = { 0 }, d = { 0 };
	struct rec *m;
	uint32_t id;

	client_module(r->client, "json", rig_done, &a);
	m = rig_take(&r->supervisor, MSG_MODULE);
	cr_expect_str_eq(m->s[0], "json");
	id = m->id;
	send_info(r, id, "./my mods/json.lua", 6);
	send_part(r, id, "abc");
	send_part(r, id, "def");
	rig_wait(r, &a);
	cr_expect_str_eq(a.body, "abcdef");
	cr_expect_str_eq(a.media_type, "./my mods/json.lua");
	client_module(r->client, "empty", rig_done, &b);
	send_info(r, rig_take(&r->supervisor, MSG_MODULE)->id, "e", 0);
	rig_wait(r, &b);
	cr_expect_eq(b.len, 0u);
	client_module(r->client, "none", rig_done, &c);
	rig_refuse(&r->supervisor, rig_take(&r->supervisor, MSG_MODULE)->id,
	    ERROR_NOT_FOUND, "module none not found");
	rig_wait(r, &c);
	cr_expect_eq(c.err.kind, ERROR_NOT_FOUND);
	client_module(r->client, "no name", rig_done, &d);
	rig_wait(r, &d);
	cr_expect_eq(d.err.kind, ERROR_INPUT);
	result_free(&a);
	result_free(&b);
	result_free(&c);
	result_free(&d);
	rig_free(r);
}

Test(client, too_much_module_ends_the_supervisor)
{
	struct rig *r = rig_new();
	struct result a = { 0 };
	uint32_t id;

	client_module(r->client, "json", rig_done, &a);
	id = rig_take(&r->supervisor, MSG_MODULE)->id;
	send_info(r, id, "j", 2);
	send_part(r, id, "abc");
	rig_wait(r, &a);
	cr_expect_eq(a.err.kind, ERROR_PEER);
	cr_expect_eq(r->stops, 1u);
	result_free(&a);
	rig_free(r);
}

Test(client, when_the_supervisor_is_gone_everything_fails)
{
	struct rig *r = rig_new();
	struct result a = { 0 }, b = { 0 }, c = { 0 }, d = { 0 };
	struct reference ref = rig_ref("h.io/a:1");
	struct client_call *slot;

	r->hold_open = true;
	slot = client_slot(r->client, rig_done, &a);
	client_module(r->client, "json", rig_done, &b);
	client_manifest_head(r->client, &ref, rig_done, &c);
	rig_take(&r->supervisor, MSG_SLOT);
	rig_kill(&r->supervisor);
	rig_wait(r, &a);
	rig_wait(r, &b);
	rig_wait(r, &c);
	cr_expect_eq(a.err.kind, ERROR_PEER);
	cr_expect_eq(b.err.kind, ERROR_PEER);
	cr_expect_eq(c.err.kind, ERROR_PEER);
	cr_expect_eq(r->stops, 1u);
	cr_expect_eq(r->stop_reason, STOP_CANCELED);
	client_manifest_head(r->client, &ref, rig_done, &d);
	cr_expect_eq(d.calls, 0u);
	rig_wait(r, &d);
	cr_expect_eq(d.err.kind, ERROR_PEER);
	client_slot_release(r->client, slot);
	reference_free(&ref);
	result_free(&a);
	result_free(&b);
	result_free(&c);
	result_free(&d);
	rig_free(r);
}

Test(client, what_cannot_be_asked_fails_with_a_sentence)
{
	struct reference refs[] = { rig_ref("ocidir:///srv/x:1"),
	    rig_ref("h.io/a:1"), rig_ref("h.io/a:1"), rig_ref("h.io/a:1"),
	    rig_ref("h.io/a:1") };
	struct rig *r = rig_new();
	struct result res[5] = { 0 };
	const char *want[] = { "ocidir:// is not available to scripts",
	    "\"sha256:x\" is not a digest", "\"a b\" is not a tag",
	    "tag missing from image reference", "MANIFEST_PUT message" };

	reference_set_digest(&refs[1], "sha256:x");
	reference_set_tag(&refs[2], "a b");
	reference_set_digest(&refs[3], DIGEST);
	client_manifest_head(r->client, &refs[0], rig_done, &res[0]);
	client_manifest_get(r->client, &refs[1], rig_done, &res[1]);
	client_manifest_get(r->client, &refs[2], rig_done, &res[2]);
	client_tag_delete(r->client, &refs[3], rig_done, &res[3]);
	client_manifest_put(r->client, &refs[4], "text/x y", DIGEST, "{}", 2,
	    rig_done, &res[4]);
	for (int i = 0; i < 5; i++) {
		rig_wait(r, &res[i]);
		cr_expect_neq(res[i].err.kind, ERROR_NONE);
		cr_expect(strstr(res[i].err.text, want[i]) != NULL, "%d: %s",
		    i, res[i].err.text);
		result_free(&res[i]);
		reference_free(&refs[i]);
	}
	rig_free(r);
}
