/* SPDX-License-Identifier: Apache-2.0 */
/* tally.c - what a job has done so far; see tally.h. */
#include "worker/job/tally.h"

void
tally_copied(struct tally *t, uint64_t bytes)
{
	t->copied++;
	t->bytes += bytes;
}

void
tally_uploaded(struct tally *t, uint64_t bytes)
{
	t->bytes += bytes;
}

void
tally_up_to_date(struct tally *t)
{
	t->up_to_date++;
}

void
tally_deleted(struct tally *t)
{
	t->deleted++;
}

void
tally_failed(struct tally *t)
{
	t->failed++;
}
