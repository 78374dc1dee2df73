/* SPDX-License-Identifier: Apache-2.0 */
/*
 * answer.c - messages from a broker: each is checked against what its request
 * may get, and counted against the credit that was given.
 */
#include "worker/client/client_private.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"

static void
send_credit(struct client_request *r, uint64_t n)
{
	struct message_out o;

	message_start(&o, MSG_CREDIT, r->id);
	message_put_u64(&o, n);
	(void)channel_send(r->broker->channel, &o, -1, NULL);
}

/* Every request has CREDIT_FIRST; one whose body is arriving gets more while
 * the other half of the channel's window is not used up. */
void
client_answer_grant(struct client_request *r)
{
	struct client_broker *b = r->broker;
	const uint64_t more = CREDIT_GROWN - CREDIT_FIRST;

	if (r->target == 0)
		r->target = CREDIT_FIRST;
	else if (r->target == CREDIT_FIRST &&
	    b->grown + more <= CHANNEL_WINDOW / 2) {
		r->target = CREDIT_GROWN;
		b->grown += more;
	}
	if (r->target - r->credit < r->target / 2)
		return;
	send_credit(r, r->target - r->credit);
	r->credit = r->target;
}

void
client_answer_forget_credit(struct client_request *r)
{
	if (r->target == CREDIT_GROWN)
		r->broker->grown -= CREDIT_GROWN - CREDIT_FIRST;
	r->broker->upload_credit -= r->upload_credit;
	r->credit = r->target = r->upload_credit = 0;
}

static bool
is_stream(const struct client_request *r)
{
	return r->type == MSG_BLOB_READ || r->type == MSG_URL_READ ||
	    r->type == MSG_BLOB_WRITE;
}

static int
off_protocol(const struct message *m, const char *why, struct error *err)
{
	return error_set(err, ERROR_PROTOCOL, "it sent %s %s",
	    message_name(m->type), why);
}

static int
take_meta(struct client_request *r, const struct message *m, struct error *err)
{
	struct answer *a = &r->answer;
	uint64_t flags = message_u64(m, 3);
	bool known = (flags & 1) != 0;

	if (is_stream(r) || r->got_meta || a->body.len != 0)
		return off_protocol(m, "out of place", err);
	if (known && message_u64(m, 2) > INT64_MAX)
		return off_protocol(m, "with a size out of bounds", err);
	r->got_meta = true;
	free(a->media_type);
	free(a->digest);
	free(a->next);
	a->media_type = mem_strdup(message_str(m, 0));
	a->digest = mem_strdup(message_str(m, 1));
	a->size = known ? (int64_t)message_u64(m, 2) : -1;
	a->next = mem_strdup(message_str(m, 4));
	a->filtered = r->type == MSG_REFERRERS && (flags & 2) != 0;
	a->changed = r->type == MSG_MANIFEST_SWAP && (flags & 4) != 0;
	a->late = r->type == MSG_MANIFEST_SWAP && (flags & 8) != 0;
	return 0;
}

static int
take_rate(struct client_request *r, const struct message *m, struct error *err)
{
	struct rate *rate = &r->answer.rate;

	if (is_stream(r) || r->got_rate)
		return off_protocol(m, "out of place", err);
	for (int i = 0; i < 3; i++)
		if (message_u64(m, i) > INT64_MAX)
			return off_protocol(m, "with a number out of bounds",
			    err);
	r->got_rate = rate->set = true;
	rate->limit = (int64_t)message_u64(m, 0);
	rate->remain = (int64_t)message_u64(m, 1);
	rate->reset = (int64_t)message_u64(m, 2);
	free(rate->policies);
	rate->policies = mem_strdup(message_str(m, 3));
	return 0;
}

static int
take_subject(struct client_request *r, const struct message *m,
    struct error *err)
{
	if (r->type != MSG_MANIFEST_PUT || r->answer.subject != NULL)
		return off_protocol(m, "out of place", err);
	r->answer.subject = mem_strdup(message_str(m, 0));
	return 0;
}

/* All bodies of a worker share one limit: the request that exceeds it fails,
 * whatever its broker answers. */
static void
too_much(struct client_request *r)
{
	struct client *c = r->broker->client;

	c->bodies -= r->answer.body.len;
	buffer_free(&r->answer.body);
	error_set(&r->answer.err, ERROR_LIMIT, "the answers being read at "
	    "once exceed %u bytes", CLIENT_BODIES_MAX);
	client_request_cancel(r);
}

