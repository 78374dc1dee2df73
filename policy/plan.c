/* SPDX-License-Identifier: Apache-2.0 */
/* plan.c - what confinement is the same for all children; see policy.h. */
#ifdef HAVE_CONFIG_H
#include "autoconf.h"
#endif
#include "policy/policy.h"

#include <errno.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/mman.h>
#include <unistd.h>

#include "policy/filter.h"

#ifndef WORKER_ID
#define WORKER_ID 65521
#endif
#ifndef BROKER_ID
#define BROKER_ID 65522
#endif

static bool
holds(cap_value_t cap)
{
	cap_t caps = cap_get_proc();
	cap_flag_value_t set = CAP_CLEAR;

	if (caps == NULL)
		return false;
	(void)cap_get_flag(caps, cap, CAP_EFFECTIVE, &set);
	cap_free(caps);
	return set == CAP_SET;
}

/* Whether this user namespace has the id at all: many only have root's. */
static bool
mapped(const char *path, unsigned id)
{
	unsigned first, outside, count;
	bool found = false;
	FILE *f = fopen(path, "re");

	if (f == NULL)
		return false;
	while (!found && fscanf(f, "%u %u %u", &first, &outside, &count) == 3)
		found = id >= first && id - first < count;
	fclose(f);
	return found;
}

/* Root's children run as users of their own. */
static int
own_ids(struct policy_plan *plan, struct error *err)
{
	const char *name = policy_user(plan->role);
	const struct passwd *pw;

	if (geteuid() != 0)
		return 0;
	plan->uid = plan->role == POLICY_WORKER ? WORKER_ID : BROKER_ID;
	plan->gid = plan->uid;
	pw = getpwnam(name);
	if (pw != NULL) {
		plan->uid = pw->pw_uid;
		plan->gid = pw->pw_gid;
	}
	if (plan->uid == 0 || plan->gid == 0)
		return error_set(err, ERROR_SYSTEM, "the user %s must not be "
		    "root", name);
	if (!holds(CAP_SETUID) || !holds(CAP_SETGID) ||
	    !mapped("/proc/self/uid_map", plan->uid) ||
	    !mapped("/proc/self/gid_map", plan->gid)) {
		plan->flags |= CONFINE_NO_IDS;
		return 0;
	}
	plan->flags |= CONFINE_OWN_IDS;
	if (pw == NULL)
		plan->flags |= CONFINE_ABSENT;
	return 0;
}

/* libseccomp writes a filter to a descriptor. */
static int
export(scmp_filter_ctx ctx, struct policy_plan *plan, struct error *err)
{
	int fd = memfd_create("filter", MFD_CLOEXEC), r;
	ssize_t n;

	if (fd == -1)
		return error_sys(err, errno, "cannot create a memory file for "
		    "the system call filter");
	r = seccomp_export_bpf(ctx, fd);
	n = pread(fd, plan->filter, sizeof(plan->filter), 0);
	close(fd);
	if (r != 0 || n <= 0 || (size_t)n == sizeof(plan->filter))
		return error_set(err, ERROR_SYSTEM, "cannot build the system "
		    "call filter, or it has more than %d instructions",
		    FILTER_MAX - 1);
	plan->len = (size_t)n / sizeof(plan->filter[0]);
	return 0;
}

int
policy_plan(enum policy_role role, struct policy_plan *out,
    struct error *err)
{
	scmp_filter_ctx ctx;
	int r;

	memset(out, 0, sizeof(*out));
	out->role = role;
	if (own_ids(out, err) == -1)
		return -1;
	if (holds(CAP_SETPCAP))
		out->flags |= CONFINE_BOUNDING;
	ctx = policy_filter(role, err);
	if (ctx == NULL)
		return -1;
	r = export(ctx, out, err);
	seccomp_release(ctx);
	return r;
}
