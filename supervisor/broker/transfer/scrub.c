/* SPDX-License-Identifier: Apache-2.0 */
/* Finds secrets in whatever form they come back. */
#include "supervisor/broker/transfer/scrub.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/bounds.h"
#include "common/buffer.h"
#include "common/mem.h"
#include "common/text.h"

#define CENSORED "[censored]"
#define JWT_MIN 40

static void
add_one(struct scrub *s, char *secret)
{
	size_t i, n = strlen(secret);

	for (i = 0; i < s->n; i++)
		if (strcmp(s->secrets[i], secret) == 0) {
			mem_wipe(secret);
			return;
		}
	s->secrets = mem_resize(s->secrets, s->n + 1, sizeof(*s->secrets));
	for (i = s->n; i > 0 && strlen(s->secrets[i - 1]) < n; i--)
		s->secrets[i] = s->secrets[i - 1];
	s->secrets[i] = secret;
	s->n++;
}

/* In base64, without the padding; url: in the alphabet that URLs have. */
static void
add_base64(struct scrub *s, const char *secret, bool url)
{
	struct buffer b;
	char *coded;

	buffer_init(&b, 0);
	b.secret = true;
	text_base64(&b, secret, strlen(secret));
	coded = buffer_steal(&b);
	coded[strcspn(coded, "=")] = '\0';
	for (char *p = coded; url && *p != '\0'; p++) {
		if (*p == '+')
			*p = '-';
		else if (*p == '/')
			*p = '_';
	}
	add_one(s, coded);
}

void
scrub_add(struct scrub *s, const char *secret)
{
	if (secret == NULL || *secret == '\0' || strlen(secret) > SECRET_MAX)
		return;
	add_one(s, mem_strdup(secret));
	if (strlen(secret) < SCRUB_SHORT)
		return;
	add_base64(s, secret, false);
	add_base64(s, secret, true);
}

void
scrub_free(struct scrub *s)
{
	for (size_t i = 0; i < s->n; i++)
		mem_wipe(s->secrets[i]);
	free(s->secrets);
	s->secrets = NULL;
	s->n = 0;
}

static int
hex_byte(const char *p)
{
	char two[3] = { p[0], p[1], '\0' };

	return isxdigit((unsigned char)two[0]) &&
	    isxdigit((unsigned char)two[1]) ? (int)strtol(two, NULL, 16) : -1;
}

/* How many of the n bytes at p are c in a coded form: of a URL, of JSON, of
 * HTML. 0 when they are not. */
static size_t
coded_len(char c, const char *p, size_t n)
{
	static const struct {
		char c;
		const char *text;
	} entities[] = {
		{ '&', "&amp;" }, { '<', "&lt;" }, { '>', "&gt;" },
		{ '"', "&quot;" }, { '"', "&#34;" }, { '\'', "&#39;" },
		{ '\'', "&#x27;" }, { '\'', "&apos;" },
	};
	size_t len;

	if (n >= 3 && p[0] == '%' && hex_byte(p + 1) == (unsigned char)c)
		return 3;
	if (n >= 6 && memcmp(p, "\\u00", 4) == 0 &&
	    hex_byte(p + 4) == (unsigned char)c)
		return 6;
	if (n >= 2 && p[0] == '\\' && p[1] == c && ispunct((unsigned char)c))
		return 2;
	if (n >= 1 && p[0] == '+' && c == ' ')
		return 1;
	if (n == 0 || p[0] != '&')
		return 0;
	for (size_t i = 0; i < sizeof(entities) / sizeof(entities[0]); i++) {
		len = strlen(entities[i].text);
		if (entities[i].c == c && n >= len &&
		    memcmp(p, entities[i].text, len) == 0)
			return len;
	}
	return 0;
}

/* How many of the n bytes at p are the secret, 0 when they are not. What can
 * be read either way is tried as coded first, then as plain. */
static size_t
match(const char *secret, const char *p, size_t n, bool coded)
{
	size_t i = 0, len;

	for (; *secret != '\0'; secret++) {
		len = coded ? coded_len(*secret, p + i, n - i) : 0;
		if (len == 0 && i < n && tolower((unsigned char)p[i]) ==
		    tolower((unsigned char)*secret))
			len = 1;
		if (len == 0 && !coded)
			len = coded_len(*secret, p + i, n - i);
		if (len == 0)
			return 0;
		i += len;
	}
	return i;
}

