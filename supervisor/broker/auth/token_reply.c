/* SPDX-License-Identifier: Apache-2.0 */
/* The members of the reply that count. */
#include "supervisor/broker/auth/token_reply.h"

#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/mem.h"
#include "common/text.h"

/* A member's text if it can be sent in a header: NULL when it is absent, not
 * a string, or has other bytes in it. */
static char *
header_safe(struct json_object *o, const char *key)
{
	struct json_object *v;
	const char *s;
	size_t n;

	if (!json_object_object_get_ex(o, key, &v) ||
	    !json_object_is_type(v, json_type_string))
		return NULL;
	s = json_object_get_string(v);
	n = (size_t)json_object_get_string_len(v);
	if (n == 0 || n > TOKEN_MAX)
		return NULL;
	for (size_t i = 0; i < n; i++)
		if (s[i] <= ' ' || s[i] >= 0x7f)
			return NULL;
	return mem_strndup(s, n);
}

static int64_t
life(struct json_object *o, int64_t now_s)
{
	struct json_object *v;
	struct text_time t;
	int64_t issued = -1, n = TOKEN_LIFE_MIN_S;

	if (json_object_object_get_ex(o, "expires_in", &v) &&
	    (json_object_is_type(v, json_type_int) ||
	    json_object_is_type(v, json_type_double)))
		n = json_object_get_int64(v);
	if (n < TOKEN_LIFE_MIN_S)
		n = TOKEN_LIFE_MIN_S;
	if (n > 10LL * 365 * 86400)
		n = 10LL * 365 * 86400;
	if (json_object_object_get_ex(o, "issued_at", &v) &&
	    json_object_is_type(v, json_type_string))
		issued = text_time_parse(json_object_get_string(v), &t) == 0 ?
		    text_time_seconds(&t) : -1;
	/* A clock that differs from ours must not make a fresh token old. */
	if (issued <= 0 || issued > now_s || issued + n <= now_s)
		return n;
	return issued + n - now_s;
}

int
token_reply_parse(struct token_reply *r, const char *p, size_t n,
    int64_t now_s, struct error *err)
{
	json_object *o;

	memset(r, 0, sizeof(*r));
	o = json_parse_secret(p, n, TOKEN_REPLY_MAX, "the token server's "
	    "answer", err);
	if (o == NULL) {
		if (err != NULL)
			err->kind = ERROR_HTTP;
		return -1;
	}
	r->token = header_safe(o, "access_token");
	if (r->token == NULL)
		r->token = header_safe(o, "token");
	r->refresh = header_safe(o, "refresh_token");
	r->life_s = life(o, now_s);
	json_secret_free(o);
	if (r->token != NULL)
		return 0;
	token_reply_free(r);
	return error_set(err, ERROR_HTTP, "the token server's answer has no "
	    "usable token");
}

void
token_reply_free(struct token_reply *r)
{
	mem_wipe(r->token);
	mem_wipe(r->refresh);
	memset(r, 0, sizeof(*r));
}
