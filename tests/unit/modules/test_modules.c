/* SPDX-License-Identifier: Apache-2.0 */
/* The Lua modules, run against a registry in memory (modrig.h). */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "tests/unit/modules/modrig.h"

#define REPO "127.0.0.1:17042/testrepo"
#define NOPE "\"127.0.0.1:17042/testrepo:nope\""

static struct modrig rig;

static void
setup(void)
{
	modrig_init(&rig);
}

static void
teardown(void)
{
	cr_assert_eq(rig.left, 0, "%d calls are left", rig.left);
	cr_assert_eq(rig.slots, 0, "%d slots are held", rig.slots);
	modrig_free(&rig);
}

TestSuite(modules, .init = setup, .fini = teardown);

/* Runs a script that must succeed; what it logged with log(), by lines. */
static void
run_ok(const char *script)
{
	modrig_run(&rig, script);
	cr_assert(!rig.result.failed, "%s", rig.result.text);
}

static void
check_log(const char *want)
{
	cr_assert_str_eq(rig.log, want);
}

/* Runs a script that must fail; compares the first line of its error. */
static void
check_error(const char *script, const char *want)
{
	char *nl;

	modrig_run(&rig, script);
	cr_assert(rig.result.failed, "%s did not fail", script);
	if ((nl = strstr(rig.result.text, "\nstack traceback:")) != NULL)
		*nl = '\0';
	cr_assert_str_eq(rig.result.text, want);
}

#define MESSAGE "INFO User script message script=t message="

Test(modules, reference_values)
{
	run_ok("r = reference.new('alpine')\n"
	    "log(tostring(r)) log(r:tag()) log(r:digest())\n"
	    "c = reference.new(r) c:tag('3.20')\n"
	    "log(tostring(r)) log(tostring(c))\n"
	    "c:tag(10/2) log(tostring(c)) c:digest('sha256:ab')\n"
	    "log(tostring(c)) log('[' .. c:tag() .. ']')\n"
	    "r:close() reference.close('x')");
	check_log(MESSAGE "docker.io/library/alpine:latest\n"
	    MESSAGE "latest\n" MESSAGE "\n"
	    MESSAGE "docker.io/library/alpine:latest\n"
	    MESSAGE "docker.io/library/alpine:3.20\n"
	    MESSAGE "docker.io/library/alpine:5\n"
	    MESSAGE "docker.io/library/alpine@sha256:ab\n" MESSAGE "[]");
}

Test(modules, arguments)
{
	check_error("reference.new(\"Bad Ref!\")", "<string>:1: bad argument "
	    "#1 to 'reference.new' (reference parsing failed: invalid reference "
	    "\"Bad Ref!\")");
	check_error("reference.new(nil)",
	    "<string>:1: bad argument #1 to 'reference.new' "
	    "(reference expected)");
	check_error("\ntag.ls(REPO)",
	    "<string>:2: bad argument #1 to 'tag.ls' (reference expected)");
	check_error("tag.ls('x', nil)", "<string>:1: bad argument #2 to "
	    "'tag.ls' (table expected, got nil)");
	check_error("image.config(12)", "<string>:1: bad argument #1 to "
	    "'image.config' (manifest expected)");
	check_error("image.config('Bad Ref!')", "<string>:1: bad argument #1 "
	    "to 'image.config' (reference parsing failed: invalid reference "
	    "\"Bad Ref!\")");
	check_error("repo.ls(reference.new('x'))", "<string>:1: bad argument "
	    "#1 to 'repo.ls' (Expected registry name (host and optional "
	    "port))");
	check_error("image.ratelimitWait('x', {})", "<string>:1: bad argument "
	    "#2 to 'image.ratelimitWait' (number expected, got table)");
	check_error("image.ratelimitWait('x', 1, '5')", "<string>:1: Failed "
	    "parsing rate limit frequency 5: invalid duration \"5\", expected "
	    "a number with a unit such as \"90s\", \"5m\" or \"1h30m\"");
	check_error("reference.new('x'):tag({})", "<string>:1: bad argument "
	    "#2 to 'reference.tag' (string expected, got table)");
	check_error("repo.ls('r:1/a')", "<string>:1: Failed retrieving repo "
	    "list: failed to list repositories for r:1/a: \"r:1/a\" is not "
	    "the name of a registry: that is HOST or HOST:PORT");
	check_error("ipairs(reference.new('x'))", "<string>:1: bad argument "
	    "#1 to 'ipairs' (table expected, got userdata)");
	check_error("image.exportTar('r:1/a:v', 'x.tar')", "<string>:1: "
	    "image.exportTar is not available in regbot scripts: this version "
	    "reads and writes no files");
	check_error("tag.ls('ocidir:///srv/x')", "<string>:1: Failed "
	    "retrieving tag list: failed to list tags for ocidir:///srv/x: "
	    "ocidir:///srv/x: this regbot works with registries only, not "
	    "with directories (ocidir://)");
}

