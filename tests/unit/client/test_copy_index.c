/* SPDX-License-Identifier: Apache-2.0 */
/* image.copy of indexes: platforms, digest tags, and what a dry run does. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "tests/unit/client/copyrig.h"
#include "worker/oci/manifest.h"

TestSuite(copy_index, .init = rig_start, .fini = rig_stop);

#define EXPECT_OK(src, dst, o)						\
	cr_expect_eq(rig_copy(src, dst, o), 0, "%s\n%s", rig->err.text,	\
	    rig->trace)

static const struct copy_options force = { .force_recursive = true };
static const struct copy_options tags = { .digest_tags = true };

static char *amd, *arm, *top;

/* s.io/a:v1, of two platforms that share nothing. */
static void
two_platforms(void)
{
	const char *platforms[] = { "linux/amd64", "linux/arm64" };

	amd = rig_image("s.io/a", "", "amd", 2);
	arm = rig_image("s.io/a", "", "arm", 2);
	top = rig_index("s.io/a", "v1", 2, (char *[]){ amd, arm },
	    platforms);
}

static void
two_platforms_free(void)
{
	free(amd);
	free(arm);
	free(top);
}

Test(copy_index, children_first_and_by_digest)
{
	char *line;

	two_platforms();
	EXPECT_OK("s.io/a:v1", "t.io/b:v1", NULL);
	cr_expect_str_eq(rig_tag("t.io/b:v1"), top);
	cr_expect_eq(rig_count("PUT"), 3u);
	line = mem_printf("PUT t.io/b@%s", amd);
	cr_expect_eq(rig_count(line), 1u);
	cr_expect_lt(rig_line(line), rig_line("PUT t.io/b:v1"));
	cr_expect_eq(rig_count("COPY"), 6u);
	cr_expect(strstr(rig->logs, "Copy layer source=s.io/a@sha256:") !=
	    NULL, "%s", rig->logs);
	free(line);
	two_platforms_free();
}

Test(copy_index, a_child_that_is_there_is_passed_over)
{
	char *src;

	two_platforms();
	src = mem_printf("s.io/a@%s", amd);
	EXPECT_OK(src, "t.io/b:amd", NULL);
	EXPECT_OK("s.io/a:v1", "t.io/b:v1", NULL);
	cr_expect_eq(rig_count("PUT"), 2u);
	cr_expect_eq(rig_count("COPY"), 3u);
	EXPECT_OK("s.io/a:v1", "t.io/b:v1", &force);
	cr_expect_eq(rig_count("PUT"), 3u);
	cr_expect_eq(rig_count("BLOBHEAD"), 6u);
	cr_expect_eq(rig_count("COPY"), 0u);
	free(src);
	two_platforms_free();
}

Test(copy_index, each_digest_once)
{
	char *a = rig_image("s.io/a", "", "same", 3), *i1, *i2, *i3;

	/* The image is in two indexes, which are in one. */
	i1 = rig_index("s.io/a", "", 1, (char *[]){ a }, NULL);
	i2 = rig_index("s.io/a", "", 2, (char *[]){ a, a }, NULL);
	i3 = rig_index("s.io/a", "v1", 3, (char *[]){ i1, i2, a }, NULL);
	EXPECT_OK("s.io/a:v1", "t.io/b:v1", NULL);
	cr_expect_str_eq(rig_tag("t.io/b:v1"), i3);
	cr_expect_eq(rig_count("PUT"), 4u, "%s", rig->trace);
	cr_expect_eq(rig_count("GET"), 4u);
	cr_expect_eq(rig_count("COPY"), 4u);
	free(a);
	free(i1);
	free(i2);
	free(i3);
}

Test(copy_index, many_children_few_at_once)
{
	enum { N = 40 };
	char *children[N], *index, *name;

	for (int i = 0; i < N; i++) {
		name = mem_printf("image %d", i);
		children[i] = rig_image("s.io/a", "", name, 2);
		free(name);
	}
	index = rig_index("s.io/a", "v1", N, children, NULL);
	EXPECT_OK("s.io/a:v1", "t.io/b:v1", NULL);
	cr_expect_eq(rig_count("PUT"), N + 1u);
	cr_expect_leq(rig->gets_most, (unsigned)COPY_MANIFESTS);
	cr_expect_leq(rig->blobs_most, (unsigned)COPY_BLOBS);
	for (int i = 0; i < N; i++)
		free(children[i]);
	free(index);
}

static char *
nest(int depth)
{
	char *inner = rig_image("s.io/a", "", "core", 1), *outer;

	while (depth-- > 0) {
		outer = rig_index("s.io/a", depth == 0 ? "deep" : "", 1,
		    &inner, NULL);
		free(inner);
		inner = outer;
	}
	return inner;
}

