/* SPDX-License-Identifier: Apache-2.0 */
/*
 * statusfd.h - a child's /proc/PID/status for its supervisor, to check its
 * confinement later. Where /proc is mounted with hidepid, nobody but the child
 * itself can open it: so our own code does that in the child, before exec, and
 * hands it over. Reading from it asks for no right any more.
 */
#ifndef REGBOT_STATUSFD_H
#define REGBOT_STATUSFD_H

#include "common/error.h"

/* A pair, close-on-exec: the child's end is [1]. 0, or -1 and *err. */
int statusfd_pair(int pair[2], struct error *err);

/* In the child, between fork and exec: opens it and sends it. 0, or -1. */
int statusfd_send(int end);

/* In the parent, once it has closed its copy of the child's end: waits for the
 * descriptor, which is the caller's. -1 and *err when the child had none. */
int statusfd_receive(int end, struct error *err);

#endif
