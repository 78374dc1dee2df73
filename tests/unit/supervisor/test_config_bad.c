/* SPDX-License-Identifier: Apache-2.0 */
/* Configurations: what is warned of, what is refused, in which words. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "tests/unit/supervisor/configrig.h"

static struct buffer warnings;

static struct config *
parse(const char *text)
{
	struct error err;
	struct config *c = rig_parse(text, &warnings, &err);

	cr_assert_not_null(c, "%s\n%s", err.text, text);
	return c;
}

static void
finish(struct config *c)
{
	config_unref(c);
	buffer_free(&warnings);
}

/* Accepted, with exactly these warnings. */
static void
warns(const char *text, const char *expected)
{
	struct config *c = parse(text);

	cr_expect_str_eq(buffer_str(&warnings), expected, "%s\ngot: %s\n"
	    "expected: %s", text, buffer_str(&warnings), expected);
	finish(c);
}

static void
refused(const char *text, const char *expected)
{
	struct error err;
	struct config *c = rig_parse(text, &warnings, &err);

	cr_expect_null(c, "accepted: %s", text);
	cr_expect_str_eq(err.text, expected, "%s\ngot: %s\nexpected: %s", text,
	    err.text, expected);
	finish(c);
}

TestSuite(config_bad, .init = rig_no_docker);

Test(config_bad, versions)
{
	finish(parse("version: 0\n"));
	finish(parse("version: '1'\n"));
	finish(parse("version: -3\n"));
	finish(parse("version:\n"));
	refused("version: 2\n", "f.yml:1:10: unsupported config version 2, "
	    "expected 1");
	refused("version: abc\n", "f.yml:1:10: key \"version\" is \"abc\", "
	    "expected a whole number");
	refused("version: 1.5\n", "f.yml:1:10: key \"version\" is \"1.5\", "
	    "expected a whole number");
	refused("version: [1]\n", "f.yml:1:10: key \"version\" is a list, "
	    "expected a whole number");
}

Test(config_bad, wrong_kinds)
{
	refused("scripts: hello\n", "f.yml:1:10: key \"scripts\" is a string "
	    "or number, expected a list, each entry of which begins with "
	    "\"- name:\"");
	refused("creds: {a: b}\n", "f.yml:1:8: key \"creds\" is a map, "
	    "expected a list, each entry of which begins with "
	    "\"- registry:\"");
	refused("defaults: []\n", "f.yml:1:11: defaults is a list, expected a "
	    "map with keys such as \"interval\"");
	refused("creds: [x]\n", "f.yml:1:9: an entry of \"creds\" is a string "
	    "or number, expected \"registry:\" and its other keys");
	refused("scripts: [x]\n", "f.yml:1:11: a script is a string or "
	    "number, expected a map with keys such as \"name\"");
	refused("scripts: [~]\n", "f.yml:1:11: a script is nothing, expected "
	    "a map with keys such as \"name\"");
	refused("scripts: [{name: [a], script: x}]\n", "f.yml:1:18: key \"name\" is a "
	    "list, expected a string");
	refused("scripts: [{name: !!binary eA==, script: x}]\n", "f.yml:1:18: key "
	    "\"name\" has a tag, expected a value without: quote one that "
	    "begins with !");
	refused("creds: [{pass: !s3cret }]\n", "f.yml:1:16: key \"pass\" has "
	    "a tag, expected a value without: quote one that begins with !");
	refused("scripts: [{name: \"a\\0b\", script: x}]\n", "f.yml:1:18: key \"name\" "
	    "has a NUL character in it, expected a string without one");
}

