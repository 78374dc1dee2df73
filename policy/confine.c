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
#include <linux/seccomp.h>
#include <linux/securebits.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define WORKER_FILES 64		/* null, stderr, control, its channels */
#define BROKER_FILES 4096	/* channels, streams, connections */

static unsigned flags;		/* of the plan */
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

/* From here on neither exec nor set-id nor ambient sets raise capabilities. */
static int
no_way_back(const struct policy_plan *plan, struct error *err)
{
	unsigned long cap = 0;

	/* libcap asks the kernel about each capability before. Old kernels
	 * have no ambient ones. */
	(void)prctl(PR_CAP_AMBIENT, (long)PR_CAP_AMBIENT_CLEAR_ALL, 0L, 0L,
	    0L);
	if ((plan->flags & CONFINE_BOUNDING) == 0)
		return 0;	/* harmless under no_new_privs */
	while (prctl(PR_CAPBSET_DROP, cap, 0L, 0L, 0L) == 0)
		cap++;
	if (errno != EINVAL)	/* of the first that there is not */
		return error_sys(err, errno, "cannot drop capability %lu from "
		    "the bounding set", cap);
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
own_ids(const struct policy_plan *plan, struct error *err)
{
	uid_t uid = plan->uid;
	gid_t gid = plan->gid;

	if ((plan->flags & CONFINE_OWN_IDS) == 0)
		return 0;
	if (uid == 0 || gid == 0)
		return error_set(err, ERROR_SYSTEM, "the user %s must not be "
		    "root", policy_user(plan->role));
	if (setgroups(0, NULL) == -1)
		return error_sys(err, errno, "cannot drop root's groups");
	if (setresgid(gid, gid, gid) == -1 || setresuid(uid, uid, uid) == -1)
		return error_sys(err, errno, "cannot become user %u, group %u "
		    "(%s)", uid, gid, policy_user(plan->role));
	if (setuid(0) != -1 || geteuid() != uid || getegid() != gid)
		return error_set(err, ERROR_SYSTEM, "user %u could still "
		    "return to root", uid);
	return 0;
}

static int
limit(int which, const char *what, uint64_t value, struct error *err)
{
	struct rlimit now = { 0, 0 };

	if (value != 0 && getrlimit((__rlimit_resource_t)which, &now) == -1)
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

/* All threads get it, should there be several. Where an outer filter denies
 * seccomp(2), prctl does the same without that. */
static int
load_filter(struct policy_plan *plan, struct error *err)
{
	struct sock_filter *f = plan->filter;
	struct sock_fprog program = { (unsigned short)plan->len, f };
	long r;

	for (; f < plan->filter + plan->len; f++)
		if (f->code == (BPF_JMP | BPF_JEQ | BPF_K) &&
		    f->k == FILTER_SELF)
			f->k = (unsigned)getpid();
	r = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
	    SECCOMP_FILTER_FLAG_TSYNC, &program);
	if (r == -1 && (errno == ENOSYS || errno == EPERM))
		r = prctl(PR_SET_SECCOMP, (long)SECCOMP_MODE_FILTER, &program,
		    0L, 0L);
	if (r > 0)
		return error_set(err, ERROR_SYSTEM, "cannot load the system "
		    "call filter for thread %ld", r);
	if (r == -1)
		return error_sys(err, errno,
		    "cannot load the system call filter");
	return 0;
}

int
policy_confine(struct policy_plan *plan, uint64_t memory,
    struct error *err)
{
	pid_t parent = getppid();

	/* Changing the bounding set needs a right that the next step gives
	 * up. */
	if (no_way_back(plan, err) == -1 || own_ids(plan, err) == -1)
		return -1;

	/* After the change of ids, which clears it. Should the parent have
	 * died before this line, its end of the control channel is closed. */
	if (prctl(PR_SET_PDEATHSIG, (long)SIGKILL, 0L, 0L, 0L) == -1)
		return error_sys(err, errno,
		    "cannot tie the process to its parent");
	if (getppid() != parent)
		return error_set(err, ERROR_PEER, "the supervisor is gone");

	/* Also after the change of ids, which resets it. It keeps other
	 * processes of this user out of our memory and /proc. */
	if (not_dumpable(err) == -1 ||
	    limits(plan->role, memory, err) == -1)
		return -1;

	/* A child of root lost all of them with the change of ids. One that
	 * kept its ids, or whose service has ambient ones, loses them here. */
	if (no_capabilities(err) == -1 || no_new_privs(err) == -1)
		return -1;
	flags = plan->flags;
	if ((flags & CONFINE_ABSENT) != 0)
		absent_user = policy_user(plan->role);

	/* Last: it forbids all of the above. */
	if (load_filter(plan, err) == -1)
		return -1;
#ifdef SANITIZERS
	confined = true;
#endif
	return 0;
}

const char *
policy_user(enum policy_role role)
{
	return role == POLICY_WORKER ? "_regbot-worker" : "_regbot-broker";
}

const char *
policy_missing(void)
{
	return (flags & CONFINE_NO_IDS) != 0 ? "a separate user id" : "";
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
