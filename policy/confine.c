/* SPDX-License-Identifier: Apache-2.0 */
/* confine.c - the steps that take a process's rights away, in order. */
#ifdef HAVE_CONFIG_H
#include "autoconf.h"
#endif
#include "policy/policy.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <inttypes.h>
#include <linux/securebits.h>
#include <pwd.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "policy/filter.h"

#ifndef WORKER_ID
#define WORKER_ID 65521
#endif
#ifndef BROKER_ID
#define BROKER_ID 65522
#endif

#define WORKER_FILES 64		/* null, stderr, control, its channels */
#define BROKER_FILES 4096	/* channels, streams, connections */

static bool own_ids_missing;
static const char *absent_user = "";

#ifdef SANITIZERS
static bool confined;

/* The leak check at exit stops the process from a helper process, which the
 * filter rightly forbids. */
int __lsan_is_turned_off(void);
int
__lsan_is_turned_off(void)
{
	return confined;
}
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

/* From here on neither exec nor set-id nor ambient sets raise capabilities. */
static int
no_way_back(struct error *err)
{
	(void)cap_reset_ambient();	/* old kernels have none */
	if (!holds(CAP_SETPCAP))
		return 0;	/* harmless under no_new_privs */
	for (cap_value_t c = 0; CAP_IS_SUPPORTED(c); c++)
		if (cap_drop_bound(c) == -1)
			return error_sys(err, errno, "cannot drop capability "
			    "%d from the bounding set", c);
	if (prctl(PR_SET_SECUREBITS, SECBIT_NOROOT | SECBIT_NOROOT_LOCKED |
	    SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_KEEP_CAPS_LOCKED |
	    SECBIT_NO_CAP_AMBIENT_RAISE |
	    SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED) == -1)
		return error_sys(err, errno, "cannot lock the secure bits");
	return 0;
}

/* Root's children run as users of their own, so that neither a signal nor
 * /proc nor a file of the service is within reach. */
static int
own_ids(enum policy_role role, struct error *err)
{
	const char *name = role == POLICY_WORKER ? "_regbot-worker" :
	    "_regbot-broker";
	const struct passwd *pw;
	uid_t uid = role == POLICY_WORKER ? WORKER_ID : BROKER_ID;
	gid_t gid = uid;

	if (geteuid() != 0)
		return 0;
	pw = getpwnam(name);
	if (pw != NULL) {
		uid = pw->pw_uid;
		gid = pw->pw_gid;
	}
	if (uid == 0 || gid == 0)
		return error_set(err, ERROR_SYSTEM, "the user %s must not be "
		    "root", name);
	own_ids_missing = !holds(CAP_SETUID) || !holds(CAP_SETGID) ||
	    !mapped("/proc/self/uid_map", uid) ||
	    !mapped("/proc/self/gid_map", gid);
	if (own_ids_missing)
		return 0;
	if (setgroups(0, NULL) == -1)
		return error_sys(err, errno, "cannot drop root's groups");
	if (setresgid(gid, gid, gid) == -1 || setresuid(uid, uid, uid) == -1)
		return error_sys(err, errno, "cannot become user %u, group %u "
		    "(%s)", uid, gid, name);
	if (setuid(0) != -1 || geteuid() != uid || getegid() != gid)
		return error_set(err, ERROR_SYSTEM, "user %u could still "
		    "return to root", uid);
	if (pw == NULL)
		absent_user = name;
	return 0;
}

static int
limit(int which, const char *what, uint64_t value, struct error *err)
{
	struct rlimit now;

	if (getrlimit((__rlimit_resource_t)which, &now) == -1)
		return error_sys(err, errno, "cannot read the limit on %s",
		    what);
	if (now.rlim_max != RLIM_INFINITY && value > now.rlim_max)
		value = now.rlim_max;
	now.rlim_cur = now.rlim_max = (rlim_t)value;
	if (setrlimit((__rlimit_resource_t)which, &now) == -1)
		return error_sys(err, errno, "cannot limit %s to %" PRIu64,
		    what, value);
	return 0;
}

