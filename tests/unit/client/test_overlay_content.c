/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_overlay_content.c - what comes with a manifest that a dry run pretends
 * to have put: its children and blobs, and its repository.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "worker/job/overlay.h"

#define HEX(c) c c c c c c c c
#define D(c) "sha256:" HEX(c c c c c c c c)
#define TOP D("a")
#define OTHER D("b")
#define CHILD D("c")
#define IMAGE "application/vnd.oci.image.manifest.v1+json"

static struct overlay *o;

static void
setup(void)
{
	o = overlay_new();
}

static void
teardown(void)
{
	overlay_free(o);
}

TestSuite(overlay_content, .init = setup, .fini = teardown);

static struct reference
ref(const char *s)
{
	struct reference r;
	struct error err;

	cr_assert_eq(reference_parse(s, &r, &err), 0, "%s", err.text);
	return r;
}

static void
put(const char *dst, const char *src, const char *digest)
{
	struct reference d = ref(dst), s = ref(src);

	overlay_put(o, &d, &s, digest);
	reference_free(&d);
	reference_free(&s);
}

static void
del(const char *s)
{
	struct reference r = ref(s);

	overlay_delete(o, &r);
	reference_free(&r);
}

/* Where a manifest would have to be read for it, or "". */
static void
unread(const char *s, bool blobs, const char *want)
{
	struct reference r = ref(s);
	const struct reference *at = overlay_unread(o, &r, blobs);
	char *got = at != NULL ? reference_string(at) : mem_strdup("");

	cr_expect_str_eq(got, want, "%s is in %s, not %s", s, got, want);
	free(got);
	reference_free(&r);
}

static enum overlay_state
state(const char *s)
{
	struct reference r = ref(s), real = { .ocidir = false };
	enum overlay_state found = overlay_find(o, &r, &real);

	reference_free(&r);
	reference_free(&real);
	return found;
}

/* An index of CHILD, or an image. */
static struct manifest *
parse(bool index)
{
	struct error err;
	char *text = index ? mem_strdup("{\"schemaVersion\":2,\"mediaType\":"
	    "\"" MEDIA_OCI_INDEX "\",\"manifests\":[{\"mediaType\":\"" IMAGE
	    "\",\"digest\":\"" CHILD "\",\"size\":5}]}") :
	    mem_strdup("{\"schemaVersion\":2,\"mediaType\":\"" IMAGE "\","
	    "\"config\":{\"mediaType\":\"x/y\",\"digest\":\"" D("1") "\","
	    "\"size\":2},\"layers\":[{\"mediaType\":\"x/z\",\"digest\":\""
	    D("2") "\",\"size\":3}]}");
	struct manifest *m = manifest_parse(text, strlen(text), "", "", &err);

	cr_assert_not_null(m, "%s", err.text);
	free(text);
	return m;
}

static void
was_read(const char *repo, const char *digest, bool index)
{
	struct reference r = ref(repo);
	struct manifest *m = parse(index);

	overlay_read(o, &r, digest, m);
	manifest_free(m);
	reference_free(&r);
}

static bool
has_blob(const char *repo, const char *digest)
{
	struct reference r = ref(repo);
	bool found = overlay_has_blob(o, &r, digest);

	reference_free(&r);
	return found;
}

Test(overlay_content, an_index_brings_its_children)
{
	put("h:5000/a:1", "s.io/x:v", TOP);
	unread("h:5000/a:1", false, "");
	unread("h:5000/a@" TOP, false, "");
	unread("h:5000/b@" CHILD, false, "");
	unread("h:5000/a@" CHILD, false, "s.io/x@" TOP);
	cr_expect_eq(state("h:5000/a@" CHILD), OVERLAY_UNKNOWN);
	was_read("h:5000/a", TOP, true);
	unread("h:5000/a@" CHILD, false, "");
	unread("h:5000/a@" OTHER, false, "");
	cr_expect_eq(state("h:5000/a@" CHILD), OVERLAY_MOVED);
	del("h:5000/a@" CHILD);
	cr_expect_eq(state("h:5000/a@" CHILD), OVERLAY_DELETED);
}

