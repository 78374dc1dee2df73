/* SPDX-License-Identifier: Apache-2.0 */
/* What is sent to a token server. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "common/buffer.h"
#include "common/mem.h"
#include "supervisor/broker/auth/token.h"

char *
token_key(const struct token_ask *ask)
{
	struct buffer b;

	buffer_init(&b, 0);
	buffer_printf(&b, "%s\n%s", ask->realm->text, ask->service);
	for (size_t i = 0; i < ask->nscopes; i++)
		buffer_printf(&b, "\n%s", ask->scopes[i]);
	return buffer_steal(&b);
}

static void
escape(struct buffer *b, const char *s)
{
	for (; *s != '\0'; s++) {
		if (isalnum((unsigned char)*s) || strchr("-._~", *s) != NULL)
			buffer_putc(b, *s);
		else
			buffer_printf(b, "%%%02X", (unsigned char)*s);
	}
}

static void
put(struct buffer *b, const char *key, const char *value)
{
	if (b->len != 0 && strchr("?&", b->data[b->len - 1]) == NULL)
		buffer_putc(b, '&');
	buffer_printf(b, "%s=", key);
	escape(b, value);
}

char *
token_url(const struct token_ask *ask, const char *account,
    const char *client_id)
{
	struct buffer b;

	buffer_init(&b, 0);
	buffer_puts(&b, ask->realm->text);
	if (strchr(ask->realm->text, '?') == NULL)
		buffer_putc(&b, '?');
	if (*account != '\0')
		put(&b, "account", account);
	put(&b, "client_id", client_id);
	for (size_t i = 0; i < ask->nscopes; i++)
		put(&b, "scope", ask->scopes[i]);
	if (*ask->service != '\0')
		put(&b, "service", ask->service);
	return buffer_steal(&b);
}

char *
token_form(const struct token_ask *ask, const char *refresh,
    const char *client_id)
{
	struct buffer b, scopes;

	buffer_init(&b, 0);
	buffer_init(&scopes, 0);
	b.secret = true;
	put(&b, "client_id", client_id);
	put(&b, "grant_type", "refresh_token");
	put(&b, "refresh_token", refresh);
	for (size_t i = 0; i < ask->nscopes; i++)
		buffer_printf(&scopes, "%s%s", i > 0 ? " " : "",
		    ask->scopes[i]);
	put(&b, "scope", buffer_str(&scopes));
	put(&b, "service", ask->service);
	buffer_free(&scopes);
	return buffer_steal(&b);
}
