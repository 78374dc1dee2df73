/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli.h - the command line, which is that of regclient's regbot, with its
 * error messages, and some more; the exit status for them is 2.
 */
#ifndef REGBOT_CLI_H
#define REGBOT_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

enum cli_command {
	CLI_HELP, CLI_CHECK, CLI_COMPLETION, CLI_LUA, CLI_ONCE, CLI_SERVER,
	CLI_VERSION
};

struct cli {
	enum cli_command command;
	enum cli_command help_for;	/* CLI_HELP itself: the general help */
	const char *config;		/* NULL when not given */
	bool dry_run;
	int level;
	bool level_given;
	bool json;
	const char *format;		/* of version; NULL when not given */
	const char *shell;		/* of completion, a known one */
	const char **scripts;		/* --script; NULL: all of them */
	size_t nscripts;
	const char *code;		/* of lua: -e; NULL: args[0] is its
					 * file */
	char **args;			/* of lua: what comes after its flags */
	int nargs;
	int64_t timeout;		/* of lua, in ns; 0 when not given */
};

/* Strings point into argv; cli_free frees the rest. 0, or -1 with a sentence;
 * then out has nothing but level and json, which say how to log it. */
int cli_parse(int argc, char **argv, struct cli *out, struct error *err);
void cli_free(struct cli *c);

#endif
