/* SPDX-License-Identifier: Apache-2.0 */
/* tag.exists, manifest.digest and tag.newest. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/bounds.h"
#include "common/mem.h"
#include "tests/unit/modules/modrig.h"

static struct modrig rig;

static void
setup(void)
{
	modrig_init(&rig);
}

static void
teardown(void)
{
	cr_assert_eq(rig.left, 0);
	cr_assert_eq(rig.slots, 0);
	modrig_free(&rig);
}

TestSuite(newest, .init = setup, .fini = teardown);

#define REPO "r:1/x"

/* What the script logged at last. */
static void
check(const char *script, const char *want)
{
	const char *got, *p;

	modrig_run(&rig, script);
	cr_assert_not(rig.result.failed, "%s", rig.result.text);
	for (got = "", p = rig.log; (p = strstr(p, "message=")) != NULL; )
		got = p += strlen("message=");
	cr_expect_str_eq(got, want, "%s: %s", script, got);
}

static void
check_fails(const char *script, const char *want)
{
	modrig_run(&rig, script);
	cr_assert(rig.result.failed);
	cr_expect_eq(strncmp(rig.result.text, want, strlen(want)), 0, "%s",
	    rig.result.text);
}

/* "newest | rest" of a call. */
#define LISTS(call) "a, b = " call " log(table.concat(a, ' ') .. ' | ' .. " \
	"table.concat(b, ' '))"

/* An image of that time, which is in its configuration. */
static void
image(const char *tag, const char *created)
{
	char *config = mem_printf("{\"architecture\":\"amd64\",\"os\":"
	    "\"linux\",\"created\":%s,\"rootfs\":{\"type\":\"layers\","
	    "\"diff_ids\":[]}}", created);

	modrig_image(&rig, REPO, tag, config);
	free(config);
}

static int
count(const char *text, const char *what)
{
	int n = 0;

	while ((text = strstr(text, what)) != NULL) {
		text += strlen(what);
		n++;
	}
	return n;
}

Test(newest, exists)
{
	image("a", "\"2021-01-01T00:00:00Z\"");
	check("log(tostring(tag.exists('r:1/x:a')) .. "
	    "tostring(tag.exists('r:1/x:b')) .. "
	    "tostring(tag.exists(reference.new('r:1/y:a'))))",
	    "truefalsefalse");
	cr_expect_eq(count(rig.requests, "HEAD "), 3);
	cr_expect_eq(count(rig.requests, "GET "), 0);
	check_fails("tag.exists('ocidir://x')", "<string>:1: Failed looking "
	    "up \"ocidir://x\": ");
	check_fails("tag.exists({})", "<string>:1: bad argument #1 to "
	    "'tag.exists' (reference expected)");
}

Test(newest, exists_in_a_dry_run)
{
	rig.dry_run = true;
	image("a", "\"2021-01-01T00:00:00Z\"");
	check("image.copy('r:1/x:a', 'r:1/x:b') tag.delete('r:1/x:a') "
	    "log(tostring(tag.exists('r:1/x:a')) .. "
	    "tostring(tag.exists('r:1/x:b')))", "falsetrue");
}

Test(newest, digest)
{
	char script[512];
	const char *digest = modrig_image(&rig, REPO, "a", "{}");

	snprintf(script, sizeof(script), "d = '%s' "
	    "log(tostring(manifest.digest('r:1/x:a') == d) .. "
	    "tostring(manifest.digest(manifest.get('r:1/x:a')) == d))",
	    digest);
	check(script, "truetrue");
	cr_expect_eq(count(rig.requests, "HEAD "), 1);
	cr_expect_eq(count(rig.requests, "GET "), 1);
	check_fails("manifest.digest('r:1/x:no')", "<string>:1: Failed "
	    "retrieving \"r:1/x:no\" manifest: failed to request manifest "
	    "head r:1/x:no: request failed: not found");
	check_fails("manifest.digest(nil)", "<string>:1: bad argument #1 to "
	    "'manifest.digest' (manifest expected)");
}

static void
fill_versions(void)
{
	static const char *const tags[] = { "1.10.0", "1.2.0", "1.9.0",
	    "2.0.0-rc.1", "dev", "latest", "v1.11.0", "1.2" };

	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++)
		image(tags[i], "null");
}

Test(newest, by_version)
{
	fill_versions();
	check(LISTS("tag.newest('r:1/x', 2)"),
	    "v1.11.0 1.10.0 | 1.9.0 1.2.0 1.2");
	cr_expect_eq(count(rig.requests, "\n"), 0, "%s", rig.requests);
	check(LISTS("tag.newest('r:1/x', 0)"),
	    " | v1.11.0 1.10.0 1.9.0 1.2.0 1.2");
	check(LISTS("tag.newest('r:1/x', 99)"),
	    "v1.11.0 1.10.0 1.9.0 1.2.0 1.2 | ");
	check(LISTS("tag.newest('r:1/x', 1, {range = '<1.10'})"),
	    "1.9.0 | 1.2.0 1.2");
	check(LISTS("tag.newest('r:1/x', 1, {prerelease = true})"),
	    "2.0.0-rc.1 | v1.11.0 1.10.0 1.9.0 1.2.0 1.2");
	check(LISTS("tag.newest('r:1/x', 1, {match = '^v?%d+%.1%d'})"),
	    "v1.11.0 | 1.10.0");
	check(LISTS("tag.newest('r:1/x', 1, {range = '^7'})"), " | ");
}

