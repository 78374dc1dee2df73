/* SPDX-License-Identifier: Apache-2.0 */
/* test_position.c - the line of the file that a script's error is about. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "supervisor/jobs/position.h"
#include "tests/unit/supervisor/configrig.h"

static const char file[] =
    "x-shared: &shared |\n"		/* 1 */
    "\n"
    "  local a\n"
    "  a.b = 1\n"
    "x-base: &base\n"			/* 5 */
    "  script: |-\n"
    "    log(1)\n"
    "    log(2)\n"
    "scripts:\n"
    "- name: literal\n"			/* 10 */
    "  script: |+ # comment\n"
    "    log(1)\n"
    "\n"
    "    log(3)\n"
    "- name: alias\n"			/* 15 */
    "  script: *shared\n"
    "- <<: *base\n"
    "  name: merged\n"
    "- name: folded\n"
    "  script: >\n"			/* 20 */
    "    log(1)\n"
    "\n"
    "    log(2)\n"
    "- name: quoted\n"
    "  script: \"log(1)\\n\\\n"	/* 25 */
    "     log(2)\"\n"
    "- {name: flow, script: log(1)}\n"
    "- name: below\n"
    "  script:\n"
    "    log(1)\n";			/* 30 */

Test(position, lines_of_the_file, .init = rig_no_docker)
{
	static const struct {
		const char *script, *text, *position;
	} rows[] = {
		{ "literal", "<string>:1: x", "f.yml:12" },
		{ "literal", "<string>:3: x", "f.yml:14" },
		/* Lua's line for what is missing at the end. */
		{ "literal", "<string>:4: near <eof>", "f.yml:14" },
		{ "literal", "<string>:5: x", NULL },
		{ "literal", "<string>:0: x", NULL },
		{ "literal", "<string>:x: x", NULL },
		{ "literal", "<string>:3", NULL },
		{ "literal", "<string>:4294967299: x", NULL },
		{ "literal", "plain <string>:3: x", NULL },
		{ "literal", "", NULL },
		{ "literal", "plain\nstack traceback:\n\t[C]: in function "
		    "'error'\n\t<string>:3: in main chunk\n\t[C]: ?",
		    "f.yml:14" },
		{ "literal", "./m.lua:7: x\nstack traceback:\n\t./m.lua:7: "
		    "in main chunk\n\t<string>:1: in main chunk",
		    "f.yml:12" },
		{ "alias", "<string>:1: x", "f.yml:2" },
		{ "alias", "<string>:3: x", "f.yml:4" },
		{ "merged", "<string>:2: x", "f.yml:8" },
		{ "folded", "<string>:2: x", "f.yml:21" },
		{ "quoted", "<string>:2: x", "f.yml:25" },
		{ "flow", "<string>:1: x", "f.yml:27" },
		{ "below", "<string>:1: x", "f.yml:30" },
	};
	struct buffer warnings;
	struct error err;
	struct config *c = rig_parse(file, &warnings, &err);

	cr_assert_not_null(c, "%s", err.text);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct config_script *s = c->scripts;
		char *got;

		while (strcmp(s->name, rows[i].script) != 0)
			s++;
		got = position_of(c, s, rows[i].text);
		if (rows[i].position == NULL)
			cr_expect_null(got, "%s %s: %s", s->name,
			    rows[i].text, got);
		else
			cr_expect_str_eq(got, rows[i].position, "%s %s: %s",
			    s->name, rows[i].text, got);
		free(got);
	}
	config_unref(c);
	buffer_free(&warnings);
}
