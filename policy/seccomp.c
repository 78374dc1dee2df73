/* SPDX-License-Identifier: Apache-2.0 */
/* seccomp.c - builds a system call filter from the rows of a .def file. */
#ifdef HAVE_CONFIG_H
#include "autoconf.h"
#endif
#include "policy/filter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

/* What happens to a call that a row matches. */
#define ALLOW SCMP_ACT_ALLOW
#define REFUSE SCMP_ACT_ERRNO(EACCES)
#define ABSENT SCMP_ACT_ERRNO(ENOSYS)
#define NO_FAMILY SCMP_ACT_ERRNO(EAFNOSUPPORT)
#define KILL SCMP_ACT_KILL_PROCESS

/* Which calls a row matches, by their arguments. */
enum rule {
	ANY,
	PROT_RW,	/* memory that is not executable, */
	PROT_RW_ANON,	/* and private and of no file */
	PROT_RW_FIXED,	/* the same, at a given address (sanitizers) */
	PROT_X,		/* executable memory */
	ADVICE,		/* madvise of allocators and thread stacks */
	FUTEX_PLAIN,	/* waiting and waking, no priority inheritance */
	STDERR,		/* descriptor 2 */
	ABORT_SELF,	/* SIGABRT to a thread of this process */
	OPEN_READ, OPEN_WRITE,
	SOCKET_INET, SOCKET_OTHER,
	SOCKET_OPTION,	/* what libcurl and the resolver set */
	PAIR_STREAM,	/* a connected pair: no other address can be named */
	FCNTL_FLAGS,	/* reading and setting a descriptor's flags */
	IOCTL_SOCKET,	/* bytes waiting; blocking or not */
	THREAD, NOT_THREAD,
	LIMIT_READ	/* own limits, only read */
};

/* Not in every libc's headers. */
#define DROPPABLE 0x8		/* MAP_DROPPABLE, of arc4random */
#define GUARD_INSTALL 102	/* MADV_GUARD_INSTALL, of thread stacks */
#define GUARD_REMOVE 103
#define TMPFILE_BIT (O_TMPFILE & ~O_DIRECTORY)

/* prot and flags are unsigned long: the high half must be clear, too. */
#define RW_MASK (~(scmp_datum_t)(PROT_READ | PROT_WRITE))
#define ANON_MASK (~(scmp_datum_t)(MAP_PRIVATE | MAP_NORESERVE | MAP_STACK | \
	DROPPABLE))
#define FIXED_MASK (~(scmp_datum_t)(MAP_PRIVATE | MAP_NORESERVE | MAP_STACK))
/* These are int: the kernel ignores the high half, and so do we. */
#define FUTEX_MASK (0xffffffff & \
	~(scmp_datum_t)(FUTEX_PRIVATE_FLAG | FUTEX_CLOCK_REALTIME))
#define WRITE_BITS (O_ACCMODE | O_CREAT | O_TRUNC | O_APPEND | TMPFILE_BIT)
#define TYPE_MASK 0xf

#define THREAD_BITS (CLONE_THREAD | CLONE_VM | CLONE_SIGHAND)
#define SPACE_BITS (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | \
	CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | \
	CLONE_VFORK | CLONE_PTRACE)

#define EQ(n, v) { (n), SCMP_CMP_EQ, (scmp_datum_t)(v), 0 }
#define MASKED(n, m, v) { (n), SCMP_CMP_MASKED_EQ, (scmp_datum_t)(m), \
	(scmp_datum_t)(v) }
#define BIT(n, b) MASKED(n, b, b)
#define LESS(n, v) { (n), SCMP_CMP_LT, (scmp_datum_t)(v), 0 }
#define MORE(n, v) { (n), SCMP_CMP_GT, (scmp_datum_t)(v), 0 }

