/* SPDX-License-Identifier: Apache-2.0 */
/* test_reference.c - references good and bad, and their names. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/reference.h"

#define HEX64 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define D "sha256:" HEX64

static const struct {
	const char *text, *registry, *repository, *tag, *digest;
} good[] = {
	{ "alpine", "docker.io", "library/alpine", "latest", "" },
	{ "alpine:3.20", "docker.io", "library/alpine", "3.20", "" },
	{ "foo/bar", "docker.io", "foo/bar", "latest", "" },
	{ "foo/bar/baz", "docker.io", "foo/bar/baz", "latest", "" },
	{ "Foo/bar", "Foo", "bar", "latest", "" },
	{ "fOo-1/bar", "fOo-1", "bar", "latest", "" },
	{ "host:5000", "docker.io", "library/host", "5000", "" },
	{ "host:5000/x", "host:5000", "x", "latest", "" },
	{ "h:5000/x", "h:5000", "x", "latest", "" },
	{ "h:65535/x", "h:65535", "x", "latest", "" },
	{ "h:0080/x", "h:0080", "x", "latest", "" },
	{ "example.com", "docker.io", "library/example.com", "latest", "" },
	{ "example.com/x", "example.com", "x", "latest", "" },
	{ "example.com./x:y", "example.com.", "x", "y", "" },
	{ "EXAMPLE.com:443/x", "EXAMPLE.com:443", "x", "latest", "" },
	{ "docker.io/alpine", "docker.io", "library/alpine", "latest", "" },
	{ "docker.io/a/b", "docker.io", "a/b", "latest", "" },
	{ "index.docker.io/x", "docker.io", "library/x", "latest", "" },
	{ "registry-1.docker.io/x/y", "docker.io", "x/y", "latest", "" },
	{ "docker.io:443/x", "docker.io:443", "x", "latest", "" },
	{ "localhost/x", "localhost", "x", "latest", "" },
	{ "localhost:5000/x", "localhost:5000", "x", "latest", "" },
	{ "[::1]/x", "[::1]", "x", "latest", "" },
	{ "[2001:DB8::1]:5000/x", "[2001:DB8::1]:5000", "x", "latest", "" },
	{ "[1:2:3:4:5:6:7:8]/x", "[1:2:3:4:5:6:7:8]", "x", "latest", "" },
	{ "a--b/c__d/e.f/g_h/i-j:T_1.x-y", "docker.io",
	    "a--b/c__d/e.f/g_h/i-j", "T_1.x-y", "" },
	{ "a.b/c@" D, "a.b", "c", "", D },
	{ "a.b/c:tag@" D, "a.b", "c", "tag", D },
	{ "x@sha512-foo.bar+b_z:" HEX64, "docker.io", "library/x", "",
	    "sha512-foo.bar+b_z:" HEX64 },
	{ "x@md5:ABCDEF00112233445566778899aabbcc", "docker.io", "library/x",
	    "", "md5:ABCDEF00112233445566778899aabbcc" },
	{ "1/2:3", "docker.io", "1/2", "3", "" },
	{ "x:_", "docker.io", "library/x", "_", "" },
};

Test(reference, what_regclient_reads_is_read)
{
	struct reference r;
	struct error err = { 0 };

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		cr_assert(reference_parse(good[i].text, &r, &err) == 0,
		    "%s: %s", good[i].text, err.text);
		cr_expect(!r.ocidir);
		cr_expect_str_eq(r.registry, good[i].registry, "%s",
		    good[i].text);
		cr_expect_str_eq(r.repository, good[i].repository, "%s",
		    good[i].text);
		cr_expect_str_eq(r.tag, good[i].tag, "%s", good[i].text);
		cr_expect_str_eq(r.digest, good[i].digest, "%s",
		    good[i].text);
		reference_free(&r);
	}
}

static const char *const bad[] = {
	"", "/", "//", ":", "@", "localhost", "localhost:5000", "a___b",
	"a//b", "a/b:", "a/", "/a", "a/b@", "-a", "a-", "a._b", "a..b", ".a",
	"a.", "_a", "a_", "a_-b", "a:b:c", "a@b", "a@" D "@" D, "a@" D ":x",
	"a:-x", "a:.x", "a:x y", "a b", " a", "a ", "a\n", "\na", "a\tb",
	"a:x\n", "a%2f", "../a", "a/../b", "a/./b", "host:/x", "host:x/y",
	"host:65536/x", "[::1]:65536/x", "h:18446744073709551696/x",
	"-host.com/x", "host-.com/x", "host..com/x", "[::]/x", "[::1/x",
	"[::1%eth0]/x", "[12345::1]/x", "[1::2::3]/x", "[::ffff:1.2.3.4]/x",
	"[]/x", "[1:2:3:4:5:6:7]/x", "x@sha256:abc", "x@:" HEX64,
	"x@1a:" HEX64, "x@a--b:" HEX64, "x@a-:" HEX64, "x@a-1:" HEX64,
	"x@sha256:" HEX64 "g", "x@sha256", "ocidir://", "://x", "a://",
	"Http://x", "\xc3\xa9", "a\x7f",
};

Test(reference, the_rest_is_refused_in_regbots_words)
{
	struct reference r;
	struct error err;
	char want[300];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		error_clear(&err);
		cr_assert(reference_parse(bad[i], &r, &err) == -1, "\"%s\"",
		    bad[i]);
		cr_expect(err.kind == ERROR_INPUT);
		snprintf(want, sizeof(want), "invalid reference \"%s\"",
		    bad[i]);
		cr_expect(strncmp(err.text, want, strlen(want)) == 0,
		    "\"%s\": %s", bad[i], err.text);
		/* What is left may be freed all the same. */
		cr_expect(r.registry == NULL && r.tag == NULL);
		reference_free(&r);
	}
}

