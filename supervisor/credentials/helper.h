/* SPDX-License-Identifier: Apache-2.0 */
/*
 * helper.h - runs a small program on a loop: a short string on its standard
 * input, its standard output within a limit, and at most HELPER_MS.
 */
#ifndef REGBOT_HELPER_H
#define REGBOT_HELPER_H

#include <stddef.h>

#include "common/error.h"
#include "common/wire/loop.h"

struct helper_run;

/* err->kind is ERROR_NONE when the program exited with 0. out is what it
 * printed, NUL-terminated, even if it failed; borrowed, wiped afterwards. */
typedef void helper_fn(void *arg, const char *out, size_t len,
    const struct error *err);

/* Starts "program verb". input may have HELPER_HOST_MAX bytes, the output max.
 * done is called once, from the loop; the run is freed after it. Never
 * NULL. */
struct helper_run *helper_run_start(struct loop *l, const char *program,
    const char *verb, const char *input, size_t max, helper_fn *done,
    void *arg);
void helper_run_cancel(struct helper_run *h);	/* kills, reaps, frees */

#endif
