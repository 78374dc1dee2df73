/* SPDX-License-Identifier: Apache-2.0 */
/*
 * statusfd.h - a child's /proc/PID/status for its supervisor, to check its
 * confinement later. Where /proc is mounted with hidepid, nobody but the child
 * itself can open it: so our own code does that in the child, before exec, and
 * hands it over, on the channel that is theirs, before anything else. Reading
 * from it asks for no right any more.
 */
#ifndef REGBOT_STATUSFD_H
#define REGBOT_STATUSFD_H

#include "common/error.h"

/* In the child, before exec: opens it and sends it over its end of a
 * SOCK_SEQPACKET pair. 0, or -1. */
int statusfd_send(int end);

/* In the parent, once the child has executed its program or has ended: the
 * descriptor, which is the caller's. Does not wait. -1 and *err when the child
 * had none. */
int statusfd_receive(int end, struct error *err);

#endif
