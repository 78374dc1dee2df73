/* SPDX-License-Identifier: Apache-2.0 */
/* tagrig.c - the answers to a tag deletion, up to a step. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "tests/unit/broker/tagrig.h"

/* Answers the only request under way, which must be this one. */
struct http_request *
tagrig_only(enum http_method method, const char *part)
{
	struct http_request *q = fake_find(method, part);

	cr_assert_eq(fake_count(), 1);
	cr_assert_not_null(q, "%s is not asked for", part);
	return q;
}

void
tagrig_answer_manifest(enum http_method method, const char *digest,
    const char *media_type)
{
	struct http_reply reply = { .status = 200, .digest = (char *)digest,
	    .media_type = (char *)media_type };

	fake_answer(tagrig_only(method, "manifests/old"), &reply, "{}",
	    method == HTTP_HEAD ? 0 : 2);
}

void
tagrig_until_probe(const char *media_type)
{
	rig_ask(&rig, MSG_TAG_DELETE, 1, "ss", "a", "old");
	cr_assert(tagrig_only(HTTP_DELETE, "manifests/old")->spec.no_retry);
	cr_assert(fake_at(0)->spec.no_backoff);
	fake_status(fake_at(0), 405);
	tagrig_answer_manifest(HTTP_HEAD, SHA, media_type);
	tagrig_answer_manifest(HTTP_GET, SHA, media_type);
	cr_assert_null(strstr(tagrig_only(HTTP_DELETE, "manifests/sha256:")->
	    spec.path, SHA), "the manifest itself is deleted");
}

void
tagrig_blob_upload(const char *url, char **body)
{
	struct http_reply reply = { .status = 202, .location = (char *)url };
	struct http_request *q;

	fake_answer(tagrig_only(HTTP_POST, "blobs/uploads/"), &reply, "", 0);
	q = tagrig_only(HTTP_PUT, url);
	if (body != NULL)
		*body = mem_strdup(q->body);
	fake_status(q, 201);
}

void
tagrig_until_second_look(const char *media_type, char **config)
{
	tagrig_until_probe(media_type);
	fake_status(fake_at(0), 404);
	tagrig_blob_upload("http://u/1", NULL);
	tagrig_blob_upload("http://u/2", config);
}

/* The PUT of the image is under way: its digest. */
char *
tagrig_until_put(void)
{
	char digest[DIGEST_MAX + 1];
	struct http_request *q;

	tagrig_until_second_look(OCI_INDEX, NULL);
	tagrig_answer_manifest(HTTP_HEAD, SHA, OCI_INDEX);
	q = tagrig_only(HTTP_PUT, "manifests/old");
	digest_of(q->body, strlen(q->body), digest);
	return mem_strdup(digest);
}

void
tagrig_answer_put(const char *digest)
{
	struct http_reply reply = { .status = 201, .digest = (char *)digest };

	fake_answer(tagrig_only(HTTP_PUT, "manifests/old"), &reply, "", 0);
}

/* The supervisor's next message, which must be this one, of that number. */
void
tagrig_told(enum message_type type, uint32_t number)
{
	cr_assert_eq(rig_get(&rig, rig.control), type);
	cr_assert_eq(rig.m.id, number);
}

const char *
tagrig_sentence(void)
{
	return message_str(&rig.m, 3);
}

/* It looks first at what is there: found. */
void
tagrig_put_back(const char *found, const char *media_type)
{
	struct http_request *q;

	tagrig_answer_manifest(HTTP_GET, found, OCI_MANIFEST);
	q = tagrig_only(HTTP_PUT, "manifests/old");
	cr_assert_str_eq(q->body, "{}");
	cr_assert_str_eq(q->spec.media_type, media_type);
	fake_status(q, 201);
}
