/* SPDX-License-Identifier: Apache-2.0 */
/* Deletion of one tag, with every way in which it can go wrong. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/digest.h"
#include "common/mem.h"
#include "supervisor/serve/server.h"
#include "tests/unit/broker/brokerfixture.h"

#define OTHER "sha256:000000000000000000000000000000000000000000000000000" \
	"0000000000000"
#define OCI_INDEX "application/vnd.oci.image.index.v1+json"
#define OCI_MANIFEST "application/vnd.oci.image.manifest.v1+json"
#define DOCKER_LIST "application/vnd.docker.distribution.manifest.list.v2+json"
#define DOCKER_MANIFEST "application/vnd.docker.distribution.manifest.v2+json"

TestSuite(tagdelete, .init = fixture_setup, .fini = fixture_teardown);

/* Answers the only request under way, which must be this one. */
static struct http_request *
only(enum http_method method, const char *part)
{
	struct http_request *q = fake_find(method, part);

	cr_assert_eq(fake_count(), 1);
	cr_assert_not_null(q, "%s is not asked for", part);
	return q;
}

static void
answer_manifest(enum http_method method, const char *digest,
    const char *media_type)
{
	struct http_reply reply = { .status = 200, .digest = (char *)digest,
	    .media_type = (char *)media_type };

	fake_answer(only(method, "manifests/old"), &reply, "{}",
	    method == HTTP_HEAD ? 0 : 2);
}

static void
until_probe(const char *media_type)
{
	rig_ask(&rig, MSG_TAG_DELETE, 1, "ss", "a", "old");
	cr_assert(only(HTTP_DELETE, "manifests/old")->spec.no_retry);
	cr_assert(fake_at(0)->spec.no_backoff);
	fake_status(fake_at(0), 405);
	answer_manifest(HTTP_HEAD, SHA, media_type);
	answer_manifest(HTTP_GET, SHA, media_type);
	cr_assert_null(strstr(only(HTTP_DELETE, "manifests/sha256:")->
	    spec.path, SHA), "the manifest itself is deleted");
}

static void
blob_upload(const char *url, char **body)
{
	struct http_reply reply = { .status = 202, .location = (char *)url };
	struct http_request *q;

	fake_answer(only(HTTP_POST, "blobs/uploads/"), &reply, "", 0);
	q = only(HTTP_PUT, url);
	if (body != NULL)
		*body = mem_strdup(q->body);
	fake_status(q, 201);
}

static void
until_second_look(const char *media_type, char **config)
{
	until_probe(media_type);
	fake_status(fake_at(0), 404);
	blob_upload("http://u/1", NULL);
	blob_upload("http://u/2", config);
}

/* The PUT of the image is under way: its digest. */
static char *
until_put(void)
{
	char digest[DIGEST_MAX + 1];
	struct http_request *q;

	until_second_look(OCI_INDEX, NULL);
	answer_manifest(HTTP_HEAD, SHA, OCI_INDEX);
	q = only(HTTP_PUT, "manifests/old");
	digest_of(q->body, strlen(q->body), digest);
	return mem_strdup(digest);
}

static void
answer_put(const char *digest)
{
	struct http_reply reply = { .status = 201, .digest = (char *)digest };

	fake_answer(only(HTTP_PUT, "manifests/old"), &reply, "", 0);
}

static const char *
sentence(void)
{
	return message_str(&rig.m, 3);
}

Test(tagdelete, a_registry_that_can_delete_tags)
{
	rig_ask(&rig, MSG_TAG_DELETE, 1, "ss", "a", "old");
	fake_status(only(HTTP_DELETE, "manifests/old"), 202);
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_NONE);
	cr_assert_eq(fake_count(), 0);
}

Test(tagdelete, a_tag_that_is_missing)
{
	rig_ask(&rig, MSG_TAG_DELETE, 1, "ss", "a", "old");
	fake_status(only(HTTP_DELETE, "manifests/old"), 404);
	fake_status(only(HTTP_HEAD, "manifests/old"), 404);
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_NOT_FOUND);
	cr_assert_eq(message_u64(&rig.m, 1), 404);
	cr_assert_eq(fake_count(), 0);
}

Test(tagdelete, an_image_takes_the_place_of_the_tag)
{
	char *config = NULL, digest[DIGEST_MAX + 1], *path;
	struct http_request *q;

	until_second_look(OCI_INDEX, &config);
	cr_assert_not_null(strstr(config, "\"delete-tag\":\"old\""));
	cr_assert_not_null(strstr(config, "\"delete-date\":\"20"));
	answer_manifest(HTTP_HEAD, SHA, OCI_INDEX);
	q = only(HTTP_PUT, "manifests/old");
	cr_assert_str_eq(q->spec.media_type, OCI_MANIFEST);
	digest_of(config, strlen(config), digest);
	cr_assert_not_null(strstr(q->body, digest));
	digest_of(q->body, strlen(q->body), digest);
	answer_put(digest);
	path = mem_printf("manifests/%s", digest);
	fake_status(only(HTTP_DELETE, path), 202);
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_NONE);
	cr_assert_eq(fake_count(), 0);
	free(path);
	free(config);
}

