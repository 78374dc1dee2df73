/* SPDX-License-Identifier: Apache-2.0 */
/* What the supervisor hears of a tag deletion, and what is done about one that
 * was interrupted. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/mem.h"
#include "tests/unit/broker/tagrig.h"

TestSuite(tagfinish, .init = fixture_setup, .fini = fixture_teardown);

Test(tagfinish, the_supervisor_knows_before_the_put)
{
	char *digest = tagrig_until_put();

	tagrig_told(MSG_DELETING, 1);
	cr_assert_str_eq(message_str(&rig.m, 0), "a");
	cr_assert_str_eq(message_str(&rig.m, 1), "old");
	cr_assert_str_eq(message_str(&rig.m, 2), digest);
	cr_assert_str_eq(message_str(&rig.m, 3), SHA);
	tagrig_answer_put(digest);
	cr_assert_eq(rig_get(&rig, rig.control), 0);
	fake_status(tagrig_only(HTTP_DELETE, digest), 202);
	tagrig_told(MSG_DELETED, 1);
	cr_assert_eq(message_u64(&rig.m, 0), DELETION_DONE);
	cr_assert_eq(message_u64(&rig.m, 1), 0);
	free(digest);
}

Test(tagfinish, the_supervisor_knows_what_was_put_back)
{
	char *digest = tagrig_until_put();

	tagrig_told(MSG_DELETING, 1);
	shutdown(rig.worker, SHUT_RDWR);
	rig_run(&rig);
	tagrig_answer_put(digest);
	fake_status(tagrig_only(HTTP_DELETE, digest), 500);
	tagrig_put_back(digest, OCI_INDEX);
	tagrig_told(MSG_DELETED, 1);
	cr_assert_eq(message_u64(&rig.m, 0), DELETION_UNDONE);
	cr_assert_eq(message_u64(&rig.m, 1), 1, "no worker hears of it");
	cr_assert_not_null(strstr(message_str(&rig.m, 2), "put back"));
	free(digest);
}

Test(tagfinish, the_supervisor_knows_what_is_left)
{
	char *digest = tagrig_until_put();

	tagrig_told(MSG_DELETING, 1);
	tagrig_answer_put(digest);
	fake_status(tagrig_only(HTTP_DELETE, digest), 500);
	tagrig_answer_manifest(HTTP_GET, digest, OCI_MANIFEST);
	fake_status(tagrig_only(HTTP_PUT, "manifests/old"), 500);
	tagrig_told(MSG_DELETED, 1);
	cr_assert_eq(message_u64(&rig.m, 0), DELETION_LEFT);
	free(digest);
}

/* A script that deletes what is old must find what was left behind. */
Test(tagfinish, the_image_is_old_and_says_what_it_is)
{
	char *config = NULL;

	tagrig_until_second_look(OCI_INDEX, &config);
	cr_assert_not_null(strstr(config, "{\"created\":\"1970-01-01T00:00:00Z"
	    "\""));
	tagrig_answer_manifest(HTTP_HEAD, SHA, OCI_INDEX);
	cr_assert_not_null(strstr(tagrig_only(HTTP_PUT, "manifests/old")->body,
	    "\"regbot.deleting-tag\":\"a:old\""));
	free(config);
}

/* The manifest's answer is these bytes. */
static void
found(const char *body)
{
	struct http_reply reply = { .status = 200, .digest = "",
	    .media_type = OCI_MANIFEST };

	rig_ask(&rig, MSG_TAG_DELETE, 2, "ss", "a", "old");
	fake_status(tagrig_only(HTTP_DELETE, "manifests/old"), 405);
	fake_status(tagrig_only(HTTP_HEAD, "manifests/old"), 200);
	fake_answer(tagrig_only(HTTP_GET, "manifests/old"), &reply, body,
	    strlen(body));
}

static char *
left_behind(void)
{
	char *digest = tagrig_until_put();
	char *body = mem_strdup(fake_at(0)->body);

	fake_status(fake_at(0), 403);
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_UNAUTHORIZED);
	free(digest);
	return body;
}

