/* SPDX-License-Identifier: Apache-2.0 */
/* The names of methods. */
#include "supervisor/broker/transfer/exchange.h"

#include <stdlib.h>

#include "common/mem.h"
#include "supervisor/broker/transfer/url.h"

static const struct {
	const char *method, *go;
} names[] = {
	[HTTP_GET] = { "GET", "Get" }, [HTTP_HEAD] = { "HEAD", "Head" },
	[HTTP_PUT] = { "PUT", "Put" }, [HTTP_POST] = { "POST", "Post" },
	[HTTP_PATCH] = { "PATCH", "Patch" },
	[HTTP_DELETE] = { "DELETE", "Delete" },
};

const char *
exchange_method(enum http_method m)
{
	return names[m].method;
}

char *
exchange_text(enum http_method m, const struct url *u, bool query)
{
	char *where = url_display(u, query);
	char *s = mem_printf("%s \"%s\"", names[m].go, where);

	free(where);
	return s;
}
