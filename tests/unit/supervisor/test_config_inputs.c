/* SPDX-License-Identifier: Apache-2.0 */
/* test_config_inputs.c - the keys "inputs" and "outputs". */
#include <criterion/criterion.h>

#include "common/wire/message.h"
#include "tests/unit/supervisor/configrig.h"

static struct buffer said;
static struct error err;

static void
setup(void)
{
	rig_no_docker();
}

TestSuite(config_inputs, .init = setup);

#define SCRIPT "scripts:\n- name: s\n  script: x\n"

static struct config *
parse(const char *text)
{
	struct config *c = rig_parse(text, &said, &err);

	cr_assert_not_null(c, "%s", err.text);
	cr_expect_str_eq(buffer_str(&said), "");
	buffer_free(&said);
	return c;
}

static void
fails(const char *text, const char *expected)
{
	struct config *c = rig_parse(text, &said, &err);

	cr_assert_null(c, "%s", text);
	cr_expect_str_eq(buffer_str(&said), expected);
	buffer_free(&said);
}

Test(config_inputs, none)
{
	struct config *c = parse(SCRIPT);

	cr_expect_eq(c->scripts[0].inputs.n, 0);
	cr_expect_eq(c->scripts[0].outputs.n, 0);
	config_unref(c);
}

Test(config_inputs, defaults_and_values)
{
	struct config *c = parse(SCRIPT "  inputs:\n"
	    "    a: {file: in.txt}\n"
	    "    b: {command: [./x, y z], env: [KUBECONFIG], format: lines,\n"
	    "        timeout: 5m, maxSize: 4194304}\n"
	    "    c: {command: [kubectl], format: json}\n"
	    "    d: {file: /abs}\n");
	const struct config_input *in = c->scripts[0].inputs.list;
	char *place = config_place(c, in[1].line);

	cr_assert_eq(c->scripts[0].inputs.n, 4);
	cr_expect_str_eq(in[0].file, "/conf/in.txt");
	cr_expect_eq(in[0].format, INPUT_AUTO);
	cr_expect_eq(in[0].timeout, 30000000000);
	cr_expect_eq(in[0].max_size, 1048576);
	cr_expect_null(in[1].file);
	cr_expect_str_eq(in[1].command[0], "/conf/./x");
	cr_expect_str_eq(in[1].command[1], "y z");
	cr_expect_null(in[1].command[2]);
	cr_expect_str_eq(in[1].env[0], "KUBECONFIG");
	cr_expect_eq(in[1].format, INPUT_LINES);
	cr_expect_eq(in[1].timeout, 300000000000);
	cr_expect_eq(in[1].max_size, 4194304);
	cr_expect_str_eq(place, "f.yml:6");
	cr_expect_str_eq(in[2].command[0], "kubectl");
	cr_expect_eq(in[2].format, INPUT_JSON);
	cr_expect_str_eq(in[3].file, "/abs");
	free(place);
	config_unref(c);
}

Test(config_inputs, of_defaults)
{
	struct config *c = parse("defaults:\n"
	    "  inputs: {a: {file: /d/a}, b: {command: [b], env: [X]}}\n"
	    "scripts:\n"
	    "- {name: one, script: x}\n"
	    "- {name: two, script: x, inputs: {a: {file: /s/a}}}\n");

	cr_assert_eq(c->scripts[0].inputs.n, 2);
	cr_assert_eq(c->scripts[1].inputs.n, 2);
	cr_expect_str_eq(c->scripts[0].inputs.list[0].file, "/d/a");
	cr_expect_str_eq(c->scripts[1].inputs.list[0].file, "/s/a");
	cr_expect_str_eq(c->scripts[1].inputs.list[1].name, "b");
	cr_expect_str_eq(c->scripts[1].inputs.list[1].command[0], "b");
	cr_expect_str_eq(c->scripts[1].inputs.list[1].env[0], "X");
	config_unref(c);
}

