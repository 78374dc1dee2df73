/* SPDX-License-Identifier: Apache-2.0 */
/* libcurl's URL parser; anything unusual is refused. */
#include "supervisor/broker/transfer/url.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <curl/curl.h>
#include <libpsl.h>

#include "common/mem.h"
#include "supervisor/broker/transfer/address.h"

static bool
printable(const char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s <= ' ' || (unsigned char)*s >= 0x7f ||
		    *s == '\\')
			return false;
	return true;
}

/* Does the URL have that part? */
static bool
has_part(CURLU *h, CURLUPart part)
{
	char *s = NULL;
	bool there;

	there = curl_url_get(h, part, &s, 0) == CURLUE_OK && s != NULL;
	curl_free(s);
	return there;
}

static int
take_host(struct url *u, CURLU *h)
{
	char *s = NULL;
	size_t n, skip = 0;

	if (curl_url_get(h, CURLUPART_HOST, &s, 0) != CURLUE_OK)
		return -1;
	n = strlen(s);
	if (n >= 2 && s[0] == '[' && s[n - 1] == ']') {
		skip = 1;
		n -= 2;
	} else if (n > 1 && s[n - 1] == '.')
		n--;
	u->host = mem_strndup(s + skip, n);
	curl_free(s);
	for (char *p = u->host; *p != '\0'; p++) {
		*p = (char)tolower((unsigned char)*p);
		if (!isalnum((unsigned char)*p) &&
		    strchr(skip ? ":." : "-._", *p) == NULL)
			return -1;
	}
	return n == 0 || n > REGISTRY_NAME_MAX ? -1 : 0;
}

static int
take_parts(struct url *u, CURLU *h)
{
	char *s = NULL;

	if (has_part(h, CURLUPART_USER) || has_part(h, CURLUPART_PASSWORD) ||
	    has_part(h, CURLUPART_ZONEID))
		return -1;
	if (curl_url_get(h, CURLUPART_SCHEME, &s, 0) != CURLUE_OK)
		return -1;
	u->https = strcasecmp(s, "https") == 0;
	if (!u->https && strcasecmp(s, "http") != 0) {
		curl_free(s);
		return -1;
	}
	curl_free(s);
	if (take_host(u, h) == -1)
		return -1;
	s = NULL;
	if (curl_url_get(h, CURLUPART_PORT, &s, CURLU_DEFAULT_PORT) !=
	    CURLUE_OK)
		return -1;
	u->port = (unsigned)strtoul(s, NULL, 10);
	curl_free(s);
	if (curl_url_set(h, CURLUPART_FRAGMENT, NULL, 0) != CURLUE_OK)
		return -1;
	s = NULL;
	if (curl_url_get(h, CURLUPART_URL, &s, 0) != CURLUE_OK)
		return -1;
	u->text = mem_strdup(s);
	curl_free(s);
	return strlen(u->text) > URL_MAX || !printable(u->text) ? -1 : 0;
}

int
url_parse(struct url *u, const char *text, const struct url *base,
    struct error *err)
{
	CURLU *h = curl_url();
	int ok = 0;

	memset(u, 0, sizeof(*u));
	if (h != NULL && text[0] != '\0' && strlen(text) <= URL_MAX &&
	    printable(text) && (base == NULL ||
	    curl_url_set(h, CURLUPART_URL, base->text, CURLU_PATH_AS_IS) ==
	    CURLUE_OK) &&
	    curl_url_set(h, CURLUPART_URL, text, CURLU_PATH_AS_IS) ==
	    CURLUE_OK)
		ok = take_parts(u, h) == 0;
	curl_url_cleanup(h);
	if (ok)
		return 0;
	url_free(u);
	return error_set(err, ERROR_HTTP, "the URL cannot be followed");
}

void
url_free(struct url *u)
{
	free(u->text);
	free(u->host);
	memset(u, 0, sizeof(*u));
}

void
url_copy(struct url *to, const struct url *from)
{
	*to = *from;
	to->text = mem_strdup(from->text);
	to->host = mem_strdup(from->host);
}

bool
url_same_origin(const struct url *a, const struct url *b)
{
	return a->https == b->https && a->port == b->port &&
	    strcmp(a->host, b->host) == 0;
}

char *
url_authority(const struct url *u)
{
	const char *l = "", *r = "";

	if (strchr(u->host, ':') != NULL) {
		l = "[";
		r = "]";
	}
	if (u->port == (u->https ? 443u : 80u))
		return mem_printf("%s%s%s", l, u->host, r);
	return mem_printf("%s%s%s:%u", l, u->host, r, u->port);
}

char *
url_display(const struct url *u, bool query)
{
	return mem_strndup(u->text, query ? strlen(u->text) :
	    strcspn(u->text, "?"));
}

bool
url_same_site(const char *a, const char *b)
{
	const psl_ctx_t *psl = psl_builtin();
	const char *x, *y;

	if (strcasecmp(a, b) == 0)
		return true;
	if (psl == NULL || address_is_literal(a) || address_is_literal(b))
		return false;
	x = psl_registrable_domain(psl, a);
	y = psl_registrable_domain(psl, b);
	return x != NULL && y != NULL && strcasecmp(x, y) == 0;
}
