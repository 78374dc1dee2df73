/* SPDX-License-Identifier: Apache-2.0 */
/*
 * helper_run.h - runs a small program on a loop: something on its standard
 * input, its standard output bounded, a time limit, reaped by its pidfd.
 */
#ifndef REGBOT_HELPER_H
#define REGBOT_HELPER_H

#include <stddef.h>

#include "common/error.h"
#include "common/loop.h"

struct helper_run;

/* err->kind is ERROR_NONE when the program exited with 0. out is what it
 * printed, NUL-terminated, also when it failed; borrowed, wiped afterwards. */
typedef void helper_fn(void *arg, const char *out, size_t len,
    const struct error *err);

/* Starts "program verb". input must be at most HELPER_HOST_MAX bytes. done is
 * called once and from the loop. max bounds the output. Never NULL. */
struct helper_run *helper_run_start(struct loop *l, const char *program,
    const char *verb, const char *input, size_t max, helper_fn *done,
    void *arg);
void helper_run_cancel(struct helper_run *h);	/* kills, reaps, frees */

#endif
