/* SPDX-License-Identifier: Apache-2.0 */
/* luacommand.h - the command lua: a script that is in no configuration. */
#ifndef REGBOT_LUACOMMAND_H
#define REGBOT_LUACOMMAND_H

#include "common/wire/loop.h"
#include "supervisor/cli/cli.h"
#include "supervisor/config/config.h"
#include "supervisor/jobs/jobs.h"
#include "supervisor/log/output.h"

struct luacommand;

/* Reads the script that the command line names, or fails with a sentence. */
struct luacommand *luacommand_new(const struct cli *cli, struct error *err);
void luacommand_free(struct luacommand *c);	/* NULL is fine */

/* For config_load_with. Borrowed. */
const struct config_command *luacommand_script(const struct luacommand *c);

/* Where it prints. Borrowed. */
struct output *luacommand_output(struct luacommand *c, struct loop *l);
/* They are stopped when standard output takes no more. */
void luacommand_stops(struct luacommand *c, struct jobs *jobs);

/* The exit status, given that of the run, while there are the jobs that it
 * stops. What went wrong with standard output is logged. */
int luacommand_status(const struct luacommand *c, struct log *log, int status);

#endif
