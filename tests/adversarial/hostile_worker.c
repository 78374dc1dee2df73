/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hostile_worker.c - stands in for regbot-worker and does what its script's
 * text names, to see that the supervisor survives it and fails that job only.
 * With a file "unconfined" beside it, it says READY without confining itself.
 * Under the name regbot-broker it dies of the first channel that it gets.
 */
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/wire/log_record.h"
#include "common/wire/message.h"
#include "policy/policy.h"

#define CONTROL 3

static void
raw_to(int fd, const void *p, size_t n)
{
	struct iovec iov = { (void *)(uintptr_t)p, n };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	(void)!sendmsg(fd, &msg, MSG_NOSIGNAL);
}

static void
raw(const void *p, size_t n)
{
	raw_to(CONTROL, p, n);
}

static void
say(struct message_out *o)
{
	struct error err;

	if (message_finish(o, &err) == -1)
		_exit(9);
	raw(o->frame.data, o->frame.len);
	message_out_free(o);
}

static void
empty(enum message_type type, uint32_t id)
{
	struct message_out o;

	message_start(&o, type, id);
	say(&o);
}

static void
ready(void)
{
	struct message_out o;

	message_start(&o, MSG_READY, 0);
	message_put_str(&o, PACKAGE_VERSION);
	message_put_str(&o, "");
	message_put_str(&o, "");
	say(&o);
}

static void
done_with(uint64_t failed, const char *text, uint64_t number)
{
	struct message_out o;

	message_start(&o, MSG_DONE, 0);
	message_put_u64(&o, failed);
	message_put_u64(&o, 0);
	message_put_str(&o, text);
	for (int i = 0; i < 5; i++)
		message_put_u64(&o, number);
	say(&o);
}

static void
done(uint64_t failed, const char *text)
{
	done_with(failed, text, 0);
}

static void
log_line(const char *text)
{
	struct message_out o;

	message_start(&o, MSG_LOG, 0);
	message_put_u64(&o, LOG_INFO + LOG_LEVEL_BIAS);
	message_put_str(&o, text);
	message_put_bytes(&o, "", 0);
	say(&o);
}

static void
open_registry(uint32_t id, const char *name)
{
	struct message_out o;

	message_start(&o, MSG_OPEN, id);
	message_put_str(&o, name);
	say(&o);
}

static void
stream(uint32_t id, uint64_t number)
{
	struct message_out o;

	message_start(&o, MSG_STREAM, id);
	message_put_str(&o, "a.example");
	message_put_str(&o, "b.example");
	message_put_u64(&o, number);
	say(&o);
}

static void
send_descriptor(void)
{
	char control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec iov = { "x", 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1,
	    .msg_control = control, .msg_controllen = sizeof(control) };
	struct cmsghdr *cm = CMSG_FIRSTHDR(&msg);
	int fd = 0;

	cm->cmsg_level = SOL_SOCKET;
	cm->cmsg_type = SCM_RIGHTS;
	cm->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cm), &fd, sizeof(fd));
	(void)!sendmsg(CONTROL, &msg, MSG_NOSIGNAL);
}

/* The next message on fd, and the descriptor that came with it, or -1. */
static int
take(int fd, unsigned path, struct message *m)
{
	static char frame[MESSAGE_MAX];
	union { char bytes[CMSG_SPACE(sizeof(int))]; struct cmsghdr align; }
	    room = { .bytes = { 0 } };
	struct iovec iov = { frame, sizeof(frame) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1,
	    .msg_control = &room, .msg_controllen = sizeof(room) };
	struct error err;
	struct pollfd p = { fd, POLLIN, 0 };
	int passed = -1;
	ssize_t n;

	do {
		poll(&p, 1, -1);
		n = recvmsg(fd, &msg, 0);
	} while (n == -1 && errno == EAGAIN);
	if (n <= 0 || message_decode(m, frame, (size_t)n, path, &err) == -1)
		_exit(6);
	if (CMSG_FIRSTHDR(&msg) != NULL)
		memcpy(&passed, CMSG_DATA(CMSG_FIRSTHDR(&msg)),
		    sizeof(passed));
	return passed;
}

/* One request to a broker that writes, whatever the job may do. */
static void
want_write(int fd, enum message_type type, const char *const *texts, int n)
{
	static struct message m;
	struct message_out o;
	struct error err;
	char line[64];

	message_start(&o, type, 1);
	for (int i = 0; i < n; i++)
		message_put_str(&o, texts[i]);
	if (message_finish(&o, &err) == -1)
		_exit(9);
	raw_to(fd, o.frame.data, o.frame.len);
	message_out_free(&o);
	do
		take(fd, B2W, &m);
	while (m.type != MSG_END);
	snprintf(line, sizeof(line), "ended with %u", (unsigned)message_u64(&m, 0));
	log_line(line);
}

#define DIGEST "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060" \
	"f61caaff8a"

/* As a worker that was taken over would, dry run or not. */
static void
write_anyway(const char *registry)
{
	static const char *const texts[] = { "a/b", DIGEST, "c/d" };
	static const char *const tag[] = { "a/b", "latest" };
	static struct message m;
	int fd;

	open_registry(1, registry);
	while ((fd = take(CONTROL, S2W, &m)) == -1)
		;
	want_write(fd, MSG_TAG_DELETE, tag, 2);
	want_write(fd, MSG_MANIFEST_DELETE, texts, 2);
	want_write(fd, MSG_BLOB_MOUNT, texts, 3);
	done(0, "");
}

static _Noreturn void
stay(void)
{
	for (;;)
		poll(NULL, 0, -1);
}

