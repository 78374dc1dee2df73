/* SPDX-License-Identifier: Apache-2.0 */
/* streampair.h - the pair over which a blob goes from one broker to another. */
#ifndef REGBOT_STREAMPAIR_H
#define REGBOT_STREAMPAIR_H

#include <stdint.h>

#include "common/error.h"
#include "supervisor/children/brokers.h"

/* Makes a pair between two registries that the job has opened and sends each
 * broker its end, bound to the job and the stream's number. 0, or -1. */
int streampair_make(const struct brokers *b, uint64_t job,
    const char *source, const char *target, uint64_t number,
    struct error *err);

#endif
