/* SPDX-License-Identifier: Apache-2.0 */
/* handover.h - what a worker that is READY gets: its job, and all for it. */
#ifndef REGBOT_HANDOVER_H
#define REGBOT_HANDOVER_H

#include <stdbool.h>

#include "supervisor/exchange/inputs.h"
#include "supervisor/exchange/outputs.h"

struct handover {
	const struct child_env *env;
	const struct config *config;
	const struct config_script *script;
	bool dry_run;
	const struct inputs *inputs;	/* NULL: the script has none */
	const struct outputs *outputs;
};

/* A worker that cannot be sent it is killed. */
void handover_send(const struct handover *h, struct child *worker);

#endif