static int
limits(enum policy_role role, uint64_t memory, struct error *err)
{
	/* A dump would hold secrets. */
	if (limit(RLIMIT_CORE, "core dumps", 0, err) == -1 ||
	/* No file can grow; this covers memfds and a file on stderr, too. */
	    limit(RLIMIT_FSIZE, "file sizes", 0, err) == -1 ||
	    limit(RLIMIT_MEMLOCK, "locked memory", 0, err) == -1 ||
	    limit(RLIMIT_MSGQUEUE, "message queues", 0, err) == -1 ||
	    limit(RLIMIT_NOFILE, "open files", role == POLICY_WORKER ?
	    WORKER_FILES : BROKER_FILES, err) == -1)
		return -1;
	/* A broker's resolver needs threads, which count as processes. */
	if (role == POLICY_WORKER &&
	    limit(RLIMIT_NPROC, "processes", 0, err) == -1)
		return -1;
#ifndef SANITIZERS
	/* The sanitizers' shadow memory takes terabytes of addresses. */
	if (memory != 0 &&
	    limit(RLIMIT_AS, "address space", memory, err) == -1)
		return -1;
#else
	(void)memory;
#endif
	return 0;
}

static int
no_capabilities(struct error *err)
{
	cap_t none = cap_init();
	int r;

	if (none == NULL)
		return error_sys(err, errno, "cannot drop capabilities");
	r = cap_set_proc(none);
	if (r == -1)
		error_sys(err, errno, "cannot drop capabilities");
	cap_free(none);
	return r;
}

static int
no_new_privs(struct error *err)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L) == -1)
		return error_sys(err, errno, "cannot set no_new_privs");
	return 0;
}

static int
not_dumpable(struct error *err)
{
	if (prctl(PR_SET_DUMPABLE, 0L, 0L, 0L, 0L) == -1)
		return error_sys(err, errno,
		    "cannot make the process not dumpable");
	return 0;
}

int
policy_confine(enum policy_role role, uint64_t memory, struct error *err)
{
	pid_t parent = getppid();
	scmp_filter_ctx filter;
	int r;

	/* Built first: it allocates, which the limits may forbid. */
	filter = policy_filter(role, err);
	if (filter == NULL)
		return -1;

	/* Changing the bounding set needs a right that the next step gives
	 * up. */
	if (no_way_back(err) == -1 || own_ids(role, err) == -1)
		goto fail;

	/* After the change of ids, which clears it. Should the parent have
	 * died before this line, its end of the control channel is closed. */
	if (prctl(PR_SET_PDEATHSIG, (long)SIGKILL, 0L, 0L, 0L) == -1) {
		error_sys(err, errno, "cannot tie the process to its parent");
		goto fail;
	}
	if (getppid() != parent) {
		error_set(err, ERROR_PEER, "the supervisor is gone");
		goto fail;
	}

	/* Also after the change of ids, which resets it. It keeps other
	 * processes of this user out of our memory and /proc. */
	if (not_dumpable(err) == -1)
		goto fail;
	if (limits(role, memory, err) == -1)
		goto fail;

	/* A child of root lost all of them with the change of ids. One that
	 * kept its ids, or whose service has ambient ones, loses them here. */
	if (no_capabilities(err) == -1 || no_new_privs(err) == -1)
		goto fail;

	/* Last: it forbids all of the above. */
	r = seccomp_load(filter);
	seccomp_release(filter);
	if (r != 0)
		return error_sys(err, -r,
		    "cannot load the system call filter");
#ifdef SANITIZERS
	confined = true;
#endif
	return 0;
fail:
	seccomp_release(filter);
	return -1;
}

const char *
policy_missing(void)
{
	return own_ids_missing ? "a separate user id" : "";
}

const char *
policy_absent_user(void)
{
	return absent_user;
}

int
policy_protect_self(struct error *err)
{
	if (not_dumpable(err) == -1 ||
	    limit(RLIMIT_CORE, "core dumps", 0, err) == -1)
		return -1;
	return no_new_privs(err);
}