Test(tagdelete, docker_types_stay_docker_types)
{
	until_second_look(DOCKER_LIST, NULL);
	answer_manifest(HTTP_HEAD, SHA, DOCKER_LIST);
	cr_assert_str_eq(only(HTTP_PUT, "manifests/old")->spec.media_type,
	    DOCKER_MANIFEST);
}

Test(tagdelete, two_images_are_never_the_same)
{
	char *first = NULL, *second = NULL;

	until_second_look(OCI_INDEX, &first);
	rig_ask(&rig, MSG_CANCEL, 1, "");
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_CANCELED);
	until_second_look(OCI_INDEX, &second);
	cr_assert_str_neq(first, second);
	free(first);
	free(second);
}

Test(tagdelete, deleting_is_not_enabled)
{
	until_probe(OCI_INDEX);
	fake_status(fake_at(0), 405);
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_HTTP);
	cr_assert_not_null(strstr(sentence(), "not enabled"));
	cr_assert_not_null(strstr(sentence(), "nothing was changed"));
	cr_assert_eq(fake_count(), 0);
}

Test(tagdelete, deleting_is_not_allowed)
{
	until_probe(OCI_INDEX);
	fake_status(fake_at(0), 403);
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_UNAUTHORIZED);
	cr_assert_not_null(strstr(sentence(), "nothing was changed"));
	cr_assert_eq(fake_count(), 0);
}

Test(tagdelete, the_probe_gets_no_answer)
{
	until_probe(OCI_INDEX);
	fake_fail(fake_at(0), ERROR_NETWORK, 0, "no connection");
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_NETWORK);
	cr_assert_eq(fake_count(), 0);
}

Test(tagdelete, the_probe_may_be_accepted)
{
	until_probe(OCI_INDEX);
	fake_status(fake_at(0), 202);
	only(HTTP_POST, "blobs/uploads/");
}

Test(tagdelete, the_manifest_has_another_digest)
{
	rig_ask(&rig, MSG_TAG_DELETE, 1, "ss", "a", "old");
	fake_status(fake_at(0), 405);
	answer_manifest(HTTP_HEAD, OTHER, OCI_INDEX);
	answer_manifest(HTTP_GET, OTHER, OCI_INDEX);
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_DIGEST);
	cr_assert_eq(fake_count(), 0);
}

Test(tagdelete, a_blob_is_refused)
{
	struct http_reply reply = { .status = 202, .location = "http://u/1" };

	until_probe(OCI_INDEX);
	fake_status(fake_at(0), 404);
	fake_answer(only(HTTP_POST, ""), &reply, "", 0);
	fake_status(only(HTTP_PUT, ""), 403);
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_UNAUTHORIZED);
	cr_assert_not_null(strstr(sentence(), "nothing was changed"));
	only(HTTP_DELETE, "http://u/1");
}

Test(tagdelete, the_tag_was_moved_meanwhile)
{
	until_second_look(OCI_INDEX, NULL);
	answer_manifest(HTTP_HEAD, OTHER, OCI_INDEX);
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_HTTP);
	cr_assert_not_null(strstr(sentence(), "moved"));
	cr_assert_eq(fake_count(), 0);
}

Test(tagdelete, the_put_is_refused)
{
	free(until_put());
	fake_status(fake_at(0), 403);
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_UNAUTHORIZED);
	cr_assert_not_null(strstr(sentence(), "nothing was changed"));
	cr_assert_eq(fake_count(), 0);
}

/* It looks first at what is there: found. */
static void
put_back(const char *found, const char *media_type)
{
	struct http_request *q;

	answer_manifest(HTTP_GET, found, OCI_MANIFEST);
	q = only(HTTP_PUT, "manifests/old");
	cr_assert_str_eq(q->body, "{}");
	cr_assert_str_eq(q->spec.media_type, media_type);
	fake_status(q, 201);
}

Test(tagdelete, the_put_fails_in_a_way_that_may_have_changed_it)
{
	char *digest = until_put();

	fake_fail(fake_at(0), ERROR_NETWORK, 0, "cut");
	put_back(digest, OCI_INDEX);
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_NETWORK);
	cr_assert_not_null(strstr(sentence(), "put back"));
	cr_assert_eq(fake_count(), 0);
	free(digest);
}

Test(tagdelete, the_put_fails_and_did_nothing)
{
	free(until_put());
	fake_fail(fake_at(0), ERROR_NETWORK, 0, "cut");
	answer_manifest(HTTP_GET, SHA, OCI_INDEX);
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_NETWORK);
	cr_assert_not_null(strstr(sentence(), "it is unchanged"));
	cr_assert_eq(fake_count(), 0);
}

Test(tagdelete, the_delete_fails_and_the_tag_was_moved)
{
	char *digest = until_put();

	answer_put(digest);
	fake_status(only(HTTP_DELETE, digest), 403);
	answer_manifest(HTTP_GET, OTHER, OCI_INDEX);
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_UNAUTHORIZED);
	cr_assert_not_null(strstr(sentence(), "moved"));
	cr_assert_eq(fake_count(), 0);
	free(digest);
}

