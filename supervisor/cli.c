/* SPDX-License-Identifier: Apache-2.0 */
/* cli.c - reads the command line: tables of flags and commands. */
#include "supervisor/cli.h"

#include <stdio.h>
#include <string.h>

#include "common/wire/log_record.h"
#include "common/words/nearest.h"
#include "supervisor/completion.h"

/* Which commands a flag belongs to, as bits of enum cli_command. */
#define ALL 0xffu
#define RUNS (1u << CLI_ONCE | 1u << CLI_SERVER)

enum flag_id {
	FLAG_CONFIG, FLAG_DRY_RUN, FLAG_FORMAT, FLAG_HELP, FLAG_LOGOPT,
	FLAG_VERBOSITY, FLAG_VERSION
};

/* These begin with a name and end with NULL, for nearest_word(). */
static const struct flag {
	const char *name;
	enum flag_id id;
	char letter;
	bool is_bool;
	unsigned commands;
} flags[] = {
	{ "config", FLAG_CONFIG, 'c', false, RUNS },
	{ "dry-run", FLAG_DRY_RUN, 0, true, RUNS },
	{ "format", FLAG_FORMAT, 0, false, 1u << CLI_VERSION },
	{ "help", FLAG_HELP, 'h', true, ALL },
	{ "logopt", FLAG_LOGOPT, 0, false, ALL },
	{ "verbosity", FLAG_VERBOSITY, 'v', false, ALL },
	{ "version", FLAG_VERSION, 0, true,
	    1u << CLI_HELP | 1u << CLI_VERSION },
	{ NULL, FLAG_HELP, 0, false, 0 },
};
#define NFLAGS (sizeof(flags) / sizeof(flags[0]) - 1)

static const struct {
	const char *name;
	enum cli_command command;
} commands[] = {
	{ "completion", CLI_COMPLETION }, { "help", CLI_HELP },
	{ "once", CLI_ONCE }, { "server", CLI_SERVER },
	{ "version", CLI_VERSION }, { NULL, CLI_HELP },
};
#define NCOMMANDS (sizeof(commands) / sizeof(commands[0]) - 1)

static const char *const log_options[] = { "json", NULL };

struct state {
	struct cli *cli;
	bool help, version;
	unsigned seen;		/* flags that belong to some commands only */
	const char *words[3];	/* not flags: command and argument */
	int nwords;
};

#define ELSE "; regbot --help lists them"

/* ", did you mean WORD?" where one of the words is near, else other. */
static const char *
hint(char out[64], const char *word, const void *words, size_t size,
    const char *other)
{
	const char *near = nearest_word(word, words, size);

	snprintf(out, 64, near != NULL ? ", did you mean %s?" : "%s",
	    near != NULL ? near : other);
	return out;
}

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

static int
parse_bool(const struct flag *f, const char *value, bool *out,
    struct error *err)
{
	static const char *const yes[] = { "1", "t", "T", "true", "TRUE",
	    "True" }, *const no[] = { "0", "f", "F", "false", "FALSE",
	    "False" };

	*out = true;
	if (value == NULL)
		return 0;
	for (size_t i = 0; i < 6; i++) {
		if (strcmp(value, yes[i]) == 0)
			return 0;
		if (strcmp(value, no[i]) == 0) {
			*out = false;
			return 0;
		}
	}
	return error_set(err, ERROR_INPUT, "invalid argument \"%.64s\" for "
	    "\"--%s\" flag: expected true or false", value, f->name);
}

static int
log_option(struct state *s, const char *value, struct error *err)
{
	char near[64];

	if (strcmp(value, "json") != 0)
		return error_set(err, ERROR_INPUT, "unknown log option "
		    "\"%.64s\"%s", value, hint(near, value, log_options,
		    sizeof(log_options[0]), ": expected json"));
	s->cli->json = true;
	return 0;
}

static int
apply(struct state *s, const struct flag *f, const char *value,
    struct error *err)
{
	s->seen |= 1u << f->id;
	switch (f->id) {
	case FLAG_CONFIG:
		s->cli->config = value;
		return 0;
	case FLAG_DRY_RUN:
		return parse_bool(f, value, &s->cli->dry_run, err);
	case FLAG_FORMAT:
		s->cli->format = value;
		return 0;
	case FLAG_HELP:
		return parse_bool(f, value, &s->help, err);
	case FLAG_LOGOPT:
		return log_option(s, value, err);
	case FLAG_VERBOSITY:
		return log_level_parse(value, &s->cli->level, err);
	case FLAG_VERSION:
		return parse_bool(f, value, &s->version, err);
	}
	return 0;
}

static const struct flag *
long_flag(const char *name, size_t n)
{
	for (size_t i = 0; i < NFLAGS; i++)
		if (strlen(flags[i].name) == n &&
		    memcmp(flags[i].name, name, n) == 0)
			return &flags[i];
	return NULL;
}

static int
unknown_flag(const char *arg, size_t n, struct error *err)
{
	const char *near;
	char name[65];

	snprintf(name, sizeof(name), "%.*s", (int)(n > 64 ? 64 : n), arg);
	near = nearest_word(name, flags, sizeof(flags[0]));
	if (near == NULL)
		return error_set(err, ERROR_INPUT, "unknown flag: --%s" ELSE,
		    name);
	return error_set(err, ERROR_INPUT, "unknown flag: --%s, did you mean "
	    "--%s?", name, near);
}

