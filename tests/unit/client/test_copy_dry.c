/* SPDX-License-Identifier: Apache-2.0 */
/* image.copy in a dry run: what it looks at, and what it pretends. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "tests/unit/client/copyrig.h"

TestSuite(copy_dry, .init = rig_start, .fini = rig_stop);

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

/* "sha256-<hex>.suffix" of a digest. */
static char *
tag_of(const char *digest, const char *suffix)
{
	char *tag = mem_printf("%s%s", digest, suffix);

	*strchr(tag, ':') = '-';
	return tag;
}

static void
dry(void)
{
	rig->w.dry_run = true;
	rig->w.overlay = overlay_new();
}

static void
expect_only_reads(void)
{
	cr_expect_eq(rig_count("PUT"), 0u);
	cr_expect_eq(rig_count("COPY"), 0u);
	cr_expect_eq(rig_count("BLOBHEAD"), 0u);
	cr_expect_str_eq(rig->logs, "");
}

static void
expect_moved(const char *s, const char *repository, const char *digest)
{
	struct reference ref, real;
	struct error err;
	char *name;

	cr_assert_eq(reference_parse(s, &ref, &err), 0);
	cr_assert_eq(overlay_find(rig->w.overlay, &ref, &real),
	    OVERLAY_MOVED, "%s", s);
	name = reference_repository(&real);
	cr_expect_str_eq(name, repository);
	cr_expect_str_eq(real.digest, digest);
	free(name);
	reference_free(&ref);
	reference_free(&real);
}

Test(copy_dry, a_dry_run_looks_and_pretends)
{
	two_platforms();
	dry();
	EXPECT_OK("s.io/a:v1", "t.io/b:v1", NULL);
	cr_expect_str_eq(rig->trace, "SLOT \nHEAD t.io/b:v1\n"
	    "HEAD s.io/a:v1\nRELEASE\n");
	cr_expect_gt(rig->result.manifests, 0u);
	expect_moved("t.io/b:v1", "s.io/a", top);
	/* A copy of the copy is read where it really is. */
	EXPECT_OK("t.io/b:v1", "u.io/c:v1", NULL);
	cr_expect_eq(rig_count("HEAD s.io/a@"), 1u);
	expect_moved("u.io/c:v1", "s.io/a", top);
	expect_only_reads();
	two_platforms_free();
}

Test(copy_dry, a_dry_run_knows_what_is_up_to_date)
{
	two_platforms();
	EXPECT_OK("s.io/a:v1", "t.io/b:v1", NULL);
	dry();
	EXPECT_OK("s.io/a:v1", "t.io/b:v1", NULL);
	cr_expect_eq(rig->result.manifests, 0u);
	EXPECT_OK("s.io/a:v1", "t.io/b:v1", &force);
	cr_expect_eq(rig->result.manifests, 1u);
	EXPECT_OK("s.io/a:v1", "t.io/b:v2", NULL);
	cr_expect_eq(rig->result.manifests, 1u);
	/* That one is pretended now. */
	EXPECT_OK("s.io/a:v1", "t.io/b:v2", NULL);
	cr_expect_eq(rig->result.manifests, 0u);
	expect_only_reads();
	two_platforms_free();
}

Test(copy_dry, a_dry_run_knows_which_platforms_are_missing)
{
	const struct copy_options none = {
		.platforms = (char *[]){ (char *)"linux/s390x" },
		.nplatforms = 1 };

	two_platforms();
	dry();
	cr_expect_eq(rig_copy("s.io/a:v1", "t.io/b:v1", &none), -1);
	cr_expect(strstr(rig->err.text, "no platform of s.io/a:v1") != NULL,
	    "%s", rig->err.text);
	two_platforms_free();
}

Test(copy_dry, a_dry_run_knows_what_is_missing)
{
	struct reference ref;
	struct error err;

	dry();
	cr_expect_eq(rig_copy("s.io/a:nope", "t.io/b:v1", NULL), -1);
	cr_expect_str_eq(rig->err.text, "copy failed, error getting source: "
	    "failed to get manifest s.io/a:nope: request failed: not found "
	    "[http 404]: {}");
	cr_assert_eq(reference_parse("s.io/a:v1", &ref, &err), 0);
	overlay_delete(rig->w.overlay, &ref);
	reference_free(&ref);
	free(rig_image("s.io/a", "v1", "x", 1));
	cr_expect_eq(rig_copy("s.io/a:v1", "t.io/b:v1", NULL), -1);
	cr_expect_eq(rig->err.kind, ERROR_NOT_FOUND);
	cr_expect(strstr(rig->err.text, "deleted earlier in this dry run") !=
	    NULL);
}

Test(copy_dry, a_dry_run_pretends_digest_tags_too)
{
	char *sig, *digest, *s;

	two_platforms();
	dry();
	sig = tag_of(arm, ".sig");
	digest = rig_image("s.io/a", sig, "signature", 1);
	EXPECT_OK("s.io/a:v1", "t.io/b:v1", &tags);
	expect_only_reads();
	s = mem_printf("t.io/b:%s", sig);
	expect_moved(s, "s.io/a", digest);
	expect_moved("t.io/b:v1", "s.io/a", top);
	/* From there on, where no repository is at all. */
	error_set(&rig->failure, ERROR_NOT_FOUND, "no such repository");
	rig->fail = "LIST t.io/b";
	EXPECT_OK("t.io/b:v1", "u.io/c:v1", &tags);
	free(s);
	s = mem_printf("u.io/c:%s", sig);
	expect_moved(s, "s.io/a", digest);
	free(s);
	free(sig);
	free(digest);
	two_platforms_free();
}
