/* SPDX-License-Identifier: Apache-2.0 */
/* control.h - what a worker may ask the supervisor for, as one table. */
#ifndef REGBOT_CONTROL_H
#define REGBOT_CONTROL_H

#include "supervisor/children/brokers.h"
#include "supervisor/jobs/job.h"
#include "supervisor/jobs/slots.h"
#include "supervisor/log/output.h"

struct control {		/* where requests are granted from */
	struct brokers *brokers;
	struct slots *slots;
	bool modules_here;	/* also those in the working directory */
	struct output *output;	/* where scripts print; NULL: to the log */
	/* What was printed as that number was written. */
	void (*printed)(void *arg, uint64_t number);
	void *arg;
};

/* Of a PRINT: its job and its id. */
#define CONTROL_PRINT(job, id) ((job) << 32 | (id))
#define CONTROL_PRINT_JOB(number) ((number) >> 32)
#define CONTROL_PRINT_ID(number) ((uint32_t)(number))

/* Handles a request of a running job. -1 when it breaks the protocol: then
 * the worker is killed. A request that cannot be granted is REFUSED. */
int control_request(const struct control *c, struct job *j,
    const struct message *m, struct error *err);

#endif
