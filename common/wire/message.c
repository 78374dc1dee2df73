/* SPDX-License-Identifier: Apache-2.0 */
/* The table of messages, and frames by it. */
#include "common/wire/message.h"

#include <string.h>

#define MAGIC 0x4252
#define PROTOCOL_VERSION 1
#define FIELD_HEADER 5		/* kind, then the length in four bytes */

struct field_rule {
	enum field_kind kind;
	size_t max;
};

static const struct row {
	const char *name;
	unsigned type;
	unsigned paths;
	enum message_effect effect;
	struct field_rule fields[MESSAGE_FIELDS];
} rows[] = {
#define U64 { FIELD_U64, 8 },
#define TOKEN(n) { FIELD_TOKEN, n },
#define TEXT(n) { FIELD_TEXT, n },
#define BYTES(n) { FIELD_BYTES, n },
#define MESSAGE(name, number, paths, fields) \
	{ #name, number, paths, EFFECT_READS, { fields { FIELD_END, 0 } } },
#define REQUEST(name, number, verb, effect, fields) \
	{ #name, number, W2B, EFFECT_##effect, { fields { FIELD_END, 0 } } },
#include "common/wire/messages.def"
#undef MESSAGE
#undef REQUEST
#undef U64
#undef TOKEN
#undef TEXT
#undef BYTES
};

static const struct row *
row_of(unsigned type)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].type == type)
			return &rows[i];
	return NULL;
}

const char *
message_name(unsigned type)
{
	const struct row *r = row_of(type);

	return r != NULL ? r->name : "?";
}

bool
message_writes(enum message_type type)
{
	const struct row *r = row_of(type);

	return r != NULL && r->effect == EFFECT_WRITES;
}

static void
put_le(unsigned char *p, uint64_t v, int n)
{
	for (int i = 0; i < n; i++)
		p[i] = (unsigned char)(v >> (8 * i));
}

static uint64_t
get_le(const unsigned char *p, int n)
{
	uint64_t v = 0;

	for (int i = 0; i < n; i++)
		v |= (uint64_t)p[i] << (8 * i);
	return v;
}

static bool
content_ok(enum field_kind kind, const char *p, size_t n)
{
	if (kind == FIELD_TEXT)
		return memchr(p, '\0', n) == NULL;
	if (kind == FIELD_TOKEN)
		for (size_t i = 0; i < n; i++)
			if (p[i] <= ' ' || p[i] >= 0x7f)
				return false;
	return true;
}

static int
decode_header(struct message *m, const unsigned char *p, size_t len,
    unsigned paths, const struct row **row, struct error *err)
{
	if (len < MESSAGE_HEADER || len > MESSAGE_MAX)
		return error_set(err, ERROR_PROTOCOL,
		    "a frame of %zu bytes is out of bounds", len);
	if (get_le(p, 2) != MAGIC || p[2] != PROTOCOL_VERSION)
		return error_set(err, ERROR_PROTOCOL,
		    "a frame has the wrong magic or version");
	*row = row_of(p[3]);
	if (*row == NULL || ((*row)->paths & paths) == 0)
		return error_set(err, ERROR_PROTOCOL,
		    "a message of type %u (%s) is not allowed here", p[3],
		    message_name(p[3]));
	if (get_le(p + 8, 4) != len - MESSAGE_HEADER || get_le(p + 12, 4) != 0)
		return error_set(err, ERROR_PROTOCOL,
		    "the header of %s has the wrong length", (*row)->name);
	m->type = p[3];
	m->id = (uint32_t)get_le(p + 4, 4);
	m->nfields = 0;
	return 0;
}

