/* SPDX-License-Identifier: Apache-2.0 */
/*
 * filter.h - builds the system call filter of a role from its list. For
 * plan.c only.
 */
#ifndef REGBOT_FILTER_H
#define REGBOT_FILTER_H

#include <seccomp.h>

#include "policy/policy.h"

/* The filter, with FILTER_SELF for the id of the process that will load it;
 * seccomp_release() it. NULL on failure. */
scmp_filter_ctx policy_filter(enum policy_role role, struct error *err);

#endif
