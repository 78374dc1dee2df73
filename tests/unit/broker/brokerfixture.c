/* SPDX-License-Identifier: Apache-2.0 */
/* What the suites of a broker begin with. */
#include <criterion/criterion.h>

#include "tests/unit/broker/brokerfixture.h"

struct rig rig;

void
fixture_setup(void)
{
	rig_new(&rig, RIG_EVERYTHING, 16, NULL);
}

void
fixture_teardown(void)
{
	rig_free(&rig);
	cr_expect_eq(fake_slots, 0, "a slot is left");
}

void
fixture_open_upload(uint32_t id, uint64_t size, uint64_t stream, const char *digest)
{
	struct http_reply reply = { .status = 202,
	    .location = "http://u/1?session=x" };

	rig_ask(&rig, MSG_BLOB_WRITE, id, "ssuus", "a", digest, size, stream,
	    "");
	fake_answer(fake_find(HTTP_POST, "blobs/uploads/"), &reply, "", 0);
	cr_assert_eq(rig_next(&rig), MSG_UPLOAD);
	cr_assert_eq(rig.m.id, id);
}

void
fixture_reserve(uint32_t id)
{
	rig_ask(&rig, MSG_RESERVE, id, "");
	cr_assert_eq(rig_next(&rig), MSG_HELD);
	cr_assert_eq(rig.m.id, id);
}
