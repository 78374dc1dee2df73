/* SPDX-License-Identifier: Apache-2.0 */
/*
 * value.h - what scripts hold: references, manifests and image configs, as
 * userdata. The fields of a manifest or config are those of an exported table
 * (shape.h), which can be read but not replaced; tables within it can be
 * edited, and export() reads them back.
 */
#ifndef REGBOT_VALUE_H
#define REGBOT_VALUE_H

#include <lua.h>
#include <lauxlib.h>

#include "common/reference.h"
#include "worker/client/client.h"
#include "worker/oci/manifest.h"

struct manifest_value {
	struct reference ref;	/* as the script named it */
	struct reference at;	/* where its content is really read: the
				 * same, but for what a dry run moved */
	enum manifest_kind kind;
	struct manifest *m;	/* NULL for the result of a HEAD */
	bool made;		/* by the script: no registry need have it */
	char *media_type, *digest;
	int64_t size;
	struct rate rate;
};
void value_clear_manifest(struct manifest_value *v);

struct config_value {
	struct reference ref, at;
	json_object *json;
	char *bytes;		/* of json, as read or exported */
	size_t len;
};
void value_clear_config(struct config_value *v);

/* Makes the metatables; methods end with an empty entry. */
void value_open(lua_State *L, const luaL_Reg *reference_methods,
    const luaL_Reg *manifest_methods, const luaL_Reg *config_methods);

/* These push an empty userdata, which frees whatever is put into it. */
struct reference *value_push_reference(lua_State *L);
struct manifest_value *value_push_manifest(lua_State *L);
struct config_value *value_push_config(lua_State *L);
/* Give the userdata at the top its fields, once it is filled; its JSON has
 * passed shape_check. manifest is the index of the config's manifest. */
void value_expose_manifest(lua_State *L);
void value_expose_config(lua_State *L, int manifest);

/* NULL when the value at index is something else. */
struct reference *value_reference(lua_State *L, int index);
struct manifest_value *value_manifest(lua_State *L, int index);
struct config_value *value_config(lua_State *L, int index);

/* Push the exported table and its origins (shape.h) of the value at index. */
void value_push_table(lua_State *L, int index);
void value_push_origins(lua_State *L, int index);
/* Pushes the manifest of the config at index. */
void value_push_manifest_of(lua_State *L, int index);

/* The full name of the running function, for errors: "image.copy". */
const char *value_call_name(lua_State *L);
/* The argument as a reference: a string, a reference, a manifest, a config.
 * Raises "bad argument #N to 'NAME' (...)". Valid while the stack slot is. */
struct reference *value_check_reference(lua_State *L, int arg);

#endif
