/* SPDX-License-Identifier: Apache-2.0 */
/* flags.h - inside the command line: its words, and what the flags say. */
#ifndef REGBOT_FLAGS_H
#define REGBOT_FLAGS_H

#include "supervisor/cli/cli.h"

/* Which commands a flag belongs to, as bits of enum cli_command. */
#define COMMAND(name) (1u << CLI_##name)
#define RUNS (COMMAND(ONCE) | COMMAND(SERVER))

struct flags {			/* what was read */
	struct cli *cli;
	bool help, version;
	unsigned seen;		/* flags that belong to some commands only */
	const char *words[3];	/* not flags: command and argument */
	int nwords;
};

/* Reads argv. What comes after the script of the command lua is left to the
 * script. */
int flags_read(struct flags *s, int argc, char **argv, struct error *err);

/* -1 when a flag does not belong to the command. */
int flags_check(const struct flags *s, struct error *err);

/* ", did you mean WORD?" where one of the words (as nearest_word takes them) is
 * near, else other. */
const char *flags_hint(char out[64], const char *word, const void *words,
    size_t size, const char *other);

#endif
