/* SPDX-License-Identifier: Apache-2.0 */
/* control.h - what a worker may ask the supervisor for, as one table. */
#ifndef REGBOT_CONTROL_H
#define REGBOT_CONTROL_H

#include "supervisor/children/brokers.h"
#include "supervisor/jobs/job.h"
#include "supervisor/jobs/slots.h"

struct control {		/* where requests are granted from */
	struct brokers *brokers;
	struct slots *slots;
	bool modules_here;	/* also those in the working directory */
};

/* Handles a request of a running job. -1 when it breaks the protocol: then
 * the worker is killed. A request that cannot be granted is REFUSED. */
int control_request(const struct control *c, struct job *j,
    const struct message *m, struct error *err);

#endif
