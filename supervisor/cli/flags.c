/* SPDX-License-Identifier: Apache-2.0 */
/* flags.c - the flags as a table, and the words of a command line. */
#include "supervisor/cli/flags.h"

#include <stdio.h>
#include <string.h>

#include "common/duration.h"
#include "common/mem.h"
#include "common/wire/log_record.h"
#include "common/words/nearest.h"

#define ALL 0xffu

enum flag_id {
	FLAG_CONFIG, FLAG_DRY_RUN, FLAG_EXECUTE, FLAG_FORMAT, FLAG_HELP,
	FLAG_LOGOPT, FLAG_SCRIPT, FLAG_TIMEOUT, FLAG_VERBOSITY, FLAG_VERSION
};

/* These begin with a name and end with NULL, for nearest_word(). */
static const struct flag {
	const char *name;
	enum flag_id id;
	char letter;
	bool is_bool;
	unsigned commands;
	const char *whose;	/* who takes it, where that is worth a word */
} flags[] = {
	{ "config", FLAG_CONFIG, 'c', false, RUNS | COMMAND(CHECK) |
	    COMMAND(LUA), "once, server, check and lua" },
	{ "dry-run", FLAG_DRY_RUN, 0, true, RUNS | COMMAND(LUA),
	    "once, server and lua" },
	{ "execute", FLAG_EXECUTE, 'e', false, COMMAND(LUA), "lua" },
	{ "format", FLAG_FORMAT, 0, false, COMMAND(VERSION), NULL },
	{ "help", FLAG_HELP, 'h', true, ALL, NULL },
	{ "logopt", FLAG_LOGOPT, 0, false, ALL, NULL },
	{ "script", FLAG_SCRIPT, 0, false, RUNS | COMMAND(CHECK),
	    "once, server and check" },
	{ "timeout", FLAG_TIMEOUT, 0, false, COMMAND(LUA), "lua" },
	{ "verbosity", FLAG_VERBOSITY, 'v', false, ALL, NULL },
	{ "version", FLAG_VERSION, 0, true, COMMAND(HELP) | COMMAND(VERSION),
	    NULL },
	{ NULL, FLAG_HELP, 0, false, 0, NULL },
};
#define NFLAGS (sizeof(flags) / sizeof(flags[0]) - 1)

static const char *const log_options[] = { "json", NULL };

const char *
flags_hint(char out[64], const char *word, const void *words, size_t size,
    const char *other)
{
	const char *near = nearest_word(word, words, size);

	snprintf(out, 64, near != NULL ? ", did you mean %s?" : "%s",
	    near != NULL ? near : other);
	return out;
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
log_option(struct flags *s, const char *value, struct error *err)
{
	char near[64];

	if (strcmp(value, "json") != 0)
		return error_set(err, ERROR_INPUT, "unknown log option "
		    "\"%.64s\"%s", value, flags_hint(near, value, log_options,
		    sizeof(log_options[0]), ": expected json"));
	s->cli->json = true;
	return 0;
}

static int
add_script(struct flags *s, const char *name, struct error *err)
{
	struct cli *c = s->cli;

	if (*name == '\0')
		return error_set(err, ERROR_INPUT, "--script needs a script's "
		    "name");
	c->scripts = mem_resize(c->scripts, c->nscripts + 1,
	    sizeof(c->scripts[0]));
	c->scripts[c->nscripts++] = name;
	return 0;
}

static int
set_code(struct flags *s, const char *code, struct error *err)
{
	if (s->cli->code != NULL)
		return error_set(err, ERROR_INPUT, "-e was given twice: write "
		    "both into one, with a space between them");
	s->cli->code = code;
	return 0;
}

static int
set_timeout(struct flags *s, const char *value, struct error *err)
{
	struct error why;

	if (duration_parse(value, &s->cli->timeout, &why) == -1)
		return error_set(err, ERROR_INPUT, "invalid argument \"%.64s\" "
		    "for \"--timeout\" flag: %s", value, why.text);
	if (s->cli->timeout <= 0)
		return error_set(err, ERROR_INPUT, "invalid argument \"%.64s\" "
		    "for \"--timeout\" flag: expected more than 0, such as 10m",
		    value);
	return 0;
}

static int
apply(struct flags *s, const struct flag *f, const char *value,
    struct error *err)
{
	s->seen |= 1u << f->id;
	switch (f->id) {
	case FLAG_CONFIG:
		s->cli->config = value;
		return 0;
	case FLAG_DRY_RUN:
		return parse_bool(f, value, &s->cli->dry_run, err);
	case FLAG_EXECUTE:
		return set_code(s, value, err);
	case FLAG_FORMAT:
		s->cli->format = value;
		return 0;
	case FLAG_HELP:
		return parse_bool(f, value, &s->help, err);
	case FLAG_LOGOPT:
		return log_option(s, value, err);
	case FLAG_SCRIPT:
		return add_script(s, value, err);
	case FLAG_TIMEOUT:
		return set_timeout(s, value, err);
	case FLAG_VERBOSITY:
		s->cli->level_given = true;
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
		return error_set(err, ERROR_INPUT, "unknown flag: --%s; regbot "
		    "--help lists them", name);
	return error_set(err, ERROR_INPUT, "unknown flag: --%s, did you mean "
	    "--%s?", name, near);
}

static int
parse_long(struct flags *s, char **argv, int argc, int *i, struct error *err)
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
parse_short(struct flags *s, char **argv, int argc, int *i,
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

/* Whether the words so far are those of "regbot lua", whose first word is the
 * script, unless -e has it. */
static bool
is_lua(const struct flags *s)
{
	return s->nwords == 1 && strcmp(s->words[0], "lua") == 0;
}

int
flags_read(struct flags *s, int argc, char **argv, struct error *err)
{
	bool plain = false;

	for (int i = 1; i < argc; i++) {
		const char *arg = argv[i];

		if (plain || arg[0] != '-' || arg[1] == '\0') {
			if (is_lua(s)) {
				s->cli->args = argv + i;
				s->cli->nargs = argc - i;
				return 0;
			}
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

int
flags_check(const struct flags *s, struct error *err)
{
	for (size_t i = 0; i < NFLAGS; i++) {
		const struct flag *f = &flags[i];
		const char *which = f->whose != NULL ? ", which belongs to " :
		    "", *whose = f->whose != NULL ? f->whose : "";

		if ((s->seen & 1u << f->id) == 0 ||
		    (f->commands & 1u << s->cli->command) != 0)
			continue;
		if (f->letter != 0)
			return error_set(err, ERROR_INPUT, "unknown shorthand "
			    "flag: '%c' in -%c%s%s", f->letter, f->letter,
			    which, whose);
		return error_set(err, ERROR_INPUT, "unknown flag: --%s%s%s",
		    f->name, which, whose);
	}
	return 0;
}