/* Could it be a word that we use ourselves? */
static bool
is_word(const char *secret)
{
	size_t n = strlen(secret);

	if (n < SCRUB_SHORT)
		return true;
	for (size_t i = 0; i < n; i++)
		if (!isalpha((unsigned char)secret[i]))
			return false;
	return n < SCRUB_WORD;
}

/* The length of the secret at p[i], 0 when there is none. */
static size_t
secret_at(const struct scrub *s, const char *p, size_t n, size_t i, bool own)
{
	size_t len;

	for (size_t k = 0; k < s->n; k++) {
		len = match(s->secrets[k], p + i, n - i, true);
		if (len == 0)
			len = match(s->secrets[k], p + i, n - i, false);
		if (len == 0 || (own && is_word(s->secrets[k])))
			continue;
		if (strlen(s->secrets[k]) < SCRUB_SHORT &&
		    ((i > 0 && isalnum((unsigned char)p[i - 1])) ||
		    (i + len < n && isalnum((unsigned char)p[i + len]))))
			continue;
		return len;
	}
	return 0;
}

/* The same for "eyJ....": two dots and enough base64 around them. */
static size_t
jwt_at(const char *p, size_t n, size_t i)
{
	size_t len = 0;
	int dots = 0;

	if (n - i < JWT_MIN || memcmp(p + i, "eyJ", 3) != 0)
		return 0;
	while (i + len < n && (isalnum((unsigned char)p[i + len]) ||
	    p[i + len] == '-' || p[i + len] == '_' || p[i + len] == '.' ||
	    p[i + len] == '=')) {
		dots += p[i + len] == '.';
		len++;
	}
	return len >= JWT_MIN && dots >= 1 ? len : 0;
}

static char *
clean(const struct scrub *s, const char *p, size_t n, size_t max, bool own)
{
	struct buffer b;
	size_t len, i = 0;
	char *out;

	buffer_init(&b, 0);
	while (i < n && b.len <= max) {
		len = secret_at(s, p, n, i, own);
		if (len == 0)
			len = jwt_at(p, n, i);
		if (len != 0) {
			buffer_puts(&b, CENSORED);
			i += len;
			continue;
		}
		if (((unsigned char)p[i] < ' ' && p[i] != '\n' &&
		    p[i] != '\t') || p[i] == 0x7f)
			buffer_putc(&b, ' ');
		else
			buffer_putc(&b, p[i]);
		i++;
	}
	len = b.len;
	if (len > max)
		for (len = max; len > 0 && (b.data[len] & 0xc0) == 0x80;)
			len--;
	out = mem_strndup(buffer_str(&b), len);
	buffer_free(&b);
	return out;
}

/* Those of *s first, then those that come and go. */
static char *
clean_all(const struct scrub *s, const char *p, size_t n, size_t max,
    const char *authorization, bool own)
{
	struct scrub passing = { .n = 0 };
	const char *word;
	char *text, *again;

	text = clean(s, p, n, SIZE_MAX, own);
	if (s->passing != NULL)
		s->passing(s->arg, &passing);
	word = authorization != NULL ? strrchr(authorization, ' ') : NULL;
	if (word != NULL)
		scrub_add(&passing, word + 1);
	again = clean(&passing, text, strlen(text), max, own);
	free(text);
	scrub_free(&passing);
	return again;
}

char *
scrub_text(const struct scrub *s, const char *p, size_t n, size_t max,
    const char *authorization)
{
	return clean_all(s, p, n, max, authorization, false);
}

char *
scrub_own(const struct scrub *s, const char *p, size_t n, size_t max,
    const char *authorization)
{
	return clean_all(s, p, n, max, authorization, true);
}

void
scrub_error(const struct scrub *s, const char *authorization,
    struct error *err)
{
	char *text;

	if (err->kind == ERROR_NONE)
		return;
	text = scrub_own(s, err->text, strlen(err->text), ERROR_TEXT_MAX,
	    authorization);
	snprintf(err->text, sizeof(err->text), "%s", text);
	free(text);
}
