/* SPDX-License-Identifier: Apache-2.0 */
#include "supervisor/broker/registry/query.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void
query_add(struct buffer *b, const char *key, const char *value)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";

	if (b->len != 0)
		buffer_putc(b, '&');
	buffer_puts(b, key);
	buffer_putc(b, '=');
	for (; *value != '\0'; value++)
		if (strchr(plain, *value) != NULL)
			buffer_putc(b, *value);
		else
			buffer_printf(b, "%%%02X", (unsigned char)*value);
}

void
query_add_u64(struct buffer *b, const char *key, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	query_add(b, key, text);
}
