/* SPDX-License-Identifier: Apache-2.0 */
/* The table, and how a message is handled by its row. */
#include "supervisor/serve/dispatch.h"

#include "supervisor/serve/fields.h"
#include "supervisor/serve/request.h"
#include "supervisor/serve/stream_end.h"

static int more_data(struct request *, const struct message *,
    struct error *);
static int more_credit(struct request *, const struct message *,
    struct error *);
static int more_cancel(struct request *, const struct message *,
    struct error *);

/*
 * messages.def says which requests there are, what grant each needs and
 * whether it writes. The rest is here: its fields, its body, what runs it. A
 * request without its ROW does not compile.
 */
#define ROW_TAG_LIST "rklq", BODY_REPLY, request_run, NULL
#define ROW_CATALOG "klq", BODY_REPLY, request_run, NULL
#define ROW_MANIFEST_HEAD "rn", BODY_NONE, request_run, NULL
#define ROW_MANIFEST_GET "rn", BODY_REPLY, request_run, NULL
#define ROW_MANIFEST_PUT "rnmcp", BODY_WORKER, request_receive, NULL
#define ROW_MANIFEST_DELETE "rd", BODY_NONE, request_run, NULL
#define ROW_TAG_DELETE "rt", BODY_NONE, request_run, NULL
#define ROW_BLOB_HEAD "rd", BODY_NONE, request_run, NULL
#define ROW_BLOB_GET "rdx", BODY_REPLY, request_run, NULL
#define ROW_BLOB_PART "rdwx", BODY_REPLY, request_run, NULL
#define ROW_BLOB_PUT "rdb", BODY_WORKER, request_receive, NULL
#define ROW_BLOB_MOUNT "rdf", BODY_NONE, request_run, NULL
#define ROW_BLOB_READ "rdzos", BODY_NONE, stream_end_run, stream_end_finish
#define ROW_REFERRERS "rdlq", BODY_REPLY, request_run, NULL
#define ROW_MANIFEST_SWAP "rtmcep", BODY_WORKER, request_receive, NULL
#define ROW_URL_READ "udzos", BODY_NONE, stream_end_run, stream_end_finish
#define ROW_BLOB_WRITE "rdzsF", BODY_NONE, stream_end_run, stream_end_finish

static const struct dispatch_row rows[] = {
#define MESSAGE(name, number, paths, fields)
#define REQUEST(name, number, verb, effect, fields) \
	{ MSG_##name, REQUEST_FREE, GRANT_##verb, \
	    EFFECT_##effect == EFFECT_WRITES, OP_##name, ROW_##name, NULL },
#include "common/wire/messages.def"
#undef MESSAGE
#undef REQUEST
#define WITHIN(message, in, handler) \
	{ .type = message, .states = in, .more = handler }
	WITHIN(MSG_RESERVE, REQUEST_OPEN, stream_end_reserve),
	WITHIN(MSG_GO, REQUEST_HELD, stream_end_go),
	WITHIN(MSG_DATA, REQUEST_RECEIVING, more_data),
	WITHIN(MSG_CREDIT, REQUEST_ANY, more_credit),
	WITHIN(MSG_CANCEL, REQUEST_ANY, more_cancel),
#undef WITHIN
};

const struct dispatch_row *
dispatch_row(enum message_type type)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].type == type)
			return &rows[i];
	return NULL;
}

static int
more_data(struct request *r, const struct message *m, struct error *err)
{
	const struct field *f = &m->f[0];

	if (f->len == 0 || f->len > r->credit_out)
		return error_set(err, ERROR_PROTOCOL, "DATA of %zu bytes "
		    "exceeds the credit of %llu", f->len,
		    (unsigned long long)r->credit_out);
	request_received(r, f->p, f->len);
	return 0;
}

static int
more_credit(struct request *r, const struct message *m, struct error *err)
{
	struct session *s = r->session;
	uint64_t n = message_u64(m, 0);

	if (n > CHANNEL_WINDOW - s->credit_in)
		return error_set(err, ERROR_PROTOCOL, "the credit of all "
		    "requests is more than %u bytes", CHANNEL_WINDOW);
	r->credit_in += n;
	s->credit_in += n;
	request_pump(r);
	return 0;
}

static int
more_cancel(struct request *r, const struct message *m, struct error *err)
{
	struct error why;

	(void)m;
	(void)err;
	/* What has begun to write is finished first, then END comes. */
	if (r->state == REQUEST_COMMITTED)
		return 0;
	error_set(&why, ERROR_CANCELED, "request failed: canceled");
	request_end(r, &why, 0);
	return 0;
}

/* What URL_READ reads is in no repository, as CATALOG's answer is in none: it
 * needs its verb on all of the registry (HOST and all that is below). */
static int
permitted(const struct request *r, struct error *err)
{
	const struct grants *g = &r->session->grants;
	struct grant_need need = { r->row->verb, r->row->writes,
	    r->server->name, r->repository, r->name };
	struct grant_need source = { GRANT_PULL, false,
	    r->server->name, r->from, "" };

	if (grants_check(g, &need, err) == -1)
		return -1;
	if (r->from[0] != '\0' && grants_check(g, &source, err) == -1)
		return -1;
	return 0;
}

/* First come, first served: nothing overtakes one that waits. */
void
dispatch_admit(void *session)
{
	struct session *s = session;
	struct request *r;

	TAILQ_FOREACH(r, &s->requests, entry)
		if (r->state == REQUEST_WAITING)
			break;
	if (r == NULL || !session_has_room(s, r))
		return;
	r->state = REQUEST_RUNNING;
	if (r->row->body == BODY_WORKER) {
		r->buffered = r->size;
		session_hold(s, (int64_t)r->size);
	} else {
		r->collecting = true;
		s->collecting++;
	}
	session_wake(s);
	r->row->run(r);
}

static int
begin(struct session *s, const struct dispatch_row *row,
    const struct message *m, struct error *err)
{
	struct server *sv = s->server;
	struct request *r;
	struct error why;

	if (s->nrequests == CHANNEL_REQUESTS)
		return error_set(err, ERROR_PROTOCOL, "more than %u requests "
		    "are outstanding", CHANNEL_REQUESTS);
	r = request_create(s, row, m->id);
	error_clear(&why);
	if (fields_take(r, m, &why) == -1 || permitted(r, &why) == -1) {
		request_end(r, &why, 0);
	} else if (sv->failed.kind != ERROR_NONE) {
		request_end(r, &sv->failed, 0);
	} else if (row->body != BODY_NONE) {
		r->state = REQUEST_WAITING;
		session_wake(s);
	} else
		row->run(r);
	return 0;
}

int
dispatch_message(struct session *s, const struct message *m,
    struct error *err)
{
	const struct dispatch_row *row = dispatch_row(m->type);
	struct request *r;
	unsigned state;

	if (m->type == MSG_WIDTH)
		return session_widen(s, m, err);
	if (row == NULL || m->id == 0)
		return error_set(err, ERROR_PROTOCOL, "%s came without an id",
		    message_name(m->type));
	r = session_find(s, m->id);
	/* It crossed our END. */
	if (r == NULL && row->states != REQUEST_FREE &&
	    session_ended(s, m->id))
		return 0;
	state = r != NULL ? (unsigned)r->state : REQUEST_FREE;
	if ((row->states & state) == 0)
		return error_set(err, ERROR_PROTOCOL, "%s is not allowed in "
		    "the state of request %u", message_name(m->type), m->id);
	if (r != NULL)
		return row->more(r, m, err);
	return begin(s, row, m, err);
}
