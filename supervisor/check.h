/* SPDX-License-Identifier: Apache-2.0 */
/* check.h - the command check: what is wrong with a configuration, and when its
 * scripts will run. No broker is started, and no script runs. */
#ifndef REGBOT_CHECK_H
#define REGBOT_CHECK_H

#include <stddef.h>

#include "supervisor/children/child.h"
#include "supervisor/config/config.h"

/* Checks the scripts of config, which may be broken, and writes to standard
 * output what is fine if all is; warnings is the number of those before. 0, or
 * CHECK_WRONG, or 1 when it could not be checked or written. */
#define CHECK_WRONG 2
int check_config(struct child_env *env, struct config *config,
    size_t warnings);

/* Logs the syntax errors of the scripts of a broken configuration, each on its
 * own, as those of the file. */
void check_syntax(struct child_env *env, struct config *config);

#endif
