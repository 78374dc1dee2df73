/* SPDX-License-Identifier: Apache-2.0 */
/* Dry runs, rate limits and copies through the Lua modules. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

TestSuite(dry, .init = setup, .fini = teardown);

static void
check_log(const char *script, const char *want)
{
	modrig_run(&rig, script);
	cr_assert(!rig.result.failed, "%s", rig.result.text);
	cr_assert_str_eq(rig.log, want);
}

/* Only reading requests were made. */
static void
check_reads(void)
{
	cr_assert_null(strstr(rig.requests, "PUT"), "%s", rig.requests);
	cr_assert_null(strstr(rig.requests, "DELETE"), "%s", rig.requests);
	cr_assert_null(strstr(rig.requests, "COPY"), "%s", rig.requests);
}

#define SAYS "INFO User script message script=t message="
#define LISTS(r) "DEBUG Listing tags script=t repo=" r ":latest " \
	"opts={Limit:0 Last:}\n"

Test(dry, pretended)
{
	const char *one = modrig_image(&rig, "r:1/x", "v1", "{\"os\":\"a\"}");
	char *want;

	modrig_image(&rig, "r:1/x", "v2", "{\"os\":\"b\"}");
	rig.dry_run = true;
	want = mem_printf("INFO Copy image script=t source=r:1/x:v1 "
	    "target=q:1/y:w digestTags=false forceRecursive=true "
	    "includeExternal=false dry-run=true\n"
	    "INFO Image would be copied script=t source=r:1/x:v1 "
	    "target=q:1/y:w dry-run=true\n"
	    LISTS("q:1/y") SAYS "w\n"
	    "DEBUG Retrieve image config script=t image=q:1/y:w\n" SAYS "a\n"
	    "INFO Delete tag script=t image=r:1/x:v1 dry-run=true\n"
	    LISTS("r:1/x") SAYS "v2\n"
	    "DEBUG Retrieve manifest with head script=t image=r:1/x:v2\n"
	    "INFO Put manifest script=t image=r:1/x:v3 dry-run=true\n"
	    "DEBUG Retrieve manifest with head script=t image=r:1/x:v3\n"
	    SAYS "%s\n" LISTS("r:1/x") SAYS "v2,v3", one);
	check_log("image.copy('r:1/x:v1', 'q:1/y:w', {forceRecursive=true})\n"
	    "log(table.concat(tag.ls('q:1/y'), ','))\n"
	    "log(image.config('q:1/y:w').Platform.os)\n"
	    "tag.delete('r:1/x:v1') log(table.concat(tag.ls('r:1/x'), ','))\n"
	    "manifest.head('r:1/x:v2')\n"
	    "manifest.put('q:1/y:w', 'r:1/x:v3')\n"
	    "log(manifest.head('r:1/x:v3'):descriptor().digest)\n"
	    "log(table.concat(tag.ls('r:1/x'), ','))", want);
	free(want);
	check_reads();
	cr_assert_not_null(modrig_find(&rig, "r:1/x", "v1"));
}

Test(dry, deleted_is_not_found)
{
	modrig_image(&rig, "r:1/x", "v1", "{}");
	rig.dry_run = true;
	modrig_run(&rig, "tag.delete('r:1/x:v1')\n"
	    "manifest.get('r:1/x:v1')");
	cr_assert(rig.result.failed);
	cr_assert_eq(strncmp(rig.result.text, "<string>:2: Failed retrieving "
	    "\"r:1/x:v1\" manifest: failed to get manifest r:1/x:v1: request "
	    "failed: not found [http 404]: deleted earlier in this dry run\n",
	    130), 0, "%s", rig.result.text);
	modrig_run(&rig, "m = manifest.head('r:1/x:v1') m:delete() "
	    "log(#tag.ls('r:1/x'))");
	cr_assert(!rig.result.failed);
	check_reads();
}

