/* SPDX-License-Identifier: Apache-2.0 */
/* describe.h - the debug lines at startup, like those of regclient's regbot. */
#ifndef REGBOT_DESCRIBE_H
#define REGBOT_DESCRIBE_H

#include "supervisor/config/config.h"
#include "supervisor/log/log.h"

/* Logs the resulting configuration: slots, each creds entry, the version. No
 * secret is in it. */
void describe_start(struct log *log, const struct config *c, unsigned slots);

#endif