static int
take_data(struct client_request *r, const struct message *m, struct error *err)
{
	struct client *c = r->broker->client;
	struct buffer *body = &r->answer.body;
	size_t n = m->f[0].len;

	if (r->body_max == 0)
		return off_protocol(m, "where no body is expected", err);
	if (n > r->credit)
		return off_protocol(m, "beyond its credit", err);
	r->credit -= n;
	if (r->canceled)
		return 0;
	if (n > r->body_max - body->len)
		return off_protocol(m, "beyond the limit of the body", err);
	(void)buffer_put(body, m->f[0].p, n);
	c->bodies += n;
	if (c->bodies > CLIENT_BODIES_MAX)
		too_much(r);
	else
		client_answer_grant(r);
	return 0;
}

/* Sends as much as the credit allows. */
static void
send_upload(struct client_request *r)
{
	struct message_out o;
	size_t n;

	while (r->upload_credit > 0 && r->uploaded < r->upload_len) {
		n = r->upload_len - r->uploaded;
		if (n > CHUNK_MAX)
			n = CHUNK_MAX;
		if (n > r->upload_credit)
			n = (size_t)r->upload_credit;
		message_start(&o, MSG_DATA, r->id);
		message_put_bytes(&o, r->upload + r->uploaded, n);
		(void)channel_send(r->broker->channel, &o, -1, NULL);
		r->uploaded += n;
		r->upload_credit -= n;
		r->broker->upload_credit -= n;
	}
}

static int
take_credit(struct client_request *r, const struct message *m,
    struct error *err)
{
	struct client_broker *b = r->broker;
	uint64_t n = message_u64(m, 0);

	if (r->upload == NULL)
		return off_protocol(m, "where nothing is uploaded", err);
	if (n > CHANNEL_WINDOW || b->upload_credit + n > CHANNEL_WINDOW)
		return off_protocol(m, "beyond the channel's window", err);
	r->upload_credit += n;
	b->upload_credit += n;
	if (!r->canceled)
		send_upload(r);
	return 0;
}

static int
take_progress(struct client_request *r, const struct message *m,
    struct error *err)
{
	if (m->type == MSG_UPLOAD) {
		if (r->type != MSG_BLOB_WRITE || r->got_upload)
			return off_protocol(m, "out of place", err);
		r->got_upload = true;
	} else {
		if (!r->reserved || r->got_held)
			return off_protocol(m, "out of place", err);
		r->got_held = true;
	}
	if (!r->canceled && r->event != NULL)
		r->event(r->arg, r, m->type == MSG_UPLOAD ? REQUEST_UPLOAD :
		    REQUEST_HELD);
	return 0;
}

static int
take_end(struct client_request *r, const struct message *m, struct error *err)
{
	struct client_broker *b = r->broker;
	struct error *why = &r->answer.err;
	uint64_t kind = message_u64(m, 0), http = message_u64(m, 1);

	if (kind >= ERROR_KINDS || http > 999)
		return off_protocol(m, "with an unknown status", err);
	if (kind == ERROR_NONE && !r->canceled && (r->uploaded <
	    r->upload_len || (r->got_upload && !r->went)))
		return off_protocol(m, "of success too early", err);
	if (why->kind == ERROR_NONE && kind != ERROR_NONE) {
		error_set(why, (enum error_kind)kind, "%s", message_str(m, 3));
		why->http = (int)http;
	}
	r->number = message_u64(m, 2);
	TAILQ_REMOVE(&b->sent, r, entry);
	b->nsent--;
	client_request_end(r);
	client_broker_pump(b);
	return 0;
}

int
client_answer_message(void *broker, const struct message *m, int fd,
    struct error *err)
{
	struct client_broker *b = broker;
	struct client_request *r;

	(void)fd;	/* this channel passes none */
	TAILQ_FOREACH(r, &b->sent, entry)
		if (r->id == m->id)
			break;
	if (r == NULL)
		return off_protocol(m, "for an unknown request", err);
	switch (m->type) {
	case MSG_META:
		return take_meta(r, m, err);
	case MSG_RATE:
		return take_rate(r, m, err);
	case MSG_SUBJECT:
		return take_subject(r, m, err);
	case MSG_DATA:
		return take_data(r, m, err);
	case MSG_CREDIT:
		return take_credit(r, m, err);
	case MSG_UPLOAD:
	case MSG_HELD:
		return take_progress(r, m, err);
	default:
		return take_end(r, m, err);
	}
}
