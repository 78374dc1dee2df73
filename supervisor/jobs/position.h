/* SPDX-License-Identifier: Apache-2.0 */
/* position.h - where in the configuration file a script failed. */
#ifndef REGBOT_POSITION_H
#define REGBOT_POSITION_H

#include "common/wire/log_record.h"
#include "supervisor/config/config.h"

/* "FILE:LINE" for the error of a script: for the line in front of it, or the
 * first line of the script in its traceback. NULL when it names none. The
 * caller frees it. */
char *position_of(const struct config *c, const struct config_script *s,
    const char *text);

/* The same, as the attribute "position" of r, if there is one. */
void position_add(const struct config *c, const struct config_script *s,
    const char *text, struct log_record *r);

#endif
