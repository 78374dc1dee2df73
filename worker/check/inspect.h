/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inspect.h - a script is looked at without being run: its syntax and that of the
 * modules that it requires, and the globals that they use.
 */
#ifndef REGBOT_INSPECT_H
#define REGBOT_INSPECT_H

#include "worker/job/worker.h"

/* Looks at w->script. Logs an error for each module that cannot be compiled or
 * found and a warning for each probable mistake, as "PLACE:LINE: text" in the
 * attribute "message". Returns the script's syntax error, which the caller
 * frees, or NULL. */
char *check_script(struct worker *w);

#endif
