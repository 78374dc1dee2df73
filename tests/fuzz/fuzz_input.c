/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_input.c - the bytes of an input, in each format. What becomes a Lua
 * value can be written as JSON again, and what that reads as is the same
 * JSON.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>

#include "common/wire/message.h"
#include "worker/exchange/globals.h"
#include "worker/library/json_value.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

extern const char *const fuzz_seeds[];
const char *const fuzz_seeds[] = {
	"0a\nb\r\n\n", "1{\"a\": [1, 2.5, null, \"x\"]}", "2[[[]], {}]",
	"2[1e308, -0.0, 18446744073709551615]", "0\xef\xbb\xbf[true]", NULL
};

static void
push(lua_State *L, uint64_t format, const char *p, size_t n, int *result)
{
	struct client_input in = { .name = (char *)"i", .format = format };
	struct error err;

	buffer_init(&in.text, 0);
	buffer_put(&in.text, p, n);
	*result = input_push(L, &in, &err);
	buffer_free(&in.text);
}

/* What JSON becomes after a trip through Lua. False when it is null. */
static bool
trip(lua_State *L, struct buffer *text)
{
	struct error err;
	int result;

	lua_settop(L, 0);
	push(L, INPUT_JSON, buffer_str(text), text->len, &result);
	buffer_clear(text);
	if (result == 0 && json_encode(L, -1, NULL, NULL, text, &err) == -1)
		abort();
	return result == 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buffer once, again;
	struct error err;
	lua_State *L;
	int result;

	if (size == 0)
		return 0;
	L = luaL_newstate();
	buffer_init(&once, 0);
	buffer_init(&again, 0);
	push(L, data[0] % 3, (const char *)data + 1, size - 1, &result);
	if (result == 0) {
		if (json_encode(L, -1, NULL, NULL, &once, &err) == -1)
			abort();
		/* Bytes that are no UTF-8 become an escape, then a
		 * character: the second trip must not change any more. */
		if (trip(L, &once)) {
			buffer_put(&again, buffer_str(&once), once.len);
			if (!trip(L, &again) || strcmp(buffer_str(&once),
			    buffer_str(&again)) != 0)
				abort();
		}
	}
	buffer_free(&once);
	buffer_free(&again);
	lua_close(L);
	return 0;
}
