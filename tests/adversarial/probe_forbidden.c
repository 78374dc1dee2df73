/* SPDX-License-Identifier: Apache-2.0 */
/* probe_forbidden.c - what an intruder in a confined process would try. */
#include "tests/adversarial/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/futex.h>
#include <linux/sched.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#define CALL(name, ...) \
	static int name(void) { return syscall(__VA_ARGS__) == -1 ? -1 : 0; }

static const char path[] = "/etc/passwd", target[] = "/tmp/regbot-probe";
static char *const words[] = { NULL };
static char page[4096];

/* Files. */
CALL(open_read, SYS_openat, AT_FDCWD, path, O_RDONLY)
CALL(open_path, SYS_openat, AT_FDCWD, path, O_PATH)
CALL(open_write, SYS_openat, AT_FDCWD, "/dev/null", O_WRONLY)
CALL(open_both, SYS_openat, AT_FDCWD, "/dev/null", O_RDWR)
CALL(open_create, SYS_openat, AT_FDCWD, target, O_RDONLY | O_CREAT, 0600)
CALL(open_truncate, SYS_openat, AT_FDCWD, "/dev/null", O_RDONLY | O_TRUNC)
CALL(open_tmpfile, SYS_openat, AT_FDCWD, "/tmp", O_TMPFILE | O_RDWR, 0600)
static int
open_two(void)
{
	struct { uint64_t flags, mode, resolve; } how = { O_RDONLY, 0, 0 };

	return syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how)) == -1 ?
	    -1 : 0;
}
CALL(remove_file, SYS_unlinkat, AT_FDCWD, target, 0)
CALL(make_directory, SYS_mkdirat, AT_FDCWD, target, 0700)
CALL(rename_file, SYS_renameat2, AT_FDCWD, target, AT_FDCWD, target, 0)
CALL(link_file, SYS_linkat, AT_FDCWD, path, AT_FDCWD, target, 0)
CALL(symlink_file, SYS_symlinkat, path, AT_FDCWD, target)
CALL(change_mode, SYS_fchmodat, AT_FDCWD, target, 0600)
CALL(grow, SYS_ftruncate, 2, 100)
CALL(memory_file, SYS_memfd_create, "x", 0)
CALL(by_handle, SYS_open_by_handle_at, AT_FDCWD, page, O_RDONLY)
CALL(directory, SYS_getdents64, 0, page, sizeof(page))
CALL(copy_fd, SYS_dup, 2)
CALL(fd_owner, SYS_fcntl, 2, F_SETOWN, getpid())
CALL(fd_copy, SYS_fcntl, 2, F_DUPFD, 100)
CALL(terminal, SYS_ioctl, 0, TIOCSTI, page)

/* Sockets. */
CALL(socket_inet, SYS_socket, AF_INET, SOCK_STREAM, 0)
CALL(socket_unix, SYS_socket, AF_UNIX, SOCK_STREAM, 0)
CALL(socket_netlink, SYS_socket, AF_NETLINK, SOCK_RAW, 0)
CALL(socket_packet, SYS_socket, AF_PACKET, SOCK_RAW, 0)
CALL(socket_vsock, SYS_socket, AF_VSOCK, SOCK_STREAM, 0)
CALL(socket_raw, SYS_socket, AF_INET, SOCK_RAW, IPPROTO_ICMP)
static int
pair_dgram(void)
{
	int fds[2];

	return syscall(SYS_socketpair, AF_UNIX, SOCK_DGRAM, 0, fds) == -1 ?
	    -1 : 0;
}
static int
serve(void)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };

	return syscall(SYS_bind, 2, &sin, sizeof(sin)) == -1 ? -1 : 0;
}
CALL(listening, SYS_listen, 2, 1)
CALL(accepting, SYS_accept4, 2, NULL, NULL, 0)
CALL(attach_filter, SYS_setsockopt, 2, SOL_SOCKET, SO_ATTACH_FILTER, page,
    sizeof(struct sock_fprog))

/* Processes. */
CALL(fork_old, SYS_clone, SIGCHLD, 0, 0, 0, 0)
CALL(clone_space, SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0)
CALL(clone_vfork, SYS_clone, CLONE_VM | CLONE_VFORK | SIGCHLD, 0, 0, 0, 0)
CALL(clone_shared, SYS_clone, CLONE_VM | CLONE_FILES | SIGCHLD, page + 2048,
    0, 0, 0)