Test(config_bad, wrong_durations)
{
	refused("defaults:\n  interval: abc\n", "f.yml:2:13: key \"interval\": "
	    "invalid duration \"abc\", expected a number with a unit such as "
	    "\"90s\", \"5m\" or \"1h30m\"");
	refused("defaults:\n  timeout: 60\n", "f.yml:2:12: key \"timeout\" is "
	    "\"60\", expected a unit after the number, such as \"90s\", "
	    "\"5m\" or \"1h30m\"");
	refused("defaults:\n  timeout: '60'\n", "f.yml:2:12: key \"timeout\": "
	    "invalid duration \"60\", expected a number with a unit such as "
	    "\"90s\", \"5m\" or \"1h30m\"");
	refused("scripts: [{interval: 1d, script: x}]\n", "f.yml:1:22: key \"interval\": "
	    "invalid duration \"1d\", expected a number with a unit such as "
	    "\"90s\", \"5m\" or \"1h30m\"");
}

Test(config_bad, wrong_numbers_and_bools)
{
	refused("defaults:\n  parallel: x\n", "f.yml:2:13: key \"parallel\" is "
	    "\"x\", expected a whole number");
	refused("defaults: {parallel: 3000000000}\n", "f.yml:1:22: key "
	    "\"parallel\" is \"3000000000\", expected a number that fits in "
	    "32 bits");
	refused("defaults: {parallel: 010}\n", "f.yml:1:22: key \"parallel\" "
	    "is \"010\", expected a whole number");
	refused("creds: [{registry: x, repoAuth: yes}]\n", "f.yml:1:33: key "
	    "\"repoAuth\" is \"yes\", expected true or false, without quotes");
	refused("creds: [{registry: x, repoAuth: 'true'}]\n", "f.yml:1:33: "
	    "key \"repoAuth\" is \"true\", expected true or false, without "
	    "quotes");
	refused("creds: [{registry: x, credExpire: 5m}]\n", "f.yml:1:35: key "
	    "\"credExpire\" is \"5m\", expected a whole number");
	refused("creds: [{registry: x, priority: -1}]\n", "f.yml:1:33: key "
	    "\"priority\" is \"-1\", expected a number from 0 to 4294967295");
	refused("creds: [{registry: x, reqPerSec: -1}]\n", "f.yml:1:34: key "
	    "\"reqPerSec\" is \"-1\", expected 0, or a number from 0.001 to "
	    "1000000");
	refused("creds: [{registry: x, reqPerSec: nan}]\n", "f.yml:1:34: key "
	    "\"reqPerSec\" is \"nan\", expected a number such as 0.5 or 10");
	refused("creds: [{registry: x, apiOpts: {disableHead: maybe}}]\n",
	    "f.yml:1:46: option \"disableHead\" is neither true nor false");
	refused("creds: [{registry: x, mirrors: y}]\n", "f.yml:1:32: key "
	    "\"mirrors\" is \"y\", expected a list of strings, such as [a, b]");
}

Test(config_bad, wrong_registries)
{
	refused("creds:\n- registry: x\n  tls: bogus\n", "f.yml:3:8: unknown "
	    "TLS value \"bogus\", expected enabled, insecure (certificates are "
	    "not checked) or disabled (plain HTTP)");
	refused("creds:\n- registry: 'a b'\n", "f.yml:2:13: key \"registry\" "
	    "is not the name of a registry, expected a host with or without "
	    "a port, such as registry.example.com or localhost:5000");
	refused("creds:\n- registry: https://me:s3cret@h/\n", "f.yml:2:13: "
	    "key \"registry\" is not the name of a registry, expected a host "
	    "with or without a port, such as registry.example.com or "
	    "localhost:5000");
	refused("creds:\n- registry: x\n  hostname: http://x\n", "f.yml:3:13: "
	    "key \"hostname\" is not a host, expected one with or without a "
	    "port, such as registry.example.com:5000");
	refused("creds:\n- registry: x\n  realms: [a, 'http://b/c']\n",
	    "f.yml:3:15: an entry of \"realms\" is not a host, expected the host "
	    "of a token server, such as auth.example.com");
	refused("creds:\n- registry: x\n  pathPrefix: a b\n", "f.yml:3:15: "
	    "key \"pathPrefix\" is not a path, expected at most 1024 letters, "
	    "digits and - . _ ~ /");
	refused("defaults: {userAgent: \"a\\nX-Evil: b\"}\n", "f.yml:1:23: "
	    "key \"userAgent\" has a character that is not allowed in a "
	    "header, expected printable ASCII");
	refused("creds:\n- registry: x\n  pass: '{{ nofunc }}'\n", "f.yml:3:9: "
	    "key \"pass\": template: out:1: function \"nofunc\" not defined");
	refused("creds:\n- registry: x\n  pass: 's3cret{{'\n", "f.yml:3:9: key "
	    "\"pass\": template: out:1: unclosed action");
	refused("creds:\n- registry: x\n  pass: [s3cret]\n", "f.yml:3:9: key "
	    "\"pass\" is a list, expected a string");
}

