/* SPDX-License-Identifier: Apache-2.0 */
#include "supervisor/serve/dispatch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/digest.h"
#include "common/mem.h"
#include "supervisor/broker/registry/registry.h"
#include "common/reference.h"
#include "supervisor/serve/request.h"

static int more_data(struct request *, const struct message *,
    struct error *);
static int more_credit(struct request *, const struct message *,
    struct error *);
static int more_cancel(struct request *, const struct message *,
    struct error *);

/*
 * messages.def says which requests there are, what grant each needs and
 * whether it writes. Here stands what else belongs to one: a request without
 * its ROW does not compile. A letter says what a field is:
 *	r	the repository		f	another one, for a mount
 *	F	the same, or ""		t	a tag
 *	d	a digest		n	a tag or a digest
 *	c	the digest of a body	m	a media type
 *	p	size of a manifest	x	most bytes of a blob
 *	z	size of a blob		o	offset, at most the size
 *	s	stream number		k	entries of a page
 *	l	last entry before it	q	query of a next page
 */
#define ROW_TAG_LIST "rklq", BODY_REPLY, list_tags, NULL
#define ROW_CATALOG "klq", BODY_REPLY, list_catalog, NULL
#define ROW_MANIFEST_HEAD "rn", BODY_NONE, manifest_head, NULL
#define ROW_MANIFEST_GET "rn", BODY_REPLY, manifest_get, NULL
#define ROW_MANIFEST_PUT "rnmcp", BODY_WORKER, manifest_put, NULL
#define ROW_MANIFEST_DELETE "rd", BODY_NONE, manifest_delete, NULL
#define ROW_TAG_DELETE "rt", BODY_NONE, tagdelete_run, tagdelete_stop
#define ROW_BLOB_HEAD "rd", BODY_NONE, blob_head, NULL
#define ROW_BLOB_GET "rdx", BODY_REPLY, blob_get, NULL
#define ROW_BLOB_MOUNT "rdf", BODY_NONE, blob_mount, blob_mount_stop
#define ROW_BLOB_READ "rdzos", BODY_NONE, stream_read, stream_stop
#define ROW_BLOB_WRITE "rdzsF", BODY_NONE, stream_write, stream_stop

