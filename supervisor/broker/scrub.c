#include "scrub.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "mem.h"

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

static bool
plain(char c)
{
	return isalnum((unsigned char)c) ||
	    (c != '\0' && strchr("-._~", c) != NULL);
}

void
scrub_add(struct scrub *s, const char *secret)
{
	struct buffer percent, lower, json;

	if (secret == NULL || *secret == '\0')
		return;
	buffer_init(&percent, 0);
	buffer_init(&lower, 0);
	buffer_init(&json, 0);
	percent.secret = lower.secret = json.secret = true;
	for (const char *p = secret; *p != '\0'; p++) {
		if (plain(*p)) {
			buffer_putc(&percent, *p);
			buffer_putc(&lower, *p);
		} else {
			buffer_printf(&percent, "%%%02X", (unsigned char)*p);
			buffer_printf(&lower, "%%%02x", (unsigned char)*p);
		}
		if (*p == '"' || *p == '\\')
			buffer_putc(&json, '\\');
		if (strchr("<>&", *p) != NULL)
			buffer_printf(&json, "\\u%04x", (unsigned char)*p);
		else
			buffer_putc(&json, *p);
	}
	add_one(s, mem_strdup(secret));
	add_one(s, buffer_steal(&percent));
	add_one(s, buffer_steal(&lower));
	add_one(s, buffer_steal(&json));
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

/* The length of the secret that stands at p[i], 0 when none does. */
static size_t
secret_at(const struct scrub *s, const char *p, size_t n, size_t i)
{
	size_t len;

	for (size_t k = 0; k < s->n; k++) {
		len = strlen(s->secrets[k]);
		if (len > n - i || memcmp(p + i, s->secrets[k], len) != 0)
			continue;
		if (len < SCRUB_SHORT &&
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

char *
scrub_text(const struct scrub *s, const char *p, size_t n, size_t max)
{
	struct buffer b;
	size_t len, i = 0;
	char *out;

	buffer_init(&b, 0);
	while (i < n && b.len <= max) {
		len = secret_at(s, p, n, i);
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
