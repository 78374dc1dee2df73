/* SPDX-License-Identifier: Apache-2.0 */
/* jobrequest.h - what a worker may ask the supervisor, as one table. */
#ifndef REGBOT_CONTROL_H
#define REGBOT_CONTROL_H

#include "supervisor/jobs/job.h"

/* Handles a request of a running job. -1 when it breaks the protocol: then
 * the worker is killed. A request that cannot be granted is REFUSED. */
int jobrequest(struct supervisor *sv, struct job *j, const struct message *m,
    struct error *err);

#endif
