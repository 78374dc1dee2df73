/* SPDX-License-Identifier: Apache-2.0 */
/* basic.h - the registry's user name and password. */
#ifndef REGBOT_BASIC_H
#define REGBOT_BASIC_H

#include <stdbool.h>

#include "supervisor/broker/transfer/context.h"

/* Is there a user name and a password? */
bool basic_known(const struct http_registry *c);
/* "Authorization: Basic ...", to be freed with mem_wipe. */
char *basic_line(const struct http_registry *c);

#endif