/* A rule holds when all comparisons of any one of its lines hold. */
static const struct line {
	enum rule rule;
	unsigned n;
	struct scmp_arg_cmp cmp[2];
} lines[] = {
	{ ANY, 0, { EQ(0, 0) } },
	{ PROT_RW, 1, { MASKED(2, RW_MASK, 0) } },
	{ PROT_RW_ANON, 2, { MASKED(2, RW_MASK, 0),
	    MASKED(3, ANON_MASK, MAP_ANONYMOUS) } },
	{ PROT_RW_FIXED, 2, { MASKED(2, RW_MASK, 0),
	    MASKED(3, FIXED_MASK, MAP_ANONYMOUS | MAP_FIXED) } },
	{ PROT_X, 1, { BIT(2, PROT_EXEC) } },
	{ ADVICE, 1, { EQ(2, MADV_DONTNEED) } },
	{ ADVICE, 1, { EQ(2, MADV_DONTDUMP) } },
	{ ADVICE, 1, { EQ(2, MADV_FREE) } },
	{ ADVICE, 1, { EQ(2, MADV_HUGEPAGE) } },
	{ ADVICE, 1, { EQ(2, MADV_NOHUGEPAGE) } },
	{ ADVICE, 1, { EQ(2, GUARD_INSTALL) } },
	{ ADVICE, 1, { EQ(2, GUARD_REMOVE) } },
	{ FUTEX_PLAIN, 1, { MASKED(1, FUTEX_MASK, FUTEX_WAIT) } },
	{ FUTEX_PLAIN, 1, { MASKED(1, FUTEX_MASK, FUTEX_WAKE) } },
	{ FUTEX_PLAIN, 1, { MASKED(1, FUTEX_MASK, FUTEX_WAIT_BITSET) } },
	{ FUTEX_PLAIN, 1, { MASKED(1, FUTEX_MASK, FUTEX_WAKE_BITSET) } },
	{ STDERR, 1, { EQ(0, STDERR_FILENO) } },
	{ ABORT_SELF, 2, { EQ(0, FILTER_SELF), EQ(2, SIGABRT) } },
	{ OPEN_READ, 1, { MASKED(2, WRITE_BITS, O_RDONLY) } },
	{ OPEN_WRITE, 1, { BIT(2, O_WRONLY) } },
	{ OPEN_WRITE, 1, { BIT(2, O_RDWR) } },
	{ OPEN_WRITE, 1, { BIT(2, O_CREAT) } },
	{ OPEN_WRITE, 1, { BIT(2, O_TRUNC) } },
	{ OPEN_WRITE, 1, { BIT(2, O_APPEND) } },
	{ OPEN_WRITE, 1, { BIT(2, TMPFILE_BIT) } },
	{ SOCKET_INET, 2, { EQ(0, AF_INET),
	    MASKED(1, TYPE_MASK, SOCK_STREAM) } },
	{ SOCKET_INET, 2, { EQ(0, AF_INET),
	    MASKED(1, TYPE_MASK, SOCK_DGRAM) } },
	{ SOCKET_INET, 2, { EQ(0, AF_INET6),
	    MASKED(1, TYPE_MASK, SOCK_STREAM) } },
	{ SOCKET_INET, 2, { EQ(0, AF_INET6),
	    MASKED(1, TYPE_MASK, SOCK_DGRAM) } },
	{ SOCKET_OTHER, 1, { LESS(0, AF_INET) } },	/* AF_UNIX */
	{ SOCKET_OTHER, 1, { MORE(0, AF_INET6) } },	/* AF_NETLINK, ... */
	{ SOCKET_OPTION, 2, { EQ(1, SOL_SOCKET), EQ(2, SO_KEEPALIVE) } },
	{ SOCKET_OPTION, 2, { EQ(1, SOL_SOCKET), EQ(2, SO_REUSEADDR) } },
	{ SOCKET_OPTION, 2, { EQ(1, SOL_SOCKET), EQ(2, SO_LINGER) } },
	{ SOCKET_OPTION, 2, { EQ(1, SOL_SOCKET), EQ(2, SO_SNDBUF) } },
	{ SOCKET_OPTION, 2, { EQ(1, SOL_SOCKET), EQ(2, SO_RCVBUF) } },
	{ SOCKET_OPTION, 2, { EQ(1, SOL_SOCKET), EQ(2, SO_SNDTIMEO) } },
	{ SOCKET_OPTION, 2, { EQ(1, SOL_SOCKET), EQ(2, SO_RCVTIMEO) } },
	{ SOCKET_OPTION, 2, { EQ(1, IPPROTO_TCP), EQ(2, TCP_NODELAY) } },
	{ SOCKET_OPTION, 2, { EQ(1, IPPROTO_TCP), EQ(2, TCP_KEEPIDLE) } },
	{ SOCKET_OPTION, 2, { EQ(1, IPPROTO_TCP), EQ(2, TCP_KEEPINTVL) } },
	{ SOCKET_OPTION, 2, { EQ(1, IPPROTO_TCP), EQ(2, TCP_KEEPCNT) } },
	{ SOCKET_OPTION, 2, { EQ(1, IPPROTO_TCP), EQ(2, TCP_USER_TIMEOUT) } },
	{ SOCKET_OPTION, 2, { EQ(1, IPPROTO_IP), EQ(2, IP_RECVERR) } },
	{ SOCKET_OPTION, 2, { EQ(1, IPPROTO_IP), EQ(2, IP_MTU_DISCOVER) } },
	{ SOCKET_OPTION, 2, { EQ(1, IPPROTO_IPV6), EQ(2, IPV6_RECVERR) } },
	{ SOCKET_OPTION, 2, { EQ(1, IPPROTO_IPV6), EQ(2, IPV6_V6ONLY) } },
	{ SOCKET_OPTION, 2, { EQ(1, IPPROTO_IPV6),
	    EQ(2, IPV6_MTU_DISCOVER) } },
	{ PAIR_STREAM, 2, { EQ(0, AF_UNIX),
	    MASKED(1, TYPE_MASK, SOCK_STREAM) } },
	{ FCNTL_FLAGS, 1, { EQ(1, F_GETFD) } },
	{ FCNTL_FLAGS, 1, { EQ(1, F_SETFD) } },
	{ FCNTL_FLAGS, 1, { EQ(1, F_GETFL) } },
	{ FCNTL_FLAGS, 1, { EQ(1, F_SETFL) } },
	{ IOCTL_SOCKET, 1, { EQ(1, FIONREAD) } },
	{ IOCTL_SOCKET, 1, { EQ(1, FIONBIO) } },
	{ THREAD, 1, { MASKED(0, THREAD_BITS | SPACE_BITS, THREAD_BITS) } },
	{ NOT_THREAD, 1, { MASKED(0, CLONE_THREAD, 0) } },
	{ LIMIT_READ, 2, { EQ(0, 0), EQ(2, 0) } },
};

