/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inputs.h - the inputs of one run: files are read, commands run, each within
 * its limits, before there is a worker. Nothing of them is parsed here.
 */
#ifndef REGBOT_INPUTS_H
#define REGBOT_INPUTS_H

#include "supervisor/children/child.h"
#include "supervisor/config/config.h"

struct inputs;

/* err is NULL when all are there. The callback may free the inputs. */
typedef void inputs_fn(void *arg, const struct error *err);

/* Reads those of script, which is a part of c; both live longer. done is called
 * once, from the loop. Never NULL. */
struct inputs *inputs_start(struct child_env *env, const struct config *c,
    const struct config_script *script, inputs_fn *done, void *arg);
/* Kills what runs; done is not called. NULL is fine. */
void inputs_free(struct inputs *in);

/* Sends them to the worker, which has its JOB but not its whole script. NULL
 * sends nothing. */
void inputs_send(const struct inputs *in, struct child *worker);

#endif
