/* SPDX-License-Identifier: Apache-2.0 */
/* describe.h - the debug lines of a start, as regbot has them. */
#ifndef REGBOT_DESCRIBE_H
#define REGBOT_DESCRIBE_H

#include "supervisor/config/config.h"
#include "supervisor/log/log.h"

/* Logs what the configuration came to: slots, each creds entry, the version.
 * No secret is in it. */
void describe_start(struct log *log, const struct config *c, unsigned slots);

#endif
