/* SPDX-License-Identifier: Apache-2.0 */
/* reference_registry.c - the registry's part of a reference. */
#include "common/reference.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/mem.h"
#include "common/reference_private.h"

size_t
reference_run(const char *p, size_t n, const char *set)
{
	size_t i = 0;

	while (i < n && p[i] != '\0' && strchr(set, p[i]) != NULL)
		i++;
	return i;
}

bool
reference_equals(struct span s, const char *text)
{
	return s.n == strlen(text) && memcmp(s.p, text, s.n) == 0;
}

static bool
label_ok(const char *p, size_t n)
{
	return n != 0 && reference_run(p, n, DIGITS LOWER UPPER "-") == n &&
	    p[0] != '-' && p[n - 1] != '-';
}

/* Labels joined by dots; a last dot is fine. Counts the dots. */
static bool
labels_ok(const char *p, size_t n, int *dots)
{
	size_t len;

	*dots = 0;
	do {
		const char *dot = memchr(p, '.', n);

		len = dot != NULL ? (size_t)(dot - p) : n;
		if (!label_ok(p, len))
			return false;
		if (dot == NULL)
			return true;
		(*dots)++;
		p += len + 1;
		n -= len + 1;
	} while (n != 0);
	return true;
}

static bool
ipv6_ok(const char *p, size_t n)
{
	char text[INET6_ADDRSTRLEN];
	struct in6_addr addr;

	/* A zone or a dotted quad is not one; neither is "::" alone. */
	if (n >= sizeof(text) || n < 3 || reference_run(p, n, HEX ":") != n)
		return false;
	memcpy(text, p, n);
	text[n] = '\0';
	return inet_pton(AF_INET6, text, &addr) == 1;
}

static bool
port_ok(struct span s)
{
	unsigned port = 0;

	if (s.n == 0 || reference_run(s.p, s.n, DIGITS) != s.n)
		return false;
	for (size_t i = 0; i < s.n && port <= 65535; i++)
		port = port * 10 + (unsigned)(s.p[i] - '0');
	return port <= 65535;
}

/*
 * Splits a host with an optional port. False when it is not one; *kind tells
 * what the name itself is.
 */
enum host_kind { HOST_LABEL, HOST_DOTTED, HOST_IPV6 };

static bool
split_host(struct span s, struct span *name, struct span *port,
    enum host_kind *kind)
{
	const char *end;
	int dots;

	*name = s;
	*port = (struct span){ s.p + s.n, 0 };
	if (s.n != 0 && s.p[0] == '[') {
		end = memchr(s.p, ']', s.n);
		if (end == NULL)
			return false;
		end++;
		if (end != s.p + s.n && *end != ':')
			return false;
	} else
		end = memchr(s.p, ':', s.n);
	if (end != NULL && end != s.p + s.n) {
		*port = (struct span){ end + 1,
		    s.n - (size_t)(end + 1 - s.p) };
		name->n = (size_t)(end - s.p);
		if (!port_ok(*port))
			return false;
	}
	if (name->n != 0 && name->p[0] == '[') {
		*kind = HOST_IPV6;
		return name->n > 2 && ipv6_ok(name->p + 1, name->n - 2);
	}
	if (!labels_ok(name->p, name->n, &dots))
		return false;
	*kind = dots != 0 ? HOST_DOTTED : HOST_LABEL;
	return true;
}

bool
reference_is_registry(struct span s)
{
	struct span name, port;
	enum host_kind kind;

	if (!split_host(s, &name, &port, &kind))
		return false;
	if (kind != HOST_LABEL || port.n != 0 ||
	    reference_equals(name, "localhost"))
		return true;
	/* A plain word is a registry only when it cannot be a repository. */
	if (name.n < 2)
		return false;
	for (size_t i = 0; i < name.n; i++)
		if (name.p[i] >= 'A' && name.p[i] <= 'Z')
			return true;
	return false;
}

bool
reference_is_hub(struct span s)
{
	return s.n == 0 || reference_equals(s, HUB) ||
	    reference_equals(s, "index.docker.io") ||
	    reference_equals(s, "registry-1.docker.io");
}

char *
reference_registry_key(const char *registry)
{
	struct span s, name, port;
	enum host_kind kind;
	char *key;

	if (strncasecmp(registry, "https://", 8) == 0)
		registry += 8;
	else if (strncasecmp(registry, "http://", 7) == 0)
		registry += 7;
	s = (struct span){ registry, strcspn(registry, "/") };
	if (s.n == 0 || s.n > REGISTRY_NAME_MAX ||
	    !split_host(s, &name, &port, &kind))
		return NULL;
	if (name.p[name.n - 1] == '.')
		name.n--;
	for (; port.n > 1 && port.p[0] == '0'; port.n--)
		port.p++;
	if (reference_equals(port, "443"))
		port.n = 0;
	key = mem_printf("%.*s%s%.*s", (int)name.n, name.p,
	    port.n != 0 ? ":" : "", (int)port.n, port.p);
	for (char *c = key; *c != '\0'; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c - 'A' + 'a');
	if (reference_is_hub((struct span){ key, strlen(key) })) {
		free(key);
		key = mem_strdup(HUB);
	}
	return key;
}
