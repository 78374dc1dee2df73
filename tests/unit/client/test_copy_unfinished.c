/* SPDX-License-Identifier: Apache-2.0 */
/* A source that is the empty image of an interrupted tag deletion. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "common/image/placeholder.h"
#include "common/mem.h"
#include "tests/unit/client/copyrig.h"
#include "worker/job/overlay.h"
#include "worker/oci/manifest.h"

TestSuite(unfinished, .init = rig_start, .fini = rig_stop);

/* Puts the empty image for repository:tag to h.io/a:1; its digest. */
static char *
put(const char *repository, const char *tag)
{
	char *config = rig_blob("h.io/a", "config"), *digest;
	const char *media_type;
	struct buffer b;

	buffer_init(&b, 0);
	free(rig_blob("h.io/a", PLACEHOLDER_LAYER));
	media_type = placeholder_put(&b, true, config, 6, repository, tag);
	digest = rig_manifest("h.io/a", "1", media_type, b.data);
	buffer_free(&b);
	free(config);
	return digest;
}

static void
expect(const char *dst, const char *sentence)
{
	cr_assert_eq(rig_copy("h.io/a:1", dst, NULL), -1);
	cr_expect_not_null(strstr(rig->err.text, sentence), "%s",
	    rig->err.text);
	cr_expect_eq(rig_count("PUT"), 0);
}

Test(unfinished, its_deletion_is_finished)
{
	char *digest = put("a", "1"), *line = mem_printf("DELETE %s", digest);

	expect("x.io/b:1", "the deletion is finished now");
	cr_expect_eq(rig->err.kind, ERROR_NOT_FOUND);
	cr_expect_eq(rig_count(line), 1);
	expect("h.io/b:1", "the deletion is finished now");
	free(digest);
	free(line);
}

Test(unfinished, a_head_without_a_digest_does_not_hide_it)
{
	char *digest = put("a", "1");

	rig->no_digests = true;
	expect("x.io/b:1", "the deletion is finished now");
	cr_expect_eq(rig_count("DELETE"), 1);
	free(digest);
}

Test(unfinished, the_deletion_may_fail)
{
	char *digest = put("a", "1");

	rig->fail = "DELETE";
	error_set(&rig->failure, ERROR_DENIED, "the script may not");
	expect("x.io/b:1", "could not be deleted now: the script may not");
	free(digest);
}

/* It may have other tags, and its digest may be anything's. */
Test(unfinished, one_of_another_tag_is_not_deleted)
{
	char *digest = put("a", "2");

	expect("x.io/b:1", "delete the tag once more");
	free(digest);
	digest = put("b", "1");
	expect("x.io/b:1", "delete the tag once more");
	cr_expect_eq(rig_count("DELETE"), 0);
	free(digest);
}

/* A dry run, which asks for the digest alone, knows it by its length. */
Test(unfinished, a_dry_run_does_not_copy_it)
{
	char *digest = put("a", "1");

	rig->w.dry_run = true;
	rig->w.overlay = overlay_new();
	expect("x.io/b:1", "delete the tag once more");
	cr_expect_eq(rig_count("DELETE"), 0);
	overlay_free(rig->w.overlay);
	rig->w.overlay = NULL;
	free(digest);
}

Test(unfinished, an_image_with_the_annotation_is_not_deleted)
{
	char *blob = rig_blob("h.io/a", "config"), *digest, *bytes;

	bytes = mem_printf("{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_OCI_IMAGE
	    "\",\"config\":{\"mediaType\":\"a/b\",\"digest\":\"%s\",\"size\":6},"
	    "\"layers\":[],\"annotations\":{\"" PLACEHOLDER_ANNOTATION
	    "\":\"a:1\"}}", blob);
	digest = rig_manifest("h.io/a", "1", MEDIA_OCI_IMAGE, bytes);
	expect("x.io/b:1", "delete the tag once more");
	cr_expect_eq(rig_count("DELETE"), 0);
	free(digest);
	free(bytes);
	free(blob);
}
