/* SPDX-License-Identifier: Apache-2.0 */
/*
 * modules.h - the global tables that scripts find: reference, repo, tag,
 * manifest, image and blob. Each file of bindings ends with the list of its
 * functions; open.c makes the tables from these lists.
 */
#ifndef REGBOT_MODULES_H
#define REGBOT_MODULES_H

#include <lauxlib.h>
#include <lua.h>

/* Makes the global tables: an entry of vm_new()'s table, the last one. */
void modules_open(lua_State *L);

/* Functions of the global tables, and methods of the values. */
extern const luaL_Reg reference_functions[], reference_methods[];
extern const luaL_Reg repo_functions[], tag_functions[];
extern const luaL_Reg manifest_functions[], manifest_methods[];
extern const luaL_Reg image_functions[], config_methods[];
extern const luaL_Reg blob_functions[], blob_methods[];

/* Bindings that stand in a list of another file. */
int modules_blob_put(lua_State *L);
int modules_blob_read(lua_State *L);
int modules_image_config(lua_State *L);
int modules_image_copy(lua_State *L);
int modules_image_referrers(lua_State *L);
int modules_manifest_delete(lua_State *L);
int modules_manifest_digest(lua_State *L);
int modules_manifest_export(lua_State *L);
int modules_manifest_get(lua_State *L);
int modules_manifest_getlist(lua_State *L);
int modules_manifest_head(lua_State *L);
int modules_manifest_put(lua_State *L);
int modules_parallel(lua_State *L);
int modules_ratelimit(lua_State *L);
int modules_ratelimit_wait(lua_State *L);
int modules_tag_exists(lua_State *L);
int modules_tag_newest(lua_State *L);

#endif