static void
act(const char *what)
{
	static char big[MESSAGE_MAX + 4096];

	if (strcmp(what, "garbage") == 0)
		raw("garbage", 7);
	else if (strcmp(what, "empty-frame") == 0)
		raw("", 0);
	else if (strcmp(what, "oversize") == 0)
		raw(big, sizeof(big));
	else if (strcmp(what, "descriptor") == 0)
		send_descriptor();
	else if (strcmp(what, "ready-twice") == 0)
		ready();
	else if (strcmp(what, "done-twice") == 0) {
		done(0, "");
		done(0, "");
	} else if (strcmp(what, "done-numbers") == 0)
		done_with(0, "", UINT64_MAX);
	else if (strcmp(what, "expect-numbers") == 0) {
		struct message_out o;

		message_start(&o, MSG_EXPECT, 0);
		message_put_u64(&o, UINT64_MAX);
		say(&o);
	} else if (strcmp(what, "no-id") == 0)
		empty(MSG_SLOT, 0);
	else if (strcmp(what, "slot-twice") == 0) {
		empty(MSG_SLOT, 7);
		empty(MSG_SLOT, 7);
	} else if (strcmp(what, "release-nothing") == 0)
		empty(MSG_RELEASE, 7);
	else if (strcmp(what, "stream-zero") == 0)
		stream(5, 0);
	else if (strcmp(what, "broker-message") == 0)
		empty(MSG_HELD, 1);
	else if (strcmp(what, "exit-zero") == 0)
		_exit(0);
	else if (strcmp(what, "exit-three") == 0)
		_exit(3);
	else if (strcmp(what, "trap") == 0)
		__builtin_trap();
	else if (strcmp(what, "close-and-stay") == 0) {
		close(CONTROL);
		stay();
	} else if (strcmp(what, "stderr-flood") == 0) {
		memset(big, 'e', sizeof(big));
		for (int i = 0; i < 64; i++)
			(void)!write(2, big, sizeof(big));
		_exit(4);
	} else if (strcmp(what, "log-flood") == 0) {
		for (int i = 0; i < 20000; i++)
			log_line("flood");
		done(0, "");
	} else if (strcmp(what, "open-many") == 0) {
		char name[32];

		for (uint32_t i = 1; i <= 100; i++) {
			snprintf(name, sizeof(name), "!%u", i);
			open_registry(i, name);
		}
		stream(200, 1);
		done(1, "no registry was opened");
	} else if (strcmp(what, "open-flood") == 0) {
		for (uint32_t i = 1;; i++)
			open_registry(i, "localhost:1");
	} else if (strcmp(what, "terminal-codes") == 0)
		done(1, "\x1b[2Jcleared\x07");
	else if (strncmp(what, "write ", 6) == 0)
		write_anyway(what + 6);
	else if (strcmp(what, "ignore-stop") == 0)
		stay();
	else {
		done(0, "");
		_exit(0);
	}
}

static bool
unconfined(void)
{
	char path[4096];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 16);

	if (n == -1)
		return false;
	path[n] = '\0';
	strcpy(strrchr(path, '/') + 1, "unconfined");
	return access(path, F_OK) == 0;
}

static void
confine(enum policy_role role)
{
	static struct policy_plan plan;
	struct error err;

	if (policy_plan_receive(CONTROL, role, &plan, &err) == -1 ||
	    policy_confine(&plan, 0, &err) == -1)
		_exit(8);
}

static _Noreturn void
broker(void)
{
	static struct message m;
	static char frame[MESSAGE_MAX];
	struct error err;
	ssize_t n;

	confine(POLICY_BROKER);
	ready();
	while ((n = read(CONTROL, frame, sizeof(frame))) > 0)
		if (message_decode(&m, frame, (size_t)n, S2B, &err) == -1 ||
		    m.type == MSG_CHANNEL)
			_exit(5);
	_exit(0);
}

/* Reads the next script; whether it is only compiled. */
static bool
get_script(char *script, size_t size)
{
	static struct message m;
	static char frame[MESSAGE_MAX];
	bool compiles = false;
	size_t got = 0, want = 1;
	struct error err;
	ssize_t n;

	while (got < want) {
		n = read(CONTROL, frame, sizeof(frame));
		if (n <= 0 || message_decode(&m, frame, (size_t)n, S2W,
		    &err) == -1)
			_exit(7);
		if (m.type == MSG_JOB) {
			want = message_u64(&m, 1);
			compiles = (message_u64(&m, 3) & JOB_COMPILE) != 0;
		}
		if (m.type != MSG_SCRIPT || m.f[0].len > size - got - 1)
			continue;
		memcpy(script + got, m.f[0].p, m.f[0].len);
		got += m.f[0].len;
	}
	script[got] = '\0';
	script[strcspn(script, "\n")] = '\0';
	return compiles;
}

/* What it says when a script is only compiled. */
static void
compile(const char *script)
{
	struct message_out o;

	if (strcmp(script, "compile-die") == 0)
		_exit(3);
	if (strcmp(script, "compile-log") == 0)
		log_line("not now");
	if (strcmp(script, "compile-done") == 0)
		done(0, "");
	for (int i = strcmp(script, "compile-many") == 0 ? 1000 : 1; i > 0;
	    i--) {
		message_start(&o, MSG_COMPILED, 0);
		message_put_str(&o, "");
		say(&o);
	}
}

int
main(int argc, char **argv)
{
	static char frame[MESSAGE_MAX], script[4096];

	if (argc > 0 && strstr(argv[0], "broker") != NULL)
		broker();
	if (!unconfined())
		confine(POLICY_WORKER);
	ready();
	while (get_script(script, sizeof(script)))
		compile(script);
	act(script);
	for (;;)
		if (read(CONTROL, frame, sizeof(frame)) <= 0)
			_exit(0);
}
