/* SPDX-License-Identifier: Apache-2.0 */
/*
 * module.h - the Lua modules that a script may require: NAME.lua or
 * NAME/init.lua beside the configuration, in the working directory (once
 * only), or in a directory of defaults.modules.
 */
#ifndef REGBOT_MODULE_H
#define REGBOT_MODULE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/wire/message.h"
#include "supervisor/config/config.h"

/* The text of module name and where it was found; both are the caller's.
 * here: look into the working directory too. On failure ERROR_NOT_FOUND has a
 * line "\tno file 'PATH'" for each place. */
int module_read(const struct config *c, bool here, const char *name,
    char **path, char **text, size_t *len, struct error *err);

/* The same as the answer to a MODULE: calls send for each of its messages,
 * which it takes. */
void module_answer(const struct config *c, bool here, const struct message *m,
    void (*send)(void *arg, struct message_out *o), void *arg);

#endif
