/* SPDX-License-Identifier: Apache-2.0 */
/*
 * output.h - what a script prints, on its way to standard output. Nothing is
 * lost, nothing blocks: who prints is told when it was written, and then may
 * print more.
 */
#ifndef REGBOT_OUTPUT_H
#define REGBOT_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"
#include "common/wire/loop.h"

struct output;

/* To fd, which may be shared and block. lost is called once, from the loop,
 * when it takes no more: with an error, or with kind ERROR_NONE where only
 * nobody reads it any more. */
struct output *output_new(struct loop *l, int fd,
    void (*lost)(void *arg, const struct error *why), void *arg);
void output_free(struct output *o);	/* drops what is left; NULL is fine */

/* Queues text; written is called from the loop once it is written, or lost. -1
 * when two are on their way already. */
int output_put(struct output *o, const void *p, size_t n,
    void (*written)(void *arg, uint64_t number), void *arg, uint64_t number,
    struct error *err);

/* Calls empty from the loop when nothing is left to write. */
void output_finish(struct output *o, void (*empty)(void *arg), void *arg);
/* Nothing more is written. */
void output_abandon(struct output *o);
/* Not all was written. */
bool output_is_lost(const struct output *o);

#endif