Test(tagfinish, one_that_was_left_behind_is_only_deleted)
{
	char *body = left_behind(), digest[DIGEST_MAX + 1];

	digest_of(body, strlen(body), digest);
	found(body);
	fake_status(tagrig_only(HTTP_DELETE, digest), 202);
	cr_assert_eq(rig_end(&rig, rig.worker, 2), ERROR_NONE);
	cr_assert_eq(fake_count(), 0);
	free(body);
}

/* Then its digest could be that of other tags. */
Test(tagfinish, one_that_only_looks_like_it_is_replaced)
{
	char *body = left_behind(), digest[DIGEST_MAX + 1];

	strstr(body, "a:old")[4] = 'x';
	digest_of(body, strlen(body), digest);
	found(body);
	cr_assert_null(strstr(tagrig_only(HTTP_DELETE, "manifests/sha256:")->
	    spec.path, digest));
	free(body);
}

static void
finish(void)
{
	rig_send(&rig, rig.control, -1, MSG_FINISH, 7, "ssss", "a", "old",
	    OTHER, SHA);
	rig_run(&rig);
}

static void
finished(enum deletion_outcome how)
{
	rig_run(&rig);
	tagrig_told(MSG_DELETED, 7);
	cr_assert_eq(message_u64(&rig.m, 0), how);
	cr_assert_eq(message_u64(&rig.m, 1), 1);
	cr_assert_eq(fake_count(), 0);
}

Test(tagfinish, a_predecessors_image_is_deleted)
{
	finish();
	tagrig_answer_manifest(HTTP_GET, OTHER, OCI_MANIFEST);
	fake_status(tagrig_only(HTTP_DELETE, OTHER), 202);
	finished(DELETION_DONE);
}

Test(tagfinish, a_predecessors_image_is_gone)
{
	finish();
	fake_status(tagrig_only(HTTP_GET, "manifests/old"), 404);
	finished(DELETION_DONE);
}

Test(tagfinish, a_predecessors_image_cannot_be_deleted)
{
	finish();
	tagrig_answer_manifest(HTTP_GET, OTHER, OCI_MANIFEST);
	fake_status(tagrig_only(HTTP_DELETE, OTHER), 403);
	finished(DELETION_LEFT);
}

Test(tagfinish, a_predecessors_tag_cannot_be_seen)
{
	finish();
	fake_status(tagrig_only(HTTP_GET, "manifests/old"), 500);
	finished(DELETION_LEFT);
}

Test(tagfinish, a_predecessors_tag_was_moved)
{
	finish();
	tagrig_answer_manifest(HTTP_GET, "sha256:1111111111111111111111111111111111"
	    "111111111111111111111111111111", OCI_MANIFEST);
	finished(DELETION_UNDONE);
}

Test(tagfinish, quit_waits_for_a_predecessors_too)
{
	finish();
	rig_send(&rig, rig.control, -1, MSG_QUIT, 0, "");
	rig_run(&rig);
	cr_assert_eq(rig.status, -1);
	tagrig_answer_manifest(HTTP_GET, OTHER, OCI_MANIFEST);
	fake_status(tagrig_only(HTTP_DELETE, OTHER), 202);
	cr_assert_eq(rig.status, 0);
}

Test(tagfinish, numbers_go_on_after_a_predecessors)
{
	finish();
	fake_status(tagrig_only(HTTP_GET, "manifests/old"), 404);
	finished(DELETION_DONE);
	free(tagrig_until_put());
	tagrig_told(MSG_DELETING, 8);
}

/* The PUT that was cut may still arrive. */
Test(tagfinish, an_unchanged_tag_is_looked_at_again)
{
	finish();
	tagrig_answer_manifest(HTTP_GET, SHA, OCI_MANIFEST);
	cr_assert_eq(fake_count(), 0);
	cr_assert_eq(rig_get(&rig, rig.control), 0);
	for (int i = 0; i < 200 && fake_count() == 0; i++)
		loop_step(rig.loop, 20);
	tagrig_answer_manifest(HTTP_GET, OTHER, OCI_MANIFEST);
	fake_status(tagrig_only(HTTP_DELETE, OTHER), 202);
	finished(DELETION_DONE);
}
