/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of tags and repositories, good ones and hostile ones. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
	modrig_free(&rig);
}

TestSuite(list, .init = setup, .fini = teardown);

#define MESSAGE "INFO User script message script=t message="
#define LISTING "DEBUG Listing tags script=t repo=r:1/x:latest "

static void
check_list(const char *call, const char *want)
{
	char script[256];
	const char *got;

	snprintf(script, sizeof(script), "l = %s log(#l .. ' ' .. "
	    "table.concat(l, ','))", call);
	modrig_run(&rig, script);
	cr_assert(!rig.result.failed, "%s", rig.result.text);
	got = strstr(rig.log, MESSAGE);
	cr_assert_not_null(got);
	cr_assert_str_eq(got + strlen(MESSAGE), want);
}

static void
check_fails(const char *want)
{
	char text[512], *nl;

	modrig_run(&rig, "tag.ls('r:1/x')");
	cr_assert(rig.result.failed);
	if ((nl = strchr(rig.result.text, '\n')) != NULL)
		*nl = '\0';
	snprintf(text, sizeof(text), "<string>:1: Failed retrieving tag list: "
	    "failed to list tags for r:1/x:latest: %s", want);
	cr_assert_str_eq(rig.result.text, text);
}

static void
fill(void)
{
	modrig_manifest(&rig, "r:1/x", "a", "t/a", "1");
	modrig_manifest(&rig, "r:1/x", "b", "t/a", "2");
	modrig_manifest(&rig, "r:1/x", "c", "t/a", "3");
	modrig_manifest(&rig, "r:1/x", "d", "t/a", "4");
	modrig_manifest(&rig, "r:1/x", "e", "t/a", "5");
}

Test(list, all_pages)
{
	fill();
	rig.page = 2;
	check_list("tag.ls('r:1/x')", "5 a,b,c,d,e");
	cr_assert_str_eq(rig.requests, "LIST r:1/x n=0 last= query=\n"
	    "LIST r:1/x n=0 last= query=b\nLIST r:1/x n=0 last= query=d");
}

Test(list, options)
{
	fill();
	check_list("tag.ls('r:1/x', {limit=2})", "2 a,b");
	check_list("tag.ls('r:1/x', {limit=2, last='b'})", "2 c,d");
	check_list("tag.ls('r:1/x', {limit='2', last=4})", "5 a,b,c,d,e");
	check_list("tag.ls('r:1/x', {limit=-1})", "5 a,b,c,d,e");
	check_list("tag.ls('r:1/x', {limit=5000})", "5 a,b,c,d,e");
	cr_assert_str_eq(rig.requests, "LIST r:1/x n=1000 last= query=");
	/* A registry that sends more than was asked for. */
	rig.page = 4;
	check_list("tag.ls('r:1/x', {limit=3})", "3 a,b,c");
}

/* docker's registry sends all tags, whatever it is asked for. */
Test(list, last_is_honoured_where_the_registry_does_not)
{
	rig.pages[0] = "{\"name\":\"x\",\"tags\":[\"a\",\"b\",\"c\"]}";
	check_list("tag.ls('r:1/x', {last='a'})", "2 b,c");
	check_list("tag.ls('r:1/x', {last='c'})", "0 ");
	check_list("tag.ls('r:1/x', {last='a', limit=1})", "1 b");
	check_list("tag.ls('r:1/x', {last='z'})", "3 a,b,c");
	rig.nexts[0] = "n=1";
	rig.pages[1] = "{\"name\":\"x\",\"tags\":[\"d\",\"e\"]}";
	check_list("tag.ls('r:1/x', {last='d', limit=9})", "1 e");
	rig.catalog = "{\"repositories\":[\"a\",\"b/c\"]}";
	check_list("repo.ls('r:1', {last='a'})", "1 b/c");
	check_list("repo.ls('r:1', {last=('x'):rep(1024)})", "2 a,b/c");
}

Test(list, null_and_odd)
{
	rig.pages[0] = "{\"name\":\"x\",\"tags\":null}";
	check_list("tag.ls('r:1/x')", "0 ");
	rig.pages[0] = "{\"name\":\"x\"}";
	check_list("tag.ls('r:1/x')", "0 ");
	rig.pages[0] = " {\"tags\":[\"a\",\"a\"]} \n";
	check_list("tag.ls('r:1/x')", "2 a,a");
}