/* A manifest takes its tags with it, also those that were not named. */
Test(dry, deleted_manifests)
{
	modrig_image(&rig, "r:1/x", "v1", "{\"os\":\"a\"}");
	modrig_image(&rig, "r:1/x", "v2", "{\"os\":\"a\"}");
	modrig_image(&rig, "r:1/x", "v3", "{\"os\":\"b\"}");
	rig.dry_run = true;
	modrig_run(&rig, "manifest.head('r:1/x:v1'):delete()\n"
	    "assert(table.concat(tag.ls('r:1/x'), ',') == 'v3')\n"
	    "for _, f in pairs({manifest.head, manifest.get}) do\n"
	    "  for _, t in pairs({'v1', 'v2'}) do\n"
	    "    local ok, e = pcall(f, 'r:1/x:' .. t)\n"
	    "    assert(not ok and e:find('deleted earlier'), e)\n"
	    "  end f('r:1/x:v3') end\n"
	    "local m = manifest.get('r:1/x:v3') m:delete()\n"
	    "assert(#tag.ls('r:1/x') == 0)\n"
	    "local ok, e = pcall(m.delete, m)\n"
	    "assert(not ok and e:find('http 404'), e)");
	cr_assert(!rig.result.failed, "%s", rig.result.text);
	check_reads();
}

/* What cannot be deleted really is not deleted in a dry run either. */
Test(dry, a_tag_that_is_not_there)
{
	const char *script = "for _, t in ipairs({'none', 'v1', 'v1'}) do\n"
	    "  local ok, e = pcall(tag.delete, 'r:1/x:' .. t)\n"
	    "  log(t .. ' ' .. (ok and 'ok' or e:match('%[http 404%]')))\n"
	    "end\n"
	    "image.copy('r:1/x:v2', 'r:1/x:v3') tag.delete('r:1/x:v3')";

	modrig_image(&rig, "r:1/x", "v1", "{}");
	modrig_image(&rig, "r:1/x", "v2", "{}");
	rig.dry_run = true;
	modrig_run(&rig, script);
	cr_assert(!rig.result.failed, "%s", rig.result.text);
	cr_expect_not_null(strstr(rig.log, "message=none [http 404]\n"));
	cr_expect_not_null(strstr(rig.log, "message=v1 ok\n"));
	cr_expect_not_null(strstr(rig.log, "message=v1 [http 404]\n"));
	check_reads();
}

/* Nobody but the dry run has it. */
Test(dry, a_changed_manifest_is_read_as_it_was_put)
{
	const char *script = "m = manifest.get('r:1/x:v1')\n"
	    "m.annotations.a = 'changed'\n"
	    "m = m:export() m:put('r:1/x:v2')\n"
	    "for _, t in ipairs({'x:v2', 'y:v3', 'y:v4'}) do\n"
	    "  if t == 'y:v3' then image.copy('r:1/x:v2', 'r:1/y:v3') end\n"
	    "  if t == 'y:v4' then manifest.put('r:1/y:v3', 'r:1/y:v4') end\n"
	    "  local got = manifest.get('r:1/' .. t)\n"
	    "  assert(got.annotations.a == 'changed', t)\n"
	    "  assert(tostring(got) == tostring(m), t)\n"
	    "  assert(manifest.head('r:1/' .. t):descriptor().digest ==\n"
	    "    m:descriptor().digest, t)\n"
	    "  assert(image.config('r:1/' .. t).Platform.os == 'a', t)\n"
	    "end\n"
	    "assert(manifest.get('r:1/x:v1').annotations.a == nil)\n"
	    "assert(not pcall(function() return\n"
	    "  tostring(manifest.head('r:1/x:v2')) end))\n"
	    "image.copy('r:1/y:v4', 'r:1/y:v3') m:delete()\n"
	    "assert(#tag.ls('r:1/x') == 1)";

	modrig_image(&rig, "r:1/x", "v1", "{\"os\":\"a\"}");
	rig.dry_run = true;
	modrig_run(&rig, script);
	cr_assert(!rig.result.failed, "%s", rig.result.text);
	cr_expect_eq(rig.tally.copied, 1u);
	cr_expect_eq(rig.tally.up_to_date, 1u);
	check_reads();
}

static void
check_tally(uint64_t copied, uint64_t up_to_date, uint64_t deleted,
    uint64_t failed)
{
	const struct tally *t = &rig.tally;

	cr_assert(!rig.result.failed, "%s", rig.result.text);
	cr_expect_eq(t->copied, copied);
	cr_expect_eq(t->up_to_date, up_to_date);
	cr_expect_eq(t->deleted, deleted);
	cr_expect_eq(t->failed, failed);
}

