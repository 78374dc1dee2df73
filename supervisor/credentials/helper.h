/* SPDX-License-Identifier: Apache-2.0 */
/*
 * helper.h - runs a small program on a loop: a short string on its standard
 * input, its standard output within a limit, and so long at most. It is in a
 * process group of its own, which is killed with it.
 */
#ifndef REGBOT_HELPER_H
#define REGBOT_HELPER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "common/wire/loop.h"

struct helper_run;

/* err->kind is ERROR_NONE when the program exited with 0. out is what it
 * printed, NUL-terminated, even if it failed; borrowed, wiped afterwards. */
typedef void helper_fn(void *arg, const char *out, size_t len,
    const struct error *err);

struct helper_command {
	char *const *argv;	/* NULL-terminated; argv[0] is looked for in
				 * PATH unless it has a slash */
	char *const *env;	/* its whole environment; NULL: ours */
	const char *input;	/* HELPER_HOST_MAX bytes at most */
	size_t max;		/* bytes of output */
	int64_t timeout;	/* ns */
	/* What it writes to standard error is kept, and what it leaves running
	 * at its end is killed. Else it shares our standard error. */
	bool strict;
};

/* done is called once, from the loop; the run is freed after it. Never NULL;
 * nothing of command is needed afterwards. */
struct helper_run *helper_run_command(struct loop *l,
    const struct helper_command *command, helper_fn *done, void *arg);
/* The end of what a strict one wrote to standard error, STDERR_MAX bytes at
 * most. Until done returns. */
const char *helper_run_said(struct helper_run *h);

/* Starts "program verb" for HELPER_MS. input may have HELPER_HOST_MAX bytes, the output max.
 * done is called once, from the loop; the run is freed after it. Never
 * NULL. */
struct helper_run *helper_run_start(struct loop *l, const char *program,
    const char *verb, const char *input, size_t max, helper_fn *done,
    void *arg);
void helper_run_cancel(struct helper_run *h);	/* kills, reaps, frees */

#endif