Test(config_inputs, outputs)
{
	struct config *c = parse(SCRIPT "  outputs:\n"
	    "    a: {file: out.json}\n    b: {file: /b, always: true}\n");
	const struct config_output *o = c->scripts[0].outputs.list;

	cr_assert_eq(c->scripts[0].outputs.n, 2);
	cr_expect_str_eq(o[0].file, "/conf/out.json");
	cr_expect(!o[0].always);
	cr_expect(o[1].always);
	config_unref(c);
}

Test(config_inputs, mistakes)
{
	fails(SCRIPT "  inputs: [a]\n",
	    "f.yml:4:11: key \"inputs\" is a list, expected a map of names, "
	    "such as \"inuse: {file: /srv/inuse.txt}\"\n");
	fails(SCRIPT "  inputs: {a: {}}\n",
	    "f.yml:4:12: the input \"a\" has neither file nor command, "
	    "expected one of file and command\n");
	fails(SCRIPT "  inputs: {a: {file: /x, command: [y]}}\n",
	    "f.yml:4:12: the input \"a\" has a file and a command, expected "
	    "one of file and command\n");
	fails(SCRIPT "  inputs: {a: {file: }}\n",
	    "f.yml:4:12: the input \"a\" has neither file nor command, "
	    "expected one of file and command\n");
	fails(SCRIPT "  inputs: {a: {file: d/}}\n",
	    "f.yml:4:22: key \"file\" names no file, expected a path\n");
	fails(SCRIPT "  inputs: {a-b: {file: x}}\n",
	    "f.yml:4:12: \"a-b\" in \"inputs\" is not a name, expected at most "
	    "64 letters, digits and _, no digit first\n");
	fails(SCRIPT "  inputs: {a: {command: kubectl get}}\n",
	    "f.yml:4:25: key \"command\" is one text, expected a list of the "
	    "program and its arguments, such as [kubectl, get, pods]: no shell "
	    "takes it apart\n");
	fails(SCRIPT "  inputs: {a: {command: []}}\n",
	    "f.yml:4:25: key \"command\" is empty, expected the program and "
	    "its arguments\n");
	fails(SCRIPT "  inputs: {a: {file: x, format: xml}}\n",
	    "f.yml:4:33: key \"format\" is \"xml\", expected json or lines\n");
	fails(SCRIPT "  inputs: {a: {file: x, timeout: -1s}}\n",
	    "f.yml:4:34: key \"timeout\" is \"-1s\", expected a duration that "
	    "is not negative\n");
	fails(SCRIPT "  inputs: {a: {file: x, maxSize: 4194305}}\n",
	    "f.yml:4:34: key \"maxSize\" is \"4194305\", expected a number of "
	    "bytes from 1 to 4194304\n");
	fails(SCRIPT "  outputs: {a: {}}\n",
	    "f.yml:4:13: the output \"a\" has no file, expected \"file: "
	    "PATH\"\n");
}

Test(config_inputs, two_outputs_with_one_file)
{
	fails("scripts:\n"
	    "- {name: a, script: x, outputs: {o: {file: /o}}}\n"
	    "- {name: b, script: x, outputs: {p: {file: /o}}}\n",
	    "f.yml:3:3: the output \"p\" of this script has the file of the "
	    "output on line 2, expected one of its own\n");
	fails(SCRIPT "  outputs: {o: {file: /o}, p: {file: /o}}\n",
	    "f.yml:2:3: the output \"p\" of this script has the file of the "
	    "output on line 4, expected one of its own\n");
}

Test(config_inputs, too_many)
{
	struct buffer text;

	buffer_init(&text, 0);
	buffer_puts(&text, SCRIPT "  inputs:\n");
	for (int i = 0; i <= EXCHANGE_MAX; i++)
		buffer_printf(&text, "    i%d: {file: x}\n", i);
	fails(buffer_str(&text), "f.yml:5:5: key \"inputs\" has more than 32 "
	    "entries, which is the limit\n");
	buffer_free(&text);
}
