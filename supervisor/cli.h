/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli.h - the command line, which is that of regclient's regbot, with its
 * error messages; the exit status for them is 2.
 */
#ifndef REGBOT_CLI_H
#define REGBOT_CLI_H

#include <stdbool.h>

#include "common/error.h"

enum cli_command {
	CLI_HELP, CLI_COMPLETION, CLI_ONCE, CLI_SERVER, CLI_VERSION
};

struct cli {
	enum cli_command command;
	enum cli_command help_for;	/* CLI_HELP itself: the general help */
	const char *config;		/* NULL when not given */
	bool dry_run;
	int level;
	bool json;
	const char *format;		/* of version; NULL when not given */
	const char *shell;		/* of completion, a known one */
};

/* Strings point into argv. 0, or -1 with a sentence; then out has nothing but
 * level and json, which say how to log it. */
int cli_parse(int argc, char **argv, struct cli *out, struct error *err);

#endif