static const struct {
	const char *text, *error;
} texts[] = {
	{ "Bad Ref!", "invalid reference \"Bad Ref!\"" },
	{ "a.b/C", "invalid reference \"a.b/C\", repo must be lowercase" },
	{ "Alpine", "invalid reference \"Alpine\", repo must be lowercase" },
	{ "F/x", "invalid reference \"F/x\", repo must be lowercase" },
	{ "http://x/y", "invalid reference, unknown scheme \"http\" in "
	    "\"http://x/y\"" },
	{ "ocidir://a\\b", "invalid reference, invalid path for scheme "
	    "\"ocidir\": a\\b" },
	{ "ocidir://:tag", "invalid reference, invalid path for scheme "
	    "\"ocidir\": :tag" },
	{ "ocidir://a:", "invalid reference, invalid path for scheme "
	    "\"ocidir\": a:" },
};

Test(reference, errors_are_regbots)
{
	struct reference r;
	struct error err;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		cr_assert(reference_parse(texts[i].text, &r, &err) == -1);
		cr_expect_str_eq(err.text, texts[i].error);
	}
}

Test(reference, directories)
{
	struct reference r;
	char *s;

	cr_assert(reference_parse("ocidir:///srv/a b/../c~+d:v1", &r, NULL) ==
	    0);
	cr_expect(r.ocidir);
	cr_expect_str_eq(r.registry, "");
	cr_expect_str_eq(r.repository, "/srv/a b/../c~+d");
	cr_expect_str_eq(r.tag, "v1");
	s = reference_string(&r);
	cr_expect_str_eq(s, "ocidir:///srv/a b/../c~+d:v1");
	free(s);
	reference_free(&r);
	cr_assert(reference_parse("ocidir://x@" D, &r, NULL) == 0);
	cr_expect_str_eq(r.tag, "");
	cr_expect_str_eq(r.digest, D);
	reference_free(&r);
	cr_assert(reference_parse("ocidir://x", &r, NULL) == 0);
	cr_expect_str_eq(reference_name(&r), "");
	s = reference_repository(&r);
	cr_expect_str_eq(s, "ocidir://x");
	free(s);
	reference_free(&r);
}

Test(reference, lengths_are_bounded)
{
	static char text[2 * REFERENCE_MAX];
	struct reference r;
	struct error err;
	char *s;

	memset(text, 'a', REFERENCE_MAX + 1);
	cr_expect(reference_parse(text, &r, &err) == -1);
	cr_expect(strstr(err.text, "longer than") != NULL);
	/* The longest: "library/" and it are what a message can carry. */
	text[REPOSITORY_MAX - 8] = '\0';
	cr_assert(reference_parse(text, &r, NULL) == 0);
	cr_expect(strlen(r.repository) == REPOSITORY_MAX);
	s = reference_string(&r);
	reference_free(&r);
	cr_expect(reference_parse(s, &r, NULL) == 0);
	reference_free(&r);
	free(s);
	text[REPOSITORY_MAX - 8] = 'a';
	text[REPOSITORY_MAX - 7] = '\0';
	cr_expect(reference_parse(text, &r, NULL) == -1);
	memset(text, 'a', 300);
	memcpy(text + 300, ".b/c", 5);
	cr_expect(reference_parse(text, &r, NULL) == -1);
	memset(text, 't', 200);
	memcpy(text, "x:", 2);
	text[2 + TAG_MAX] = '\0';
	cr_expect(reference_parse(text, &r, NULL) == 0);
	reference_free(&r);
	text[2 + TAG_MAX] = 't';
	text[3 + TAG_MAX] = '\0';
	cr_expect(reference_parse(text, &r, NULL) == -1);
}