Test(newest, wrong_arguments)
{
	fill_versions();
	check_fails("tag.newest('r:1/x')", "<string>:1: bad argument #2 to "
	    "'tag.newest' (number expected, got nil)");
	check_fails("tag.newest('r:1/x', 1.5)", "<string>:1: bad argument #2 "
	    "to 'tag.newest' (a whole number, 0 or more, expected)");
	check_fails("tag.newest('r:1/x', -1)", "<string>:1: bad argument #2");
	check_fails("tag.newest('r:1/x', 1, 'x')", "<string>:1: bad argument "
	    "#3 to 'tag.newest' (table expected, got string)");
	check_fails("tag.newest('r:1/x', 1, {by = 'date'})", "<string>:1: bad "
	    "argument #3 to 'tag.newest' (the option \"by\" is \"semver\" or "
	    "\"created\")");
	check_fails("tag.newest('r:1/x', 1, {range = 'new'})", "<string>:1: "
	    "bad argument #3 to 'tag.newest' (\"new\" is not a range of "
	    "versions");
	check_fails("tag.newest('r:1/x', 1, {platform = 'a b'})",
	    "<string>:1: bad argument #3 to 'tag.newest' (");
	check_fails("tag.newest('r:1/x', 1, {match = '%'})", "<string>:1: bad "
	    "argument #3 to 'tag.newest' (malformed pattern (ends with "
	    "'%'))");
	check_fails("tag.newest('r:1/none', 1)", "<string>:1: Failed "
	    "retrieving tag list: ");
}

Test(newest, by_created)
{
	image("a", "\"2021-03-01T00:00:00Z\"");
	image("b", "\"2021-01-01T00:00:00Z\"");
	image("c", "\"2021-03-01T00:00:00.5Z\"");
	image("d", "\"2021-03-01T02:30:00+02:00\"");
	image("e", "\"2021-01-01T00:00:00Z\"");
	check(LISTS("tag.newest('r:1/x', 2, {by = 'created'})"),
	    "d c | a e b");
	/* A list, five manifests; b and e are one image. */
	cr_expect_eq(count(rig.requests, "GET "), 5, "%s", rig.requests);
	cr_expect_eq(count(rig.requests, "BLOB "), 4, "%s", rig.requests);
	check(LISTS("tag.newest('r:1/x', 1, {by = 'created', match = "
	    "'[abe]'})"), "a | e b");
	cr_expect_eq(count(rig.requests, "GET "), 3);
}

Test(newest, ties_are_newest_version_first)
{
	image("1.10", "\"2021-01-01T00:00:00Z\"");
	image("1.9", "\"2021-01-01T00:00:00Z\"");
	check(LISTS("tag.newest('r:1/x', 1, {by = 'created'})"),
	    "1.10 | 1.9");
}

Test(newest, what_has_no_date_is_in_neither_list)
{
	image("a", "\"2021-03-01T00:00:00Z\"");
	image("none", "null");
	image("odd", "\"yesterday\"");
	modrig_manifest(&rig, REPO, "list",
	    "application/vnd.oci.image.index.v1+json",
	    "{\"schemaVersion\":2,\"mediaType\":"
	    "\"application/vnd.oci.image.index.v1+json\",\"manifests\":[]}");
	modrig_manifest(&rig, REPO, "what", "text/plain", "hello");
	check(LISTS("tag.newest('r:1/x', 9, {by = 'created'})"), "a | ");
	cr_expect_eq(count(rig.log, "INFO Tag skipped script=t repo=" REPO),
	    4, "%s", rig.log);
	cr_expect(strstr(rig.log, "tag=none reason=its configuration has no "
	    "date") != NULL, "%s", rig.log);
	cr_expect(strstr(rig.log, "tag=odd reason=the date in its "
	    "configuration is none") != NULL, "%s", rig.log);
	cr_expect(strstr(rig.log, "tag=list reason=platform not found: ") !=
	    NULL, "%s", rig.log);
}

