/* SPDX-License-Identifier: Apache-2.0 */
/* A parser over one header value, without backtracking. */
#include "supervisor/broker/auth/challenge.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/buffer.h"
#include "common/mem.h"

static bool
is_tchar(char c)
{
	return isalnum((unsigned char)c) ||
	    (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static const char *
skip_space(const char *p)
{
	return p + strspn(p, " \t");
}

static size_t
token_len(const char *p)
{
	size_t n = 0;

	while (is_tchar(p[n]))
		n++;
	return n;
}

/* The length of a token68 (the blob of Negotiate and the like) that ends its
 * challenge, or 0. */
static size_t
token68_len(const char *p)
{
	const char *rest;
	size_t n = 0;

	while (isalnum((unsigned char)p[n]) ||
	    (p[n] != '\0' && strchr("-._~+/", p[n]) != NULL))
		n++;
	if (n == 0)
		return 0;
	n += strspn(p + n, "=");
	rest = skip_space(p + n);
	return *rest == '\0' || *rest == ',' ? n : 0;
}

/* A token or a quoted string at *p, which is moved past it; NULL when it is
 * neither. */
static char *
take_value(const char **p)
{
	struct buffer b;
	const char *s = *p;
	size_t n;

	if (*s != '"') {
		n = token_len(s);
		*p += n;
		return n != 0 ? mem_strndup(s, n) : NULL;
	}
	buffer_init(&b, CHALLENGE_MAX);
	for (s++; *s != '"'; s++) {
		if (*s == '\\')
			s++;
		if (((unsigned char)*s < ' ' && *s != '\t') || *s == 0x7f ||
		    buffer_putc(&b, *s) == -1) {
			buffer_free(&b);
			return NULL;
		}
	}
	*p = s + 1;
	return buffer_steal(&b);
}

/* Keeps a parameter that we use; the first of each name counts. */
static void
keep(struct challenge *c, const char *name, size_t n, char *value)
{
	char **to = NULL;

	if (n == 5 && strncasecmp(name, "realm", n) == 0)
		to = &c->realm;
	else if (n == 7 && strncasecmp(name, "service", n) == 0)
		to = &c->service;
	else if (n == 5 && strncasecmp(name, "scope", n) == 0)
		to = &c->scope;
	else if (n == 5 && strncasecmp(name, "error", n) == 0)
		to = &c->error;
	if (to != NULL && *to == NULL)
		*to = value;
	else
		free(value);
}

/* The parameters of a challenge, up to the scheme of the next one. */
static int
take_params(struct challenge *c, const char **p)
{
	const char *name, *s = *p;
	char *value;
	size_t n;
	int count = 0;

	for (;;) {
		s += strspn(s, " \t,");
		name = s;
		n = token_len(s);
		s = skip_space(s + n);
		if (n == 0 || *s != '=') {
			*p = name;
			return 0;
		}
		s = skip_space(s + 1);
		value = take_value(&s);
		if (value == NULL || ++count > CHALLENGE_PARAMS_MAX) {
			free(value);
			return -1;
		}
		keep(c, name, n, value);
		s = skip_space(s);
		if (*s != ',' && *s != '\0')
			return -1;
	}
}

int
challenge_parse(struct challenges *c, const char *value, struct error *err)
{
	struct challenge *one;
	const char *p = value;
	size_t n;

	if (strlen(value) > CHALLENGE_MAX)
		return error_set(err, ERROR_LIMIT, "the WWW-Authenticate "
		    "header is longer than %u bytes", CHALLENGE_MAX);
	for (;;) {
		p += strspn(p, " \t,");
		if (*p == '\0')
			return 0;
		n = token_len(p);
		if (n == 0 || (p[n] != '\0' && p[n] != ' ' && p[n] != '\t' &&
		    p[n] != ','))
			break;
		if (c->n == CHALLENGES_MAX)
			return error_set(err, ERROR_LIMIT, "the registry "
			    "offers more than %d ways to authenticate",
			    CHALLENGES_MAX);
		one = &c->list[c->n++];
		one->scheme = mem_strndup(p, n);
		for (char *s = one->scheme; *s != '\0'; s++)
			*s = (char)tolower((unsigned char)*s);
		p = skip_space(p + n);
		if (*p == ',' || *p == '\0')
			continue;
		n = token68_len(p);
		if (n != 0)
			p += n;
		else if (take_params(one, &p) == -1)
			break;
	}
	return error_set(err, ERROR_HTTP, "the WWW-Authenticate header is "
	    "malformed");
}

const struct challenge *
challenge_find(const struct challenges *c, const char *scheme)
{
	for (int i = 0; i < c->n; i++)
		if (strcmp(c->list[i].scheme, scheme) == 0)
			return &c->list[i];
	return NULL;
}

void
challenge_free(struct challenges *c)
{
	for (int i = 0; i < c->n; i++) {
		free(c->list[i].scheme);
		free(c->list[i].realm);
		free(c->list[i].service);
		free(c->list[i].scope);
		free(c->list[i].error);
	}
	memset(c, 0, sizeof(*c));
}
