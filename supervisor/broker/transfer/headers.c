/* SPDX-License-Identifier: Apache-2.0 */
/* Collects header lines and reads their values. */
#include "supervisor/broker/transfer/headers.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include <curl/curl.h>

#include "common/bounds.h"
#include "common/mem.h"

void
headers_init(struct headers *h)
{
	memset(h, 0, sizeof(*h));
	buffer_init(&h->lines, HEADERS_MAX);
}

void
headers_free(struct headers *h)
{
	buffer_free(&h->lines);
}

void
headers_clear(struct headers *h)
{
	buffer_clear(&h->lines);
	h->total = 0;
	h->complete = false;
	h->status = 0;
}

/* "HTTP/1.1 200 OK": the status, 0 when it is malformed. */
static int
status_of(const char *line, size_t n)
{
	size_t i = 0;

	while (i < n && line[i] != ' ')
		i++;
	if (n < i + 4)
		return 0;
	for (size_t k = i + 1; k < i + 4; k++)
		if (!isdigit((unsigned char)line[k]))
			return 0;
	return (line[i + 1] - '0') * 100 + (line[i + 2] - '0') * 10 +
	    (line[i + 3] - '0');
}

int
headers_add(struct headers *h, const char *line, size_t n)
{
	const char *colon;

	h->total += n;
	if (h->total > HEADERS_MAX)
		return -1;
	if (h->complete)
		return 0;
	while (n > 0 && strchr("\r\n \t", line[n - 1]) != NULL &&
	    line[n - 1] != '\0')
		n--;
	if (n >= 5 && memcmp(line, "HTTP/", 5) == 0) {
		buffer_clear(&h->lines);
		h->status = status_of(line, n);
		return 0;
	}
	if (n == 0) {
		h->complete = h->status >= 200;
		return 0;
	}
	colon = memchr(line, ':', n);
	if (colon == NULL || memchr(line, '\0', n) != NULL)
		return 0;
	if (buffer_put(&h->lines, line, n) == -1 ||
	    buffer_putc(&h->lines, '\0') == -1)
		return -1;
	return 0;
}

const char *
headers_get(const struct headers *h, const char *name, int n)
{
	const char *p = h->lines.data, *end = p + h->lines.len;
	size_t len = strlen(name);

	if (p == NULL)
		return NULL;
	for (; p < end; p += strlen(p) + 1) {
		if (strncasecmp(p, name, len) != 0 || p[len] != ':')
			continue;
		if (n-- == 0)
			return p + len + 1 + strspn(p + len + 1, " \t");
	}
	return NULL;
}

char *
headers_media_type(const struct headers *h)
{
	const char *v = headers_get(h, "Content-Type", 0);
	char *s;
	size_t n = v != NULL ? strcspn(v, "; \t") : 0;

	if (n == 0 || n > MEDIA_TYPE_MAX)
		return mem_strdup("");
	s = mem_strndup(v, n);
	for (char *p = s; *p != '\0'; p++) {
		*p = (char)tolower((unsigned char)*p);
		if (*p <= ' ' || *p >= 0x7f) {
			*s = '\0';
			break;
		}
	}
	return s;
}

char *
headers_digest(const struct headers *h, const char *name)
{
	const char *v = headers_get(h, name, 0);
	size_t n, hex;

	if (v == NULL)
		return mem_strdup("");
	n = strspn(v, "abcdefghijklmnopqrstuvwxyz0123456789+._-");
	hex = v[n] == ':' ? strspn(v + n + 1, "0123456789abcdefABCDEF") : 0;
	if (n == 0 || hex < 32 || n + 1 + hex > DIGEST_MAX ||
	    v[n + 1 + hex + strspn(v + n + 1 + hex, " \t")] != '\0')
		return mem_strdup("");
	return mem_strndup(v, n + 1 + hex);
}

bool
headers_lists(const struct headers *h, const char *name, const char *word)
{
	const char *v = headers_get(h, name, 0);
	size_t n;

	while (v != NULL && *v != '\0') {
		v += strspn(v, ", \t");
		n = strcspn(v, ", \t");
		if (n == strlen(word) && strncmp(v, word, n) == 0)
			return true;
		v += n;
	}
	return false;
}