Test(dry, what_a_job_did_is_counted)
{
	const char *script = "image.copy('r:1/x:v1', 'q:1/y:a')\n"
	    "image.copy('r:1/x:v1', 'q:1/y:b')\n"
	    "image.copy('r:1/x:v1', 'q:1/y:b')\n"
	    "tag.delete('q:1/y:a')\n"
	    "manifest.head('q:1/y:b'):delete()\n"
	    "pcall(image.copy, 'r:1/x:none', 'q:1/y:c')";

	modrig_image(&rig, "r:1/x", "v1", "{}");
	modrig_run(&rig, script);
	check_tally(2, 1, 2, 1);
	cr_expect_not_null(strstr(rig.log, "INFO Copied image script=t "
	    "source=r:1/x:v1 target=q:1/y:a bytes=7 elapsed="), "%s",
	    rig.log);
	cr_expect_not_null(strstr(rig.log, " mounted=0 uploaded=2\n"));
	cr_expect_not_null(strstr(rig.log, "INFO Copied image script=t "
	    "source=r:1/x:v1 target=q:1/y:b bytes=0 elapsed="));
	/* The blobs of the first copy, "{}" and "layer". */
	cr_expect_eq(rig.tally.bytes, 7u);
}

Test(dry, an_image_that_is_up_to_date_is_told_from_one_that_is_not)
{
	modrig_image(&rig, "r:1/x", "v1", "{}");
	modrig_run(&rig, "image.copy('r:1/x:v1', 'q:1/y:a')");
	rig.dry_run = true;
	modrig_run(&rig, "image.copy('r:1/x:v1', 'q:1/y:a')\n"
	    "image.copy('r:1/x:v1', 'q:1/y:b')\n"
	    "image.copy('r:1/x:v1', 'q:1/y:b')");
	check_tally(1, 2, 0, 0);
	cr_expect_not_null(strstr(rig.log, "INFO Image is up to date "
	    "script=t source=r:1/x:v1 target=q:1/y:a dry-run=true\n"));
	cr_expect_not_null(strstr(rig.log, "INFO Image would be copied "
	    "script=t source=r:1/x:v1 target=q:1/y:b dry-run=true\n"));
	check_reads();
}

Test(dry, ratelimit_wait)
{
	modrig_image(&rig, "r:1/x", "v1", "{}");
	rig.rate[0] = 5;
	rig.rate[1] = 20;
	check_log("log(tostring(image.ratelimitWait('r:1/x:v1', 10, '10ms')))",
	    "INFO Delaying for ratelimit script=t image=r:1/x:v1 current=5 "
	    "target=10 delay=10ms\n" SAYS "true");
	check_log("log(tostring(manifest.get('r:1/x:v1'):ratelimitWait(10, "
	    "'1h', '50ms')))",
	    "DEBUG Retrieve manifest script=t image=r:1/x:v1 list=false "
	    "platform=\nINFO Delaying for ratelimit script=t image=r:1/x:v1 "
	    "current=5 target=10 delay=1h0m0s\n" SAYS "false");
	check_log("l = manifest.head('r:1/x:v1'):ratelimit()\n"
	    "log(l.Remain) log(l.Limit) log(tostring(l.Set))\n"
	    "log(l.Reset) log(#l.Policies .. l.Policies[2])",
	    "DEBUG Retrieve manifest with head script=t image=r:1/x:v1\n"
	    SAYS "5\n" SAYS "100\n" SAYS "true\n" SAYS "0\n"
	    SAYS "2200;w=86400");
	rig.rate[0] = 0;
	check_log("log(tostring(image.ratelimitWait('r:1/x:v1', 10)))",
	    SAYS "true");
	modrig_run(&rig, "image.ratelimitWait('r:1/x:no', 10)");
	cr_assert_eq(strncmp(rig.result.text, "<string>:1: Failed checking "
	    "\"r:1/x:no\" manifest: failed to request manifest head r:1/x:no: "
	    "request failed: not found [http 404]: \n", 125), 0, "%s",
	    rig.result.text);
	rig.hang = true;
	modrig_run(&rig, "image.ratelimitWait('r:1/x:v1', 10, '1h', '20ms')");
	cr_assert_not_null(strstr(rig.result.text, "request manifest head "
	    "r:1/x:v1: timeout of 20ms reached\n"));
	cr_assert_eq(rig.cancelled, 1);
}
