/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stream.c - copies a blob from one registry to another, as described under
 * "Streams" in common/PROTOCOL.md. An attempt is a BLOB_WRITE and, once the
 * upload is open, a BLOB_READ or URL_READ; when both have ended, the call
 * finishes or the next attempt begins. CLIENT_STREAMS_MAX keeps writes from filling a channel
 * and leaving no place for their reads.
 */
#include "worker/client/client_private.h"

#include <stdlib.h>
#include <string.h>

#include "common/digest.h"
#include "common/mem.h"

struct client_stream {
	TAILQ_ENTRY(client_stream) entry;	/* of client.streams */
	struct client *client;
	struct client_call *call;	/* NULL: it was cancelled */
	struct client_broker *from, *to;
	enum message_type read_type;
	char *source, *target;	/* repositories, or source is a URL */
	char *digest, *known;
	uint64_t size;
	bool running;		/* counted in client.nstreams */
	unsigned restarts;
	bool outlived;		/* was restarted once after a broker died */
	bool corrupted;		/* the bytes were wrong once */
	bool read_failed;	/* it ended by read_err */

	/* The attempt. */
	uint64_t number;
	struct client_request *write, *read;	/* NULL: not under way */
	bool going;
	struct error write_err, read_err, refused;
	uint64_t written;
};

static void stream_start(struct client_stream *s);
static void stream_refused(struct client_call *call, const struct error *err);

/* Starts waiting streams. One that fails at once calls this again; the loop
 * that is already running then takes care of it. */
static void
stream_next(struct client *c)
{
	struct client_stream *s;

	if (c->starting)
		return;
	c->starting = true;
	while (c->nstreams < CLIENT_STREAMS_MAX) {
		TAILQ_FOREACH(s, &c->streams, entry)
			if (!s->running)
				break;
		if (s == NULL)
			break;
		s->running = true;
		c->nstreams++;
		stream_start(s);
	}
	c->starting = false;
}

static void
stream_free(struct client_stream *s)
{
	struct client *c = s->client;

	TAILQ_REMOVE(&c->streams, s, entry);
	if (s->running)
		c->nstreams--;
	free(s->source);
	free(s->target);
	free(s->digest);
	free(s->known);
	free(s);
}

static void
stream_done(struct client_stream *s, const struct error *err)
{
	struct client *c = s->client;
	struct client_call *call = s->call;

	if (call != NULL) {
		call->work = NULL;
		call->control_id = 0;
		if (err != NULL) {
			call->answer.err = *err;
			call->answer.read_failed = s->read_failed;
		} else
			call->answer.size = (int64_t)s->written;
		call_finish(call);
	}
	stream_free(s);
	stream_next(c);
}

/* Why the attempt failed: the supervisor's error, else that of the side that
 * failed, not of the side that only noticed it. */
static const struct error *
stream_error(const struct client_stream *s)
{
	const struct error *w = &s->write_err, *r = &s->read_err;

	if (s->refused.kind != ERROR_NONE)
		return &s->refused;
	if (w->kind == ERROR_NONE)
		return r;
	if ((w->kind == ERROR_ABORTED || w->kind == ERROR_CANCELED) &&
	    r->kind != ERROR_NONE && r->kind != ERROR_ABORTED &&
	    r->kind != ERROR_CANCELED)
		return r;
	return w;
}

static bool
stream_again(struct client_stream *s, const struct error *err)
{
	if (s->refused.kind != ERROR_NONE || s->client->gone)
		return false;
	if (s->write_err.kind == ERROR_RESTART || err->kind == ERROR_RESTART)
		return s->restarts < RESTARTS_MAX;
	if (err->kind == ERROR_DIGEST && !s->corrupted) {
		s->corrupted = true;
		return s->restarts < RESTARTS_MAX;
	}
	if (err->kind != ERROR_PEER || s->outlived)
		return false;
	s->outlived = true;
	return s->restarts < RESTARTS_MAX;
}

