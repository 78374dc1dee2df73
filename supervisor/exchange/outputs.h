/* SPDX-License-Identifier: Apache-2.0 */
/*
 * outputs.h - the outputs of one run: what the worker sends is kept until the
 * run is over, and then written where the configuration says.
 */
#ifndef REGBOT_OUTPUTS_H
#define REGBOT_OUTPUTS_H

#include <stdbool.h>

#include "supervisor/children/child.h"
#include "supervisor/config/config.h"

struct outputs;

/* Those of script, which is a part of c; both live longer. Never NULL. */
struct outputs *outputs_new(const struct config *c,
    const struct config_script *script);
void outputs_free(struct outputs *o);	/* NULL is fine */

/* Tells the worker their names, when inputs_send may send. */
void outputs_send(const struct outputs *o, struct child *worker);

/* A part of one, from the worker (OUTPUT). -1 for what it may not send. */
int outputs_take(struct outputs *o, const struct message *m,
    struct error *err);

/* The run is over: writes what is to be written, a log line each. A dry run
 * only logs. 0, or -1 and the first failure; the others are written. */
int outputs_write(const struct outputs *o, struct log *log, bool failed,
    bool dry_run, struct error *err);

#endif
