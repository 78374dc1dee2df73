/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unread.h - reads what a dry run pretends to have put, where what is in it
 * matters: overlay_unread says where. What cannot be read brings nothing.
 */
#ifndef REGBOT_UNREAD_H
#define REGBOT_UNREAD_H

#include "worker/job/worker.h"
#include "common/reference.h"

struct unread;

/* NULL where there is nothing to read: done is not called. Else it is called
 * once, from the loop; the caller frees the result, if it likes in done. */
struct unread *unread_start(struct worker *w, const struct reference *ref,
    bool blobs, void (*done)(void *arg), void *arg);
void unread_free(struct unread *u);	/* done is not called; NULL is fine */

#endif
