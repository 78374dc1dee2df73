/* SPDX-License-Identifier: Apache-2.0 */
/* test_overlay.c - what a dry run pretends, laid over what is there. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "common/bounds.h"
#include "common/mem.h"
#include "worker/job/overlay.h"

#define D1 "sha256:" \
	"1111111111111111111111111111111111111111111111111111111111111111"
#define D2 "sha256:" \
	"2222222222222222222222222222222222222222222222222222222222222222"

#define MANY 40000
/* What a search in a balanced tree of MANY names takes, several times over. */
#define COMPARED_MAX (200UL * MANY)

/* The program's own strcmp, so that the work of the overlay can be counted.
 * The sanitizer's memory map may not be there yet when it is first called. */
static unsigned long compared;

__attribute__((no_sanitize("address"))) int
strcmp(const char *a, const char *b)
{
	compared++;
	while (*a != '\0' && *a == *b) {
		a++;
		b++;
	}
	return (unsigned char)*a - (unsigned char)*b;
}

static struct reference
ref(const char *s)
{
	struct reference r;
	struct error err;

	cr_assert_eq(reference_parse(s, &r, &err), 0, "%s", err.text);
	return r;
}

static void
put(struct overlay *o, const char *dst, const char *src, const char *digest)
{
	struct reference d = ref(dst), s = ref(src);

	overlay_put(o, &d, &s, digest);
	reference_free(&d);
	reference_free(&s);
}

static void
del(struct overlay *o, const char *s)
{
	struct reference r = ref(s);

	overlay_delete(o, &r);
	reference_free(&r);
}

/* "unknown", "deleted", or where it can be read. */
static void
expect(const struct overlay *o, const char *s, const char *want)
{
	struct reference r = ref(s), real;
	char *got = NULL;

	switch (overlay_find(o, &r, &real)) {
	case OVERLAY_UNKNOWN:
		got = mem_strdup("unknown");
		break;
	case OVERLAY_DELETED:
		got = mem_strdup("deleted");
		break;
	case OVERLAY_MOVED:
		got = reference_string(&real);
		reference_free(&real);
		break;
	}
	cr_expect_str_eq(got, want, "%s is %s, not %s", s, got, want);
	free(got);
	reference_free(&r);
}

static void
expect_tags(const struct overlay *o, const char *repo, const char *before,
    const char *after)
{
	struct reference r = ref(repo);
	char **tags = NULL, *list = mem_strdup(before), *save = NULL, *t;
	char *got = mem_strdup("");
	size_t n = 0;

	for (t = strtok_r(list, " ", &save); t != NULL;
	    t = strtok_r(NULL, " ", &save)) {
		tags = mem_resize(tags, n + 1, sizeof(*tags));
		tags[n++] = mem_strdup(t);
	}
	overlay_tags(o, &r, &tags, &n);
	for (size_t i = 0; i < n; i++) {
		t = mem_printf("%s%s%s", got, i > 0 ? " " : "", tags[i]);
		free(got);
		got = t;
		free(tags[i]);
	}
	cr_expect_str_eq(got, after);
	free(tags);
	free(list);
	free(got);
	reference_free(&r);
}

Test(overlay, nothing_is_known_at_first)
{
	struct overlay *o = overlay_new();

	expect(o, "h:5000/a:1", "unknown");
	expect(o, "h:5000/a@" D1, "unknown");
	expect_tags(o, "h:5000/a", "b a", "b a");
	overlay_free(o);
	overlay_free(NULL);
}

Test(overlay, a_copy_can_be_read_where_it_came_from)
{
	struct overlay *o = overlay_new();

	put(o, "h:5000/a:1", "src.io/x:v", D1);
	expect(o, "h:5000/a:1", "src.io/x@" D1);
	expect(o, "h:5000/a@" D1, "src.io/x@" D1);
	expect(o, "h:5000/a:2", "unknown");
	expect(o, "h:5000/b:1", "unknown");
	expect(o, "other.io/a:1", "unknown");
	/* Names of registries are compared as brokers are keyed. */
	put(o, "Host.io/a:1", "src.io/x:v", D1);
	expect(o, "host.io/a:1", "src.io/x@" D1);
	overlay_free(o);
}