int
message_decode(struct message *m, const void *frame, size_t len,
    unsigned paths, struct error *err)
{
	const unsigned char *p = frame, *end = p + len;
	const struct row *row = NULL;
	const struct field_rule *rule;
	size_t n, used = 0;

	if (decode_header(m, p, len, paths, &row, err) == -1)
		return -1;
	p += MESSAGE_HEADER;
	for (rule = row->fields; rule->kind != FIELD_END; rule++) {
		struct field *f = &m->f[m->nfields++];

		if (end - p < FIELD_HEADER || p[0] != rule->kind)
			goto bad;
		n = get_le(p + 1, 4);
		p += FIELD_HEADER;
		if (n > rule->max || n > (size_t)(end - p) ||
		    (rule->kind == FIELD_U64 && n != 8) ||
		    !content_ok(rule->kind, (const char *)p, n))
			goto bad;
		f->kind = rule->kind;
		f->u64 = rule->kind == FIELD_U64 ? get_le(p, 8) : 0;
		f->p = m->store + used;
		f->len = n;
		memcpy(m->store + used, p, n);
		m->store[used + n] = '\0';
		used += n + 1;
		if (used > m->most)
			m->most = used;
		p += n;
	}
	if (p != end)
		return error_set(err, ERROR_PROTOCOL,
		    "%s has %zu extra bytes", row->name, (size_t)(end - p));
	return 0;
bad:
	return error_set(err, ERROR_PROTOCOL, "field %d of %s is malformed",
	    m->nfields, row->name);
}

void
message_wipe(struct message *m)
{
	explicit_bzero(m->store, m->most);
}

uint64_t
message_u64(const struct message *m, int i)
{
	return m->f[i].u64;
}

const char *
message_str(const struct message *m, int i)
{
	return m->f[i].p;
}

void
message_start(struct message_out *o, enum message_type type, uint32_t id)
{
	unsigned char h[MESSAGE_HEADER] = { 0 };

	memset(o, 0, sizeof(*o));
	o->type = type;
	buffer_init(&o->frame, 0);
	o->frame.secret = type == MSG_SECRET;
	put_le(h, MAGIC, 2);
	h[2] = PROTOCOL_VERSION;
	h[3] = (unsigned char)type;
	put_le(h + 4, id, 4);
	buffer_put(&o->frame, h, sizeof(h));
}

static void
put_field(struct message_out *o, enum field_kind kind, const void *p, size_t n)
{
	unsigned char h[FIELD_HEADER];
	const struct row *row = row_of(o->type);
	const struct field_rule *rule = NULL;

	if (row != NULL && o->nfields < MESSAGE_FIELDS)
		rule = &row->fields[o->nfields];
	o->nfields++;
	if (o->err.kind != ERROR_NONE)
		return;
	/* A string fills a TOKEN or a TEXT, whichever the table has. */
	if (rule != NULL && kind == FIELD_TEXT && rule->kind == FIELD_TOKEN)
		kind = FIELD_TOKEN;
	if (rule == NULL || rule->kind != kind || n > rule->max ||
	    !content_ok(kind, p, n)) {
		error_set(&o->err, ERROR_LIMIT, "field %d of a %s message "
		    "cannot be sent: it has %zu bytes of at most %zu, or a "
		    "character that is not allowed", o->nfields,
		    message_name(o->type), n, rule != NULL ? rule->max : 0);
		return;
	}
	h[0] = (unsigned char)kind;
	put_le(h + 1, n, 4);
	buffer_put(&o->frame, h, sizeof(h));
	buffer_put(&o->frame, p, n);
}

void
message_put_u64(struct message_out *o, uint64_t v)
{
	unsigned char b[8];

	put_le(b, v, 8);
	put_field(o, FIELD_U64, b, 8);
}

void
message_put_str(struct message_out *o, const char *s)
{
	if (s == NULL)
		s = "";
	put_field(o, FIELD_TEXT, s, strlen(s));
}

void
message_put_bytes(struct message_out *o, const void *p, size_t n)
{
	put_field(o, FIELD_BYTES, p, n);
}

int
message_finish(struct message_out *o, struct error *err)
{
	const struct row *row = row_of(o->type);

	if (o->err.kind == ERROR_NONE && (row == NULL ||
	    row->fields[o->nfields].kind != FIELD_END ||
	    o->frame.len > MESSAGE_MAX))
		error_set(&o->err, ERROR_LIMIT, "a %s message is incomplete "
		    "or too long", message_name(o->type));
	if (o->err.kind != ERROR_NONE) {
		if (err != NULL)
			*err = o->err;
		return -1;
	}
	put_le((unsigned char *)o->frame.data + 8,
	    o->frame.len - MESSAGE_HEADER, 4);
	return 0;
}

void
message_out_free(struct message_out *o)
{
	buffer_free(&o->frame);
}