Test(reference, tags_and_digests_are_set)
{
	struct reference r, copy;
	char *s;

	cr_assert(reference_parse("a.b/c:one", &r, NULL) == 0);
	cr_expect_str_eq(reference_name(&r), "one");
	reference_copy(&copy, &r);
	reference_add_digest(&r, D);
	cr_expect_str_eq(reference_name(&r), D);
	s = reference_string(&r);
	cr_expect_str_eq(s, "a.b/c:one@" D);
	free(s);
	reference_set_tag(&r, "no tag!");
	cr_expect_str_eq(r.tag, "no tag!");
	cr_expect_str_eq(r.digest, "");
	reference_set_digest(&r, D);
	cr_expect_str_eq(r.tag, "");
	reference_set_tag(&r, r.digest + 7);
	cr_expect_str_eq(r.tag, HEX64, "a part of itself");
	reference_set_tag(&r, "");
	s = reference_string(&r);
	cr_expect_str_eq(s, "a.b/c");
	free(s);
	cr_expect_str_eq(copy.tag, "one");
	reference_free(&copy);
	reference_free(&r);
	reference_free(&r);
}

static bool
same(const char *one, const char *two)
{
	struct reference a, b;
	bool r;

	cr_assert(reference_parse(one, &a, NULL) == 0);
	cr_assert(reference_parse(two, &b, NULL) == 0);
	r = reference_same_repository(&a, &b);
	reference_free(&a);
	reference_free(&b);
	return r;
}

Test(reference, repositories_are_compared)
{
	cr_expect(same("a.b/c:1", "a.b/c@" D));
	cr_expect(same("A.b:443/c", "a.B./c"));
	cr_expect(same("alpine", "index.docker.io/library/alpine"));
	cr_expect(!same("a.b/c", "a.b/d"));
	cr_expect(!same("a.b/c", "a.b:80/c"));
	cr_expect(!same("ocidir://a.b/c", "a.b/c"));
	cr_expect(same("ocidir://a:1", "ocidir://a:2"));
}

static const struct {
	const char *name, *key;
} keys[] = {
	{ "docker.io", "docker.io" }, { "index.docker.io", "docker.io" },
	{ "registry-1.docker.io", "docker.io" }, { "Docker.IO.", "docker.io" },
	{ "https://index.docker.io/v1/", "docker.io" },
	{ "docker.io:443", "docker.io" }, { "docker.io:80", "docker.io:80" },
	{ "Registry:5000", "registry:5000" }, { "registry", "registry" },
	{ "http://registry:5000/path", "registry:5000" },
	{ "HTTPS://x.y", "x.y" }, { "x.y.:443", "x.y" },
	{ "[2001:DB8::1]:443", "[2001:db8::1]" },
	{ "[::1]:5000", "[::1]:5000" }, { "127.0.0.1:5000", "127.0.0.1:5000" },
	{ "h:05000", "h:5000" }, { "h:000", "h:0" }, { "h:00443", "h" },
	{ "[::1]:005000", "[::1]:5000" }, { "docker.io:0443", "docker.io" },
	{ "", NULL }, { "http://", NULL }, { "https:///x", NULL },
	{ "a b", NULL }, { "user@host", NULL }, { "host:", NULL },
	{ "host:x", NULL }, { ".", NULL }, { "a..b", NULL }, { "[::]", NULL },
	{ "host\n", NULL }, { "-x", NULL }, { "a_b", NULL },
	{ "ftp://x", NULL }, { "host:443:443", NULL },
};

Test(reference, keys_of_registries)
{
	char *key;

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		key = reference_registry_key(keys[i].name);
		if (keys[i].key == NULL)
			cr_expect(key == NULL, "\"%s\" gave %s",
			    keys[i].name, key != NULL ? key : "");
		else
			cr_expect(key != NULL && strcmp(key, keys[i].key) ==
			    0, "%s gave %s", keys[i].name,
			    key != NULL ? key : "nothing");
		free(key);
	}
}

Test(reference, parts_by_themselves)
{
	cr_expect(reference_valid_tag("3.20") && reference_valid_tag("_x"));
	cr_expect(!reference_valid_tag("") && !reference_valid_tag("a/b"));
	cr_expect(!reference_valid_tag("a b") && !reference_valid_tag("-"));
	cr_expect(reference_valid_repository("a/b-c/d__e"));
	cr_expect(!reference_valid_repository(""));
	cr_expect(!reference_valid_repository("a/../b"));
	cr_expect(!reference_valid_repository("A/b"));
	cr_expect(!reference_valid_repository("a/b/"));
	cr_expect(!reference_valid_repository("a?x=y"));
}