/* The number at *p, which is moved past it; -1 when there are none or too many. */
static int64_t
take_number(const char **p)
{
	int64_t v = 0;
	int n = 0;

	for (; isdigit((unsigned char)**p); (*p)++) {
		if (++n > 18)
			return -1;
		v = v * 10 + (**p - '0');
	}
	return n != 0 ? v : -1;
}

int64_t
headers_number(const struct headers *h, const char *name)
{
	const char *v = headers_get(h, name, 0);
	int64_t n;

	if (v == NULL)
		return -1;
	n = take_number(&v);
	v += strspn(v, " \t");
	return *v == '\0' || *v == ';' ? n : -1;
}

int64_t
headers_retry_after(const struct headers *h)
{
	const char *v = headers_get(h, "Retry-After", 0);
	int64_t s = headers_number(h, "Retry-After");
	time_t at;

	if (v == NULL)
		return -1;
	if (s == -1 && isalpha((unsigned char)*v)) {
		at = curl_getdate(v, NULL);
		if (at == -1)
			return -1;
		s = at - time(NULL);
		s = s < 0 ? 0 : s;
	}
	if (s == -1)
		return -1;
	return s > RETRY_AFTER_MAX_MS / 1000 ? RETRY_AFTER_MAX_MS : s * 1000;
}

bool
headers_content_range(const struct headers *h, struct content_range *r)
{
	const char *v = headers_get(h, "Content-Range", 0);
	int64_t a, b;

	if (v == NULL || strncasecmp(v, "bytes", 5) != 0)
		return false;
	v += 5;
	v += strspn(v, " \t=");
	a = take_number(&v);
	if (a == -1 || *v++ != '-')
		return false;
	b = take_number(&v);
	if (b < a || *v++ != '/')
		return false;
	r->first = (uint64_t)a;
	r->last = (uint64_t)b;
	r->total = *v == '*' ? -1 : take_number(&v);
	return true;
}

char *
headers_link_next(const struct headers *h)
{
	const char *v;
	char *query;

	for (int i = 0; (v = headers_get(h, "Link", i)) != NULL; i++) {
		query = link_next(v);
		if (query != NULL)
			return query;
	}
	return mem_strdup("");
}

int64_t
headers_rate_limit(const struct headers *h, char **policies)
{
	const char *v = headers_get(h, "RateLimit-Limit", 0);
	const char *first = v, *rest;
	int64_t limit;

	*policies = NULL;
	if (v == NULL || strlen(v) > 512) {
		*policies = mem_strdup("");
		return -1;
	}
	limit = take_number(&v);
	rest = first;
	/* "100;w=21600" is a policy itself; in "100, 100;w=60" the first is
	 * the limit that applies now. */
	if (memchr(first, ';', strcspn(first, ",")) == NULL) {
		rest += strcspn(first, ",");
		rest += strspn(rest, ", \t");
	}
	*policies = mem_strdup(rest);
	for (char *p = *policies; *p != '\0'; p++)
		if ((unsigned char)*p < ' ' || (unsigned char)*p >= 0x7f)
			*p = '?';
	return limit;
}

char *
headers_warning(const struct headers *h, int n)
{
	const char *v = headers_get(h, "Warning", n);
	struct buffer b;

	/* Texts of other codes are not meant for people. The agent after
	 * the code is "-" or a host. */
	if (v == NULL || strncmp(v, "299 ", 4) != 0)
		return NULL;
	v += 4;
	v += strcspn(v, " ");
	v += strspn(v, " ");
	if (*v++ != '"')
		return NULL;
	buffer_init(&b, REGISTRY_TEXT_MAX);
	for (; *v != '"' && *v != '\0'; v++) {
		if (*v == '\\' && v[1] != '\0')
			v++;
		if (buffer_putc(&b, *v) == -1)
			break;
	}
	return buffer_steal(&b);
}