Test(copy_index, depth_is_bounded)
{
	char *digest = nest(INDEX_DEPTH_MAX);

	EXPECT_OK("s.io/a:deep", "t.io/b:deep", NULL);
	free(digest);
	digest = nest(INDEX_DEPTH_MAX + 1);
	cr_expect_eq(rig_copy("s.io/a:deep", "t.io/c:deep", NULL), -1);
	cr_expect_eq(rig->err.kind, ERROR_LIMIT);
	cr_expect_eq(rig_count("PUT"), 0u);
	free(digest);
}

Test(copy_index, a_child_that_fails_keeps_its_parent_away)
{
	two_platforms();
	error_set(&rig->failure, ERROR_HTTP, "no room");
	rig->fail = "PUT t.io/b@";
	cr_expect_eq(rig_copy("s.io/a:v1", "t.io/b:v1", NULL), -1);
	cr_expect(strstr(rig->err.text, "failed to put manifest t.io/b@") !=
	    NULL);
	cr_expect_eq(rig_count("PUT t.io/b:v1"), 0u);
	cr_expect_str_eq(rig_tag("t.io/b:v1"), "");
	two_platforms_free();
}

Test(copy_index, a_child_that_is_missing)
{
	char *gone;

	two_platforms();
	gone = mem_printf("copy failed, error getting source: failed to get "
	    "manifest s.io/a@%s: request failed: not found [http 404]: {}",
	    arm);
	for (struct rig_manifest *m = rig->manifests; m != NULL; m = m->next)
		if (strcmp(m->digest, arm) == 0)
			m->repository[0] = 'X';
	cr_expect_eq(rig_copy("s.io/a:v1", "t.io/b:v1", NULL), -1);
	cr_expect_str_eq(rig->err.text, gone, "%s", rig->err.text);
	cr_expect_eq(rig_count("PUT t.io/b:v1"), 0u);
	free(gone);
	two_platforms_free();
}

/* What platforms={...} takes along, each time to a new repository. The
 * registry here refuses an index that is not complete. */
static unsigned
children_put(const char **list, size_t n)
{
	struct copy_options o = { .platforms = (char **)list,
	    .nplatforms = n };

	static int targets;
	char *dst = mem_printf("t.io/r%d:v1", ++targets);
	char *line = mem_printf("PUT t.io/r%d@", targets);
	unsigned put;

	(void)rig_copy("s.io/a:v1", dst, &o);
	put = rig_count(line);
	free(dst);
	free(line);
	return put;
}

Test(copy_index, platforms_match_exactly)
{
	const char *platforms[] = { "linux/amd64", "linux/arm64", NULL };

	amd = rig_image("s.io/a", "", "amd", 1);
	arm = rig_image("s.io/a", "", "arm", 1);
	top = rig_image("s.io/a", "", "attestation", 1);
	free(rig_index("s.io/a", "v1", 3, (char *[]){ amd, arm, top },
	    platforms));
	cr_expect_eq(children_put((const char *[]){ "linux/amd64" },
	    1), 1u);
	cr_expect_str_eq(strstr(rig->logs, "No platform") != NULL ? "w" : "",
	    "");
	cr_expect_eq(children_put((const char *[]){ "linux/amd64",
	    "linux/arm64/v8" }, 2), 2u);
	cr_expect_null(strstr(rig->logs, "does not have a platform"));
	cr_expect_eq(children_put((const char *[]){ "linux/amd64",
	    "linux/s390x" }, 2), 1u);
	cr_expect_not_null(strstr(rig->logs, "The image does not have a "
	    "platform that is to be copied"), "%s", rig->logs);
	cr_expect_eq(children_put((const char *[]){ "" }, 1), 1u);
	cr_expect_eq(children_put((const char *[]){ "linux/s390x",
	    "linux/ppc64le" }, 2), 0u);
	cr_expect_str_eq(rig->err.text, "no platform of s.io/a:v1 matches "
	    "linux/s390x,linux/ppc64le: it has linux/amd64,linux/arm64");
	cr_expect_eq(rig_count("PUT"), 0u);
	cr_expect_eq(children_put(NULL, 0), 3u);
	two_platforms_free();
}

Test(copy_index, a_registry_that_refuses_some_of_the_platforms)
{
	const struct copy_options one = {
		.platforms = (char *[]){ (char *)"linux/amd64" },
		.nplatforms = 1 };

	two_platforms();
	cr_expect_eq(rig_copy("s.io/a:v1", "t.io/b:v1", &one), -1);
	cr_expect(strstr(rig->err.text, "failed to put manifest t.io/b:v1: "
	    "the registry refuses an index with platforms that it does not "
	    "have; copy all platforms, or only one by its digest, image.copy("
	    "\"s.io/a@DIGEST\", ...): ") != NULL, "%s", rig->err.text);
	two_platforms_free();
}

