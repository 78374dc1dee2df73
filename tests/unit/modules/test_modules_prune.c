/* SPDX-License-Identifier: Apache-2.0 */
/* What people run regbot for: mirror the newest, prune the rest. */
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
	static const char *const minors[] = { "3.9", "3.10", "3.2", "latest",
	    "3.20", "3.20.1", "3.3" };
	static const char *const days[] = { "testing-20240101",
	    "testing-20240301", "stable", "testing-20240201",
	    "testing-20240401" };
	char config[96];
	size_t i;

	modrig_init(&rig);
	for (i = 0; i < sizeof(minors) / sizeof(minors[0]); i++) {
		snprintf(config, sizeof(config), "{\"author\":\"%s\"}",
		    minors[i]);
		modrig_image(&rig, "docker.io/library/a", minors[i], config);
	}
	for (i = 0; i < sizeof(days) / sizeof(days[0]); i++) {
		snprintf(config, sizeof(config), "{\"config\":{\"Labels\":{"
		    "\"made\":\"%s\"}}}", days[i] + strcspn(days[i], "-"));
		modrig_image(&rig, "r:5000/d", days[i], config);
	}
}

static void
teardown(void)
{
	cr_assert_eq(rig.left, 0);
	cr_assert_eq(rig.slots, 0);
	modrig_free(&rig);
}

TestSuite(prune, .init = setup, .fini = teardown);

static const char mirror[] =
    "local from, to = reference.new('a'), reference.new('r:5000/m/a')\n"
    "local function parts(s) local t = {}\n"
    "  for n in string.gmatch(s, '%d+') do t[#t + 1] = tonumber(n) end\n"
    "  return t end\n"
    "local keep = {}\n"
    "for _, t in pairs(tag.ls(from)) do\n"
    "  if string.match(t, '^%d+%.%d+$') then table.insert(keep, t) end\n"
    "end\n"
    "table.sort(keep, function(a, b) local x, y = parts(a), parts(b)\n"
    "  for i = 1, #x do if x[i] ~= y[i] then return x[i] < y[i] end end\n"
    "  return #x < #y end)\n"
    "keep = {unpack(keep, #keep - 3 + 1)}\n"
    "for _, t in ipairs(keep) do\n"
    "  from:tag(t) to:tag(t)\n"
    "  if not image.ratelimitWait(from, 100) then error 'no quota' end\n"
    "  image.copy(from, to)\n"
    "end\n"
    "log(table.concat(tag.ls(to), ' '))";

static const char prune[] =
    "local r, old = reference.new('r:5000/d'), {}\n"
    "for _, t in pairs(tag.ls(r)) do\n"
    "  if string.match(t, '^testing%-%d+$') then\n"
    "    r:tag(t) local ic = image.config(r)\n"
    "    if ic.Config.Labels['made'] < '-20240215' then\n"
    "      tag.delete(r)\n"
    "    end\n"
    "  end\n"
    "end\n"
    "log(table.concat(tag.ls(r), ' '))";

static void
check_last(const char *script, const char *want)
{
	const char *got;

	modrig_run(&rig, script);
	cr_assert(!rig.result.failed, "%s", rig.result.text);
	got = strrchr(rig.log, '\n');
	cr_assert_not_null(got);
	cr_assert_str_eq(got + 1, want);
}

#define SAYS "INFO User script message script=t message="

Test(prune, newest_minor_versions)
{
	check_last(mirror, SAYS "3.9 3.10 3.20");
	cr_assert_str_eq(modrig_find(&rig, "r:5000/m/a", "3.20"),
	    modrig_find(&rig, "docker.io/library/a", "3.20"));
	/* Once more changes nothing, and asks by HEAD only. */
	check_last(mirror, SAYS "3.9 3.10 3.20");
	cr_assert_null(strstr(rig.requests, "PUT"));
	cr_assert_null(strstr(rig.requests, "COPY"));
	cr_assert_null(strstr(rig.requests, "GET"));
}

Test(prune, dry_run_shows_what_would_be)
{
	rig.dry_run = true;
	check_last(mirror, SAYS "3.10 3.20 3.9");
	check_last(prune, SAYS "testing-20240301 stable testing-20240401");
	cr_assert_null(strstr(rig.requests, "PUT"));
	cr_assert_null(strstr(rig.requests, "COPY"));
	cr_assert_null(strstr(rig.requests, "DELETE"));
	cr_assert_not_null(modrig_find(&rig, "r:5000/d", "testing-20240101"));
	cr_assert_null(modrig_find(&rig, "r:5000/m/a", "3.20"));
}

Test(prune, old_builds)
{
	check_last(prune, SAYS "testing-20240301 stable testing-20240401");
	cr_assert_null(modrig_find(&rig, "r:5000/d", "testing-20240101"));
	cr_assert_not_null(modrig_find(&rig, "r:5000/d", "stable"));
}
