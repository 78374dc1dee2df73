/* SPDX-License-Identifier: Apache-2.0 */
/*
 * serverig.h - a server over a backend without a network, for programs that
 * are linked without libcurl and libbroker.a: whatever serve/ needed of them
 * would be missing there.
 */
#ifndef SERVERIG_H
#define SERVERIG_H

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/mem.h"
#include "common/wire/channel.h"
#include "supervisor/serve/request.h"
#include "supervisor/serve/server.h"
#include "supervisor/serve/stream_end.h"

/* The digest of {}. */
#define SHA "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060" \
	"f61caaff8a"
#define OCI "application/vnd.oci.image.manifest.v1+json"

struct memory {			/* the store */
	char *manifest;		/* the last that was put, or NULL */
	unsigned works;		/* requests that hold something */
	size_t held;
	unsigned width;		/* what was told last */
};

struct work {
	bool runs;
};

static struct memory memory;
static struct loop *loop;
static struct server *server;
static struct message m;
static unsigned settled;
static uint64_t progress;
static struct request *committed;
static bool ends_at_once = true;

static inline void
manifest_put(struct request *r)
{
	free(memory.manifest);
	memory.manifest = mem_strndup(r->body.data, r->body.len);
	request_done(r);
}

static inline void
manifest_get(struct request *r)
{
	struct buffer body;

	if (memory.manifest == NULL) {
		request_fail(r, ERROR_NOT_FOUND, "not found");
		return;
	}
	buffer_init(&body, 0);
	buffer_puts(&body, memory.manifest);
	request_meta(r, OCI, SHA, (int64_t)body.len, "", NULL);
	request_send_body(r, &body);
}

/* Never answers. */
static inline void
blob_head(struct request *r)
{
	((struct work *)r->work)->runs = true;
	memory.works++;
}

static inline void
stop(struct request *r)
{
	memory.works -= ((struct work *)r->work)->runs;
}

static inline void
blob_write(struct request *r)
{
	r->state = REQUEST_OPEN;
	request_signal(r, MSG_UPLOAD);
}

static inline void
blob_write_go(struct stream_end *e)
{
	if (!ends_at_once)
		return;
	cr_assert_null(stream_end_slot(e));
	session_progress(e->r->session, 2);
	request_end(e->r, &(struct error){ .kind = ERROR_NONE }, 2);
}

/* It has begun to write: only its answer ends it. */
static inline void
tag_delete(struct request *r)
{
	r->state = REQUEST_COMMITTED;
	committed = r;
}

static inline void
hold(void *store, size_t n)
{
	((struct memory *)store)->held = n;
}

static unsigned
width(void *store, unsigned n)
{
	((struct memory *)store)->width = n;
	return n;
}

static const struct backend backend = {
	.ops = {
		[OP_MANIFEST_PUT] = { .run = manifest_put },
		[OP_MANIFEST_GET] = { .run = manifest_get },
		[OP_TAG_DELETE] = { .run = tag_delete },
		[OP_BLOB_HEAD] = { .run = blob_head, .stop = stop },
		[OP_BLOB_WRITE] = { .run = blob_write, .go = blob_write_go },
	},
	.work_size = sizeof(struct work),
	.hold = hold,
	.width = width,
};

static inline void
on_log(void *arg, int level, uint64_t job, const char *message,
    const struct error *why)
{
	(void)arg;
	(void)level;
	(void)job;
	(void)message;
	(void)why;
}

static inline void
on_progress(void *arg, uint64_t job, uint64_t bytes)
{
	(void)arg;
	cr_assert_eq(job, 7);
	progress += bytes;
}

static inline void
on_settled(void *arg)
{
	(void)arg;
	settled++;
}

static const struct server_ops ops = { on_log, on_progress, on_settled };

static inline void
run(void)
{
	for (int i = 0; i < 32; i++)
		loop_step(loop, 0);
}

static inline int
channel_of(uint64_t job, bool dry_run)
{
	struct grants g = { .everything = true, .dry_run = dry_run };
	int fds[2];

	cr_assert_eq(channel_pair(fds, NULL), 0);
	server_channel(server, fds[1], job, &g);
	return fds[0];
}

/* The worker's end of a channel. */
static inline int
channel(bool dry_run)
{
	return channel_of(7, dry_run);
}

static inline void
send_out(int fd, struct message_out *o)
{
	cr_assert_eq(message_finish(o, NULL), 0);
	cr_assert_gt(send(fd, o->frame.data, o->frame.len, 0), 0);
	message_out_free(o);
	run();
}

static inline void
signal_id(int fd, enum message_type type, uint32_t id)
{
	struct message_out o;

	message_start(&o, type, id);
	send_out(fd, &o);
}

static inline void
ask(int fd, enum message_type type, uint32_t id, const char *name)
{
	struct message_out o;

	message_start(&o, type, id);
	message_put_str(&o, "a/b");
	message_put_str(&o, name);
	send_out(fd, &o);
}

/* The next message's type, or 0. */
static inline int
next(int fd)
{
	static char frame[MESSAGE_MAX];
	ssize_t n = recv(fd, frame, sizeof(frame), MSG_DONTWAIT);

	if (n <= 0)
		return 0;
	cr_assert_eq(message_decode(&m, frame, (size_t)n, B2W, NULL), 0);
	return (int)m.type;
}

static inline void
expect_end(int fd, enum error_kind kind)
{
	cr_assert_eq(next(fd), MSG_END);
	cr_assert_eq(message_u64(&m, 0), kind, "%s", message_str(&m, 3));
}

static inline void
setup(void)
{
	loop = loop_new();
	server = server_new(loop, &backend, &memory, "files", 2, &ops, NULL);
}

static inline void
teardown(void)
{
	server_free(server);
	loop_free(loop);
	free(memory.manifest);
	cr_assert_eq(memory.works, 0);
	cr_assert_eq(memory.held, 0);
}

#endif