Test(overlay_content, what_cannot_be_read_brings_nothing)
{
	struct reference r = ref("h:5000/a");

	put("h:5000/a:1", "s.io/x:v", TOP);
	overlay_read(o, &r, TOP, NULL);
	unread("h:5000/a@" CHILD, false, "");
	cr_expect_eq(state("h:5000/a@" CHILD), OVERLAY_UNKNOWN);
	reference_free(&r);
}

Test(overlay_content, the_later_counts)
{
	/* It was deleted, and a copy brings it back. */
	del("h:5000/a@" CHILD);
	unread("h:5000/a@" CHILD, false, "");
	put("h:5000/a:1", "s.io/x:v", TOP);
	unread("h:5000/a@" CHILD, false, "s.io/x@" TOP);
	was_read("h:5000/a", TOP, true);
	cr_expect_eq(state("h:5000/a@" CHILD), OVERLAY_MOVED);
	/* It is deleted after the copy, which is read later. */
	put("h:5000/b:1", "s.io/x:v", TOP);
	del("h:5000/b@" CHILD);
	unread("h:5000/b@" CHILD, false, "");
	was_read("h:5000/b", TOP, true);
	cr_expect_eq(state("h:5000/b@" CHILD), OVERLAY_DELETED);
	/* An index that is gone brings nothing any more. */
	put("h:5000/c:1", "s.io/x:v", TOP);
	del("h:5000/c@" TOP);
	unread("h:5000/c@" CHILD, false, "");
	was_read("h:5000/c", TOP, true);
	cr_expect_eq(state("h:5000/c@" CHILD), OVERLAY_UNKNOWN);
}

Test(overlay_content, an_image_brings_its_blobs)
{
	struct reference r = ref("h:5000/a");

	put("h:5000/a:1", "s.io/x:v", TOP);
	overlay_is_image(o, &r, TOP);
	unread("h:5000/a@" CHILD, false, "");
	unread("h:5000/a", true, "s.io/x@" TOP);
	cr_expect(!has_blob("h:5000/a", D("1")));
	was_read("h:5000/a", TOP, false);
	unread("h:5000/a", true, "");
	cr_expect(has_blob("h:5000/a", D("1")));
	cr_expect(has_blob("h:5000/a", D("2")));
	cr_expect(!has_blob("h:5000/a", D("3")));
	cr_expect(!has_blob("h:5000/b", D("1")));
	reference_free(&r);
}

Test(overlay_content, a_put_makes_the_repository)
{
	const char *const want[] = { "a", "b", "d", "z" };
	struct reference r = ref("h:5000/b"), n = ref("h:5000/nothing");
	char **names = mem_array(3, sizeof(*names));
	size_t count = 2;

	names[0] = mem_strdup("a");
	names[1] = mem_strdup("d");
	cr_expect(!overlay_made(o, &r));
	put("h:5000/z:1", "s.io/x:v", TOP);
	put("h:5000/b:1", "s.io/x:v", TOP);
	put("h:5000/d:1", "s.io/x:v", TOP);
	put("other:5000/c:1", "s.io/x:v", TOP);
	del("h:5000/nothing:1");
	/* It stays when nothing is left in it. */
	del("h:5000/b:1");
	cr_expect(overlay_made(o, &r));
	cr_expect(!overlay_made(o, &n));
	overlay_repositories(o, "h:5000", &names, &count);
	cr_assert_eq(count, 4);
	for (size_t i = 0; i < count; i++) {
		cr_expect_str_eq(names[i], want[i]);
		free(names[i]);
	}
	free(names);
	reference_free(&r);
	reference_free(&n);
}

/* Docker's registry has it in its catalog, and no list of tags. */
Test(overlay_content, a_blob_makes_no_list_of_tags)
{
	struct reference r = ref("h:5000/new@" TOP), src = ref("h:5000/old@" TOP);
	char **names = mem_array(1, sizeof(*names));
	size_t n = 0;

	overlay_put_blob(o, &r, &src);
	cr_expect(!overlay_made(o, &r));
	overlay_repositories(o, "h:5000", &names, &n);
	cr_assert_eq(n, 1);
	cr_expect_str_eq(names[0], "new");
	free(names[0]);
	free(names);
	overlay_put(o, &r, &src, TOP);
	overlay_put_blob(o, &r, &src);
	cr_expect(overlay_made(o, &r));
	reference_free(&r);
	reference_free(&src);
}
