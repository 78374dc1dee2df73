/* SPDX-License-Identifier: Apache-2.0 */
/* Tables of options: what counts, and what is said of the rest. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/bounds.h"
#include "tests/unit/modules/modrig.h"

static struct modrig rig;

static void
setup(void)
{
	modrig_init(&rig);
	modrig_image(&rig, "r:1/x", "v1", "{}");
}

static void
teardown(void)
{
	cr_assert_eq(rig.left, 0);
	modrig_free(&rig);
}

TestSuite(options, .init = setup, .fini = teardown);

#define WARNING "WARN Probable mistake in script script=t message=<string>:"

/* Copies into names, at lines of their own, the warnings of the log. */
static char *
warnings(void)
{
	char *out = calloc(1, strlen(rig.log) + 2);
	const char *at = rig.log;

	while ((at = strstr(at, WARNING)) != NULL) {
		size_t n;

		at += strlen(WARNING);
		n = strcspn(at, "\n");
		strncat(out, at, n);
		strcat(out, "\n");
	}
	return out;
}

static void
check(const char *script, const char *want)
{
	char *got;

	modrig_run(&rig, script);
	cr_assert(!rig.result.failed, "%s: %s", script, rig.result.text);
	got = warnings();
	cr_expect_str_eq(got, want, "%s: got %s", script, got);
	free(got);
}

#define COPY(options) "image.copy('r:1/x:v1', 'r:1/y', " options ")"

Test(options, of_a_copy)
{
	static const char *const rows[][2] = {
		{ COPY("{digestTags=true, forceRecursive=false, "
		    "includeExternal=true, platforms={}}"), "" },
		{ COPY("nil"), "" },
		{ COPY("{}"), "" },
		{ COPY("{platform={'linux/amd64'}}"), "1: image.copy has no "
		    "option \"platform\", it is ignored; did you mean "
		    "\"platforms\"?\n" },
		{ COPY("{zzzzzzzz=1}"), "1: image.copy has no option "
		    "\"zzzzzzzz\", it is ignored\n" },
		{ "\n\n" COPY("{digestTags='yes'}"), "3: option "
		    "\"digestTags\" of image.copy is a string, expected true "
		    "or false; it is ignored\n" },
		{ COPY("{platforms='linux/amd64'}"), "1: option \"platforms\""
		    " of image.copy is a string, expected a list of strings "
		    "such as {\"a\", \"b\"}; it is ignored\n" },
		{ COPY("{platforms={linux=true}}"), "1: option \"platforms\""
		    " of image.copy is a table without a list, expected a "
		    "list of strings such as {\"a\", \"b\"}; it is "
		    "ignored\n" },
		{ COPY("{platforms={'', 5}}"), "1: entry 2 of option "
		    "\"platforms\" of image.copy is a number, expected a "
		    "string; it counts as empty\n" },
		{ COPY("{'linux/amd64'}"), "1: the options of image.copy have "
		    "a value without a name, it is ignored; expected "
		    "{digestTags = ...}\n" },
		{ COPY("'linux/amd64'"), "1: the options of image.copy are a "
		    "string, expected a table such as {key = value}; they are "
		    "ignored\n" },
		{ COPY("{digestTags=true}, 4"), "1: image.copy has more than "
		    "three arguments, its options are ignored\n" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check(rows[i][0], rows[i][1]);
}

Test(options, of_lists)
{
	static const char *const rows[][2] = {
		{ "tag.ls('r:1/x', {limit=2, last='a'})", "" },
		{ "tag.ls('r:1/x', {limt=2})", "1: tag.ls has no option "
		    "\"limt\", it is ignored; did you mean \"limit\"?\n" },
		{ "pcall(repo.ls, 'r:1', {Last='a'})", "1: repo.ls has no option "
		    "\"Last\", it is ignored; did you mean \"last\"?\n" },
		{ "tag.ls('r:1/x', {limit='2'})", "1: option \"limit\" of "
		    "tag.ls is a string, expected a number; it is ignored\n" },
		{ "tag.ls('r:1/x', {last=4})", "1: option \"last\" of tag.ls "
		    "is a number, expected a string; it is ignored\n" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check(rows[i][0], rows[i][1]);
}

/* In a loop it would hide all else; two lines are two mistakes. */
Test(options, warn_once_for_each_place)
{
	check("for i = 1, 5 do tag.ls('r:1/x', {limt=i}) end\n"
	    "for i = 1, 5 do tag.ls('r:1/x', {limt=i}) end",
	    "1: tag.ls has no option \"limt\", it is ignored; did you mean "
	    "\"limit\"?\n"
	    "2: tag.ls has no option \"limt\", it is ignored; did you mean "
	    "\"limit\"?\n");
}

Test(options, warnings_are_bounded)
{
	size_t lines = 0;
	char *got;

	modrig_run(&rig, "for i = 1, 1000 do tag.ls('r:1/x', "
	    "{['key' .. i] = i}) end");
	cr_assert(!rig.result.failed, "%s", rig.result.text);
	got = warnings();
	for (const char *p = got; *p != '\0'; p++)
		lines += *p == '\n';
	cr_expect_eq(lines, SCRIPT_WARNINGS_MAX);
	free(got);
}

Test(options, lists_are_bounded)
{
	modrig_run(&rig, "local p = {} for i = 1, 5000 do p[i] = 'linux' end "
	    COPY("{platforms=p}"));
	cr_assert(rig.result.failed);
	cr_expect_not_null(strstr(rig.result.text, "<string>:1: option "
	    "\"platforms\" of image.copy has more than 4096 entries"), "%s",
	    rig.result.text);
}

/* As in regbot. */
Test(options, count_only_as_the_last_of_three_arguments)
{
	check(COPY("{digestTags=true}"), "");
	cr_expect_not_null(strstr(rig.log, "digestTags=true"));
	modrig_run(&rig, COPY("{digestTags=true}, 4"));
	cr_expect_not_null(strstr(rig.log, "digestTags=false"));
	cr_assert_str_eq(modrig_find(&rig, "r:1/y", "latest"),
	    modrig_find(&rig, "r:1/x", "v1"));
}