/* Both requests have ended, or the read never began. */
static void
stream_decide(struct client_stream *s)
{
	const struct error *err;
	struct error out;

	if (s->call == NULL || (s->write_err.kind == ERROR_NONE &&
	    s->refused.kind == ERROR_NONE)) {
		stream_done(s, NULL);
		return;
	}
	err = stream_error(s);
	if (stream_again(s, err)) {
		s->restarts++;
		stream_start(s);
		return;
	}
	s->read_failed = err == &s->read_err;
	out = *err;
	if (out.kind == ERROR_RESTART) {
		out.kind = ERROR_NETWORK;
		error_prefix(&out, "the upload was given up after %u restarts",
		    s->restarts);
	}
	stream_done(s, &out);
}

static void
stream_reserve(struct client_stream *s)
{
	bool write_first = s->from == s->to ||
	    strcmp(s->to->registry, s->from->registry) < 0;
	struct client_request *first = write_first ? s->write : s->read;
	struct client_request *second = write_first ? s->read : s->write;

	if (!first->reserved)
		client_request_reserve(first);
	else if (first->got_held && !second->reserved)
		client_request_reserve(second);
	else if (first->got_held && second->got_held && !s->going) {
		s->going = true;
		client_request_go(s->write);
		client_request_go(s->read);
	}
}

/* The read was sent: asks the supervisor for the pair. */
static void
stream_pair(struct client_stream *s)
{
	struct message_out o;
	struct error gone = { .kind = ERROR_NONE };

	if (s->call == NULL || s->write == NULL || s->write->canceled)
		return;
	if (s->client->gone) {
		error_set(&gone, ERROR_PEER, "the supervisor is gone");
		stream_refused(s->call, &gone);
		return;
	}
	s->call->control_id = client_next_id(s->client);
	message_start(&o, MSG_STREAM, s->call->control_id);
	message_put_str(&o, s->from->registry);
	message_put_str(&o, s->to->registry);
	message_put_u64(&o, s->number);
	(void)client_send(s->client, &o, NULL);
	stream_reserve(s);
}

static void
read_event(void *arg, struct client_request *r, enum client_request_event e)
{
	struct client_stream *s = arg;

	if (e == REQUEST_IS_SENT)
		stream_pair(s);
	else if (e == REQUEST_HELD && s->write != NULL)
		stream_reserve(s);
	if (e != REQUEST_END)
		return;
	s->read_err = r->answer.err;
	s->read = NULL;
	if (s->write == NULL)
		stream_decide(s);
	else if (!s->going || (s->read_err.kind != ERROR_NONE &&
	    s->read_err.kind != ERROR_ABORTED))
		client_request_cancel(s->write);
}

static void
stream_read(struct client_stream *s)
{
	struct client_request *r = client_request_new(s->from, s->read_type,
	    read_event, s);

	s->read = r;
	client_request_put_str(r, s->source);
	client_request_put_str(r, s->digest);
	client_request_put_u64(r, s->size);
	client_request_put_u64(r, 0);
	client_request_put_u64(r, s->number);
	client_request_start(r);
}

static void
write_event(void *arg, struct client_request *r, enum client_request_event e)
{
	struct client_stream *s = arg;

	if (e == REQUEST_UPLOAD)
		stream_read(s);
	else if (e == REQUEST_HELD && s->read != NULL)
		stream_reserve(s);
	if (e != REQUEST_END)
		return;
	s->write_err = r->answer.err;
	s->written = r->number;
	s->write = NULL;
	/* ABORTED means: the other side's error says why. */
	if (s->read == NULL)
		stream_decide(s);
	else if (!s->going || (s->write_err.kind != ERROR_NONE &&
	    s->write_err.kind != ERROR_ABORTED))
		client_request_cancel(s->read);
}

/* Starts an attempt. It may be over, and s freed, when this returns. */
static void
stream_start(struct client_stream *s)
{
	struct client_request *r;

	error_clear(&s->write_err);
	error_clear(&s->read_err);
	s->going = false;
	s->read = NULL;
	s->number = ++s->client->last_stream;
	s->write = r = client_request_new(s->to, MSG_BLOB_WRITE, write_event,
	    s);
	client_request_put_str(r, s->target);
	client_request_put_str(r, s->digest);
	client_request_put_u64(r, s->size);
	client_request_put_u64(r, s->number);
	client_request_put_str(r, s->known);
	client_request_start(r);
}

