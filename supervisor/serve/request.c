/* SPDX-License-Identifier: Apache-2.0 */
#include "supervisor/serve/request.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/digest.h"
#include "common/mem.h"

void
request_ask(struct request *r, struct http_spec *spec, http_done_fn *done)
{
	if (spec->repository == NULL)
		spec->repository = r->repository;
	r->http = http_start(r->broker->http, spec, done, r);
}

bool
request_answered(struct request *r, struct http_reply *reply,
    const struct error *err)
{
	r->http = NULL;
	if (err->kind == ERROR_NONE && reply != NULL)
		return true;
	request_end(r, err, 0);
	return false;
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
		    "characters that no link has", r->repository, QUERY_MAX);
	if (r->session == NULL)
		return 0;
	message_start(&o, MSG_META, r->id);
	message_put_str(&o, fits(media_type, MEDIA_TYPE_MAX) ? media_type :
	    "");
	message_put_str(&o, digest_valid(digest) ? digest : "");
	message_put_u64(&o, size >= 0 ? (uint64_t)size : 0);
	message_put_u64(&o, size >= 0 ? 1 : 0);
	message_put_str(&o, next);
	return channel_send(r->session->channel, &o, -1, err);
}

void
request_rate(struct request *r, const struct http_reply *reply)
{
	char policies[REGISTRY_TEXT_MAX + 1];
	struct message_out o;

	if (!reply->has_rate || r->session == NULL)
		return;
	snprintf(policies, sizeof(policies), "%s", reply->rate_policies);
	message_start(&o, MSG_RATE, r->id);
	message_put_u64(&o, (uint64_t)reply->rate_limit);
	message_put_u64(&o, (uint64_t)reply->rate_remain);
	message_put_u64(&o, (uint64_t)reply->rate_reset);
	message_put_str(&o, policies);
	channel_send(r->session->channel, &o, -1, NULL);
}

void
request_signal(struct request *r, enum message_type type)
{
	struct message_out o;

	message_start(&o, type, r->id);
	channel_send(r->session->channel, &o, -1, NULL);
}

/* The body is here: what it counts is known now. */
static void
collected(struct request *r, size_t len)
{
	if (!r->collecting)
		return;
	r->collecting = false;
	r->session->collecting--;
	r->buffered = len;
	session_hold(r->session, (int64_t)len);
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

/* Out of its list and its accounts; the handler lets go. */
static void
let_go(struct request *r)
{
	struct session *s = r->session;
	struct request **p;

	if (r->http != NULL)
		http_cancel(r->http);
	r->http = NULL;
	if (r->row->stop != NULL)
		r->row->stop(r);
	p = s != NULL ? &s->requests : &r->broker->detached;
	for (; *p != r; p = &(*p)->next)
		;
	*p = r->next;
	if (s == NULL)
		return;
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
	struct broker *b = r->broker;

	buffer_free(&r->body);
	free(r->repository);
	free(r->name);
	free(r->from);
	free(r->media_type);
	free(r->digest);
	free(r->last);
	free(r->query);
	free(r);
	broker_settled(b);
}

void
request_end(struct request *r, const struct error *err, uint64_t number)
{
	struct session *s = r->session;
	struct error copy = *err;	/* it may be what the handler frees */
	struct message_out o;

	let_go(r);
	if (r->broker->http != NULL)
		http_clean_error(r->broker->http, &copy);
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
	struct request **p;

	if (s == NULL || r->state != REQUEST_COMMITTED ||
	    r->broker->state == BROKER_OVER) {
		let_go(r);
		destroy(r);
		return;
	}
	for (p = &s->requests; *p != r; p = &(*p)->next)
		;
	*p = r->next;
	r->session = NULL;
	r->next = r->broker->detached;
	r->broker->detached = r;
}
