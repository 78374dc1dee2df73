/* SPDX-License-Identifier: Apache-2.0 */
/* The Link header (RFC 8288) of paged lists. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/bounds.h"
#include "common/mem.h"
#include "supervisor/broker/transfer/headers.h"

/* The end of a parameter's value at s, which may be quoted. */
static const char *
value_end(const char *s)
{
	if (*s != '"')
		return s + strcspn(s, ";, \t");
	for (s++; *s != '"' && *s != '\0'; s++)
		if (*s == '\\' && s[1] != '\0')
			s++;
	return *s == '"' ? s + 1 : s;
}

/* Is "next" one of the space-separated words of a rel parameter? */
static bool
has_next(const char *s, const char *end)
{
	size_t n;

	if (*s == '"') {
		s++;
		end = end > s && end[-1] == '"' ? end - 1 : end;
	}
	while (s < end) {
		n = strcspn(s, " \t\"");
		if (n > (size_t)(end - s))
			n = (size_t)(end - s);
		if (n == 4 && strncasecmp(s, "next", 4) == 0)
			return true;
		s += n != 0 ? n : 1;
	}
	return false;
}

/* Reads the parameters at *p up to the next link; true when rel is next. */
static bool
take_params(const char **p)
{
	const char *s = *p, *name, *end;
	bool next = false, seen = false;
	size_t n;

	while (*s != '\0' && *s != ',') {
		s += strspn(s, "; \t");
		name = s;
		n = strcspn(s, "=;, \t");
		s += n;
		s += strspn(s, " \t");
		if (*s != '=') {
			if (n == 0 && *s != '\0' && *s != ',')
				s++;
			continue;
		}
		s++;
		s += strspn(s, " \t");
		end = value_end(s);
		/* The first rel counts; later ones must be ignored. */
		if (!seen && n == 3 && strncasecmp(name, "rel", 3) == 0) {
			seen = true;
			next = has_next(s, end);
		}
		s = end;
	}
	*p = s;
	return next;
}

/* The query of a link's target, checked; "" where there is none. */
static char *
query_of(const char *s, size_t n)
{
	const char *q = memchr(s, '?', n);
	size_t len;

	if (q == NULL)
		return mem_strdup("");
	q++;
	len = (size_t)(s + n - q);
	if (memchr(q, '#', len) != NULL)
		len = (size_t)((const char *)memchr(q, '#', len) - q);
	if (len > QUERY_MAX)
		return mem_strdup("");
	for (size_t i = 0; i < len; i++)
		if (q[i] <= ' ' || q[i] >= 0x7f ||
		    strchr("\"<>\\^`{|}", q[i]) != NULL)
			return mem_strdup("");
	return mem_strndup(q, len);
}

char *
link_next(const char *value)
{
	const char *target, *end, *p = value;

	for (;;) {
		p += strspn(p, ", \t");
		if (*p != '<')
			return NULL;
		target = p + 1;
		end = strchr(target, '>');
		if (end == NULL)
			return NULL;
		p = end + 1;
		if (take_params(&p))
			return query_of(target, (size_t)(end - target));
	}
}
