/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_client.c - a broker that sends anything to a worker. The input is a
 * list of steps, a few bytes each: a well-formed message with a type, an id
 * and values of the input's choice, or a raw frame. Whatever comes, every
 * call that is not cancelled has exactly one answer in the end.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/wire/channel.h"
#include "common/wire/message.h"
#include "worker/client/client.h"

#define CALLS 13
#define DIGEST "sha256:" \
	"1111111111111111111111111111111111111111111111111111111111111111"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

extern const char *const fuzz_seeds[];
const char *const fuzz_seeds[] = {
	/* step, id, value; see step() */
	"a1ba1bc1e", "c2cd2hc2e", "e7xf7xg7xg8xc7ec8e", "b3fb4fc4ec3e",
	"e7xc7o", "z1zz2zc1ac2a", "h1\x02hello", NULL
};

struct fuzz {
	struct loop *loop;
	int supervisor, broker;	/* our ends */
	unsigned done[CALLS];
};

static void
on_done(void *arg, struct answer *a)
{
	unsigned *n = arg;

	(void)a;
	if (++*n > 1)
		abort();
}

static void
on_stop(void *arg, enum stop_reason reason)
{
	(void)arg;
	(void)reason;
}

static void
send_out(int fd, struct message_out *o, int pass)
{
	struct error err;
	char control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec iov;
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *cm;

	if (message_finish(o, &err) == 0) {
		iov.iov_base = o->frame.data;
		iov.iov_len = o->frame.len;
		if (pass != -1) {
			msg.msg_control = control;
			msg.msg_controllen = sizeof(control);
			cm = CMSG_FIRSTHDR(&msg);
			cm->cmsg_level = SOL_SOCKET;
			cm->cmsg_type = SCM_RIGHTS;
			cm->cmsg_len = CMSG_LEN(sizeof(int));
			memcpy(CMSG_DATA(cm), &pass, sizeof(int));
		}
		(void)!sendmsg(fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
	}
	message_out_free(o);
}

/* Reads what the client sent; every OPEN gets a channel, the first one is
 * the broker's, later ones are closed at once. */
static void
serve(struct fuzz *f)
{
	static char frame[MESSAGE_MAX];
	static struct message m;
	struct message_out o;
	struct error err;
	ssize_t n;
	int fds[2];

	if (f->broker != -1)
		while (recv(f->broker, frame, sizeof(frame),
		    MSG_DONTWAIT) > 0)
			;
	while (f->supervisor != -1 && (n = recv(f->supervisor, frame,
	    sizeof(frame), MSG_DONTWAIT)) > 0) {
		if (message_decode(&m, frame, (size_t)n, W2S, &err) == -1)
			abort();
		if (m.type != MSG_OPEN || channel_pair(fds, &err) == -1)
			continue;
		message_start(&o, MSG_OPENED, m.id);
		message_put_u64(&o, 1);
		send_out(f->supervisor, &o, fds[0]);
		close(fds[0]);
		if (f->broker != -1)
			close(f->broker);
		f->broker = fds[1];
	}
}

static void
run(struct fuzz *f, int rounds)
{
	while (rounds-- > 0) {
		loop_step(f->loop, 0);
		serve(f);
	}
}

static uint64_t
value_of(uint8_t v)
{
	static const uint64_t odd[] = { UINT64_MAX, INT64_MAX,
	    (uint64_t)INT64_MAX + 1, CHANNEL_WINDOW, CHANNEL_WINDOW + 1,
	    CHUNK_MAX, MANIFEST_GET_MAX };

	return v >= 0xf0 ? odd[v % 7] : v % 64;
}

/* One step from three bytes and, for raw frames and data, what follows. */
static size_t
step(struct fuzz *f, const uint8_t *p, size_t left)
{
	static const char zeros[CHUNK_MAX];
	struct message_out o;
	uint32_t id = p[1] % 16;
	uint64_t v = value_of(p[2]);

	if (f->broker == -1)
		return 3;
	switch (p[0] % 9) {
	case 0:
		message_start(&o, MSG_DATA, id);
		message_put_bytes(&o, zeros, v % CHUNK_MAX);
		break;
	case 1:
		message_start(&o, MSG_META, id);
		message_put_str(&o, "t");
		message_put_str(&o, DIGEST);
		message_put_u64(&o, v);
		message_put_u64(&o, v);
		message_put_str(&o, "n=1");
		break;
	case 2:
		message_start(&o, MSG_END, id);
		message_put_u64(&o, v % 32);
		message_put_u64(&o, v);
		message_put_u64(&o, v);
		message_put_str(&o, "request failed");
		break;
	case 3:
		message_start(&o, MSG_CREDIT, id);
		message_put_u64(&o, v);
		break;
	case 4:
		message_start(&o, MSG_UPLOAD, id);
		break;
	case 5:
		message_start(&o, MSG_HELD, id);
		break;
	case 6:
		message_start(&o, MSG_RATE, id);
		message_put_u64(&o, v);
		message_put_u64(&o, 1);
		message_put_u64(&o, 1);
		message_put_str(&o, "p");
		break;
	case 7:
		if (left > 3)
			(void)!send(f->broker, p + 3, left - 3 < 80 ?
			    left - 3 : 80, MSG_DONTWAIT | MSG_NOSIGNAL);
		return left - 3 < 80 ? left : 83;
	default:
		close(f->broker);
		f->broker = -1;
		return 3;
	}
	send_out(f->broker, &o, -1);
	return 3;
}

static void
start_calls(struct client *c, struct client_call **calls, struct fuzz *f)
{
	static const char *const names[] = { "h.io/a:1", "h.io/b:2" };
	struct reference a, b;
	struct error err;
	int i = 0;

	if (reference_parse(names[0], &a, &err) == -1 ||
	    reference_parse(names[1], &b, &err) == -1)
		abort();
#define NEXT on_done, &f->done[i]
	calls[i] = client_manifest_get(c, &a, NEXT), i++;
	calls[i] = client_manifest_put(c, &a, "t", DIGEST, "{}", 2, NEXT), i++;
	calls[i] = client_manifest_head(c, &a, NEXT), i++;
	calls[i] = client_tag_list(c, &a, 0, "", "", NEXT), i++;
	calls[i] = client_blob_get(c, &a, DIGEST, 10, NEXT), i++;
	calls[i] = client_blob_part(c, &a, DIGEST, 5, 10, NEXT), i++;
	calls[i] = client_blob_put(c, &a, DIGEST, "{}", 2, NEXT), i++;
	calls[i] = client_tag_delete(c, &a, NEXT), i++;
	calls[i] = client_blob_copy(c, &a, &b, DIGEST, 9, "", NEXT), i++;
	calls[i] = client_blob_copy(c, &b, &a, DIGEST, 9, "x", NEXT), i++;
	calls[i] = client_url_copy(c, "h.io:80", "http://h.io/x", &b, DIGEST,
	    9, NEXT), i++;
	calls[i] = client_blob_mount(c, &a, DIGEST, "b", NEXT), i++;
	calls[i] = client_blob_head(c, &a, DIGEST, NEXT), i++;
#undef NEXT
	reference_free(&a);
	reference_free(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz f = { .broker = -1 };
	struct client_call *calls[CALLS];
	struct client *c;
	struct error err;
	unsigned canceled = size > 0 ? data[0] : 0;
	size_t at = 0;
	int fds[2];

	if (channel_pair(fds, &err) == -1)
		abort();
	f.loop = loop_new();
	f.supervisor = fds[1];
	c = client_new(f.loop, fds[0], on_stop, NULL);
	start_calls(c, calls, &f);
	run(&f, 4);
	while (size - at >= 3 && at < 600) {
		at += step(&f, data + at, size - at);
		run(&f, 2);
	}
	/* Some are not wanted any more; the others must all be told. */
	for (int i = 0; i < CALLS; i++)
		if ((canceled >> (i % 8) & 1) != 0 && f.done[i] == 0) {
			call_cancel(calls[i]);
			f.done[i] = 1;
		}
	close(f.supervisor);
	f.supervisor = -1;
	run(&f, 2);
	if (f.broker != -1)
		close(f.broker);
	f.broker = -1;
	for (int i = 0; i < 8; i++)
		loop_step(f.loop, 0);
	for (int i = 0; i < CALLS; i++)
		if (f.done[i] != 1)
			abort();
	client_free(c);
	loop_free(f.loop);
	return 0;
}