Test(overlay, the_last_word_counts)
{
	struct overlay *o = overlay_new();

	put(o, "h:5000/a:1", "src.io/x:v", D1);
	put(o, "h:5000/a:1", "src.io/y:v", D2);
	expect(o, "h:5000/a:1", "src.io/y@" D2);
	expect(o, "h:5000/a@" D1, "src.io/x@" D1);
	del(o, "h:5000/a:1");
	expect(o, "h:5000/a:1", "deleted");
	expect(o, "h:5000/a@" D2, "src.io/y@" D2);
	put(o, "h:5000/a:1", "src.io/x:v", D1);
	expect(o, "h:5000/a:1", "src.io/x@" D1);
	overlay_free(o);
}

Test(overlay, deleting_a_digest_deletes_its_pretended_tags)
{
	struct overlay *o = overlay_new();

	put(o, "h:5000/a:1", "src.io/x:v", D1);
	put(o, "h:5000/a:2", "src.io/x:v", D1);
	put(o, "h:5000/a:3", "src.io/x:v", D2);
	put(o, "h:5000/b:1", "src.io/x:v", D1);
	del(o, "h:5000/a@" D1);
	expect(o, "h:5000/a:1", "deleted");
	expect(o, "h:5000/a:2", "deleted");
	expect(o, "h:5000/a@" D1, "deleted");
	expect(o, "h:5000/a:3", "src.io/x@" D2);
	expect(o, "h:5000/b:1", "src.io/x@" D1);
	overlay_free(o);
}

static void
seen(struct overlay *o, const char *s, const char *digest)
{
	struct reference r = ref(s);

	overlay_seen(o, &r, digest);
	reference_free(&r);
}

Test(overlay, deleting_a_digest_deletes_the_tags_that_were_seen)
{
	struct overlay *o = overlay_new();
	struct reference r = ref("h:5000/a:9");

	seen(o, "h:5000/a:1", D1);
	seen(o, "h:5000/a:2", D2);
	seen(o, "h:5000/a:3", D2);
	seen(o, "h:5000/a:3", D1);	/* it moved */
	put(o, "h:5000/a:4", "src.io/x:v", D2);
	seen(o, "h:5000/a:4", D1);	/* the pretended one counts */
	expect(o, "h:5000/a:1", "unknown");
	expect(o, "h:5000/a@" D1, "unknown");
	expect_tags(o, "h:5000/a", "1 2 3", "1 2 3 4");
	expect_tags(o, "h:5000/a", "2", "2 4");
	cr_expect(!overlay_deletes(o, &r));
	del(o, "h:5000/a@" D1);
	cr_expect(overlay_deletes(o, &r));
	cr_expect(overlay_unseen(o, &r));
	seen(o, "h:5000/a:9", D1);
	cr_expect(!overlay_unseen(o, &r));
	expect(o, "h:5000/a:1", "deleted");
	expect(o, "h:5000/a:3", "deleted");
	expect(o, "h:5000/a:9", "deleted");
	expect(o, "h:5000/a:2", "unknown");
	expect(o, "h:5000/a:4", "src.io/x@" D2);
	expect_tags(o, "h:5000/a", "1 2 3 9", "2 4");
	reference_free(&r);
	overlay_free(o);
}

Test(overlay, what_no_registry_has_is_kept_within_bounds)
{
	struct overlay *o = overlay_new();
	char *large = mem_alloc(OVERLAY_BYTES_MAX);
	struct error err;

	cr_expect_eq(overlay_keep(o, D1, "t", "bytes", 5, &err), 0);
	cr_expect_eq(overlay_keep(o, D1, "t", "bytes", 5, &err), 0);
	cr_assert_not_null(overlay_kept(o, D1));
	cr_expect_str_eq(overlay_kept(o, D1)->bytes, "bytes");
	cr_expect_null(overlay_kept(o, D2));
	cr_expect_eq(overlay_keep(o, D2, "t", large, OVERLAY_BYTES_MAX, &err),
	    -1);
	cr_expect_eq(err.kind, ERROR_LIMIT);
	free(large);
	overlay_free(o);
}

Test(overlay, a_target_with_a_digest_gets_no_tag)
{
	struct overlay *o = overlay_new();

	put(o, "h:5000/a:1@" D1, "src.io/x:v", D1);
	expect(o, "h:5000/a@" D1, "src.io/x@" D1);
	expect(o, "h:5000/a:1", "unknown");
	expect_tags(o, "h:5000/a", "", "");
	overlay_free(o);
}