Test(modules, not_found_texts)
{
	check_error("manifest.get(" NOPE ")", "<string>:1: Failed retrieving "
	    NOPE " manifest: failed to get manifest "
	    "127.0.0.1:17042/testrepo:nope: request failed: not found [http "
	    "404]: {\"errors\":[]}\n");
	check_error("image.config(" NOPE ")", "<string>:1: manifest pull "
	    "failed: failed to get manifest 127.0.0.1:17042/testrepo:nope: "
	    "request failed: not found [http 404]: {\"errors\":[]}\n");
	check_error("manifest.head(" NOPE ")", "<string>:1: Failed retrieving "
	    NOPE " manifest: failed to request manifest head "
	    "127.0.0.1:17042/testrepo:nope: request failed: not found [http "
	    "404]: ");
	check_error("tag.ls('127.0.0.1:17042/nosuch')", "<string>:1: Failed "
	    "retrieving tag list: failed to list tags for "
	    "127.0.0.1:17042/nosuch:latest: request failed: not found [http "
	    "404]: {\"errors\":[{\"code\":\"NAME_UNKNOWN\"}]}\n");
	check_error("tag.delete(" NOPE ")", "<string>:1: Failed deleting "
	    NOPE ": failed to request manifest head "
	    "127.0.0.1:17042/testrepo:nope: request failed: not found [http "
	    "404]: ");
	check_log("INFO Delete tag script=t "
	    "image=127.0.0.1:17042/testrepo:nope dry-run=false");
	check_error("image.copy(" NOPE ", '127.0.0.1:17042/copied:x')",
	    "<string>:1: Failed copying " NOPE " to "
	    "\"127.0.0.1:17042/copied:x\": copy failed, error getting source: "
	    "failed to get manifest 127.0.0.1:17042/testrepo:nope: request "
	    "failed: not found [http 404]: {\"errors\":[]}\n");
	check_log("INFO Copy image script=t "
	    "source=127.0.0.1:17042/testrepo:nope "
	    "target=127.0.0.1:17042/copied:x digestTags=false "
	    "forceRecursive=false includeExternal=false dry-run=false");
}

Test(modules, debug_lines)
{
	modrig_image(&rig, REPO, "v1", "{}");
	run_ok("r = '" REPO "'\n"
	    "m = manifest.get(r .. ':v1', 'linux/amd64')\n"
	    "manifest.getList(r .. ':v1') manifest.head(r .. ':v1')\n"
	    "tag.ls(r, {limit=2, last='v1'}) image.config(r .. ':v1')");
	check_log("DEBUG Retrieve manifest script=t image=" REPO ":v1 "
	    "list=false platform=linux/amd64\n"
	    "DEBUG Retrieve manifest script=t image=" REPO ":v1 list=true "
	    "platform=\n"
	    "DEBUG Retrieve manifest with head script=t image=" REPO ":v1\n"
	    "DEBUG Listing tags script=t repo=" REPO ":latest "
	    "opts={Limit:2 Last:v1}\n"
	    "DEBUG Retrieve image config script=t image=" REPO ":v1");
}

Test(modules, deadline)
{
	rig.hang = true;
	rig.timeout_ms = 50;
	check_error("tag.ls('r:1/x')", "<string>:1: Failed retrieving tag "
	    "list: failed to list tags for r:1/x:latest: timeout of "
	    "50ms reached");
	cr_assert_eq(rig.cancelled, 1);
	check_error("image.config('r:1/x')", "<string>:1: manifest pull "
	    "failed: failed to get manifest r:1/x:latest: timeout of "
	    "50ms reached");
	check_error("image.copy('r:1/x', 'r:1/y')", "<string>:1: Failed "
	    "copying \"r:1/x:latest\" to \"r:1/y:latest\": timeout of "
	    "50ms reached");
	check_error("pcall(tag.ls, 'r:1/x') tag.ls('r:1/x')", "<string>:1: "
	    "timeout of 50ms reached");
}

Test(modules, no_requests_without_a_name)
{
	check_error("r = reference.new('r:1/x') r:tag('a b') manifest.get(r)",
	    "<string>:1: Failed retrieving \"r:1/x:a b\" manifest: failed to "
	    "get manifest r:1/x:a b: \"a b\" is not a tag");
	check_error("r = reference.new('r:1/x') r:digest('sha256:1') "
	    "tag.delete(r)", "<string>:1: Failed deleting "
	    "\"r:1/x@sha256:1\": tag missing from image reference");
	cr_assert_str_eq(rig.requests, "");
}

/* "latest" may be the tag that everybody uses. */
Test(modules, tag_delete_wants_a_tag_that_is_written)
{
#define NO_TAG "<string>:1: Failed deleting \"r:1/x\": it names no tag, " \
	"and latest is deleted only where it is written: \"r:1/x:latest\", " \
	"or a reference's tag(\"latest\")"
	modrig_image(&rig, "r:1/x", "latest", "{}");
	check_error("tag.delete('r:1/x')", NO_TAG);
	check_log("");
	check_error("tag.delete(reference.new('r:1/x'))", NO_TAG);
	check_error("tag.delete(reference.new(reference.new('r:1/x')))",
	    NO_TAG);
	check_error("tag.delete(manifest.get('r:1/x'))", NO_TAG);
	run_ok("assert(tag.ls('r:1/x')[1] == 'latest')");
	run_ok("tag.delete('r:1/x:latest')");
	modrig_image(&rig, "r:1/x", "latest", "{}");
	run_ok("tag.delete(reference.new('r:1/x:latest'))");
	modrig_image(&rig, "r:1/x", "latest", "{}");
	run_ok("r = reference.new('r:1/x') r:tag('latest') tag.delete(r)");
}
