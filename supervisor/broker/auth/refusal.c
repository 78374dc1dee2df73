/* SPDX-License-Identifier: Apache-2.0 */
/* The end of an error about a login. */
#include "supervisor/broker/auth/refusal.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "supervisor/broker/auth/basic.h"
#include "supervisor/broker/transfer/target.h"

void
refusal_explain(const struct http_registry *c, struct error *err)
{
	bool known = basic_known(c) || *c->token != '\0';
	int http = err->http;
	char *said, *entry;
	size_t n;

	if (http != 401 && http != 403)
		return;
	/* What a registry says often ends with a line. */
	n = strlen(err->text);
	while (n > 0 && (err->text[n - 1] == '\n' || err->text[n - 1] == ' '))
		n--;
	said = mem_strndup(err->text, n);
	entry = target_entry(c);
	if (!known)
		error_set(err, err->kind, "%s; no login for %s is configured: "
		    "set user and pass in %s", said, c->name, entry);
	else if (http == 401)
		error_set(err, err->kind, "%s; the login for %s was refused: "
		    "check user and pass in %s", said, c->name, entry);
	else
		error_set(err, err->kind, "%s; the login for %s does not "
		    "allow this: check user and pass in %s", said, c->name,
		    entry);
	err->http = http;
	free(entry);
	free(said);
}