static int
clone_three(void)
{
	struct clone_args a = { .exit_signal = SIGCHLD };

	return syscall(SYS_clone3, &a, sizeof(a)) == -1 ? -1 : 0;
}
#ifdef SYS_fork
CALL(fork_plain, SYS_fork)
CALL(fork_shared, SYS_vfork)
#endif
CALL(run_program, SYS_execve, "/bin/true", words, words)
CALL(run_fd, SYS_execveat, 0, "", words, words, AT_EMPTY_PATH)
CALL(leave_spaces, SYS_unshare, CLONE_NEWUSER)
CALL(enter_spaces, SYS_setns, 0, 0)
CALL(trace_parent, SYS_ptrace, PTRACE_ATTACH, getppid(), 0, 0)
CALL(trace_me, SYS_ptrace, PTRACE_TRACEME, 0, 0, 0)
CALL(read_other, SYS_process_vm_readv, 1, NULL, 0, NULL, 0, 0)
CALL(write_other, SYS_process_vm_writev, 1, NULL, 0, NULL, 0, 0)
CALL(process_fd, SYS_pidfd_open, getpid(), 0)
CALL(take_fd, SYS_pidfd_getfd, 0, 0, 0)
CALL(signal_parent, SYS_kill, 1, 0)
CALL(signal_all, SYS_kill, -1, SIGCONT)
CALL(signal_thread, SYS_tkill, getpid(), 0)
CALL(signal_group, SYS_tgkill, 1, 1, SIGABRT)
CALL(signal_self, SYS_tgkill, getpid(), getpid(), SIGTERM)

