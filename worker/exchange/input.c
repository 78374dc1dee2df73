/* SPDX-License-Identifier: Apache-2.0 */
/* input.c - the bytes of an input as a Lua value. */
#include <string.h>

#include <lua.h>

#include "common/json.h"
#include "common/wire/message.h"
#include "worker/exchange/globals.h"
#include "worker/library/json_value.h"

/* A list of its lines; those that are empty do not count. */
static int
push_lines(lua_State *L, const char *p, size_t n, struct error *err)
{
	const char *end = p + n, *nl;
	lua_Integer count = 0;
	size_t len;

	if (memchr(p, '\0', n) != NULL)
		return error_set(err, ERROR_INPUT, "it has a zero byte, so it "
		    "is not text");
	lua_newtable(L);
	for (; p < end; p = nl + 1) {
		if ((nl = memchr(p, '\n', (size_t)(end - p))) == NULL)
			nl = end;
		len = (size_t)(nl - p);
		while (len > 0 && p[len - 1] == '\r')
			len--;
		if (len == 0)
			continue;
		lua_pushlstring(L, p, len);
		lua_rawseti(L, -2, ++count);
	}
	return 0;
}

/* A Lua error on the way loses the document: the worker ends with it. */
static int
push_json(lua_State *L, const char *p, size_t n, struct error *err)
{
	json_object *o = json_parse(p, n, INPUT_BYTES_MAX, "it", err);

	if (o == NULL)
		return -1;
	json_push(L, o, NULL);
	json_object_put(o);
	return 0;
}

int
input_push(lua_State *L, const struct client_input *in, struct error *err)
{
	const char *p = buffer_str(&in->text);
	size_t n = in->text.len, blank;
	struct error why;
	bool json;

	if (n >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0) {
		p += 3;
		n -= 3;
	}
	blank = strspn(p, " \t\r\n");
	json = in->format == INPUT_JSON || (in->format == INPUT_AUTO &&
	    blank < n && (p[blank] == '{' || p[blank] == '['));
	if (!json)
		return push_lines(L, p, n, err);
	if (push_json(L, p, n, err) == 0)
		return 0;
	why = *err;
	if (in->format == INPUT_AUTO)
		error_set(err, why.kind, "%.2048s (it begins as JSON does; "
		    "with \"format: lines\" it is a list of lines)", why.text);
	return -1;
}
