/* SPDX-License-Identifier: Apache-2.0 */
/* Configurations: nothing to run, several errors, values without sense. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "common/buffer.h"
#include "tests/unit/supervisor/configrig.h"

static void
said(struct config *c, struct buffer *b, const char *text,
    const char *expected)
{
	cr_expect_str_eq(buffer_str(b), expected, "%s\ngot: %s\n"
	    "expected: %s", text, buffer_str(b), expected);
	config_unref(c);
	buffer_free(b);
}

/* Accepted, with exactly these warnings. */
static void
warns(const char *text, const char *expected)
{
	struct buffer b;
	struct error err;
	struct config *c = rig_parse(text, &b, &err);

	cr_assert_not_null(c, "%s\n%s", err.text, text);
	said(c, &b, text, expected);
}

/* Refused with exactly these lines, warnings first. */
static void
says(const char *text, const char *expected)
{
	struct buffer b;
	struct error err;
	struct config *c = rig_parse_whole(text, &b, &err);

	cr_expect_null(c, "accepted: %s", text);
	said(c, &b, text, expected);
}

static void
refused(const char *text, const char *expected)
{
	struct buffer b;
	struct error err;
	struct config *c = rig_parse(text, &b, &err);

	cr_expect_null(c, "accepted: %s", text);
	cr_expect_str_eq(err.text, expected);
	config_unref(c);
	buffer_free(&b);
}

TestSuite(config_errors, .init = rig_no_docker);

#define NOTHING "nothing would run: expected \"scripts:\" and a list of " \
	"entries, each with \"name\" and \"script\"\n"
#define NO_TEXT "this script has no text and would do nothing, expected " \
	"\"script: |\" and its Lua code below, indented\n"

Test(config_errors, nothing_to_run)
{
	says("", "f.yml:1:1: the file is empty, " NOTHING);
	says("# scripts:\n---\n", "f.yml:1:1: the file is empty, " NOTHING);
	says("version: 1\n", "f.yml:1:1: the file has no scripts, " NOTHING);
	says("\nscripts:\n", "f.yml:2:1: the file has no scripts, " NOTHING);
	says("scripts: []\n", "f.yml:1:10: the list of scripts is empty, "
	    NOTHING);
	says("version: 1\nscript:\n- name: x\n", "f.yml:2:1: unknown key "
	    "\"script\" in the file, which has no \"scripts\", did you mean "
	    "\"scripts\"?\n");
}

Test(config_errors, a_script_without_text)
{
	says("scripts:\n- name: a\n  scrip: log 'x'\n", "f.yml:3:3: unknown "
	    "key \"scrip\" in a script, which has no \"script\", did you mean "
	    "\"script\"?\n");
	says("scripts:\n- name: a\n  run: log 'x'\n", "f.yml:3:3: unknown key "
	    "\"run\" in a script, which has no \"script\"\n");
	says("scripts:\n- name: a\n  script: x\n- name: b\n- {name: c, "
	    "script: }\n- name: d\n  script: ''\n- name: e\n  script: |\n"
	    "    \n", "f.yml:4:3: " NO_TEXT "f.yml:5:3: " NO_TEXT
	    "f.yml:7:11: " NO_TEXT "f.yml:9:11: " NO_TEXT);
	says("scripts:\n- name: a\n  script: ['x']\n", "f.yml:3:11: key "
	    "\"script\" is a list, expected one text: \"script: |\" and the "
	    "Lua code below, indented\n");
}

Test(config_errors, all_that_is_wrong)
{
	says("scripts:\n"
	    "- name: a\n"
	    "  script: x\n"
	    "  interval: 5\n"
	    "  timeout: soon\n"
	    "  env: [A-B, [], C-D]\n"
	    "- name: b\n"
	    "  allow: [pull, push]\n"
	    "  limits: {a: x, b: y}\n"
	    "  script: x\n"
	    "creds:\n"
	    "- {registry: a b, tls: maybe}\n"
	    "- {registry: x, user: '{{', realms: ['a/', b, 'c/']}\n"
	    "defaults: {parallel: x}\n"
	    "version: 2\n",
	    "f.yml:4:13: key \"interval\" is \"5\", expected a unit after "
	    "the number, such as \"90s\", \"5m\" or \"1h30m\"\n"
	    "f.yml:5:12: key \"timeout\": invalid duration \"soon\", expected "
	    "a number with a unit such as \"90s\", \"5m\" or \"1h30m\"\n"
	    "f.yml:6:14: an entry of \"env\" is a list, expected a string\n"
	    "f.yml:8:11: this entry of \"allow\" has no pattern, expected "
	    "verbs and a pattern, such as \"pull,push "
	    "registry:5000/library/**\"\n"
	    "f.yml:8:17: this entry of \"allow\" has no pattern, expected "
	    "verbs and a pattern, such as \"pull,push "
	    "registry:5000/library/**\"\n"
	    "f.yml:9:15: the limit \"a\" is a string or number, expected a "
	    "number, at least 0, with a unit if it needs one\n"
	    "f.yml:9:21: the limit \"b\" is a string or number, expected a "
	    "number, at least 0, with a unit if it needs one\n"
	    "f.yml:12:14: key \"registry\" is not the name of a registry, "
	    "expected a host with or without a port, such as "
	    "registry.example.com or localhost:5000\n"
	    "f.yml:12:24: unknown TLS value \"maybe\", expected enabled, "
	    "insecure (certificates are not checked) or disabled (plain "
	    "HTTP)\n"
	    "f.yml:13:23: key \"user\": template: out:1: unclosed action\n"
	    "f.yml:13:38: an entry of \"realms\" is not a host, expected the "
	    "host of a token server, such as auth.example.com\n"
	    "f.yml:13:47: an entry of \"realms\" is not a host, expected the "
	    "host of a token server, such as auth.example.com\n"
	    "f.yml:14:22: key \"parallel\" is \"x\", expected a whole number\n"
	    "f.yml:15:10: unsupported config version 2, expected 1\n");
}