Test(overlay, a_tag_list_shows_both)
{
	struct overlay *o = overlay_new();

	put(o, "h:5000/a:b", "src.io/x:v", D1);
	put(o, "h:5000/a:z", "src.io/x:v", D1);
	put(o, "h:5000/a:a", "src.io/x:v", D1);
	put(o, "h:5000/other:q", "src.io/x:v", D1);
	del(o, "h:5000/a:c");
	del(o, "h:5000/a:notthere");
	expect_tags(o, "h:5000/a", "a c d", "a b d z");
	expect_tags(o, "h:5000/a", "", "a b z");
	del(o, "h:5000/a:b");
	expect_tags(o, "h:5000/a", "a b c d", "a d z");
	/* Order as the registry gave it. */
	expect_tags(o, "h:5000/a", "y x c", "a y x z");
	overlay_free(o);
}

Test(overlay, a_source_may_be_its_own_answer)
{
	struct overlay *o = overlay_new();
	struct reference r, real, dst;

	put(o, "h:5000/a:1", "src.io/x:v", D1);
	r = ref("h:5000/a:1");
	cr_assert_eq(overlay_find(o, &r, &real), OVERLAY_MOVED);
	/* Many, so that the array moves under it. */
	for (int i = 0; i < 200; i++) {
		char *s = mem_printf("h:5000/b:%d", i);

		dst = ref(s);
		overlay_put(o, &dst, &real, D1);
		reference_free(&dst);
		free(s);
	}
	expect(o, "h:5000/b:7", "src.io/x@" D1);
	expect(o, "h:5000/b:199", "src.io/x@" D1);
	reference_free(&real);
	reference_free(&r);
	overlay_free(o);
}

static void
del_number(struct overlay *o, int i)
{
	char *s = mem_printf("h:5000/a:v%05d", i);

	del(o, s);
	free(s);
}

Test(overlay, many_deletions_take_little_work)
{
	struct overlay *o = overlay_new();

	for (int i = 0; i < MANY; i++)
		del_number(o, i);
	cr_expect_lt(compared, COMPARED_MAX, "%lu comparisons", compared);
	expect(o, "h:5000/a:v00000", "deleted");
	expect(o, "h:5000/a:v39999", "deleted");
	expect(o, "h:5000/a:v40000", "unknown");
	overlay_free(o);
}

Test(overlay, a_digest_with_many_tags_takes_little_work)
{
	struct overlay *o = overlay_new();

	for (int i = 0; i < MANY; i++) {
		char *s = mem_printf("h:5000/a:v%05d", i);

		put(o, s, "src.io/x:v", D1);
		free(s);
	}
	/* Each of these has no tag, or all of them. */
	for (int i = 0; i < 100; i++)
		del(o, "h:5000/a@" D2);
	del(o, "h:5000/a@" D1);
	cr_expect_lt(compared, COMPARED_MAX, "%lu comparisons", compared);
	expect(o, "h:5000/a:v00000", "deleted");
	expect(o, "h:5000/a:v39999", "deleted");
	overlay_free(o);
}

Test(overlay, a_long_list_takes_little_work)
{
	struct overlay *o = overlay_new();
	struct reference r = ref("h:5000/a");
	char **tags = mem_array(MANY, sizeof(*tags));
	size_t n = MANY;

	for (int i = 0; i < MANY; i++) {
		tags[i] = mem_printf("v%05d", i);
		if (i % 2 == 0) {
			del_number(o, i);
			continue;
		}
		char *s = mem_printf("h:5000/a:v%05dnew", i);

		put(o, s, "src.io/x:v", D1);
		free(s);
	}
	compared = 0;
	overlay_tags(o, &r, &tags, &n);
	cr_expect_lt(compared, COMPARED_MAX, "%lu comparisons", compared);
	cr_assert_eq(n, MANY);
	cr_expect_str_eq(tags[0], "v00001");
	cr_expect_str_eq(tags[1], "v00001new");
	cr_expect_str_eq(tags[MANY - 1], "v39999new");
	for (size_t i = 0; i < n; i++)
		free(tags[i]);
	free(tags);
	reference_free(&r);
	overlay_free(o);
}
