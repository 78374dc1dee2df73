/* SPDX-License-Identifier: Apache-2.0 */
/*
 * brokerfixture.h - the one rig (brokerrig.h) of a criterion suite, and what
 * several suites do with it.
 */
#ifndef REGBOT_BROKERFIXTURE_H
#define REGBOT_BROKERFIXTURE_H

#include "tests/unit/broker/brokerrig.h"
#include "tests/unit/broker/fakehttp.h"

/* The digest of {}, the content in most tests. */
#define SHA "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060" \
	"f61caaff8a"

extern struct rig rig;

/* For TestSuite: everything is granted; at the end no slot may be left. */
void fixture_setup(void);
void fixture_teardown(void);

/* BLOB_WRITE of "a" as id, up to UPLOAD; the upload is http://u/1?session=x */
void fixture_open_upload(uint32_t id, uint64_t size, uint64_t stream,
    const char *digest);
/* RESERVE, up to HELD. */
void fixture_reserve(uint32_t id);

#endif
