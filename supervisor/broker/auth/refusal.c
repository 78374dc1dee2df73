/* SPDX-License-Identifier: Apache-2.0 */
/* The end of an error about a login. */
#include "supervisor/broker/auth/refusal.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "supervisor/broker/auth/basic.h"
#include "supervisor/broker/transfer/target.h"

/* What to do about the login. One without an entry in creds is docker's. */
static char *
advice(const struct http_registry *c, const char *problem)
{
	bool docker = c->position == NULL || *c->position == '\0';
	char *entry = target_entry(c), *text;

	text = mem_printf("the login for %s%s %s: %s user and pass in %s",
	    c->name, docker ? " from docker's config.json" : "", problem,
	    docker ? "renew it with docker login, or set" : "check", entry);
	free(entry);
	return text;
}

static char *
no_login(const struct http_registry *c)
{
	char *entry = target_entry(c), *text;

	text = mem_printf("no login for %s is configured: set user and pass "
	    "in %s", c->name, entry);
	free(entry);
	return text;
}

void
refusal_explain(const struct http_registry *c, struct error *err)
{
	bool known = basic_known(c) || *c->token != '\0';
	int http = err->http;
	char *said, *todo;
	size_t n;

	if (http != 401 && http != 403)
		return;
	/* What a registry says often ends with a line. */
	n = strlen(err->text);
	while (n > 0 && (err->text[n - 1] == '\n' || err->text[n - 1] == ' '))
		n--;
	said = mem_strndup(err->text, n);
	todo = !known ? no_login(c) : advice(c, http == 401 ? "was refused" :
	    "does not allow this");
	error_set(err, err->kind, "%s; %s", said, todo);
	err->http = http;
	free(todo);
	free(said);
}
