/* SPDX-License-Identifier: Apache-2.0 */
/* Deletion of one tag, with every way in which it can go wrong. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/mem.h"
#include "supervisor/serve/server.h"
#include "tests/unit/broker/tagrig.h"

TestSuite(tagdelete, .init = fixture_setup, .fini = fixture_teardown);

Test(tagdelete, a_registry_that_can_delete_tags)
{
	rig_ask(&rig, MSG_TAG_DELETE, 1, "ss", "a", "old");
	fake_status(tagrig_only(HTTP_DELETE, "manifests/old"), 202);
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_NONE);
	cr_assert_eq(fake_count(), 0);
}

Test(tagdelete, a_tag_that_is_missing)
{
	rig_ask(&rig, MSG_TAG_DELETE, 1, "ss", "a", "old");
	fake_status(tagrig_only(HTTP_DELETE, "manifests/old"), 404);
	fake_status(tagrig_only(HTTP_HEAD, "manifests/old"), 404);
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_NOT_FOUND);
	cr_assert_eq(message_u64(&rig.m, 1), 404);
	cr_assert_str_eq(message_str(&rig.m, 3), "request failed: not found "
	    "[http 404]: no such tag: r.test/a:old");
	cr_assert_eq(fake_count(), 0);
}

Test(tagdelete, a_lost_answer_may_have_been_good)
{
	static const struct {
		enum error_kind kind;
		int http;
		enum error_kind end;
	} lost[] = { { ERROR_NETWORK, 0, ERROR_NONE },
	    { ERROR_HTTP, 502, ERROR_NONE },
	    { ERROR_UNAUTHORIZED, 403, ERROR_NOT_FOUND } };

	for (size_t i = 0; i < sizeof(lost) / sizeof(lost[0]); i++) {
		rig_ask(&rig, MSG_TAG_DELETE, 1, "ss", "a", "old");
		fake_fail(tagrig_only(HTTP_DELETE, "manifests/old"),
		    lost[i].kind, lost[i].http, "cut");
		fake_status(tagrig_only(HTTP_HEAD, "manifests/old"), 404);
		cr_assert_eq(rig_end(&rig, rig.worker, 1), lost[i].end,
		    "%zu", i);
		cr_assert_eq(fake_count(), 0);
	}
}

Test(tagdelete, an_image_takes_the_place_of_the_tag)
{
	char *config = NULL, digest[DIGEST_MAX + 1], *path;
	struct http_request *q;

	tagrig_until_second_look(OCI_INDEX, &config);
	cr_assert_not_null(strstr(config, "\"delete-tag\":\"old\""));
	cr_assert_not_null(strstr(config, "\"delete-date\":\"20"));
	tagrig_answer_manifest(HTTP_HEAD, SHA, OCI_INDEX);
	q = tagrig_only(HTTP_PUT, "manifests/old");
	cr_assert_str_eq(q->spec.media_type, OCI_MANIFEST);
	digest_of(config, strlen(config), digest);
	cr_assert_not_null(strstr(q->body, digest));
	digest_of(q->body, strlen(q->body), digest);
	tagrig_answer_put(digest);
	path = mem_printf("manifests/%s", digest);
	fake_status(tagrig_only(HTTP_DELETE, path), 202);
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_NONE);
	cr_assert_eq(fake_count(), 0);
	free(path);
	free(config);
}

Test(tagdelete, docker_types_stay_docker_types)
{
	tagrig_until_second_look(DOCKER_LIST, NULL);
	tagrig_answer_manifest(HTTP_HEAD, SHA, DOCKER_LIST);
	cr_assert_str_eq(tagrig_only(HTTP_PUT, "manifests/old")->spec.media_type,
	    DOCKER_MANIFEST);
}

Test(tagdelete, two_images_are_never_the_same)
{
	char *first = NULL, *second = NULL;

	tagrig_until_second_look(OCI_INDEX, &first);
	rig_ask(&rig, MSG_CANCEL, 1, "");
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_CANCELED);
	tagrig_until_second_look(OCI_INDEX, &second);
	cr_assert_str_neq(first, second);
	free(first);
	free(second);
}

Test(tagdelete, deleting_is_not_enabled)
{
	tagrig_until_probe(OCI_INDEX);
	fake_status(fake_at(0), 405);
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_HTTP);
	cr_assert_not_null(strstr(tagrig_sentence(), "not enabled"));
	cr_assert_not_null(strstr(tagrig_sentence(), "nothing was changed"));
	cr_assert_eq(fake_count(), 0);
}

Test(tagdelete, deleting_is_not_allowed)
{
	tagrig_until_probe(OCI_INDEX);
	fake_status(fake_at(0), 403);
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_UNAUTHORIZED);
	cr_assert_not_null(strstr(tagrig_sentence(), "nothing was changed"));
	cr_assert_eq(fake_count(), 0);
}

Test(tagdelete, the_probe_gets_no_answer)
{
	tagrig_until_probe(OCI_INDEX);
	fake_fail(fake_at(0), ERROR_NETWORK, 0, "no connection");
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_NETWORK);
	cr_assert_eq(fake_count(), 0);
}

Test(tagdelete, the_probe_may_be_accepted)
{
	tagrig_until_probe(OCI_INDEX);
	fake_status(fake_at(0), 202);
	tagrig_only(HTTP_POST, "blobs/uploads/");
}

Test(tagdelete, the_manifest_has_another_digest)
{
	rig_ask(&rig, MSG_TAG_DELETE, 1, "ss", "a", "old");
	fake_status(fake_at(0), 405);
	tagrig_answer_manifest(HTTP_HEAD, OTHER, OCI_INDEX);
	tagrig_answer_manifest(HTTP_GET, OTHER, OCI_INDEX);
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_DIGEST);
	cr_assert_eq(fake_count(), 0);
}

Test(tagdelete, a_blob_is_refused)
{
	struct http_reply reply = { .status = 202, .location = "http://u/1" };

	tagrig_until_probe(OCI_INDEX);
	fake_status(fake_at(0), 404);
	fake_answer(tagrig_only(HTTP_POST, ""), &reply, "", 0);
	fake_status(tagrig_only(HTTP_PUT, ""), 403);
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_UNAUTHORIZED);
	cr_assert_not_null(strstr(tagrig_sentence(), "nothing was changed"));
	tagrig_only(HTTP_DELETE, "http://u/1");
}

Test(tagdelete, the_tag_was_moved_meanwhile)
{
	tagrig_until_second_look(OCI_INDEX, NULL);
	tagrig_answer_manifest(HTTP_HEAD, OTHER, OCI_INDEX);
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_HTTP);
	cr_assert_not_null(strstr(tagrig_sentence(), "moved"));
	cr_assert_eq(fake_count(), 0);
}

Test(tagdelete, the_put_is_refused)
{
	free(tagrig_until_put());
	fake_status(fake_at(0), 403);
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_UNAUTHORIZED);
	cr_assert_not_null(strstr(tagrig_sentence(), "nothing was changed"));
	cr_assert_eq(fake_count(), 0);
}

Test(tagdelete, the_put_fails_in_a_way_that_may_have_changed_it)
{
	char *digest = tagrig_until_put();

	fake_fail(fake_at(0), ERROR_NETWORK, 0, "cut");
	tagrig_put_back(digest, OCI_INDEX);
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_NETWORK);
	cr_assert_not_null(strstr(tagrig_sentence(), "put back"));
	cr_assert_eq(fake_count(), 0);
	free(digest);
}

Test(tagdelete, the_put_fails_and_did_nothing)
{
	free(tagrig_until_put());
	fake_fail(fake_at(0), ERROR_NETWORK, 0, "cut");
	tagrig_answer_manifest(HTTP_GET, SHA, OCI_INDEX);
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_NETWORK);
	cr_assert_not_null(strstr(tagrig_sentence(), "it is unchanged"));
	cr_assert_eq(fake_count(), 0);
}

Test(tagdelete, the_delete_fails_and_the_tag_was_moved)
{
	char *digest = tagrig_until_put();

	tagrig_answer_put(digest);
	fake_status(tagrig_only(HTTP_DELETE, digest), 403);
	tagrig_answer_manifest(HTTP_GET, OTHER, OCI_INDEX);
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_UNAUTHORIZED);
	cr_assert_not_null(strstr(tagrig_sentence(), "moved"));
	cr_assert_eq(fake_count(), 0);
	free(digest);
}

Test(tagdelete, the_delete_fails_and_the_tag_cannot_be_seen)
{
	char *digest = tagrig_until_put();

	tagrig_answer_put(digest);
	fake_status(tagrig_only(HTTP_DELETE, digest), 403);
	fake_status(tagrig_only(HTTP_GET, "manifests/old"), 500);
	fake_status(tagrig_only(HTTP_PUT, "manifests/old"), 201);
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_UNAUTHORIZED);
	free(digest);
}

Test(tagdelete, the_put_is_stored_otherwise)
{
	free(tagrig_until_put());
	tagrig_answer_put(OTHER);
	tagrig_put_back(OTHER, OCI_INDEX);
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_DIGEST);
	cr_assert_eq(fake_count(), 0);
}

Test(tagdelete, the_delete_fails)
{
	char *digest = tagrig_until_put();

	tagrig_answer_put(digest);
	fake_status(tagrig_only(HTTP_DELETE, digest), 500);
	tagrig_put_back(digest, OCI_INDEX);
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_HTTP);
	cr_assert_not_null(strstr(tagrig_sentence(), "put back"));
	free(digest);
}

Test(tagdelete, nothing_can_be_put_back)
{
	char *digest = tagrig_until_put();

	tagrig_answer_put(digest);
	fake_status(tagrig_only(HTTP_DELETE, digest), 500);
	tagrig_answer_manifest(HTTP_GET, digest, OCI_MANIFEST);
	fake_status(tagrig_only(HTTP_PUT, "manifests/old"), 500);
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_HTTP);
	cr_assert_not_null(strstr(tagrig_sentence(), SHA));
	cr_assert_not_null(strstr(tagrig_sentence(), "could not be put back"));
	free(digest);
}

Test(tagdelete, the_delete_was_done_before)
{
	char *digest = tagrig_until_put();

	tagrig_answer_put(digest);
	fake_status(tagrig_only(HTTP_DELETE, digest), 404);
	fake_status(tagrig_only(HTTP_GET, "manifests/old"), 404);
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_NONE);
	free(digest);
}

Test(tagdelete, the_delete_finds_nothing_but_the_tag_is_there)
{
	char *digest = tagrig_until_put();

	tagrig_answer_put(digest);
	fake_status(tagrig_only(HTTP_DELETE, digest), 404);
	tagrig_put_back(digest, OCI_INDEX);
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_NOT_FOUND);
	free(digest);
}

Test(tagdelete, it_can_be_cancelled_before_the_put)
{
	tagrig_until_probe(OCI_INDEX);
	rig_ask(&rig, MSG_CANCEL, 1, "");
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_CANCELED);
	cr_assert_eq(fake_count(), 0);
}

Test(tagdelete, a_cancelled_upload_is_deleted)
{
	struct http_reply reply = { .status = 202, .location = "http://u/1" };

	tagrig_until_probe(OCI_INDEX);
	fake_status(fake_at(0), 404);
	rig_ask(&rig, MSG_CANCEL, 1, "");
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_CANCELED);
	fake_answer(tagrig_only(HTTP_POST, ""), &reply, "", 0);
	tagrig_only(HTTP_DELETE, "http://u/1");
}

Test(tagdelete, it_cannot_be_cancelled_from_the_put_on)
{
	char *digest = tagrig_until_put();

	rig_ask(&rig, MSG_CANCEL, 1, "");
	cr_assert_eq(rig_next(&rig), 0);
	tagrig_answer_put(digest);
	rig_ask(&rig, MSG_CANCEL, 1, "");
	cr_assert_eq(rig_next(&rig), 0);
	fake_status(tagrig_only(HTTP_DELETE, digest), 202);
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_NONE);
	free(digest);
}

Test(tagdelete, it_survives_its_worker)
{
	char *digest = tagrig_until_put();

	shutdown(rig.worker, SHUT_RDWR);
	rig_run(&rig);
	tagrig_answer_put(digest);
	fake_status(tagrig_only(HTTP_DELETE, digest), 500);
	tagrig_put_back(digest, OCI_INDEX);
	cr_assert_eq(fake_count(), 0);
	cr_assert(TAILQ_EMPTY(&broker_server(rig.broker)->detached));
	free(digest);
}

Test(tagdelete, quit_waits_for_it)
{
	char *digest = tagrig_until_put();

	rig_send(&rig, rig.control, -1, MSG_QUIT, 0, "");
	rig_run(&rig);
	tagrig_answer_put(digest);
	shutdown(rig.worker, SHUT_RDWR);
	rig_run(&rig);
	cr_assert_eq(rig.status, -1);
	fake_status(tagrig_only(HTTP_DELETE, digest), 202);
	cr_assert_eq(rig.status, 0);
	free(digest);
}

Test(tagdelete_setup, without_head_the_bytes_are_compared)
{
	rig_new(&rig, RIG_EVERYTHING, 16 | 8, NULL);
	rig_ask(&rig, MSG_TAG_DELETE, 1, "ss", "a", "old");
	fake_status(tagrig_only(HTTP_DELETE, "manifests/old"), 400);
	tagrig_answer_manifest(HTTP_GET, NULL, OCI_INDEX);
	fake_status(tagrig_only(HTTP_DELETE, "manifests/sha256:"), 404);
	tagrig_blob_upload("http://u/1", NULL);
	tagrig_blob_upload("http://u/2", NULL);
	tagrig_answer_manifest(HTTP_GET, NULL, OCI_INDEX);
	tagrig_only(HTTP_PUT, "manifests/old");
	rig_free(&rig);
}
