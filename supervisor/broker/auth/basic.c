/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP's Basic authentication (RFC 7617). */
#include "supervisor/broker/auth/basic.h"

#include "common/buffer.h"
#include "common/text.h"

bool
basic_known(const struct http_registry *c)
{
	return *c->user != '\0' && *c->pass != '\0';
}

char *
basic_line(const struct http_registry *c)
{
	struct buffer plain, line;

	buffer_init(&plain, 0);
	buffer_init(&line, 0);
	plain.secret = line.secret = true;
	buffer_printf(&plain, "%s:%s", c->user, c->pass);
	buffer_puts(&line, "Authorization: Basic ");
	text_base64(&line, buffer_str(&plain), plain.len);
	buffer_free(&plain);
	return buffer_steal(&line);
}
