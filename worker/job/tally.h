/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tally.h - what a job has done so far, for the line at its end. A dry run
 * counts what it would have done.
 */
#ifndef REGBOT_TALLY_H
#define REGBOT_TALLY_H

#include <stdint.h>

struct tally {
	uint64_t copied;	/* images of which anything was moved */
	uint64_t up_to_date;	/* images of which nothing had to be */
	uint64_t deleted;	/* tags and manifests */
	uint64_t failed;	/* copies, deletions and puts */
	uint64_t bytes;		/* of blobs, uploaded */
};

/* An image was copied: bytes as they went over the network. */
void tally_copied(struct tally *t, uint64_t bytes);
void tally_uploaded(struct tally *t, uint64_t bytes);	/* a blob alone */
void tally_up_to_date(struct tally *t);
void tally_deleted(struct tally *t);
void tally_failed(struct tally *t);

#endif
