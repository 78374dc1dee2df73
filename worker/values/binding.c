/* SPDX-License-Identifier: Apache-2.0 */
/* binding.c - what the bindings share; see binding.h. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>
#include <lua.h>

#include "common/mem.h"
#include "worker/job/needs.h"
#include "worker/lua/vm.h"
#include "worker/values/binding.h"
#include "worker/values/options.h"

void
binding_context(lua_State *L)
{
	struct error err;

	if (worker_check(vm_worker(L), &err) == -1)
		vm_raise(L, "%s", err.text);
}

int
binding_fail(lua_State *L, struct task *t, const char *fmt, ...)
{
	char what[ERROR_TEXT_MAX + 1];
	struct error err = t->err;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	task_release(t);
	return vm_raise(L, "%s: %s", what, err.text);
}

void
binding_log_start(struct log_record *r, int level, const char *message,
    const char *key, const struct reference *ref)
{
	char *name = reference_string(ref);

	log_record_init(r, level, message);
	log_record_string(r, key, name);
	free(name);
}

void
binding_log(lua_State *L, struct log_record *r)
{
	worker_log(vm_worker(L), r);
}

void
binding_list_options(lua_State *L, int arg, const char *function,
    struct binding_list *out)
{
	static const struct option table[] = {
		{ "limit", OPTION_COUNT, offsetof(struct binding_list, limit) },
		{ "last", OPTION_TEXT, offsetof(struct binding_list, last) },
		{ NULL, 0, 0 }
	};
	char text[64];

	out->limit = 0;
	out->last = "";
	if (lua_gettop(L) < arg)
		return;
	if (!lua_istable(L, arg)) {
		snprintf(text, sizeof(text), "table expected, got %s",
		    lua_typename(L, lua_type(L, arg)));
		vm_arg_error(L, arg, value_call_name(L), text);
	}
	options_read(L, arg, function, table, out);
}

void
binding_push_options(lua_State *L, const struct binding_list *o)
{
	lua_pushfstring(L, "{Limit:%I Last:%s}", (LUAI_UACINT)o->limit,
	    o->last);
}

int
binding_manifest(lua_State *L, struct fetch *f)
{
	struct manifest_value *v;
	char *name, text[REFERENCE_MAX + 64];

	if (f->task.err.kind != ERROR_NONE) {
		name = reference_string(&f->value.ref);
		snprintf(text, sizeof(text), "Failed retrieving \"%s\" "
		    "manifest", name);
		free(name);
		return binding_fail(L, &f->task, "%s", text);
	}
	v = value_push_manifest(L);
	*v = f->value;
	memset(&f->value, 0, sizeof(f->value));
	value_expose_manifest(L);
	task_release(&f->task);
	return 1;
}

int
binding_list(lua_State *L, struct listing_task *l, const char *failed)
{
	if (l->task.err.kind != ERROR_NONE)
		return binding_fail(L, &l->task, "%s", failed);
	lua_createtable(L, (int)l->n, 0);
	for (size_t i = 0; i < l->n; i++) {
		lua_pushstring(L, l->items[i]);
		lua_rawseti(L, -2, (lua_Integer)i + 1);
		/* Lists are long: never the whole of one twice. */
		free(l->items[i]);
		l->items[i] = NULL;
	}
	task_release(&l->task);
	return 1;
}

static int
manifest_arrived(lua_State *L, int status, lua_KContext ctx)
{
	struct fetch *f = (struct fetch *)ctx;
	lua_KFunction next = f->next;
	int arg = f->arg;

	if (f->task.err.kind != ERROR_NONE && f->how != FETCH_HEAD)
		return binding_fail(L, &f->task, "manifest pull failed");
	binding_manifest(L, f);
	lua_replace(L, arg);
	return next(L, status, 0);
}

int
binding_fetch(lua_State *L, int arg, const struct reference *ref,
    enum fetch_how how, const char *platform, lua_KFunction next)
{
	struct fetch *f = fetch_new(L, ref, how, platform);

	f->arg = arg;
	f->next = next;
	return task_await(L, &f->task, manifest_arrived);
}

int
binding_with_manifest(lua_State *L, int arg, enum fetch_how how,
    lua_KFunction next)
{
	struct reference *ref;

	if (value_manifest(L, arg) != NULL)
		return next(L, LUA_OK, 0);
	if (value_config(L, arg) != NULL) {
		value_push_manifest_of(L, arg);
		lua_replace(L, arg);
		return next(L, LUA_OK, 0);
	}
	if (lua_type(L, arg) != LUA_TSTRING &&
	    value_reference(L, arg) == NULL)
		return vm_arg_error(L, arg, value_call_name(L),
		    "manifest expected");
	ref = value_check_reference(L, arg);
	return binding_fetch(L, arg, ref, how, "", next);
}

static void
request_release(struct task *t)
{
	struct binding_request *q = (struct binding_request *)t;

	call_cancel(q->call);
	q->call = NULL;
	needs_free(q->needs);
	q->needs = NULL;
	free(q->digest);
	buffer_free(&q->body);
	reference_free(&q->ref);
	free(q->name);
	referrers_forget(q->edit);
	q->edit = NULL;
	free(q->subject);
	json_object_put(q->descriptor);
}

struct binding_request *
binding_request_new(lua_State *L)
{
	struct binding_request *q = task_new(L, sizeof(*q), request_release);

	buffer_init(&q->body, 0);
	return q;
}

struct binding_request *
binding_text_new(lua_State *L)
{
	struct binding_request *q = task_new_idle(L, sizeof(*q),
	    request_release);

	buffer_init(&q->body, 0);
	return q;
}

void
binding_request_done(void *request, struct answer *a)
{
	struct binding_request *q = request;

	q->call = NULL;
	if (a->err.kind != ERROR_NONE) {
		task_done(&q->task, &a->err);
		return;
	}
	q->digest = mem_strdup(a->digest);
	buffer_put(&q->body, buffer_str(&a->body), a->body.len);
	task_done(&q->task, NULL);
}