static void
stream_cancel(struct client_stream *s)
{
	struct client_request *w = s->write, *r = s->read;

	/* Cancelling a request that was not sent may end everything and free
	 * s; one that was sent ends later. */
	if (w != NULL && r != NULL) {
		if (r->state == REQUEST_WAITING)
			client_request_cancel(r);
		else {
			client_request_cancel(r);
			client_request_cancel(w);
		}
	} else if (w != NULL)
		client_request_cancel(w);
	else if (r != NULL)
		client_request_cancel(r);
}

static void
stream_refused(struct client_call *call, const struct error *err)
{
	struct client_stream *s = call->work;

	call->control_id = 0;
	s->refused = *err;
	stream_cancel(s);
}

/* Frees s; its requests are left to their brokers. */
static void
stream_forget(struct client_stream *s)
{
	if (s->write != NULL)
		s->write->event = NULL;
	if (s->read != NULL)
		s->read->event = NULL;
	stream_free(s);
}

void
stream_free_all(struct client *c)
{
	struct client_stream *s;

	while ((s = TAILQ_FIRST(&c->streams)) != NULL)
		stream_forget(s);
}

static void
stream_abandon(void *stream)
{
	struct client_stream *s = stream;

	s->call = NULL;
	if (!s->running)
		stream_free(s);
	else if (!s->client->over)
		stream_cancel(s);
	else
		stream_forget(s);
}

static const struct client_call_ops stream_ops = {
	.abandon = stream_abandon, .refused = stream_refused
};

/* Between those registries, or NULL where that cannot be. */
static struct client_stream *
stream_new(struct client *c, const char *from, const struct reference *dst,
    const char *digest, struct error *err)
{
	struct client_broker *source = NULL, *target = NULL;
	struct client_stream *s;

	if (client_check(dst, digest, err) == 0)
		source = client_broker_find(c, from, err);
	if (source != NULL)
		target = client_broker_find(c, dst->registry, err);
	if (target == NULL)
		return NULL;
	s = mem_alloc(sizeof(*s));
	s->client = c;
	s->from = source;
	s->to = target;
	s->target = mem_strdup(dst->repository);
	s->digest = mem_strdup(digest);
	return s;
}

static struct client_call *
stream_call(struct client_stream *s, answer_fn *done, void *arg)
{
	struct client *c = s->client;
	struct client_call *call = call_new(c, &stream_ops, done, arg);

	s->call = call;
	call->work = s;
	TAILQ_INSERT_TAIL(&c->streams, s, entry);
	stream_next(c);
	return call;
}

struct client_call *
client_blob_copy(struct client *c, const struct reference *src,
    const struct reference *dst, const char *digest, uint64_t size,
    const char *from, answer_fn *done, void *arg)
{
	struct error err = { .kind = ERROR_NONE };
	struct client_stream *s = NULL;

	if (client_check(src, digest, &err) == 0)
		s = stream_new(c, src->registry, dst, digest, &err);
	if (s == NULL)
		return call_failed(c, &err, done, arg);
	s->read_type = MSG_BLOB_READ;
	s->source = mem_strdup(src->repository);
	s->known = mem_strdup(from);
	s->size = size;
	return stream_call(s, done, arg);
}

struct client_call *
client_url_copy(struct client *c, const char *registry, const char *url,
    const struct reference *dst, const char *digest, uint64_t size,
    answer_fn *done, void *arg)
{
	struct error err = { .kind = ERROR_NONE };
	struct client_stream *s = stream_new(c, registry, dst, digest, &err);

	if (s == NULL)
		return call_failed(c, &err, done, arg);
	s->read_type = MSG_URL_READ;
	s->source = mem_strdup(url);
	s->known = mem_strdup("");
	s->size = size;
	return stream_call(s, done, arg);
}
