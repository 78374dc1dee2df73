/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a request, and its messages to the worker. */
#include "supervisor/serve/request.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/digest.h"
#include "common/mem.h"
#include "common/image/signed.h"

struct request *
request_create(struct session *s, const struct dispatch_row *row, uint32_t id)
{
	struct request *r = mem_alloc(sizeof(*r));

	r->session = s;
	r->server = s->server;
	r->id = id;
	r->row = row;
	r->state = REQUEST_RUNNING;
	r->repository = mem_strdup("");
	r->name = mem_strdup("");
	r->from = mem_strdup("");
	r->media_type = mem_strdup("");
	r->digest = mem_strdup("");
	r->last = mem_strdup("");
	r->query = mem_strdup("");
	r->url = mem_strdup("");
	r->work = mem_alloc(s->server->backend->work_size);
	buffer_init(&r->body, 0);
	TAILQ_INSERT_TAIL(&s->requests, r, entry);
	s->nrequests++;
	return r;
}

static const struct backend_op *
op_of(const struct request *r)
{
	return &r->server->backend->ops[r->row->op];
}

void
request_run(struct request *r)
{
	if (op_of(r)->run != NULL)
		op_of(r)->run(r);
	else
		request_fail(r, ERROR_INPUT, "%s has no %s", r->server->name,
		    message_name(r->row->type));
}

/* The digest that the body must have: a manifest's is beside its name. */
static const char *
body_digest(const struct request *r)
{
	return r->digest[0] != '\0' ? r->digest : r->name;
}

static void
body_complete(struct request *r)
{
	struct error err;

	r->state = REQUEST_RUNNING;
	error_clear(&err);
	if (signed_verify(r->media_type, buffer_str(&r->body), r->body.len,
	    body_digest(r), &err) == -1) {
		error_prefix(&err, "request failed: %s",
		    r->digest[0] != '\0' ? "manifest" : "blob");
		request_end(r, &err, 0);
		return;
	}
	request_run(r);
}

void
request_receive(struct request *r)
{
	if (strchr(r->name, ':') != NULL &&
	    strcmp(r->name, body_digest(r)) != 0) {
		request_fail(r, ERROR_INPUT, "a manifest with digest %s "
		    "cannot be pushed as %s", r->digest, r->name);
		return;
	}
	r->state = REQUEST_RECEIVING;
	if (r->size == 0)
		body_complete(r);
	else
		session_give_credit(r->session);
}

void
request_received(struct request *r, const void *p, size_t n)
{
	buffer_put(&r->body, p, n);
	r->credit_out -= n;
	r->session->credit_out -= n;
	session_give_credit(r->session);
	if (r->body.len == r->size)
		body_complete(r);
}

static bool
fits(const char *s, size_t max)
{
	size_t n = strlen(s);

	if (n > max)
		return false;
	for (size_t i = 0; i < n; i++)
		if (s[i] <= ' ' || s[i] >= 0x7f)
			return false;
	return true;
}

int
request_meta(struct request *r, const char *media_type, const char *digest,
    int64_t size, const char *next, struct error *err)
{
	struct message_out o;

	if (!fits(next, QUERY_MAX))
		return error_set(err, ERROR_LIMIT, "request failed: the link "
		    "to the next page of %s is longer than %u bytes or has "
		    "characters that are not allowed in a link",
		    r->repository, QUERY_MAX);
	if (r->session == NULL)
		return 0;
	message_start(&o, MSG_META, r->id);
	message_put_str(&o, fits(media_type, MEDIA_TYPE_MAX) ? media_type :
	    "");
	message_put_str(&o, digest_valid(digest) ? digest : "");
	message_put_u64(&o, size >= 0 ? (uint64_t)size : 0);
	message_put_u64(&o, (size >= 0 ? 1 : 0) | r->flags);
	message_put_str(&o, next);
	return channel_send(r->session->channel, &o, -1, err);
}

void
request_rate(struct request *r, int64_t limit, int64_t remain, int64_t reset,
    const char *policies)
{
	char cut[REGISTRY_TEXT_MAX + 1];
	struct message_out o;

	if (r->session == NULL)
		return;
	snprintf(cut, sizeof(cut), "%s", policies);
	message_start(&o, MSG_RATE, r->id);
	message_put_u64(&o, (uint64_t)limit);
	message_put_u64(&o, (uint64_t)remain);
	message_put_u64(&o, (uint64_t)reset);
	message_put_str(&o, cut);
	channel_send(r->session->channel, &o, -1, NULL);
}