static const struct dispatch_row rows[] = {
#define MESSAGE(name, number, paths, fields)
#define REQUEST(name, number, verb, effect, fields) \
	{ MSG_##name, REQUEST_FREE, GRANT_##verb, \
	    EFFECT_##effect == EFFECT_WRITES, ROW_##name, NULL },
#include "common/messages.def"
#undef MESSAGE
#undef REQUEST
#define WITHIN(type, states, more) \
	{ type, states, GRANT_PULL, false, "", BODY_NONE, NULL, NULL, more }
	WITHIN(MSG_RESERVE, REQUEST_OPEN, stream_reserve),
	WITHIN(MSG_GO, REQUEST_HELD, stream_go),
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
		return error_set(err, ERROR_PROTOCOL, "DATA of %zu bytes is "
		    "more than the credit of %llu", f->len,
		    (unsigned long long)r->credit_out);
	buffer_put(&r->body, f->p, f->len);
	r->credit_out -= f->len;
	r->session->credit_out -= f->len;
	session_give_credit(r->session);
	if (r->body.len == r->size) {
		r->state = REQUEST_RUNNING;
		r->row->run(r);
	}
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
	/* What has been written is finished first: END comes then. */
	if (r->state == REQUEST_COMMITTED)
		return 0;
	error_set(&why, ERROR_CANCELED, "request failed: canceled");
	request_end(r, &why, 0);
	return 0;
}

static bool
media_type_ok(const char *s)
{
	static const char chars[] = "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$&-^_.+";
	size_t n = strspn(s, chars), rest;

	if (n == 0 || s[n] != '/')
		return false;
	rest = strspn(s + n + 1, chars);
	return rest != 0 && s[n + 1 + rest] == '\0';
}

static int
bad(struct error *err, const char *what, const char *value)
{
	return error_set(err, ERROR_INPUT, "request failed: \"%.256s\" is no "
	    "%s", value, what);
}

static int
take_string(struct request *r, char letter, const char *v)
{
	char **to = &r->name;
	bool ok;

	switch (letter) {
	case 'r':
		to = &r->repository;
		ok = reference_valid_repository(v);
		break;
	case 'f':
	case 'F':
		to = &r->from;
		ok = (letter == 'F' && v[0] == '\0') ||
		    reference_valid_repository(v);
		break;
	case 't':
		ok = reference_valid_tag(v);
		break;
	case 'd':
		ok = digest_valid(v);
		break;
	case 'n':
		ok = strchr(v, ':') != NULL ? digest_valid(v) :
		    reference_valid_tag(v);
		break;
	case 'c':
		to = &r->digest;
		ok = digest_valid(v);
		break;
	case 'm':
		to = &r->media_type;
		ok = media_type_ok(v);
		break;
	case 'q':
		to = &r->query;
		ok = strchr(v, '#') == NULL;
		break;
	default:
		to = &r->last;
		ok = true;
		break;
	}
	free(*to);
	*to = mem_strdup(v);
	return ok ? 0 : -1;
}

static const char *
what_of(char letter)
{
	switch (letter) {
	case 'r':
	case 'f':
	case 'F':
		return "valid repository";
	case 't':
		return "valid tag";
	case 'n':
		return "valid tag or digest";
	case 'm':
		return "media type";
	case 'q':
		return "query";
	default:
		return "digest that can be checked (sha256, sha384 or sha512)";
	}
}

static int
take_number(struct request *r, char letter, uint64_t v, struct error *err)
{
	switch (letter) {
	case 'p':
		r->size = v;
		if (v == 0 || v > MANIFEST_PUT_MAX)
			return error_set(err, ERROR_LIMIT, "request failed: a "
			    "manifest of %llu bytes cannot be pushed, the "
			    "limit is %u", (unsigned long long)v,
			    MANIFEST_PUT_MAX);
		break;
	case 'x':
		r->size = v < BLOB_GET_MAX ? v : BLOB_GET_MAX;
		break;
	case 'z':
		r->size = v;
		if (v > INT64_MAX)
			return error_set(err, ERROR_INPUT, "request failed: a "
			    "blob cannot have %llu bytes",
			    (unsigned long long)v);
		break;
	case 'o':
		r->offset = v;
		if (v > r->size)
			return error_set(err, ERROR_INPUT, "request failed: "
			    "offset %llu is beyond the blob's %llu bytes",
			    (unsigned long long)v,
			    (unsigned long long)r->size);
		break;
	case 's':
		r->stream = v;
		if (v == 0)
			return error_set(err, ERROR_INPUT,
			    "request failed: a stream cannot have number 0");
		break;
	default:
		r->count = v;
		break;
	}
	return 0;
}

/* All fields are taken, whatever is wrong with one of them. */
static int
take_fields(struct request *r, const struct message *m, struct error *err)
{
	const char *letter = r->row->fields;
	struct error one;
	int rv = 0;

	for (int i = 0; letter[i] != '\0'; i++) {
		error_clear(&one);
		if (m->f[i].kind == FIELD_U64) {
			if (take_number(r, letter[i], message_u64(m, i),
			    &one) == 0)
				continue;
		} else if (take_string(r, letter[i], message_str(m, i)) == 0)
			continue;
		else
			bad(&one, what_of(letter[i]), message_str(m, i));
		if (rv == 0 && err != NULL)
			*err = one;
		rv = -1;
	}
	return rv;
}

static int
permitted(const struct request *r, struct error *err)
{
	const struct grants *g = &r->session->grants;
	struct grant_wish wish = { r->row->verb, r->row->writes,
	    broker_name(r->broker), r->repository, r->name };
	struct grant_wish source = { GRANT_PULL, false,
	    broker_name(r->broker), r->from, "" };

	if (grants_check(g, &wish, err) == -1)
		return -1;
	if (r->from[0] != '\0' && grants_check(g, &source, err) == -1)
		return -1;
	return 0;
}

static struct request *
create(struct session *s, const struct dispatch_row *row, uint32_t id)
{
	struct request *r = mem_alloc(sizeof(*r)), **p;

	r->session = s;
	r->broker = s->broker;
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
	buffer_init(&r->body, 0);
	for (p = &s->requests; *p != NULL; p = &(*p)->next)
		;
	*p = r;
	s->nrequests++;
	return r;
}

static int
begin(struct session *s, const struct dispatch_row *row,
    const struct message *m, struct error *err)
{
	struct request *r;
	struct error why;

	if (s->nrequests == CHANNEL_REQUESTS)
		return error_set(err, ERROR_PROTOCOL, "more than %u requests "
		    "are outstanding", CHANNEL_REQUESTS);
	r = create(s, row, m->id);
	error_clear(&why);
	if (take_fields(r, m, &why) == -1 || permitted(r, &why) == -1) {
		request_end(r, &why, 0);
		return 0;
	}
	if (s->broker->failed.kind != ERROR_NONE) {
		request_end(r, &s->broker->failed, 0);
		return 0;
	}
	if (row->body != BODY_NONE) {
		r->state = REQUEST_WAITING;
		session_wake(s);
	} else
		row->run(r);
	return 0;
}

static bool
ended_lately(const struct session *s, uint32_t id)
{
	for (size_t i = 0; i < CHANNEL_REQUESTS; i++)
		if (s->ended[i] == id)
			return true;
	return false;
}

int
dispatch_message(struct session *s, const struct message *m,
    struct error *err)
{
	const struct dispatch_row *row = dispatch_row(m->type);
	struct request *r;
	unsigned state;

	if (row == NULL || m->id == 0)
		return error_set(err, ERROR_PROTOCOL, "%s came without an id",
		    message_name(m->type));
	r = session_find(s, m->id);
	/* It crossed our END: nobody wants it any more. */
	if (r == NULL && row->states != REQUEST_FREE &&
	    ended_lately(s, m->id))
		return 0;
	state = r != NULL ? (unsigned)r->state : REQUEST_FREE;
	if ((row->states & state) == 0)
		return error_set(err, ERROR_PROTOCOL, "%s is not allowed in "
		    "the state of request %u", message_name(m->type), m->id);
	if (r != NULL)
		return row->more(r, m, err);
	return begin(s, row, m, err);
}