Test(copy_index, a_platform_that_is_none)
{
	const char *bad[] = { "linux/amd64", "li nux" };

	two_platforms();
	cr_expect_eq(children_put(bad, 2), 0u);
	cr_expect_neq(rig->err.kind, ERROR_NONE);
	cr_expect_str_eq(rig->trace, "");
	two_platforms_free();
}

/* "sha256-<hex>.suffix" of a digest. */
static char *
tag_of(const char *digest, const char *suffix)
{
	char *tag = mem_printf("%s%s", digest, suffix);

	*strchr(tag, ':') = '-';
	return tag;
}

static bool
has_tag(const char *repository, const char *tag)
{
	char *s = mem_printf("%s:%s", repository, tag);
	bool there = rig_tag(s)[0] != '\0';

	free(s);
	return there;
}

Test(copy_index, digest_tags_of_everything_before_the_tag)
{
	char *sig, *att, *other, *sigsig, *d[4], *line;

	two_platforms();
	sig = tag_of(top, ".sig");
	att = tag_of(arm, ".att");
	d[0] = rig_image("s.io/a", sig, "signature", 1);
	d[1] = rig_image("s.io/a", att, "attestation", 1);
	sigsig = tag_of(d[0], ".sig");
	d[2] = rig_image("s.io/a", sigsig, "signature of a signature", 1);
	other = tag_of(d[2], "");
	other[8] = other[8] == '0' ? '1' : '0';
	d[3] = rig_image("s.io/a", other, "of nothing here", 1);
	EXPECT_OK("s.io/a:v1", "t.io/b:v1", &tags);
	cr_expect(has_tag("t.io/b", sig));
	cr_expect(has_tag("t.io/b", att));
	cr_expect(has_tag("t.io/b", sigsig));
	cr_expect(!has_tag("t.io/b", other));
	line = mem_printf("PUT t.io/b:%s", sig);
	cr_expect_lt(rig_line(line), rig_line("PUT t.io/b:v1"));
	cr_expect_eq(rig_count("LIST"), 3u, "three pages:\n%s", rig->trace);
	/* Without the option they stay. */
	EXPECT_OK("s.io/a:v1", "t.io/c:v1", NULL);
	cr_expect_eq(rig_count("LIST"), 0u);
	cr_expect(!has_tag("t.io/c", sig));
	free(line);
	free(sig);
	free(att);
	free(sigsig);
	free(other);
	for (int i = 0; i < 4; i++)
		free(d[i]);
	two_platforms_free();
}

Test(copy_index, a_signature_that_came_later)
{
	char *sig, *digest;

	two_platforms();
	EXPECT_OK("s.io/a:v1", "t.io/b:v1", &tags);
	sig = tag_of(arm, ".sig");
	digest = rig_image("s.io/a", sig, "signature", 1);
	EXPECT_OK("s.io/a:v1", "t.io/b:v1", &tags);
	cr_expect(has_tag("t.io/b", sig));
	cr_expect_eq(rig_count("PUT"), 1u, "%s", rig->trace);
	EXPECT_OK("s.io/a:v1", "t.io/b:v1", &tags);
	cr_expect_eq(rig_count("PUT"), 0u);
	free(sig);
	free(digest);
	two_platforms_free();
}

Test(copy_index, a_loop_of_digest_tags_ends)
{
	char *image = rig_image("s.io/a", "v1", "x", 1), *tag, *index, *back;

	/* A digest tag that lists what it belongs to, and one that is it. */
	tag = tag_of(image, "");
	index = rig_index("s.io/a", tag, 1, &image, NULL);
	back = tag_of(index, ".back");
	free(rig_index("s.io/a", back, 2, (char *[]){ image, index }, NULL));
	EXPECT_OK("s.io/a:v1", "t.io/b:v1", &tags);
	cr_expect(has_tag("t.io/b", tag));
	cr_expect(has_tag("t.io/b", back));
	cr_expect_str_eq(rig_tag("t.io/b:v1"), image);
	cr_expect_eq(rig_line("PUT t.io/b:v1") + 1, rig_line("RELEASE"));
	free(image);
	free(index);
	free(tag);
	free(back);
}

Test(copy_index, given_up_at_every_moment)
{
	struct copy_options all = { .digest_tags = true,
	    .force_recursive = true };
	char *sig, *digest;
	struct copy *c;
	unsigned done = 0;

	two_platforms();
	sig = tag_of(arm, ".sig");
	digest = rig_image("s.io/a", sig, "signature", 1);
	for (int steps = 0; done == 0; steps++) {
		c = rig_begin("s.io/a:v1", "t.io/b:v1", &all);
		for (int i = 0; i < steps; i++)
			loop_step(rig->w.loop, 0);
		done = rig->done;
		copy_free(c);
		cr_assert_eq(rig->calls_now, 0u);
		cr_assert_lt(steps, 1000);
	}
	free(sig);
	free(digest);
	two_platforms_free();
}