Test(list, invalid_names_are_left_out)
{
	rig.pages[0] = "{\"name\":\"x\",\"tags\":[\"a\",\"sha256:12\",\"\","
	    "\"b\\u0000c\",\"-x\",\"b\"]}";
	check_list("tag.ls('r:1/x')", "2 a,b");
	cr_assert_not_null(strstr(rig.log, "WARN Invalid tag names in list "
	    "skipped script=t repo=r:1/x count=4 first=sha256:12\n"));
}

/* The registry lists it and denies it: it has no tags left. */
Test(list, a_listed_repository_without_tags)
{
	static const char script[] = "for _, name in ipairs(repo.ls('r:1')) "
	    "do assert(#tag.ls('r:1/' .. name) == 0, name) end\n"
	    "assert(not pcall(tag.ls, 'r:1/never-listed'))\n"
	    "assert(not pcall(tag.ls, 'q:1/x'))";

	rig.catalog = "{\"repositories\":[\"x\",\"y/z\"]}";
	modrig_run(&rig, script);
	cr_assert(!rig.result.failed, "%s", rig.result.text);
	rig.dry_run = true;
	modrig_run(&rig, script);
	cr_assert(!rig.result.failed, "%s", rig.result.text);
	/* One run does not know what another was told. */
	modrig_run(&rig, "tag.ls('r:1/x')");
	cr_assert(rig.result.failed);
}

Test(list, nonsense)
{
	static const struct {
		const char *page, *want;
	} cases[] = {
		{ "<html><body>404</body></html>",
		    "the tag list is HTML, not JSON" },
		{ "{\"name\":\"x\",\"tags\":[\"a\"",
		    "the tag list is not valid JSON: it is truncated" },
		{ "", "the tag list is empty, not JSON" },
		{ "[]", "the list is not a JSON object" },
		{ "{\"errors\":[]}", "the list has no \"tags\"" },
		{ "{\"name\":\"x\",\"tags\":\"a\"}",
		    "\"tags\" is not a list" },
		{ "{\"name\":\"x\",\"tags\":[1]}",
		    "the tag list holds something that is not a string" },
		{ "{\"name\":7,\"tags\":[]}",
		    "the tag list's \"name\" is not a string" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		rig.pages[0] = cases[i].page;
		check_fails(cases[i].want);
	}
}

Test(list, circles)
{
	rig.pages[0] = rig.pages[1] = rig.pages[2] =
	    "{\"name\":\"x\",\"tags\":[\"a\"]}";
	rig.nexts[0] = "p";
	rig.nexts[1] = "p";
	check_fails("the registry's pages go in a circle: \"p\" came before");
	rig.nexts[0] = "n=1";
	rig.nexts[1] = "n=2";
	rig.nexts[2] = "n=2";
	check_fails("the registry's pages go in a circle: \"n=2\" came "
	    "before");
}

Test(list, names_must_agree)
{
	rig.pages[0] = "{\"name\":\"x\",\"tags\":[\"a\"]}";
	rig.pages[1] = "{\"name\":\"y\",\"tags\":[\"b\"]}";
	rig.nexts[0] = "p";
	check_fails("a page of the tag list is of \"y\", the first was of "
	    "\"x\"");
}

Test(list, catalog)
{
	rig.pages[0] = "{\"repositories\":[\"a\",\"b/c\",\"Bad\"]}";
	rig.nexts[0] = "n=2";
	rig.pages[1] = "{\"repositories\":[\"d\"]}";
	check_list("repo.ls('r:1')", "3 a,b/c,d");
	cr_assert_not_null(strstr(rig.log, "DEBUG Listing repositories "
	    "script=t host=r:1 opts={Limit:0 Last:}\nWARN Invalid repository "
	    "names in list skipped script=t host=r:1 count=1 first=Bad\n"));
	check_list("repo.ls('r:1', {limit=1})", "1 a");
	modrig_run(&rig, "repo.ls('a b')");
	cr_assert_not_null(strstr(rig.result.text, "Failed retrieving repo "
	    "list: failed to list repositories for a b: \"a b\" is not the "
	    "name of a registry"));
}