Test(config_bad, unknown_keys_warn)
{
	warns("version: 1\nfoo: bar\nx-mine: {allow: 1}\nscripts:\n"
	    "- name: x\n  intervall: 5m\n  Timeout: 5m\n  script: x\n",
	    "Unknown key in configuration is ignored key=foo in=the file "
	    "position=f.yml:2:1\n"
	    "Unknown key in configuration is ignored key=intervall in=a script "
	    "nearest=interval position=f.yml:6:3\n"
	    "Unknown key in configuration is ignored key=Timeout in=a script "
	    "nearest=timeout position=f.yml:7:3\n");
	warns("creds: [{registry: x, apiOpts: {disablehead: true}}]\n",
	    "Unknown key in configuration is ignored key=disablehead in=apiOpts "
	    "nearest=disableHead position=f.yml:1:33\n");
	warns("name: x\nname: y\n", "Duplicate key, the last one "
	    "counts key=name position=f.yml:2:1\nUnknown key in configuration is ignored "
	    "key=name in=the file position=f.yml:2:1\n");
}

Test(config_bad, unknown_keys_are_errors_in_a_restricted_file)
{
	static const char rest[] = "; in a file that uses allow, files, "
	    "limits, protect or sandbox, only known keys and x-* are expected";
	char *expected;

	expected = mem_printf("f.yml:3:3: unknown key \"alow\" in a script, "
	    "did you mean \"allow\"?%s", rest);
	refused("scripts:\n- name: x\n  alow: []\n  protect: [a]\n", expected);
	refused("scripts:\n- name: x\n  alow: []\n- name: y\n  limits: {}\n"
	    "  script: x\n", expected);
	free(expected);
	expected = mem_printf("f.yml:1:1: unknown key \"allow\" in the file%s",
	    rest);
	refused("allow: []\nscripts: []\n", expected);
	free(expected);
	warns("x-a: {allow: []}\nfoo: 1\n", "Unknown key in configuration is ignored "
	    "key=foo in=the file position=f.yml:2:1\n");
}

Test(config_bad, deprecated)
{
	warns("creds:\n- {registry: x, tls: disabled, scheme: http, api: v}\n",
	    "Scheme is deprecated, for http set TLS to disabled name=x "
	    "position=f.yml:2:40\n"
	    "API is deprecated and has no effect name=x "
	    "position=f.yml:2:51\n");
}

Test(config_bad, keys_without_effect_warn_once)
{
	warns("defaults: {blobLimit: 5}\ncreds:\n"
	    "- {registry: x, mirrors: [a], priority: 1}\n"
	    "- {registry: y, mirrors: [a], blobMax: -1}\n"
	    "- {registry: z, blobChunk: 0, blobMax: 0, credExpire: 1}\n",
	    "Key has no effect in this version key=blobLimit "
	    "position=f.yml:1:12\n"
	    "Key has no effect in this version key=mirrors "
	    "position=f.yml:3:17\n"
	    "Key has no effect in this version key=priority "
	    "position=f.yml:3:31\n"
	    "Key has no effect in this version key=blobMax "
	    "position=f.yml:4:31\n"
	    "Key has no effect in this version key=credExpire "
	    "position=f.yml:5:43\n");
	warns("scripts: [{name: x, files: [/srv/a], script: x}]\n", "Key has no effect in "
	    "this version key=files position=f.yml:1:21\n");
}

