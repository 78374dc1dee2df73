/* SPDX-License-Identifier: Apache-2.0 */
/* Checks what a worker says before anything is done with it. */
#include "supervisor/serve/fields.h"

#include <stdlib.h>
#include <string.h>

#include "common/digest.h"
#include "common/mem.h"
#include "common/reference.h"
#include "supervisor/serve/request.h"

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
	return error_set(err, ERROR_INPUT, "request failed: \"%.256s\" is "
	    "not a %s", value, what);
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
	case 'e':
		to = &r->expected;
		ok = v[0] == '\0' || digest_valid(v);
		break;
	case 'm':
		to = &r->media_type;
		ok = media_type_ok(v);
		break;
	case 'u':
		to = &r->url;
		ok = v[0] != '\0' && strchr(v, '#') == NULL;
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
	case 'u':
		return "URL without a fragment";
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
	case 'b':
		r->size = v;
		if (v > BLOB_PUT_MAX)
			return error_set(err, ERROR_LIMIT, "request failed: a "
			    "blob of %llu bytes cannot be pushed as text, the "
			    "limit is %u", (unsigned long long)v,
			    BLOB_PUT_MAX);
		break;
	case 'w':
		r->offset = v;
		if (v > INT64_MAX - BLOB_GET_MAX)
			return error_set(err, ERROR_INPUT, "request failed: a "
			    "blob cannot have %llu bytes",
			    (unsigned long long)v);
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

int
fields_take(struct request *r, const struct message *m, struct error *err)
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