/* The first ones, wherever they were found; what an anchor stands for is wrong
 * once. */
Test(config_errors, many_errors)
{
	struct buffer text, expected;

	buffer_init(&text, 0);
	buffer_init(&expected, 0);
	buffer_puts(&text, "x-a: &a {name: a, script: x, interval: 5}\n"
	    "scripts:\n- *a\n- *a\n");
	for (int i = 5; i < 30; i++)
		buffer_puts(&text, "- {name: b, script: ''}\n");
	buffer_puts(&text, "version: 2\n");
	buffer_puts(&expected, "f.yml:1:40: key \"interval\" is \"5\", "
	    "expected a unit after the number, such as \"90s\", \"5m\" or "
	    "\"1h30m\"\n");
	for (int i = 5; i < 24; i++)
		buffer_printf(&expected, "f.yml:%d:21: " NO_TEXT, i);
	buffer_puts(&expected, "f.yml: and 7 more errors\n");
	says(buffer_str(&text), buffer_str(&expected));
	buffer_free(&text);
	buffer_free(&expected);
}

Test(config_errors, values_that_make_no_sense)
{
	refused("defaults:\n  timeout: -5m\n", "f.yml:2:12: key \"timeout\" "
	    "is \"-5m\", expected a duration that is not negative");
	refused("scripts: [{interval: -1s, script: x}]\n", "f.yml:1:22: key "
	    "\"interval\" is \"-1s\", expected a duration that is not "
	    "negative");
	says("scripts:\n- script: x\n  schedule: 0 3 * * 8\n"
	    "- script: y\n  schedule: TZ=UTC\n  interval: 5\n",
	    "f.yml:3:13: key \"schedule\" is \"0 3 * * 8\": day of the week "
	    "\"8\" is not valid, expected 0-7 or sun-sat, ranges such as 0-4, "
	    "steps such as */2, or *\n"
	    "f.yml:5:13: key \"schedule\" is \"TZ=UTC\": it says no time, "
	    "expected five fields such as \"0 3 * * *\", or \"@daily\"\n"
	    "f.yml:6:13: key \"interval\" is \"5\", expected a unit after "
	    "the number, such as \"90s\", \"5m\" or \"1h30m\"\n");
	refused("defaults: {schedule: '@every -1h'}\n", "f.yml:1:22: key "
	    "\"schedule\" is \"@every -1h\": expected a duration that is not "
	    "negative");
	warns("defaults: {timeout: 0s}\nscripts:\n"
	    "- {name: a, script: x, interval: 0m}\n"
	    "- {name: b, script: x, schedule: '@every 0s'}\n",
	    "Duration of zero counts as absent key=timeout "
	    "position=f.yml:1:21\n"
	    "Duration of zero counts as absent key=interval "
	    "position=f.yml:3:34\n"
	    "Schedule counts as every second schedule=@every 0s "
	    "position=f.yml:4:34\n");
}

Test(config_errors, values_that_contradict_each_other)
{
	warns("defaults: {interval: 5m}\nscripts:\n"
	    "- {name: a, script: x, schedule: '@every 1h'}\n"
	    "- {name: b, script: x, schedule: '@every 1h', interval: 2m}\n"
	    "- {name: c, script: x, schedule: ~, interval: 2m}\n",
	    "Interval has no effect beside schedule interval=2m "
	    "position=f.yml:4:57\n");
	warns("defaults: {interval: 5m, schedule: '@daily'}\n", "Interval has "
	    "no effect beside schedule interval=5m position=f.yml:1:22\n");
	warns("scripts:\n- {name: a, script: x}\n- {name: a, script: y}\n"
	    "- {script: z}\n- {name: a, script: u}\n- {name: '', script: v}\n",
	    "Script has the name of another, so the log cannot tell them "
	    "apart name=a position=f.yml:3:3\n"
	    "Script has no name, so the log cannot name it "
	    "position=f.yml:4:3\n"
	    "Script has the name of another, so the log cannot tell them "
	    "apart name=a position=f.yml:5:3\n"
	    "Script has no name, so the log cannot name it "
	    "position=f.yml:6:3\n");
}
