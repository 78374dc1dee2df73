/* SPDX-License-Identifier: Apache-2.0 */
/* globals.c - the globals "input" and "output"; see globals.h. */
#include "worker/exchange/globals.h"

#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>

#include "common/mem.h"
#include "worker/library/json_value.h"
#include "worker/lua/vm.h"

struct exchange {
	char **names;		/* outputs that the configuration has */
	size_t n;
	struct buffer *texts;	/* their JSON; empty: not given */
};

/* A name that is not in the configuration is a mistake, and nil would turn a
 * list of what to keep into an empty one. */
static int
input_missing(lua_State *L)
{
	const char *name = lua_type(L, 2) == LUA_TSTRING ?
	    lua_tostring(L, 2) : "?";

	return vm_raise(L, "the input \"%.64s\" is not configured: add "
	    "\"inputs: {%.64s: {file: PATH}}\" to the script", name, name);
}

/* Of the outputs but one. */
static size_t
bytes_of_others(const struct exchange *x, size_t but)
{
	size_t sum = 0;

	for (size_t i = 0; i < x->n; i++)
		sum += i != but ? x->texts[i].len : 0;
	return sum;
}

/* The place of the output with that name, or -1. */
static int
find(const struct exchange *x, const char *name)
{
	for (size_t i = 0; x != NULL && i < x->n; i++)
		if (strcmp(x->names[i], name) == 0)
			return (int)i;
	return -1;
}

static int
output(lua_State *L)
{
	const char *name = vm_check_text(L, 1, "output");
	struct exchange *x = vm_worker(L)->exchange;
	int i = find(x, name);
	struct buffer text;
	struct error err;

	if (i == -1)
		return vm_raise(L, "the output \"%.64s\" is not configured: "
		    "add \"outputs: {%.64s: {file: PATH}}\" to the script",
		    name, name);
	if (lua_isnoneornil(L, 2))
		return vm_arg_error(L, 2, "output", "value expected, got nil");
	buffer_init(&text, OUTPUT_BYTES_MAX -
	    bytes_of_others(x, (size_t)i));
	if (json_encode(L, 2, NULL, vm_worker(L), &text, &err) == -1) {
		buffer_free(&text);
		return vm_raise(L, "the output \"%.64s\" cannot be written as "
		    "JSON: %s", name, err.text);
	}
	buffer_free(&x->texts[i]);
	x->texts[i] = text;
	return 0;
}

void
exchange_open(lua_State *L)
{
	lua_newtable(L);
	lua_newtable(L);
	lua_pushcfunction(L, input_missing);
	lua_setfield(L, -2, "__index");
	lua_setmetatable(L, -2);
	lua_setglobal(L, "input");
	lua_register(L, "output", output);
}

/* Arguments: the input, where an error goes. Returns the value or nothing. */
static int
push_one(lua_State *L)
{
	const struct client_input *in = lua_touserdata(L, 1);
	struct error *err = lua_touserdata(L, 2);

	if (input_push(L, in, err) == -1)
		return 0;
	lua_getglobal(L, "input");
	lua_insert(L, -2);
	lua_pushstring(L, in->name);
	lua_insert(L, -2);
	lua_rawset(L, -3);
	return 0;
}

static int
take_one(lua_State *L, const struct client_input *in, struct error *err)
{
	error_clear(err);
	lua_settop(L, 0);
	lua_pushcfunction(L, push_one);
	lua_pushlightuserdata(L, (void *)(uintptr_t)in);
	lua_pushlightuserdata(L, err);
	if (lua_pcall(L, 2, 0, 0) != LUA_OK)
		error_set(err, ERROR_LIMIT, "it needs more memory than the "
		    "script has");
	lua_settop(L, 0);
	return err->kind == ERROR_NONE ? 0 : -1;
}

char *
exchange_take(lua_State *L, struct client_job *job)
{
	struct exchange *x = mem_alloc(sizeof(*x));
	struct error err;
	char *failure = NULL;

	for (size_t i = 0; i < job->ninputs; i++) {
		struct client_input *in = &job->inputs[i];

		if (failure == NULL && take_one(L, in, &err) == -1)
			failure = mem_printf("the script was not started, "
			    "since its input \"%s\" (%s) cannot be used: %s",
			    in->name, in->place, err.text);
	}
	client_inputs_free(job);
	x->names = job->outputs;
	x->n = job->noutputs;
	job->outputs = NULL;
	job->noutputs = 0;
	x->texts = mem_array(x->n, sizeof(*x->texts));
	vm_worker(L)->exchange = x;
	return failure;
}

void
exchange_send(struct worker *w)
{
	struct exchange *x = w->exchange;

	for (size_t i = 0; x != NULL && i < x->n; i++)
		if (x->texts[i].len > 0)
			client_output(w->client, x->names[i],
			    x->texts[i].data, x->texts[i].len);
}