/* Memory. */
CALL(map_exec, SYS_mmap, NULL, 4096, PROT_READ | PROT_EXEC,
    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
CALL(map_high, SYS_mmap, NULL, 4096, PROT_READ | (1UL << 33),
    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
CALL(map_exec_high, SYS_mmap, NULL, 4096, PROT_EXEC | (1UL << 33),
    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
CALL(map_shared, SYS_mmap, NULL, 4096, PROT_READ,
    MAP_SHARED | MAP_ANONYMOUS, -1, 0)
CALL(map_file, SYS_mmap, NULL, 4096, PROT_READ, MAP_PRIVATE, 0, 0)
static int
protect_exec(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return syscall(SYS_mprotect, p, 4096, PROT_READ | PROT_EXEC) == -1 ?
	    -1 : 0;
}
CALL(protect_key, SYS_pkey_mprotect, page, 0, PROT_READ | PROT_EXEC, -1)
CALL(advise_poison, SYS_madvise, page, 0, 100)
CALL(futex_pi, SYS_futex, page, FUTEX_LOCK_PI, 0, NULL, NULL, 0)
CALL(futex_requeue, SYS_futex, page, FUTEX_CMP_REQUEUE_PI, 1, 0, page, 0)
CALL(fault_fd, SYS_userfaultfd, 0)

/* The rest of the kernel. */
CALL(uring, SYS_io_uring_setup, 1, page)
CALL(uring_enter, SYS_io_uring_enter, 0, 0, 0, 0, NULL, 0)
CALL(ebpf, SYS_bpf, 0, page, 0)
CALL(performance, SYS_perf_event_open, page, 0, -1, -1, 0)
CALL(keys, SYS_keyctl, 0, 0, 0, 0, 0)
CALL(add_a_key, SYS_add_key, "user", "x", "y", 1, -3)
CALL(mount_fs, SYS_mount, "none", "/tmp", "tmpfs", 0, NULL)
CALL(change_root, SYS_chroot, "/")
CALL(load_module, SYS_finit_module, 0, "", 0)
CALL(load_kernel, SYS_kexec_load, 0, 0, NULL, 0)
CALL(become_root, SYS_setresuid, 0, 0, 0)
CALL(regain, SYS_capset, page, page)
CALL(execution_domain, SYS_personality, 0x0400000)
CALL(outlive_parent, SYS_prctl, PR_SET_PDEATHSIG, 0, 0, 0, 0)
CALL(dumpable, SYS_prctl, PR_SET_DUMPABLE, 1, 0, 0, 0)
CALL(raise_limit, SYS_prlimit64, 0, 7, page, NULL)
CALL(number_none, -1L)
CALL(number_high, 1L << 20)
#if defined(__x86_64__)
CALL(x32_getpid, 0x40000000L + SYS_getpid)
CALL(x32_read, 0x40000000L + SYS_read, 0, page, 0)
static int
old_gate(void)
{
	long r = 20;	/* getpid of i386 */

	__asm__ volatile ("int $0x80" : "+a" (r) : : "memory");
	return r < 0 ? -1 : 0;
}
#endif

const struct act forbidden_acts[] = {
	{ "open for reading", open_read, KILLED, SKIP },
	{ "open a path", open_path, KILLED, SKIP },
	{ "openat2", open_two, KILLED, REFUSED },
	{ "open for writing", open_write, KILLED, REFUSED },
	{ "open for both", open_both, KILLED, REFUSED },
	{ "create a file", open_create, KILLED, REFUSED },
	{ "open and truncate", open_truncate, KILLED, REFUSED },
	{ "open a file without name", open_tmpfile, KILLED, REFUSED },
	{ "unlink", remove_file, KILLED, REFUSED },
	{ "mkdir", make_directory, KILLED, REFUSED },
	{ "rename", rename_file, KILLED, REFUSED },
	{ "link", link_file, KILLED, REFUSED },
	{ "symlink", symlink_file, KILLED, REFUSED },
	{ "chmod", change_mode, KILLED, REFUSED },
	{ "ftruncate", grow, KILLED, REFUSED },
	{ "memfd_create", memory_file, KILLED, KILLED },
	{ "open_by_handle_at", by_handle, KILLED, KILLED },
	{ "getdents", directory, KILLED, SKIP },
	{ "dup", copy_fd, KILLED, REFUSED },
	{ "fcntl F_SETOWN", fd_owner, KILLED, REFUSED },
	{ "fcntl F_DUPFD", fd_copy, KILLED, REFUSED },
	{ "ioctl TIOCSTI", terminal, REFUSED, REFUSED },
	{ "socket inet", socket_inet, KILLED, SKIP },
	{ "socket unix", socket_unix, KILLED, REFUSED },
	{ "socket netlink", socket_netlink, KILLED, REFUSED },
	{ "socket packet", socket_packet, KILLED, REFUSED },
	{ "socket vsock", socket_vsock, KILLED, REFUSED },
	{ "socket raw", socket_raw, KILLED, REFUSED },
	{ "socketpair of datagrams", pair_dgram, KILLED, REFUSED },
	{ "bind", serve, KILLED, REFUSED },
	{ "listen", listening, KILLED, REFUSED },
	{ "accept", accepting, KILLED, REFUSED },
	{ "SO_ATTACH_FILTER", attach_filter, KILLED, REFUSED },
	{ "clone as fork", fork_old, KILLED, KILLED },
	{ "clone with namespace", clone_space, KILLED, KILLED },
	{ "clone as vfork", clone_vfork, KILLED, KILLED },
	{ "clone sharing memory", clone_shared, KILLED, KILLED },
	{ "clone3", clone_three, KILLED, REFUSED },
#ifdef SYS_fork
	{ "fork", fork_plain, KILLED, KILLED },
	{ "vfork", fork_shared, KILLED, KILLED },
#endif
	{ "execve", run_program, KILLED, KILLED },
	{ "execveat", run_fd, KILLED, KILLED },
	{ "unshare", leave_spaces, KILLED, KILLED },
	{ "setns", enter_spaces, KILLED, KILLED },
	{ "ptrace the parent", trace_parent, KILLED, KILLED },
	{ "ptrace me", trace_me, KILLED, KILLED },
	{ "process_vm_readv", read_other, KILLED, KILLED },
	{ "process_vm_writev", write_other, KILLED, KILLED },
	{ "pidfd_open", process_fd, KILLED, KILLED },
	{ "pidfd_getfd", take_fd, KILLED, KILLED },
	{ "kill", signal_parent, KILLED, KILLED },
	{ "kill all", signal_all, KILLED, KILLED },
	{ "tkill", signal_thread, KILLED, KILLED },
	{ "tgkill another", signal_group, KILLED, REFUSED },
	{ "tgkill itself with SIGTERM", signal_self, KILLED, REFUSED },
	{ "map executable", map_exec, KILLED, REFUSED },
	{ "map with high bits", map_high, KILLED, REFUSED },
	{ "map executable, high bits", map_exec_high, KILLED, REFUSED },
	{ "map shared", map_shared, KILLED, SKIP },
	{ "map a file", map_file, KILLED, SKIP },
	{ "make executable", protect_exec, KILLED, REFUSED },
	{ "pkey_mprotect", protect_key, KILLED, REFUSED },
	{ "madvise HWPOISON", advise_poison, KILLED, SKIP },
	{ "futex LOCK_PI", futex_pi, KILLED, REFUSED },
	{ "futex CMP_REQUEUE_PI", futex_requeue, KILLED, REFUSED },
	{ "userfaultfd", fault_fd, KILLED, KILLED },
	{ "io_uring_setup", uring, KILLED, KILLED },
	{ "io_uring_enter", uring_enter, KILLED, KILLED },
	{ "bpf", ebpf, KILLED, KILLED },
	{ "perf_event_open", performance, KILLED, KILLED },
	{ "keyctl", keys, KILLED, KILLED },
	{ "add_key", add_a_key, KILLED, KILLED },
	{ "mount", mount_fs, KILLED, KILLED },
	{ "chroot", change_root, KILLED, KILLED },
	{ "finit_module", load_module, KILLED, KILLED },
	{ "kexec_load", load_kernel, KILLED, KILLED },
	{ "setresuid", become_root, KILLED, KILLED },
	{ "capset", regain, KILLED, KILLED },
	{ "personality", execution_domain, KILLED, KILLED },
	{ "prctl PDEATHSIG", outlive_parent, KILLED, REFUSED },
	{ "prctl DUMPABLE", dumpable, KILLED, REFUSED },
	{ "set a limit", raise_limit, KILLED, REFUSED },
	{ "system call -1", number_none, KILLED, REFUSED },
	{ "system call 1048576", number_high, KILLED, REFUSED },
#if defined(__x86_64__)
	{ "x32 getpid", x32_getpid, KILLED, KILLED },
	{ "x32 read", x32_read, KILLED, KILLED },
	{ "int 0x80", old_gate, KILLED_ANYHOW, KILLED_ANYHOW },
#endif
	{ NULL, NULL, SKIP, SKIP }
};