static int
parse_long(struct state *s, char **argv, int argc, int *i, struct error *err)
{
	const char *arg = argv[*i] + 2, *eq = strchr(arg, '=');
	size_t n = eq != NULL ? (size_t)(eq - arg) : strlen(arg);
	const struct flag *f = long_flag(arg, n);

	if (f == NULL)
		return unknown_flag(arg, n, err);
	if (eq != NULL)
		return apply(s, f, eq + 1, err);
	if (f->is_bool)
		return apply(s, f, NULL, err);
	if (*i + 1 >= argc)
		return error_set(err, ERROR_INPUT, "flag needs an argument: "
		    "--%s", f->name);
	return apply(s, f, argv[++*i], err);
}

/* A long flag with one dash: "-config x" would be read as "-c onfig". */
static const struct flag *
one_dash(const char *arg)
{
	size_t n = strcspn(arg + 1, "=");

	return n > 1 ? long_flag(arg + 1, n) : NULL;
}

static int
parse_short(struct state *s, char **argv, int argc, int *i,
    struct error *err)
{
	const char *arg = argv[*i];
	const struct flag *f = one_dash(arg);

	if (f != NULL)
		return error_set(err, ERROR_INPUT, "unknown flag: -%s, did you "
		    "mean --%s?", f->name, f->name);
	for (const char *p = arg + 1; *p != '\0'; p++) {
		size_t k = 0;

		while (k < NFLAGS && flags[k].letter != *p)
			k++;
		if (k == NFLAGS)
			return error_set(err, ERROR_INPUT, "unknown shorthand "
			    "flag: '%c' in %.64s; regbot --help lists them",
			    *p, arg);
		f = &flags[k];
		if (f->is_bool) {
			if (apply(s, f, NULL, err) == -1)
				return -1;
			continue;
		}
		if (p[1] != '\0')
			return apply(s, f, p[1] == '=' ? p + 2 : p + 1, err);
		if (*i + 1 >= argc)
			return error_set(err, ERROR_INPUT, "flag needs an "
			    "argument: '%c' in %.64s", *p, arg);
		return apply(s, f, argv[++*i], err);
	}
	return 0;
}

static int
parse_words(struct state *s, int argc, char **argv, struct error *err)
{
	bool plain = false;

	for (int i = 1; i < argc; i++) {
		const char *arg = argv[i];

		if (plain || arg[0] != '-' || arg[1] == '\0') {
			if (s->nwords < 3)
				s->words[s->nwords] = arg;
			s->nwords++;
		} else if (strcmp(arg, "--") == 0)
			plain = true;
		else if (arg[1] == '-') {
			if (parse_long(s, argv, argc, &i, err) == -1)
				return -1;
		} else if (parse_short(s, argv, argc, &i, err) == -1)
			return -1;
	}
	return 0;
}

static int
check_flags(const struct state *s, struct error *err)
{
	for (size_t i = 0; i < NFLAGS; i++) {
		const struct flag *f = &flags[i];
		const char *whose;

		if ((s->seen & 1u << f->id) == 0 ||
		    (f->commands & 1u << s->cli->command) != 0)
			continue;
		whose = f->commands == RUNS ? ", which belongs to once and "
		    "server" : "";
		if (f->letter != 0)
			return error_set(err, ERROR_INPUT, "unknown shorthand "
			    "flag: '%c' in -%c%s", f->letter, f->letter, whose);
		return error_set(err, ERROR_INPUT, "unknown flag: --%s%s",
		    f->name, whose);
	}
	return 0;
}

static int
check_command(struct state *s, struct error *err)
{
	struct cli *c = s->cli;
	bool takes = c->command == CLI_HELP || c->command == CLI_COMPLETION;
	int most = takes ? 2 : 1;

	if (s->nwords > most)
		return error_set(err, ERROR_INPUT, "accepts between 0 and 0 "
		    "arg(s), received %d%s", s->nwords - most,
		    (RUNS & 1u << c->command) != 0 && c->config == NULL ?
		    ": name the configuration file with -c FILE" : "");
	if (check_flags(s, err) == -1)
		return -1;
	if ((RUNS & 1u << c->command) == 0)
		return 0;
	if (c->config == NULL)
		return error_set(err, ERROR_INPUT, "required flag(s) "
		    "\"config\" not set: name the configuration file with "
		    "-c FILE, or -c - for standard input");
	if (*c->config == '\0')
		return error_set(err, ERROR_INPUT, "required input missing: "
		    "-c needs a file's name");
	return 0;
}

/* The argument of help and of completion; without one, completion prints its
 * own help. */
static int
parse_argument(struct state *s, struct error *err)
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
		    "\"%.64s\"%s", word, hint(near, word, commands,
		    sizeof(commands[0]), ELSE));
	return 0;
}

static int
parse(int argc, char **argv, struct cli *out, struct error *err)
{
	struct state s = { .cli = out };
	char near[64];

	if (parse_words(&s, argc, argv, err) == -1)
		return -1;
	out->command = out->help_for = CLI_HELP;
	if (s.nwords > 0 && !find_command(s.words[0], &out->command))
		return error_set(err, ERROR_INPUT, "unknown command "
		    "\"%.64s\" for \"regbot\"%s", s.words[0],
		    hint(near, s.words[0], commands, sizeof(commands[0]),
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
	out->json = asks_for_json(argc, argv);
	return -1;
}
