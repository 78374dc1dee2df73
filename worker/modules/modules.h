/* SPDX-License-Identifier: Apache-2.0 */
/*
 * modules.h - what the files of the Lua modules share: their function lists,
 * and the ways in which they check, log, ask and fail.
 */
#ifndef REGBOT_MODULES_H
#define REGBOT_MODULES_H

#include <stdint.h>

#include <lauxlib.h>
#include <lua.h>

#include "worker/lua/await.h"
#include "common/buffer.h"
#include "worker/client/client.h"
#include "worker/modules/fetch.h"
#include "worker/modules/listing.h"
#include "common/logrecord.h"
#include "worker/modules/value.h"

/* Functions of the global tables, and methods of the values. */
extern const luaL_Reg lua_reference_functions[], lua_reference_methods[];
extern const luaL_Reg lua_repo_functions[], lua_tag_functions[];
extern const luaL_Reg lua_manifest_functions[], lua_manifest_methods[];
extern const luaL_Reg lua_image_functions[], lua_config_methods[];

/* Bindings that two tables or files share. */
int lua_manifest_get(lua_State *L);
int lua_manifest_getlist(lua_State *L);
int lua_manifest_head(lua_State *L);
int lua_image_config(lua_State *L);
int lua_ratelimit(lua_State *L);
int lua_ratelimit_wait(lua_State *L);

/* Raises "Context error: ..." once the job must stop. */
void module_context(lua_State *L);

/* Raises "text: why the task failed" and releases the task. */
int module_fail(lua_State *L, struct task *t, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Starts a log record, with the reference under a key. */
void module_log_start(struct log_record *r, int level, const char *message,
    const char *key, const struct reference *ref);
void module_log(lua_State *L, struct log_record *r); /* sends and frees it */

/* What a finished task brought is pushed and the task released: a manifest, a
 * list as a table. Returns 1, or raises why it failed. */
int module_manifest(lua_State *L, struct fetch *f);
int module_list(lua_State *L, struct listing *l, const char *failed);

/* The options {limit, last} of a list at arg, if that was given. Wrong types
 * are ignored. *last stays valid while the argument is on the stack. */
void module_list_options(lua_State *L, int arg, int64_t *limit,
    const char **last);
/* Pushes "{Limit:0 Last:}". */
void module_push_options(lua_State *L, int64_t limit, const char *last);

/* Makes sure that the argument is a manifest userdata, fetching what a string
 * or a reference names, then runs next. */
int module_with_manifest(lua_State *L, int arg, enum fetch_how how,
    lua_KFunction next);

/* One request of a client whose answer is kept. */
struct module_request {
	struct task task;
	struct call *call;
	char *digest;		/* of the answer */
	struct buffer body;	/* of the answer */
	char *name;		/* what it is about, for the binding */
};
struct module_request *module_request_new(lua_State *L);
void module_request_done(void *request, struct answer *a);	/* an answer_fn */

#endif