Test(tagdelete, the_delete_fails_and_the_tag_cannot_be_seen)
{
	char *digest = until_put();

	answer_put(digest);
	fake_status(only(HTTP_DELETE, digest), 403);
	fake_status(only(HTTP_GET, "manifests/old"), 500);
	fake_status(only(HTTP_PUT, "manifests/old"), 201);
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_UNAUTHORIZED);
	free(digest);
}

Test(tagdelete, the_put_is_stored_otherwise)
{
	free(until_put());
	answer_put(OTHER);
	put_back(OTHER, OCI_INDEX);
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_DIGEST);
	cr_assert_eq(fake_count(), 0);
}

Test(tagdelete, the_delete_fails)
{
	char *digest = until_put();

	answer_put(digest);
	fake_status(only(HTTP_DELETE, digest), 500);
	put_back(digest, OCI_INDEX);
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_HTTP);
	cr_assert_not_null(strstr(sentence(), "put back"));
	free(digest);
}

Test(tagdelete, nothing_can_be_put_back)
{
	char *digest = until_put();

	answer_put(digest);
	fake_status(only(HTTP_DELETE, digest), 500);
	answer_manifest(HTTP_GET, digest, OCI_MANIFEST);
	fake_status(only(HTTP_PUT, "manifests/old"), 500);
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_HTTP);
	cr_assert_not_null(strstr(sentence(), SHA));
	cr_assert_not_null(strstr(sentence(), "could not be put back"));
	free(digest);
}

Test(tagdelete, the_delete_was_done_before)
{
	char *digest = until_put();

	answer_put(digest);
	fake_status(only(HTTP_DELETE, digest), 404);
	fake_status(only(HTTP_GET, "manifests/old"), 404);
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_NONE);
	free(digest);
}

Test(tagdelete, the_delete_finds_nothing_but_the_tag_is_there)
{
	char *digest = until_put();

	answer_put(digest);
	fake_status(only(HTTP_DELETE, digest), 404);
	put_back(digest, OCI_INDEX);
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_NOT_FOUND);
	free(digest);
}

Test(tagdelete, it_can_be_cancelled_before_the_put)
{
	until_probe(OCI_INDEX);
	rig_ask(&rig, MSG_CANCEL, 1, "");
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_CANCELED);
	cr_assert_eq(fake_count(), 0);
}

Test(tagdelete, a_cancelled_upload_is_deleted)
{
	struct http_reply reply = { .status = 202, .location = "http://u/1" };

	until_probe(OCI_INDEX);
	fake_status(fake_at(0), 404);
	rig_ask(&rig, MSG_CANCEL, 1, "");
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_CANCELED);
	fake_answer(only(HTTP_POST, ""), &reply, "", 0);
	only(HTTP_DELETE, "http://u/1");
}

Test(tagdelete, it_cannot_be_cancelled_from_the_put_on)
{
	char *digest = until_put();

	rig_ask(&rig, MSG_CANCEL, 1, "");
	cr_assert_eq(rig_next(&rig), 0);
	answer_put(digest);
	rig_ask(&rig, MSG_CANCEL, 1, "");
	cr_assert_eq(rig_next(&rig), 0);
	fake_status(only(HTTP_DELETE, digest), 202);
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_NONE);
	free(digest);
}

Test(tagdelete, it_survives_its_worker)
{
	char *digest = until_put();

	shutdown(rig.worker, SHUT_RDWR);
	rig_run(&rig);
	answer_put(digest);
	fake_status(only(HTTP_DELETE, digest), 500);
	put_back(digest, OCI_INDEX);
	cr_assert_eq(fake_count(), 0);
	cr_assert(TAILQ_EMPTY(&broker_server(rig.broker)->detached));
	free(digest);
}

Test(tagdelete, quit_waits_for_it)
{
	char *digest = until_put();

	rig_send(&rig, rig.control, -1, MSG_QUIT, 0, "");
	rig_run(&rig);
	answer_put(digest);
	shutdown(rig.worker, SHUT_RDWR);
	rig_run(&rig);
	cr_assert_eq(rig.status, -1);
	fake_status(only(HTTP_DELETE, digest), 202);
	cr_assert_eq(rig.status, 0);
	free(digest);
}

Test(tagdelete_setup, without_head_the_bytes_are_compared)
{
	rig_new(&rig, RIG_EVERYTHING, 16 | 8, NULL);
	rig_ask(&rig, MSG_TAG_DELETE, 1, "ss", "a", "old");
	fake_status(only(HTTP_DELETE, "manifests/old"), 400);
	answer_manifest(HTTP_GET, NULL, OCI_INDEX);
	fake_status(only(HTTP_DELETE, "manifests/sha256:"), 404);
	blob_upload("http://u/1", NULL);
	blob_upload("http://u/2", NULL);
	answer_manifest(HTTP_GET, NULL, OCI_INDEX);
	only(HTTP_PUT, "manifests/old");
	rig_free(&rig);
}
