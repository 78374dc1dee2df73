/* SPDX-License-Identifier: Apache-2.0 */
/* ratelimit.c - rate limits: m:ratelimit() and image.ratelimitWait(). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>
#include <lua.h>

#include "common/clock.h"
#include "common/duration.h"
#include "common/mem.h"
#include "common/wire/loop.h"
#include "common/wire/stop.h"
#include "worker/lua/vm.h"
#include "worker/values/binding.h"
#include "worker/modules/modules.h"

#define WAIT_FREQUENCY (5 * 60 * NS_PER_S)
#define WAIT_TIMEOUT (6 * 3600 * NS_PER_S)
#define WAIT_SHORTEST (100 * NS_PER_MS)	/* between two requests */

/* A wait: HEAD, then a pause, again and again, under one timeout. */
struct wait {
	struct task task;
	struct reference ref, at;
	int64_t limit, freq;
	int64_t most;		/* its timeout */
	struct client_call *call;
	struct timer *pause, *timeout;
	bool enough;		/* the result */
};

static void
wait_release(struct task *t)
{
	struct wait *w = (struct wait *)t;

	call_cancel(w->call);
	w->call = NULL;
	timer_free(w->pause);
	timer_free(w->timeout);
	w->pause = w->timeout = NULL;
	reference_free(&w->ref);
	reference_free(&w->at);
}

static void
wait_delay(struct wait *w, int64_t remain)
{
	char text[DURATION_TEXT];
	struct log_record r;

	binding_log_start(&r, LOG_INFO, "Delaying for ratelimit", "image",
	    &w->ref);
	log_record_int(&r, "current", remain);
	log_record_int(&r, "target", w->limit);
	duration_format(w->freq, text);
	log_record_string(&r, "delay", text);
	worker_log(w->task.w, &r);
	timer_arm(w->pause, w->freq < WAIT_SHORTEST ? WAIT_SHORTEST :
	    w->freq);
}

static void
wait_head(void *arg, struct answer *a)
{
	struct wait *w = arg;

	w->call = NULL;
	if (a->err.kind != ERROR_NONE)
		task_done(&w->task, &a->err);
	else if (!a->rate.set || a->rate.remain >= w->limit) {
		w->enough = true;
		task_done(&w->task, NULL);
	} else
		wait_delay(w, a->rate.remain);
}

static void
wait_ask(void *arg)
{
	struct wait *w = arg;

	w->call = client_manifest_head(w->task.w->client, &w->at, wait_head,
	    w);
}

/* In a pause that is an answer; during a request, a failed one. */
static void
wait_timeout(void *arg)
{
	struct wait *w = arg;
	struct error err;

	if (w->call == NULL) {
		timer_disarm(w->pause);
		task_done(&w->task, NULL);
		return;
	}
	call_cancel(w->call);
	w->call = NULL;
	stop_error(STOP_DEADLINE, w->most, &err);
	task_done(&w->task, &err);
}

static int
waited(lua_State *L, int status, lua_KContext ctx)
{
	struct wait *w = (struct wait *)ctx;
	char *name, text[REFERENCE_MAX + 64];
	bool enough = w->enough, pausing;

	(void)status;
	pausing = w->call == NULL && w->pause != NULL &&
	    timer_armed(w->pause);
	if (w->task.err.kind != ERROR_NONE && !pausing) {
		name = reference_string(&w->ref);
		snprintf(text, sizeof(text), "Failed checking \"%s\" "
		    "manifest", name);
		free(name);
		return binding_fail(L, &w->task, "%s", text);
	}
	task_release(&w->task);
	lua_pushboolean(L, enough);
	return 1;
}

static int64_t
duration_arg(lua_State *L, int arg, const char *what, int64_t otherwise)
{
	const char *s;
	struct error err;
	int64_t ns;

	if (lua_gettop(L) < arg)
		return otherwise;
	s = vm_check_text(L, arg, value_call_name(L));
	if (duration_parse(s, &ns, &err) == -1)
		vm_raise(L, "Failed parsing %s %.64s: %s", what, s, err.text);
	return ns;
}

static int64_t
limit_arg(lua_State *L, int arg)
{
	char text[64];
	int isnum;
	lua_Number n = lua_tonumberx(L, arg, &isnum);

	if (!isnum) {
		snprintf(text, sizeof(text), "number expected, got %s",
		    lua_isnone(L, arg) ? "nil" :
		    lua_typename(L, lua_type(L, arg)));
		vm_arg_error(L, arg, value_call_name(L), text);
	}
	return n > -9e18 && n < 9e18 ? (int64_t)n : n > 0 ? INT64_MAX : 0;
}

int
modules_ratelimit_wait(lua_State *L)
{
	struct reference *ref = value_check_reference(L, 1);
	int64_t limit = limit_arg(L, 2);
	int64_t freq = duration_arg(L, 3, "rate limit frequency",
	    WAIT_FREQUENCY);
	int64_t timeout = duration_arg(L, 4, "timeout", WAIT_TIMEOUT);
	struct error err;
	struct wait *w;
	char *name;

	w = task_new(L, sizeof(*w), wait_release);
	reference_copy(&w->ref, ref);
	w->limit = limit;
	w->freq = freq;
	w->most = timeout > 0 ? timeout : 0;
	name = reference_string(ref);
	task_doing(&w->task, mem_printf("failed to request manifest head %s",
	    name));
	free(name);
	if (fetch_place(w->task.w, ref, &w->at, &err) == -1)
		task_done(&w->task, &err);
	else {
		w->pause = loop_timer(w->task.w->loop, wait_ask, w);
		w->timeout = loop_timer(w->task.w->loop, wait_timeout, w);
		timer_arm(w->timeout, w->most);
		wait_ask(w);
	}
	return task_await(L, &w->task, waited);
}

/* "100;w=21600,200;w=86400" as a list. */
static void
push_policies(lua_State *L, const char *s)
{
	lua_Integer i = 1;
	size_t n;

	lua_newtable(L);
	while (s != NULL && *s != '\0') {
		n = strcspn(s, ",");
		lua_pushlstring(L, s, n);
		lua_rawseti(L, -2, i++);
		s += n + (s[n] == ',');
	}
}

static int
ratelimit_push(lua_State *L, int status, lua_KContext ctx)
{
	struct manifest_value *v = value_manifest(L, 1);

	(void)status;
	(void)ctx;
	lua_newtable(L);
	lua_pushinteger(L, (lua_Integer)v->rate.remain);
	lua_setfield(L, -2, "Remain");
	lua_pushinteger(L, (lua_Integer)v->rate.limit);
	lua_setfield(L, -2, "Limit");
	lua_pushinteger(L, (lua_Integer)v->rate.reset);
	lua_setfield(L, -2, "Reset");
	lua_pushboolean(L, v->rate.set);
	lua_setfield(L, -2, "Set");
	push_policies(L, v->rate.policies);
	lua_setfield(L, -2, "Policies");
	return 1;
}

int
modules_ratelimit(lua_State *L)
{
	binding_context(L);
	return binding_with_manifest(L, 1, FETCH_HEAD, ratelimit_push);
}