/* An index counts as its image for a platform. */
Test(newest, index)
{
	static const char child[] = "{\"mediaType\":"
	    "\"application/vnd.oci.image.manifest.v1+json\",\"digest\":\"%s\","
	    "\"size\":%zu,\"platform\":{\"os\":\"linux\",\"architecture\":"
	    "\"%s\"}}";
	const char *d[2];
	char one[512], two[512], *index;

	image("new", "\"2022-01-01T00:00:00Z\"");
	image("old", "\"2020-01-01T00:00:00Z\"");
	image("middle", "\"2021-01-01T00:00:00Z\"");
	d[0] = modrig_image(&rig, REPO, "", "{\"created\":"
	    "\"2023-01-01T00:00:00Z\",\"rootfs\":{}}");
	d[1] = modrig_image(&rig, REPO, "", "{\"created\":"
	    "\"2020-06-01T00:00:00Z\",\"rootfs\":{}}");
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	snprintf(one, sizeof(one), child, d[0],
	    strlen(modrig_find(&rig, REPO, d[0])), "s390x");
	snprintf(two, sizeof(two), child, d[1],
	    strlen(modrig_find(&rig, REPO, d[1])), "riscv64");
#pragma GCC diagnostic pop
	index = mem_printf("{\"schemaVersion\":2,\"mediaType\":"
	    "\"application/vnd.oci.image.index.v1+json\",\"manifests\":"
	    "[%s,%s]}", one, two);
	modrig_manifest(&rig, REPO, "index",
	    "application/vnd.oci.image.index.v1+json", index);
	modrig_manifest(&rig, REPO, "same",
	    "application/vnd.oci.image.index.v1+json", index);
	free(index);
	check(LISTS("tag.newest('r:1/x', 2, {by = 'created', platform = "
	    "'linux/s390x'})"), "same index | new middle old");
	check(LISTS("tag.newest('r:1/x', 2, {by = 'created', platform = "
	    "'linux/riscv64'})"), "new middle | same index old");
}

/* Whatever could not be read must not look old. */
Test(newest, failures_are_errors)
{
	image("a", "\"2021-03-01T00:00:00Z\"");
	image("b", "\"2021-03-02T00:00:00Z\"");
	rig.corrupt = 1;
	check_fails("tag.newest('r:1/x', 1, {by = 'created'})", "<string>:1: "
	    "Failed retrieving when the tags of \"r:1/x\" were created: "
	    "failed to get manifest r:1/x:");
	rig.hang = true;
	rig.timeout_ms = 50;
	check_fails("tag.newest('r:1/x', 1, {by = 'created'})",
	    "<string>:1: Failed retrieving tag list: ");
}

Test(newest, dry_run)
{
	rig.dry_run = true;
	image("a", "\"2021-03-01T00:00:00Z\"");
	image("b", "\"2021-03-02T00:00:00Z\"");
	check("image.copy('r:1/x:b', 'r:1/x:c') tag.delete('r:1/x:b') "
	    LISTS("tag.newest('r:1/x', 1, {by = 'created'})"), "c | a");
}

Test(newest, in_parallel)
{
	image("1.0", "\"2021-03-01T00:00:00Z\"");
	image("1.1", "\"2021-03-02T00:00:00Z\"");
	check("r = parallel(3, {'semver', 'created', 'semver'}, function(by) "
	    "local a = tag.newest('r:1/x', 1, {by = by}) return by .. a[1] .. "
	    "tostring(tag.exists('r:1/x:no')) .. "
	    "#manifest.digest('r:1/x:1.0') end) log(table.concat(r, ' '))",
	    "semver1.1false71 created1.1false71 semver1.1false71");
}

/* A blob of another size than the manifest says fails the call as well. */
Test(newest, wrong_configuration)
{
	const char *digest;
	char manifest[512];

	modrig_blob(&rig, REPO, "{\"created\":\"2021-01-01T00:00:00Z\"}");
	digest = modrig_blob(&rig, REPO, "{\"created\":\"2021-01-02T00:00:00Z"
	    "\"}");
	snprintf(manifest, sizeof(manifest), "{\"schemaVersion\":2,"
	    "\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\","
	    "\"config\":{\"mediaType\":"
	    "\"application/vnd.oci.image.config.v1+json\",\"digest\":\"%s\","
	    "\"size\":33},\"layers\":[]}", digest);
	modrig_manifest(&rig, REPO, "a",
	    "application/vnd.oci.image.manifest.v1+json", manifest);
	check_fails("tag.newest('r:1/x', 1, {by = 'created'})", "<string>:1: "
	    "Failed retrieving when the tags of \"r:1/x\" were created: "
	    "failed to get blob, digest sha256:");
}

Test(newest, too_many_dates)
{
	size_t n = 0, room = (NEWEST_DATES_MAX + 1) * 8 + 64;
	char *page = malloc(room);

	cr_assert_not_null(page);
	n += (size_t)snprintf(page, room, "{\"name\":\"x\",\"tags\":[\"0\"");
	for (int i = 1; i <= NEWEST_DATES_MAX; i++)
		n += (size_t)snprintf(page + n, room - n, ",\"%d\"", i);
	snprintf(page + n, room - n, "]}");
	rig.pages[0] = page;
	check_fails("tag.newest('r:1/x', 1, {by = 'created'})", "<string>:1: "
	    "Failed retrieving when tags were created: these are 10001 tags, "
	    "and at most 10000 are read; choose some with the option "
	    "\"match\" or \"range\"");
	check(LISTS("tag.newest('r:1/x', 2, {range = '<=3'})"), "3 2 | 1 0");
	free(page);
}

/* Neither a registry that lists a tag twice nor a script that hides string
 * makes a tag both new and old. */
Test(newest, doubles)
{
	rig.pages[0] = "{\"name\":\"x\",\"tags\":[\"2\",\"1\",\"2\"]}";
	check("string = nil " LISTS("tag.newest('r:1/x', 1, {match = '%d'})"),
	    "2 | 1");
}
