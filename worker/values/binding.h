/* SPDX-License-Identifier: Apache-2.0 */
/*
 * binding.h - what the bindings share: how they check, log, ask and fail. A
 * binding is a C function that scripts call.
 */
#ifndef REGBOT_BINDING_H
#define REGBOT_BINDING_H

#include <stdint.h>

#include <lauxlib.h>
#include <lua.h>

#include "common/buffer.h"
#include "common/wire/log_record.h"
#include "worker/client/client.h"
#include "worker/lua/task.h"
#include "worker/referrers/referrers.h"
#include "worker/values/fetch.h"
#include "worker/values/listing.h"
#include "worker/values/value.h"

/* Raises why the job must stop, once it must. */
void binding_context(lua_State *L);

/* Raises "text: why the task failed" and releases the task. */
int binding_fail(lua_State *L, struct task *t, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Starts a log record, with the reference under a key. */
void binding_log_start(struct log_record *r, int level, const char *message,
    const char *key, const struct reference *ref);
void binding_log(lua_State *L, struct log_record *r); /* sends and frees it */

/* What a finished task brought is pushed and the task released: a manifest, a
 * list as a table. Returns 1, or raises why it failed. */
int binding_manifest(lua_State *L, struct fetch *f);
int binding_list(lua_State *L, struct listing_task *l, const char *failed);

/* The options of a list, if there are any at arg. They stay valid while the
 * argument is on the stack. */
struct binding_list {
	int64_t limit;
	const char *last;
};
void binding_list_options(lua_State *L, int arg, const char *function,
    struct binding_list *out);
/* Pushes "{Limit:0 Last:}". */
void binding_push_options(lua_State *L, const struct binding_list *o);

/* Makes sure that the argument is a manifest userdata, fetching what a string
 * or a reference names, then runs next. */
int binding_with_manifest(lua_State *L, int arg, enum fetch_how how,
    lua_KFunction next);

/* Fetches ref, puts it in the place of the argument and runs next. */
int binding_fetch(lua_State *L, int arg, const struct reference *ref,
    enum fetch_how how, const char *platform, lua_KFunction next);

/* One request of a client whose answer is kept. */
struct binding_request {
	struct task task;
	struct client_call *call;
	char *digest;		/* of the answer */
	struct buffer body;	/* of the answer */
	struct needs *needs;	/* of a manifest that a dry run puts, or NULL */
	struct reference ref;	/* what it is about, where kept */
	char *name;		/* what it is about, for the binding */
	/* Of manifests that refer to another (manifest_refer.c). */
	struct referrers_edit *edit;
	char *subject;
	json_object *descriptor;
};
struct binding_request *binding_request_new(lua_State *L);
/* Without a request: something owns its body. */
struct binding_request *binding_text_new(lua_State *L);
/* An answer_fn. */
void binding_request_done(void *request, struct answer *a);

#endif
