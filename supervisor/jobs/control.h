/* jobrequest.h - what a worker may ask the supervisor, as one table. */
#ifndef REGBOT_JOBREQUEST_H
#define REGBOT_JOBREQUEST_H

#include "supervisor/jobs/job.h"

/* Handles a request of a running job. -1 when it breaks the protocol: then
 * the worker is killed. A request that cannot be granted is REFUSED. */
int jobrequest(struct supervisor *sv, struct job *j, const struct message *m,
    struct error *err);

#endif
