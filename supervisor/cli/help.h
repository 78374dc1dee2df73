/* SPDX-License-Identifier: Apache-2.0 */
/* help.h - what --help prints. */
#ifndef REGBOT_HELP_H
#define REGBOT_HELP_H

#include "supervisor/cli/cli.h"

/* The help text of a command; of CLI_HELP, the general one. */
const char *help_text(enum cli_command command);

#endif
