/* SPDX-License-Identifier: Apache-2.0 */
/* log_record.c - a log record, and its form on the wire. */
#include "common/wire/log_record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/mem.h"

#define KEY_MAX 64

static const struct {
	const char *name;
	int level;
} names[] = {
	{ "DEBUG", LOG_DEBUG }, { "INFO", LOG_INFO },
	{ "WARN", LOG_WARN }, { "ERROR", LOG_ERROR },
};

void
log_record_init(struct log_record *r, int level, const char *message)
{
	memset(r, 0, sizeof(*r));
	r->level = level;
	r->message = mem_strdup(message);
}

void
log_record_free(struct log_record *r)
{
	for (int i = 0; i < r->nattrs; i++) {
		free(r->attrs[i].key);
		free(r->attrs[i].text);
	}
	free(r->message);
	memset(r, 0, sizeof(*r));
}

static struct attr *
add(struct log_record *r, const char *k, size_t klen, enum attr_kind kind)
{
	struct attr *a;

	if (r->nattrs == LOG_ATTRS_MAX)
		return NULL;
	a = &r->attrs[r->nattrs++];
	a->key = mem_strndup(k, klen);
	a->kind = kind;
	return a;
}

void
log_record_string(struct log_record *r, const char *k, const char *v)
{
	struct attr *a = add(r, k, strlen(k), ATTR_STRING);

	if (a != NULL)
		a->text = mem_strndup(v != NULL ? v : "",
		    strnlen(v != NULL ? v : "", LOG_TEXT_MAX));
}

void
log_record_bool(struct log_record *r, const char *k, bool v)
{
	struct attr *a = add(r, k, strlen(k), ATTR_BOOL);

	if (a != NULL)
		a->number = v;
}

void
log_record_int(struct log_record *r, const char *k, int64_t v)
{
	struct attr *a = add(r, k, strlen(k), ATTR_INT);

	if (a != NULL)
		a->number = v;
}

static bool
key_char_ok(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
}

/* At least one character, and none that get would refuse. */
static void
put_key(struct buffer *out, const char *key, size_t n)
{
	buffer_putc(out, (char)(n != 0 ? n : 1));
	for (size_t i = 0; i < n; i++)
		buffer_putc(out, key_char_ok((unsigned char)key[i]) ?
		    key[i] : '_');
	if (n == 0)
		buffer_putc(out, '_');
}

void
log_record_put(const struct log_record *r, struct buffer *out)
{
	unsigned char b[8];
	size_t k, n, room;

	for (int i = 0; i < r->nattrs; i++) {
		const struct attr *a = &r->attrs[i];

		k = strnlen(a->key, KEY_MAX);
		if (out->len + k + 12 > LOG_RECORD_MAX)
			return;
		buffer_putc(out, (char)a->kind);
		put_key(out, a->key, k);
		if (a->kind == ATTR_STRING) {
			room = LOG_RECORD_MAX - out->len - 2;
			n = strnlen(a->text, LOG_TEXT_MAX);
			n = n > room ? room : n;
			buffer_putc(out, (char)(n & 0xff));
			buffer_putc(out, (char)(n >> 8));
			buffer_put(out, a->text, n);
			continue;
		}
		for (int j = 0; j < 8; j++)
			b[j] = (unsigned char)((uint64_t)a->number >> (8 * j));
		buffer_put(out, b, 8);
	}
}

static int
get_attr(struct log_record *r, const unsigned char **p,
    const unsigned char *end)
{
	const unsigned char *s = *p;
	struct attr *a;
	uint64_t v = 0;
	size_t k, n;

	if (end - s < 2 || s[0] < ATTR_STRING || s[0] > ATTR_INT)
		return -1;
	k = s[1];
	if (k == 0 || k > KEY_MAX || (size_t)(end - s) < 2 + k)
		return -1;
	for (size_t i = 0; i < k; i++)
		if (!key_char_ok(s[2 + i]))
			return -1;
	a = add(r, (const char *)s + 2, k, s[0]);
	if (a == NULL)
		return -1;
	s += 2 + k;
	if (a->kind == ATTR_STRING) {
		if (end - s < 2)
			return -1;
		n = s[0] | (size_t)s[1] << 8;
		s += 2;
		if (n > LOG_TEXT_MAX || (size_t)(end - s) < n)
			return -1;
		if (memchr(s, '\0', n) != NULL)
			return -1;
		a->text = mem_strndup((const char *)s, n);
		*p = s + n;
		return 0;
	}
	if (end - s < 8)
		return -1;
	for (int j = 0; j < 8; j++)
		v |= (uint64_t)s[j] << (8 * j);
	if (a->kind == ATTR_BOOL && v > 1)
		return -1;
	a->number = (int64_t)v;
	*p = s + 8;
	return 0;
}

int
log_record_get(struct log_record *r, const void *data, size_t n,
    struct error *err)
{
	const unsigned char *p = data, *end = n != 0 ? p + n : p;

	while (p != end)
		if (get_attr(r, &p, end) == -1)
			return error_set(err, ERROR_PROTOCOL,
			    "attribute %d of a log record is malformed",
			    r->nattrs);
	return 0;
}

void
log_level_name(int level, char out[24])
{
	size_t i = sizeof(names) / sizeof(names[0]) - 1;

	while (i > 0 && level < names[i].level)
		i--;
	if (level == names[i].level)
		snprintf(out, 24, "%s", names[i].name);
	else
		snprintf(out, 24, "%s%+d", names[i].name,
		    level - names[i].level);
}

int
log_level_parse(const char *s, int *level, struct error *err)
{
	size_t n = strcspn(s, "+-");
	char *end;
	long offset = 0;

	if (strcmp(s, "trace") == 0) {
		*level = LOG_TRACE;
		return 0;
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strlen(names[i].name) != n ||
		    strncasecmp(names[i].name, s, n) != 0)
			continue;
		if (s[n] != '\0') {
			offset = strtol(s + n, &end, 10);
			if (*end != '\0' || end == s + n + 1 ||
			    offset < -40 || offset > 40)
				break;
		}
		*level = names[i].level + (int)offset;
		return 0;
	}
	return error_set(err, ERROR_INPUT, "unable to parse verbosity %.64s: "
	    "expected trace, debug, info, warn or error", s);
}
