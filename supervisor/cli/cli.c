/* SPDX-License-Identifier: Apache-2.0 */
/* cli.c - the commands, and what each takes. */
#include "supervisor/cli/cli.h"

#include <stdlib.h>
#include <string.h>

#include "common/wire/log_record.h"
#include "supervisor/cli/completion.h"
#include "supervisor/cli/flags.h"

/* In the order of flags_hint(). */
static const struct {
	const char *name;
	enum cli_command command;
} commands[] = {
	{ "check", CLI_CHECK }, { "completion", CLI_COMPLETION },
	{ "help", CLI_HELP }, { "lua", CLI_LUA }, { "once", CLI_ONCE },
	{ "server", CLI_SERVER }, { "version", CLI_VERSION },
	{ NULL, CLI_HELP },
};
#define NCOMMANDS (sizeof(commands) / sizeof(commands[0]) - 1)

#define ELSE "; regbot --help lists them"

static bool
find_command(const char *name, enum cli_command *out)
{
	for (size_t i = 0; i < NCOMMANDS; i++)
		if (strcmp(commands[i].name, name) == 0) {
			*out = commands[i].command;
			return true;
		}
	return false;
}

/* Those that need a configuration. */
static int
check_config(const struct cli *c, struct error *err)
{
	if (c->config == NULL)
		return error_set(err, ERROR_INPUT, "required flag(s) "
		    "\"config\" not set: name the configuration file with "
		    "-c FILE, or -c - for standard input");
	if (*c->config == '\0')
		return error_set(err, ERROR_INPUT, "required input missing: "
		    "-c needs a file's name");
	return 0;
}

static int
check_lua(const struct cli *c, struct error *err)
{
	if (c->config != NULL && check_config(c, err) == -1)
		return -1;
	if (c->code == NULL && c->nargs == 0)
		return error_set(err, ERROR_INPUT, "there is no script: give "
		    "its file, - for standard input, or -e and Lua code");
	if (c->code == NULL && *c->args[0] == '\0')
		return error_set(err, ERROR_INPUT, "the name of the script's "
		    "file is empty");
	if (c->code == NULL && c->config != NULL &&
	    strcmp(c->config, "-") == 0 && strcmp(c->args[0], "-") == 0)
		return error_set(err, ERROR_INPUT, "the configuration and the "
		    "script cannot both be standard input");
	return 0;
}

static int
check_command(struct flags *s, struct error *err)
{
	const unsigned needs = RUNS | COMMAND(CHECK);
	struct cli *c = s->cli;
	bool takes = c->command == CLI_HELP || c->command == CLI_COMPLETION;
	int most = takes ? 2 : 1;

	if (s->nwords > most)
		return error_set(err, ERROR_INPUT, "accepts between 0 and 0 "
		    "arg(s), received %d%s", s->nwords - most,
		    (needs & 1u << c->command) != 0 && c->config == NULL ?
		    ": name the configuration file with -c FILE" : "");
	if (flags_check(s, err) == -1)
		return -1;
	if (c->command == CLI_LUA)
		return check_lua(c, err);
	return (needs & 1u << c->command) != 0 ? check_config(c, err) : 0;
}

/* The argument of help and of completion; without one, completion prints its
 * own help. */
static int
parse_argument(struct flags *s, struct error *err)
{
	struct cli *c = s->cli;
	const char *word = s->nwords > 1 ? s->words[1] : NULL;
	char near[64];

	if (c->command == CLI_COMPLETION && word == NULL) {
		c->command = CLI_HELP;
		c->help_for = CLI_COMPLETION;
	} else if (c->command == CLI_COMPLETION) {
		if (completion_text(word) == NULL)
			return error_set(err, ERROR_INPUT, "unknown command "
			    "\"%.64s\" for \"regbot completion\": expected "
			    "bash, zsh or fish", word);
		c->shell = word;
	} else if (c->command == CLI_HELP && word != NULL &&
	    !find_command(word, &c->help_for))
		return error_set(err, ERROR_INPUT, "unknown help topic "
		    "\"%.64s\"%s", word, flags_hint(near, word, commands,
		    sizeof(commands[0]), ELSE));
	return 0;
}

static int
parse(int argc, char **argv, struct cli *out, struct error *err)
{
	struct flags s = { .cli = out };
	char near[64];

	if (flags_read(&s, argc, argv, err) == -1)
		return -1;
	out->command = out->help_for = CLI_HELP;
	if (s.nwords > 0 && !find_command(s.words[0], &out->command))
		return error_set(err, ERROR_INPUT, "unknown command "
		    "\"%.64s\" for \"regbot\"%s", s.words[0],
		    flags_hint(near, s.words[0], commands, sizeof(commands[0]),
		    ELSE));
	if (s.help) {
		out->help_for = out->command;
		out->command = CLI_HELP;
		return 0;
	}
	if (s.version && s.nwords == 0) {
		out->command = CLI_VERSION;
		out->format = "regbot {{.VCSTag}}\n";
	}
	if (parse_argument(&s, err) == -1)
		return -1;
	return check_command(&s, err);
}

/* What comes first may be what is wrong. */
static bool
asks_for_json(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "--logopt=json") == 0 ||
		    (strcmp(argv[i], "--logopt") == 0 && i + 1 < argc &&
		    strcmp(argv[i + 1], "json") == 0))
			return true;
	return false;
}

int
cli_parse(int argc, char **argv, struct cli *out, struct error *err)
{
	memset(out, 0, sizeof(*out));
	out->level = LOG_INFO;
	if (parse(argc, argv, out, err) == 0)
		return 0;
	cli_free(out);
	out->json = asks_for_json(argc, argv);
	return -1;
}

void
cli_free(struct cli *c)
{
	free(c->scripts);
	c->scripts = NULL;
	c->nscripts = 0;
}
