/* SPDX-License-Identifier: Apache-2.0 */
/* test_cli.c - what the command line takes and refuses. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "common/wire/log_record.h"
#include "supervisor/cli/cli.h"
#include "supervisor/cli/help.h"

static int
parse(struct cli *c, struct error *err, const char *words)
{
	static char copy[256];
	char *argv[16] = { "regbot" }, *save = NULL, *w;
	int argc = 1;

	snprintf(copy, sizeof(copy), "%s", words);
	for (w = strtok_r(copy, " ", &save); w != NULL && argc < 15;
	    w = strtok_r(NULL, " ", &save))
		argv[argc++] = strcmp(w, "''") == 0 ? "" : w;
	return cli_parse(argc, argv, c, err);
}

static void
refused(const char *words, const char *start)
{
	struct cli c;
	struct error err;

	cr_assert_eq(parse(&c, &err, words), -1, "%s", words);
	cr_assert_eq(strncmp(err.text, start, strlen(start)), 0,
	    "%s: %s", words, err.text);
}

Test(cli, once)
{
	struct cli c;
	struct error err;

	cr_assert_eq(parse(&c, &err, "once -c f.yml"), 0);
	cr_assert_eq(c.command, CLI_ONCE);
	cr_assert_str_eq(c.config, "f.yml");
	cr_assert_not(c.dry_run);
	cr_assert_eq(c.level, LOG_INFO);
	cr_assert_eq(parse(&c, &err, "-c f.yml once --dry-run -v debug "
	    "--logopt json --logopt json"), 0);
	cr_assert_eq(c.command, CLI_ONCE);
	cr_assert(c.dry_run);
	cr_assert(c.json);
	cr_assert_eq(c.level, LOG_DEBUG);
	cr_assert_eq(parse(&c, &err, "server --config=- --dry-run=false -vtrace"),
	    0);
	cr_assert_eq(c.command, CLI_SERVER);
	cr_assert_str_eq(c.config, "-");
	cr_assert_not(c.dry_run);
	cr_assert_eq(c.level, LOG_TRACE);
	cr_assert_eq(parse(&c, &err, "once -c=x -v INFO+1"), 0);
	cr_assert_str_eq(c.config, "x");
	cr_assert_eq(c.level, 1);
}

Test(cli, help_and_version)
{
	struct cli c;
	struct error err;

	cr_assert_eq(parse(&c, &err, ""), 0);
	cr_assert_eq(c.command, CLI_HELP);
	cr_assert_eq(parse(&c, &err, "once --help"), 0);
	cr_assert_eq(c.command, CLI_HELP);
	cr_assert_eq(c.help_for, CLI_ONCE);
	cr_assert_eq(parse(&c, &err, "help server"), 0);
	cr_assert_eq(c.help_for, CLI_SERVER);
	cr_assert_eq(parse(&c, &err, "version --format {{.VCSTag}}"), 0);
	cr_assert_str_eq(c.format, "{{.VCSTag}}");
	for (int i = CLI_HELP; i <= CLI_VERSION; i++)
		cr_assert_not_null(strstr(help_text(i), "Usage:\n  regbot"));
}

Test(cli, version_as_a_flag)
{
	struct cli c;
	struct error err;

	cr_assert_eq(parse(&c, &err, "--version"), 0);
	cr_assert_eq(c.command, CLI_VERSION);
	cr_assert_str_eq(c.format, "regbot {{.VCSTag}}\n");
	cr_assert_eq(parse(&c, &err, "--version -h"), 0);
	cr_assert_eq(c.command, CLI_HELP);
	cr_assert_eq(parse(&c, &err, "--version=false"), 0);
	cr_assert_eq(c.command, CLI_HELP);
	refused("once --version -c x", "unknown flag: --version");
}

Test(cli, completion)
{
	struct cli c;
	struct error err;

	cr_assert_eq(parse(&c, &err, "completion zsh"), 0);
	cr_assert_eq(c.command, CLI_COMPLETION);
	cr_assert_str_eq(c.shell, "zsh");
	cr_assert_eq(parse(&c, &err, "completion"), 0);
	cr_assert_eq(c.command, CLI_HELP);
	cr_assert_eq(c.help_for, CLI_COMPLETION);
	cr_assert_eq(parse(&c, &err, "completion bash -h"), 0);
	cr_assert_eq(c.command, CLI_HELP);
	refused("completion tcsh",
	    "unknown command \"tcsh\" for \"regbot completion\"");
	refused("completion bash -c x", "unknown shorthand flag: 'c' in -c");
	refused("completion bash zsh",
	    "accepts between 0 and 0 arg(s), received 1");
}

Test(cli, refused)
{
	refused("once", "required flag(s) \"config\" not set");
	refused("server", "required flag(s) \"config\" not set");
	refused("once -c ''", "required input missing");
	refused("once --nope", "unknown flag: --nope");
	refused("once -z", "unknown shorthand flag: 'z' in -z");
	refused("frob", "unknown command \"frob\" for \"regbot\"");
	refused("once -c x extra",
	    "accepts between 0 and 0 arg(s), received 1");
	refused("version -c x", "unknown shorthand flag: 'c' in -c");
	refused("once --format x -c y", "unknown flag: --format");
	refused("once -c", "flag needs an argument: 'c' in -c");
	refused("once --config", "flag needs an argument: --config");
	refused("once -c x -v bogus", "unable to parse verbosity bogus");
	refused("once -c x -v TRACE", "unable to parse verbosity TRACE");
	refused("once -c x --dry-run=maybe", "invalid argument \"maybe\"");
	refused("help nothing", "unknown help topic \"nothing\"");
}

Test(cli, refused_with_a_hint)
{
	refused("onec -c x", "unknown command \"onec\" for \"regbot\", did you "
	    "mean once?");
	refused("sever", "unknown command \"sever\" for \"regbot\", did you "
	    "mean server?");
	refused("frobnicate", "unknown command \"frobnicate\" for \"regbot\"; "
	    "regbot --help lists them");
	refused("help onec", "unknown help topic \"onec\", did you mean once?");
	refused("once --confg=x", "unknown flag: --confg, did you mean "
	    "--config?");
	refused("once --dryrun", "unknown flag: --dryrun, did you mean "
	    "--dry-run?");
	refused("once --zzzzzzzz", "unknown flag: --zzzzzzzz; regbot --help "
	    "lists them");
	refused("once -c x --logopt jsno", "unknown log option \"jsno\", did "
	    "you mean json?");
	refused("once -c x --logopt=text", "unknown log option \"text\": "
	    "expected json");
	refused("once -c x --logopt ''", "unknown log option \"\": expected "
	    "json");
	refused("once -config x", "unknown flag: -config, did you mean "
	    "--config?");
	refused("once -verbosity=debug", "unknown flag: -verbosity, did you "
	    "mean --verbosity?");
	refused("-c f.yml", "unknown shorthand flag: 'c' in -c, which belongs "
	    "to once, server, check and lua");
	refused("version --dry-run", "unknown flag: --dry-run, which belongs "
	    "to once, server and lua");
	refused("version --script x", "unknown flag: --script, which belongs "
	    "to once, server and check");
	refused("server f.yml", "accepts between 0 and 0 arg(s), received 1: "
	    "name the configuration file with -c FILE");
	refused("completion zhs", "unknown command \"zhs\" for \"regbot "
	    "completion\": expected bash, zsh or fish");
}

Test(cli, scripts)
{
	struct cli c;
	struct error err;

	cr_assert_eq(parse(&c, &err, "once -c f --script a --script=b"), 0);
	cr_assert_eq(c.nscripts, 2u);
	cr_expect_str_eq(c.scripts[0], "a");
	cr_expect_str_eq(c.scripts[1], "b");
	cli_free(&c);
	cr_assert_eq(parse(&c, &err, "check -c f"), 0);
	cr_expect_eq(c.command, CLI_CHECK);
	cr_expect_null(c.scripts);
	refused("check", "required flag(s) \"config\" not set");
	refused("check --dry-run -c f", "unknown flag: --dry-run");
	refused("once -c f --script", "flag needs an argument: --script");
	refused("once -c f --script ''", "--script needs a script's name");
}

Test(cli, lua)
{
	struct cli c;
	struct error err;

	cr_assert_eq(parse(&c, &err, "lua -c f --dry-run x.lua -v -e"), 0);
	cr_expect_eq(c.command, CLI_LUA);
	cr_expect_str_eq(c.config, "f");
	cr_expect(c.dry_run);
	cr_expect_null(c.code);
	cr_assert_eq(c.nargs, 3);
	cr_expect_str_eq(c.args[0], "x.lua");
	cr_expect_str_eq(c.args[2], "-e");
	cr_assert_eq(parse(&c, &err, "-v debug lua -e x --timeout 2m a -b"), 0);
	cr_expect_str_eq(c.code, "x");
	cr_expect_eq(c.timeout, 120000000000);
	cr_expect(c.level_given);
	cr_assert_eq(c.nargs, 2);
	cr_expect_str_eq(c.args[0], "a");
	cr_assert_eq(parse(&c, &err, "lua -- -x"), 0);
	cr_expect_str_eq(c.args[0], "-x");
	cr_assert_eq(parse(&c, &err, "lua -"), 0);
	cr_expect_str_eq(c.args[0], "-");
	refused("lua", "there is no script");
	refused("lua -e x -e y", "-e was given twice");
	refused("lua -c - -", "the configuration and the script cannot both");
	refused("lua ''", "the name of the script's file is empty");
	refused("once -c f -e x", "unknown shorthand flag: 'e' in -e, which "
	    "belongs to lua");
	refused("lua --timeout -1s x", "invalid argument \"-1s\"");
}

Test(cli, help_names_the_log_options)
{
	for (int i = CLI_HELP; i <= CLI_VERSION; i++)
		cr_expect_not_null(strstr(help_text(i), "--logopt stringArray"
		    "   Log options (json)\n"));
}