struct row {
	const char *name;
	int number;
	uint32_t action;
	enum rule rule;
};

#define RULE(name, action, rule) { #name, SCMP_SYS(name), action, rule },
static const struct row worker_rows[] = {
#include "policy/worker.def"
	{ NULL, 0, 0, ANY }
};
static const struct row broker_rows[] = {
#include "policy/broker.def"
	{ NULL, 0, 0, ANY }
};
#undef RULE

static int
add(scmp_filter_ctx ctx, const struct row *row, uint32_t action,
    struct error *err)
{
	int r;

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		if (lines[i].rule != row->rule)
			continue;
		r = seccomp_rule_add_array(ctx, action, row->number,
		    lines[i].n, lines[i].cmp);
		if (r != 0)
			return error_sys(err, -r, "cannot build the system "
			    "call filter's rule for %s", row->name);
	}
	return 0;
}

/* libseccomp asks the kernel with seccomp(2) what it can do; where an outer
 * filter denies that, it only knows how to kill the thread. */
static uint32_t
how_to_kill(void)
{
	scmp_filter_ctx ctx = seccomp_init(KILL);

	if (ctx == NULL)
		return SCMP_ACT_KILL;
	seccomp_release(ctx);
	return KILL;
}

scmp_filter_ctx
policy_filter(enum policy_role role, struct error *err)
{
	const struct row *row = role == POLICY_WORKER ? worker_rows :
	    broker_rows;
	uint32_t fatal = how_to_kill();
	scmp_filter_ctx ctx = seccomp_init(role == POLICY_WORKER ? fatal :
	    ABSENT);

	if (ctx == NULL) {
		error_set(err, ERROR_SYSTEM, "cannot create a system call "
		    "filter: this kernel or container has no seccomp");
		return NULL;
	}
	/* Other architectures and x32 have other numbers, which would be a way
	 * around. */
	if (seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, fatal) != 0) {
		error_set(err, ERROR_SYSTEM, "cannot set the system call "
		    "filter's answer to foreign architectures");
		goto fail;
	}
	/* As a tree: the kernel runs it for each number there is when it is
	 * loaded, to remember which calls need no filter. */
	(void)seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	for (; row->name != NULL; row++)
		if (add(ctx, row, row->action == KILL ? fatal : row->action,
		    err) == -1)
			goto fail;
	return ctx;
fail:
	seccomp_release(ctx);
	return NULL;
}