void
request_subject(struct request *r, const char *digest)
{
	struct message_out o;

	if (r->session == NULL || !digest_valid(digest))
		return;
	message_start(&o, MSG_SUBJECT, r->id);
	message_put_str(&o, digest);
	channel_send(r->session->channel, &o, -1, NULL);
}

void
request_signal(struct request *r, enum message_type type)
{
	struct message_out o;

	message_start(&o, type, r->id);
	channel_send(r->session->channel, &o, -1, NULL);
}

/* The body has arrived: now its size is known. */
static void
collected(struct request *r, size_t len)
{
	if (r->collecting)
		r->session->collecting--;
	r->collecting = false;
	session_hold(r->session, (int64_t)len - (int64_t)r->buffered);
	r->buffered = len;
	session_wake(r->session);
}

void
request_send_body(struct request *r, struct buffer *body)
{
	buffer_free(&r->body);
	r->body = *body;
	buffer_init(body, 0);
	r->state = REQUEST_SENDING;
	collected(r, r->body.len);
	request_pump(r);
}

void
request_pump(struct request *r)
{
	struct session *s = r->session;
	struct message_out o;
	uint64_t n;

	if (r->state != REQUEST_SENDING)
		return;
	while (r->sent < r->body.len && r->credit_in > 0) {
		n = r->body.len - r->sent;
		if (n > r->credit_in)
			n = r->credit_in;
		if (n > CHUNK_MAX)
			n = CHUNK_MAX;
		message_start(&o, MSG_DATA, r->id);
		message_put_bytes(&o, r->body.data + r->sent, n);
		channel_send(s->channel, &o, -1, NULL);
		r->sent += n;
		r->credit_in -= n;
		s->credit_in -= n;
	}
	if (r->sent == r->body.len)
		request_done(r);
}

/* Takes it out of its list and accounts; the backend releases it. */
static void
let_go(struct request *r)
{
	struct session *s = r->session;

	if (op_of(r)->stop != NULL)
		op_of(r)->stop(r);
	if (r->row->finish != NULL)
		r->row->finish(r);
	if (s == NULL) {
		TAILQ_REMOVE(&r->server->detached, r, entry);
		return;
	}
	TAILQ_REMOVE(&s->requests, r, entry);
	s->nrequests--;
	s->ended[s->nended++ % CHANNEL_REQUESTS] = r->id;
	s->credit_in -= r->credit_in;
	s->credit_out -= r->credit_out;
	session_hold(s, -(int64_t)r->buffered);
	s->collecting -= r->collecting;
	session_wake(s);
}

static void
destroy(struct request *r)
{
	struct server *sv = r->server;

	buffer_free(&r->body);
	free(r->repository);
	free(r->name);
	free(r->from);
	free(r->media_type);
	free(r->digest);
	free(r->last);
	free(r->query);
	free(r->url);
	free(r->expected);
	free(r->work);
	free(r);
	sv->ops->settled(sv->arg);
}

void
request_end(struct request *r, const struct error *err, uint64_t number)
{
	struct server *sv = r->server;
	struct session *s = r->session;
	struct error copy = *err;	/* it may be what the backend frees */
	struct message_out o;

	let_go(r);
	if (sv->backend->clean != NULL)
		sv->backend->clean(sv->store, &copy);
	if (s != NULL) {
		message_start(&o, MSG_END, r->id);
		message_put_u64(&o, copy.kind);
		message_put_u64(&o, copy.http > 0 ? (uint64_t)copy.http : 0);
		message_put_u64(&o, number);
		message_put_str(&o, copy.kind != ERROR_NONE ? copy.text : "");
		channel_send(s->channel, &o, -1, NULL);
		session_give_credit(s);
	}
	destroy(r);
}

void
request_done(struct request *r)
{
	struct error none;

	error_clear(&none);
	request_end(r, &none, 0);
}

void
request_fail(struct request *r, enum error_kind kind, const char *fmt, ...)
{
	char text[ERROR_TEXT_MAX + 1];
	struct error err;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	error_set(&err, kind, "request failed: %s", text);
	request_end(r, &err, 0);
}

void
request_drop(struct request *r)
{
	struct session *s = r->session;

	if (s == NULL || r->state != REQUEST_COMMITTED || r->server->over) {
		let_go(r);
		destroy(r);
		return;
	}
	TAILQ_REMOVE(&s->requests, r, entry);
	r->session = NULL;
	TAILQ_INSERT_HEAD(&r->server->detached, r, entry);
}
