/* SPDX-License-Identifier: Apache-2.0 */
/* The query of a GET and the form of a POST. */
#include "supervisor/broker/auth/token_form.h"

#include <stdlib.h>
#include <string.h>

#include "common/buffer.h"
#include "common/mem.h"
#include "common/text.h"

char *
token_form_key(const struct token_ask *ask)
{
	struct buffer b;

	buffer_init(&b, 0);
	buffer_printf(&b, "%s\n%s", ask->realm->text, ask->service);
	for (size_t i = 0; i < ask->scopes->n; i++)
		buffer_printf(&b, "\n%s", ask->scopes->list[i]);
	return buffer_steal(&b);
}

char *
token_form_url(const struct token_ask *ask, const char *account,
    const char *client_id)
{
	struct buffer b;

	buffer_init(&b, 0);
	buffer_puts(&b, ask->realm->text);
	if (strchr(ask->realm->text, '?') == NULL)
		buffer_putc(&b, '?');
	if (*account != '\0')
		text_query(&b, "account", account);
	text_query(&b, "client_id", client_id);
	for (size_t i = 0; i < ask->scopes->n; i++)
		text_query(&b, "scope", ask->scopes->list[i]);
	if (*ask->service != '\0')
		text_query(&b, "service", ask->service);
	return buffer_steal(&b);
}

char *
token_form_post(const struct token_ask *ask, const char *refresh,
    const char *client_id)
{
	struct buffer b, scopes;

	buffer_init(&b, 0);
	buffer_init(&scopes, 0);
	b.secret = true;
	text_query(&b, "client_id", client_id);
	text_query(&b, "grant_type", "refresh_token");
	text_query(&b, "refresh_token", refresh);
	for (size_t i = 0; i < ask->scopes->n; i++)
		buffer_printf(&scopes, "%s%s", i > 0 ? " " : "",
		    ask->scopes->list[i]);
	text_query(&b, "scope", buffer_str(&scopes));
	text_query(&b, "service", ask->service);
	buffer_free(&scopes);
	return buffer_steal(&b);
}