Test(config_bad, registries_that_are_odd)
{
	warns("creds: [{pass: s3cret}]\n", "Ignoring registry config without a "
	    "name expected=registry position=f.yml:1:9\n");
	warns("creds: [{registry: x, regcert: /a/path, clientKey: s3cret}]\n",
	    "A path is not a certificate, expected the contents of the file "
	    "key=regcert instead='{{file \"/a/path\"}}' position=f.yml:1:32\n"
	    "Not in PEM format, expected text that begins with -----BEGIN "
	    "key=clientKey position=f.yml:1:52\nClient certificate is not used, expected "
	    "both clientCert and clientKey name=x position=f.yml:1:9\n");
	warns("creds: [{registry: x, user: '{{env \"NOT_SET_HERE\"}}'}]\n",
	    "Environment variable of a template is not set, using an empty "
	    "string variable=NOT_SET_HERE position=f.yml:1:29\n");
	warns("creds: [{registry: x, user: '{{.Env.U}}'}]\n", "Field of a "
	    "template does not exist, using \"<no value>\" "
	    "position=f.yml:1:29\n");
	warns("creds: [{registry: x/y, user: $USER, pass: '${PW}', "
	    "token: $, regcert: '$a'}, {registry: https://z/, user: '$'}]\n",
	    "A shell variable is not replaced here, expected '{{env "
	    "\"NAME\"}}' key=user position=f.yml:1:31\n"
	    "A shell variable is not replaced here, expected '{{env "
	    "\"NAME\"}}' key=pass position=f.yml:1:44\n"
	    "Path after the name of a registry is ignored registry=x/y "
	    "position=f.yml:1:20\n"
	    "Not in PEM format, expected text that begins with -----BEGIN "
	    "key=regcert position=f.yml:1:72\n");
	warns("creds:\n- registry: x\n  user: &me\n  pass: #s3cret\n"
	    "- registry: y\n  username: ''\n  pass: ~\n", "Key has no value, "
	    "quote one that begins with # or & key=user "
	    "position=f.yml:3:3\nKey has no value, quote one that begins "
	    "with # or & key=pass position=f.yml:4:3\nUnknown key in "
	    "configuration is ignored key=username in=creds nearest=user "
	    "position=f.yml:6:3\n");
	warns("creds: [{registry: x, pass: '{{file \"/nonexistent\"}}'}]\n",
	    "Cannot read file of a template, using an empty string "
	    "file=/nonexistent error=open /nonexistent: no such file or "
	    "directory position=f.yml:1:29\n");
}

/* Restrictions that this version cannot enforce: the script does not run. */
Test(config_bad, restricted_scripts_are_refused)
{
	static const char *const refusing[] = {
		"scripts: [{name: x, allow: [pull a/b], script: x}]\n",
		"scripts: [{name: x, allow: [], script: x}]\n",
		"scripts: [{name: x, protect: ['a/b:*'], script: x}]\n",
		"scripts: [{name: x, limits: {deletes: 5}, script: x}]\n",
		"defaults: {allow: []}\nscripts: [{name: x, script: x}]\n",
		"defaults: {protect: [a]}\nscripts: [{name: x, protect: [], script: x}]\n",
		"defaults: {limits: {x: 1}}\nscripts:\n- {name: x, limits: {}, script: x}\n",
	};
	static const char *const running[] = {
		"scripts: [{name: x, protect: [], script: x}]\n",
		"scripts: [{name: x, limits: {}, script: x}]\n",
		"scripts: [{name: x, sandbox: auto, script: x}]\n",
		"defaults: {sandbox: auto}\nscripts: [{name: x, script: x}]\n",
	};

	for (size_t i = 0; i < sizeof(refusing) / sizeof(refusing[0]); i++) {
		struct config *c = parse(refusing[i]);

		cr_expect_not_null(c->scripts[0].refused, "%s", refusing[i]);
		cr_expect_str_empty(buffer_str(&warnings));
		finish(c);
	}
	for (size_t i = 0; i < sizeof(running) / sizeof(running[0]); i++) {
		struct config *c = parse(running[i]);

		cr_expect_null(c->scripts[0].refused, "%s", running[i]);
		cr_expect_str_empty(buffer_str(&warnings));
		finish(c);
	}
}

