/* SPDX-License-Identifier: Apache-2.0 */
/* image.copy of images: what is asked, in which order, what is put. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "tests/unit/client/copyrig.h"
#include "worker/oci/manifest.h"

TestSuite(copy, .init = rig_start, .fini = rig_stop);

static const struct copy_options force = { .force_recursive = true };

#define EXPECT_OK(src, dst, o)						\
	cr_expect_eq(rig_copy(src, dst, o), 0, "%s\n%s", rig->err.text,	\
	    rig->trace)
#define EXPECT_ERROR(src, dst, o, want) do {				\
	cr_expect_eq(rig_copy(src, dst, o), -1);			\
	cr_expect_str_eq(rig->err.text, want, "%s", rig->err.text);	\
} while (0)

Test(copy, an_image_blobs_first_the_tag_last)
{
	char *digest = rig_image("s.io/a", "v1", "x", 3);

	EXPECT_OK("s.io/a:v1", "t.io/b:v2", NULL);
	cr_expect_str_eq(rig_tag("t.io/b:v2"), digest);
	cr_expect_eq(rig_line("SLOT"), 0);
	cr_expect_eq(rig_count("HEAD"), 2u);
	cr_expect_eq(rig_count("GET"), 1u);
	cr_expect_eq(rig_count("BLOBHEAD"), 4u);
	cr_expect_eq(rig_count("COPY"), 4u);
	cr_expect_eq(rig_count("PUT"), 1u);
	cr_expect_eq(rig_count("PUT t.io/b:v2"), 1u);
	cr_expect_eq(rig_count("RELEASE"), 1u);
	free(digest);
}

Test(copy, blobs_are_logged_as_regbot_does)
{
	char *digest = rig_image("s.io/a", "v1", "x", 1);

	EXPECT_OK("s.io/a:v1", "t.io/b:v2", NULL);
	cr_expect(strstr(rig->logs, "Copy config source=s.io/a:v1 "
	    "target=t.io/b:v2 digest=sha256:") != NULL, "%s", rig->logs);
	cr_expect(strstr(rig->logs, "Copy layer source=s.io/a:v1 "
	    "target=t.io/b:v2 layer=sha256:") != NULL, "%s", rig->logs);
	EXPECT_OK("s.io/a:v1", "t.io/b:v3", NULL);
	cr_expect(strstr(rig->logs, "Copy layer source=s.io/a:v1 "
	    "target=t.io/b:v3 layer=sha256:") != NULL, "%s", rig->logs);
	EXPECT_OK("s.io/a:v1", "t.io/b:v3", NULL);
	cr_expect_str_eq(rig->logs, "", "an up-to-date copy was logged");
	free(digest);
}

Test(copy, an_up_to_date_target_costs_two_heads)
{
	char *digest = rig_image("s.io/a", "v1", "x", 3);

	EXPECT_OK("s.io/a:v1", "t.io/b:v2", NULL);
	EXPECT_OK("s.io/a:v1", "t.io/b:v2", NULL);
	cr_expect_str_eq(rig->trace, "SLOT \nHEAD t.io/b:v2\n"
	    "HEAD s.io/a:v1\nRELEASE\n");
	free(digest);
}

Test(copy, both_heads_are_under_way_at_once)
{
	char *digest = rig_image("s.io/a", "v1", "x", 1);
	struct copy *c = rig_begin("s.io/a:v1", "t.io/b:v1", NULL);

	while (rig_count("HEAD") == 0)
		loop_step(rig->w.loop, 0);
	cr_expect_eq(rig_count("HEAD"), 2u);
	cr_expect_eq(rig->calls_now, 2u);
	copy_free(c);
	cr_expect_eq(rig->done, 0u);
	free(digest);
}

Test(copy, a_known_digest_needs_no_look_at_the_source)
{
	char *digest = rig_image("s.io/a", "v1", "x", 1);
	char *src = mem_printf("s.io/a:v1@%s", digest);

	EXPECT_OK("s.io/a:v1", "t.io/b:v2", NULL);
	EXPECT_OK(src, "t.io/b:v2", NULL);
	cr_expect_str_eq(rig->trace, "SLOT \nHEAD t.io/b:v2\nRELEASE\n");
	free(digest);
	free(src);
}

Test(copy, forced_it_reads_and_puts_again)
{
	char *digest = rig_image("s.io/a", "v1", "x", 2);

	EXPECT_OK("s.io/a:v1", "t.io/b:v2", NULL);
	EXPECT_OK("s.io/a:v1", "t.io/b:v2", &force);
	cr_expect_eq(rig_count("GET"), 1u);
	cr_expect_eq(rig_count("BLOBHEAD"), 3u);
	cr_expect_eq(rig_count("COPY"), 0u);
	cr_expect_eq(rig_count("PUT"), 1u);
	free(digest);
}

Test(copy, within_a_repository_it_only_tags)
{
	char *digest = rig_image("s.io/a", "v1", "x", 2);

	EXPECT_OK("s.io/a:v1", "s.io/a:v2", NULL);
	cr_expect_eq(rig_count("BLOBHEAD"), 0u);
	cr_expect_eq(rig_count("PUT s.io/a:v2"), 1u);
	cr_expect_str_eq(rig_tag("s.io/a:v2"), digest);
	free(digest);
}

Test(copy, within_a_registry_it_mounts)
{
	char *digest = rig_image("s.io/a", "v1", "x", 2);

	EXPECT_OK("s.io/a:v1", "s.io/b:v1", NULL);
	cr_expect_eq(rig_count("COPY"), 3u);
	for (const char *p = rig->trace; (p = strstr(p, "COPY")) != NULL; p++)
		cr_expect(strstr(p, "s.io/a from=a\n") != NULL);
	free(digest);
}

Test(copy, what_this_job_brought_elsewhere_is_mounted)
{
	char *digest = rig_image("s.io/a", "v1", "x", 2);

	EXPECT_OK("s.io/a:v1", "t.io/b:v1", NULL);
	EXPECT_OK("s.io/a:v1", "T.IO/c:v1", NULL);
	cr_expect(strstr(rig->trace, "s.io/a from=b\n") != NULL, "%s",
	    rig->trace);
	free(digest);
}

Test(copy, a_mount_that_is_not_allowed_is_an_upload)
{
	char *digest = rig_image("s.io/a", "v1", "x", 1);

	error_set(&rig->failure, ERROR_DENIED, "no pull there");
	rig->fail = "COPY s.io/b";
	cr_expect_eq(rig_copy("s.io/a:v1", "s.io/b:v1", NULL), -1);
	cr_expect(strstr(rig->trace, " from=a\n") != NULL);
	cr_expect(strstr(rig->trace, " from=\n") != NULL);
	cr_expect(strstr(rig->err.text, "no pull there") != NULL);
	free(digest);
}

Test(copy, a_missing_source_has_regbot_s_words)
{
	EXPECT_ERROR("s.io/a:nope", "t.io/b:x", NULL, "copy failed, error "
	    "getting source: failed to get manifest s.io/a:nope: request "
	    "failed: not found [http 404]: {}");
	cr_expect_eq(rig->err.http, 404);
	cr_expect_eq(rig_count("PUT"), 0u);
}

Test(copy, a_source_that_has_no_head_is_read)
{
	char *digest = rig_image("s.io/a", "v1", "x", 1);

	rig->no_heads = true;
	EXPECT_OK("s.io/a:v1", "t.io/b:v1", NULL);
	cr_expect_eq(rig_count("GET s.io/a:v1"), 1u);
	cr_expect_str_eq(rig_tag("t.io/b:v1"), digest);
	free(digest);
}

Test(copy, heads_without_digests_are_followed_by_gets)
{
	char *digest = rig_image("s.io/a", "v1", "x", 1);

	rig->no_digests = true;
	EXPECT_OK("s.io/a:v1", "t.io/b:v1", NULL);
	EXPECT_OK("s.io/a:v1", "t.io/b:v1", NULL);
	cr_expect_eq(rig_count("GET s.io/a:v1"), 1u);
	cr_expect_eq(rig_count("GET t.io/b:v1"), 1u);
	cr_expect_eq(rig_count("PUT"), 0u, "%s", rig->trace);
	free(digest);
}

Test(copy, a_target_that_cannot_be_reached_ends_it)
{
	char *digest = rig_image("s.io/a", "v1", "x", 1);

	error_set(&rig->failure, ERROR_NETWORK, "connection refused");
	rig->fail = "HEAD t.io/b:v1";
	EXPECT_ERROR("s.io/a:v1", "t.io/b:v1", NULL, "failed to access "
	    "target registry: connection refused");
	cr_expect_eq(rig_count("PUT"), 0u);
	free(digest);
}

Test(copy, a_source_that_cannot_be_reached_ends_it)
{
	error_set(&rig->failure, ERROR_NETWORK, "connection refused");
	rig->fail = "HEAD s.io/a:v1";
	EXPECT_ERROR("s.io/a:v1", "t.io/b:v1", NULL, "copy failed, error "
	    "getting source: failed to request manifest head s.io/a:v1: "
	    "connection refused");
	cr_expect_eq(rig_count("GET"), 0u);
}

Test(copy, a_blob_that_fails_cancels_the_others)
{
	char *digest = rig_image("s.io/a", "v1", "x", 30);

	error_set(&rig->failure, ERROR_HTTP, "disk full");
	rig->fail = "COPY";
	cr_expect_eq(rig_copy("s.io/a:v1", "t.io/b:v1", NULL), -1);
	cr_expect(strncmp(rig->err.text, "failed to copy blob sha256:",
	    27) == 0, "%s", rig->err.text);
	cr_expect(strstr(rig->err.text, " from s.io/a to t.io/b: disk full")
	    != NULL, "%s", rig->err.text);
	cr_expect_eq(rig_count("PUT"), 0u);
	cr_expect_leq(rig_count("COPY"), 2u * COPY_BLOBS);
	cr_expect_str_eq(rig_tag("t.io/b:v1"), "");
	free(digest);
}

Test(copy, a_put_that_fails)
{
	char *digest = rig_image("s.io/a", "v1", "x", 1);

	error_set(&rig->failure, ERROR_UNAUTHORIZED, "request failed: "
	    "unauthorized [http 403]: ");
	rig->fail = "PUT";
	EXPECT_ERROR("s.io/a:v1", "t.io/b:v1", NULL, "failed to put manifest "
	    "t.io/b:v1: request failed: unauthorized [http 403]: ");
	free(digest);
}

Test(copy, a_slot_that_is_refused)
{
	char *digest = rig_image("s.io/a", "v1", "x", 1);

	error_set(&rig->failure, ERROR_CANCELED, "context canceled");
	rig->fail = "SLOT";
	EXPECT_ERROR("s.io/a:v1", "t.io/b:v1", NULL, "context canceled");
	cr_expect_eq(rig_count("HEAD"), 0u);
	free(digest);
}

Test(copy, a_target_with_a_digest_is_put_by_it)
{
	char *digest = rig_image("s.io/a", "v1", "x", 1);
	char *other = rig_image("s.io/a", "v2", "y", 1);
	char *dst = mem_printf("t.io/b:v1@%s", digest), *line;

	EXPECT_OK("s.io/a:v1", dst, NULL);
	line = mem_printf("PUT t.io/b:v1@%s", digest);
	cr_expect_eq(rig_count(line), 1u, "%s", rig->trace);
	cr_expect_eq(rig_copy("s.io/a:v2", dst, &force), -1);
	cr_expect_eq(rig_count("PUT"), 0u);
	cr_expect(strstr(rig->err.text, other) != NULL, "%s", rig->err.text);
	free(line);
	free(dst);
	free(digest);
	free(other);
}

Test(copy, bytes_that_are_not_the_digest_s)
{
	char *digest = rig_image("s.io/a", "v1", "x", 1);

	rig->manifests->bytes[strlen(rig->manifests->bytes) - 1] = ' ';
	cr_expect_eq(rig_copy("s.io/a:v1", "t.io/b:v1", NULL), -1);
	cr_expect_eq(rig->err.kind, ERROR_DIGEST, "%s", rig->err.text);
	cr_expect_eq(rig_count("PUT"), 0u);
	free(digest);
}

Test(copy, few_things_at_once)
{
	char *digest = rig_image("s.io/a", "v1", "x", 100);

	EXPECT_OK("s.io/a:v1", "t.io/b:v1", NULL);
	cr_expect_eq(rig_count("COPY"), 101u);
	cr_expect_leq(rig->blobs_most, (unsigned)COPY_BLOBS);
	free(digest);
}

Test(copy, schema_1_asks_for_sizes)
{
	char *layer = rig_blob("s.io/a", "layer"), *json, *digest;

	json = mem_printf("{\"schemaVersion\":1,\"name\":\"a\",\"tag\":\"v1\""
	    ",\"architecture\":\"amd64\",\"fsLayers\":[{\"blobSum\":\"%s\"},"
	    "{\"blobSum\":\"%s\"}],\"history\":[]}", layer, layer);
	digest = rig_manifest("s.io/a", "v1", MEDIA_DOCKER_V1, json);
	EXPECT_OK("s.io/a:v1", "t.io/b:v1", NULL);
	cr_expect_eq(rig_count("BLOBHEAD s.io/a"), 1u);
	cr_expect_eq(rig_count("COPY"), 1u);
	cr_expect_str_eq(rig_tag("t.io/b:v1"), digest);
	free(json);
	free(digest);
	free(layer);
}

Test(copy, given_up_at_every_moment)
{
	char *digest = rig_image("s.io/a", "v1", "x", 8);
	struct copy *c;
	unsigned done = 0;

	for (int steps = 0; done == 0; steps++) {
		c = rig_begin("s.io/a:v1", "t.io/b:v1", &force);
		for (int i = 0; i < steps; i++)
			loop_step(rig->w.loop, 0);
		done = rig->done;
		copy_free(c);
		cr_assert_eq(rig->calls_now, 0u);
		cr_assert(!rig->slot_held);
		cr_assert_lt(steps, 1000);
	}
	free(digest);
}