Test(config_bad, a_refusal_says_why)
{
	struct config *c = parse("scripts: [{name: x, allow: [pull a/b], script: x}]\n");

	cr_expect_str_eq(c->scripts[0].refused, "the script is not run: "
	    "\"allow\" (f.yml:1) restricts what it may do, and this version of "
	    "regbot cannot enforce that; without the key the script runs "
	    "unrestricted");
	finish(c);
}

Test(config_bad, malformed_restrictions)
{
	refused("scripts: [{allow: , script: x}]\n", "f.yml:1:19: key \"allow\" has no "
	    "value, expected one: leave the key out to restrict nothing");
	refused("scripts: [{allow: [pull], script: x}]\n", "f.yml:1:20: this entry of "
	    "\"allow\" has no pattern, expected verbs and a pattern, such as "
	    "\"pull,push registry:5000/library/**\"");
	refused("scripts: [{allow: [pul a/b], script: x}]\n", "f.yml:1:20: unknown verb "
	    "\"pul\" in \"allow\" (did you mean pull?), expected pull, push, "
	    "add, delete or list");
	refused("scripts: [{allow: [pull a b], script: x}]\n", "f.yml:1:20: this entry of "
	    "\"allow\" has more than one pattern, expected verbs and a "
	    "pattern, such as \"pull,push registry:5000/library/**\"");
	refused("scripts: [{allow: [list h/x], script: x}]\n", "f.yml:1:20: \"list\" "
	    "applies to a whole registry, expected its name without a "
	    "repository");
	refused("scripts: [{allow: pull x, script: x}]\n", "f.yml:1:19: key \"allow\" "
	    "is \"pull x\", expected a list of strings, such as [a, b]");
	refused("scripts: [{protect: ['a b'], script: x}]\n", "f.yml:1:22: this entry of "
	    "\"protect\" has a space in it, expected one pattern, such as "
	    "\"registry:5000/library/debian:stable\"");
	refused("scripts: [{limits: {deletes: many}, script: x}]\n", "f.yml:1:30: the "
	    "limit \"deletes\" is a string or number, expected a number, at "
	    "least 0, with a unit if it needs one");
	refused("scripts: [{files: [a/b], script: x}]\n", "f.yml:1:20: \"a/b\" in "
	    "\"files\" is relative, expected an absolute path, such as "
	    "/srv/backup");
	refused("defaults: {sandbox: strict}\n", "f.yml:1:21: \"sandbox: "
	    "strict\" requires Landlock and namespaces, which this version of "
	    "regbot does not use, expected \"auto\"");
	refused("defaults: {sandbox: no}\n", "f.yml:1:21: key \"sandbox\" is "
	    "\"no\", expected auto or strict");
	refused("scripts: [{env: [A=b], script: x}]\n", "f.yml:1:18: \"A=b\" in \"env\" "
	    "is not the name of a variable, expected letters, digits and _");
}

Test(config_bad, bounds)
{
	struct buffer b;

	buffer_init(&b, 0);
	buffer_puts(&b, "scripts: [");
	for (int i = 0; i <= CONFIG_SCRIPTS_MAX; i++)
		buffer_puts(&b, "{},");
	buffer_puts(&b, "]\n");
	refused(buffer_str(&b), "f.yml:1:10: key \"scripts\" has more than 4096 "
	    "entries, which is the limit");
	buffer_clear(&b);
	buffer_puts(&b, "scripts: [{name: ");
	for (int i = 0; i <= NAME_MAX_LEN; i++)
		buffer_putc(&b, 'x');
	buffer_puts(&b, "}]\n");
	refused(buffer_str(&b), "f.yml:1:18: key \"name\" is longer than 256 "
	    "bytes, which is the limit");
	buffer_free(&b);
}
