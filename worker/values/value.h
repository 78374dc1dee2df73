/* SPDX-License-Identifier: Apache-2.0 */
/*
 * value.h - what scripts hold: references, manifests, image configs and blobs,
 * as userdata. The fields of a manifest or config are those of an exported table
 * (shape.h), which can be read but not replaced; tables within it can be
 * edited, and export() reads them back.
 */
#ifndef REGBOT_VALUE_H
#define REGBOT_VALUE_H

#include <lua.h>
#include <lauxlib.h>

#include "common/buffer.h"
#include "common/digest.h"
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
	bool guessed;		/* of an index, for a platform that the script
				 * did not name */
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

struct blob_value {
	struct reference ref;	/* as the script named it, with the digest */
	struct reference at;	/* where it is really read */
	char *media_type;
	uint64_t size;
	/* How far b:read() has come. Between its calls nothing is kept at the
	 * registry: each part is a request of its own. */
	struct buffer part;	/* what a read under way has got */
	const char *rest;	/* of it, not yet returned: a text of Lua's, so
				 * that a script can hold as many as it has
				 * memory for */
	size_t nrest;
	uint64_t next;		/* where the next part begins */
	struct digest *sum;	/* of all parts; NULL before the first */
	bool reading;		/* a read is under way */
	bool broken;		/* its digest is wrong */
	bool over;		/* its end was returned */
};
void value_clear_blob(struct blob_value *v);

/* Makes the metatables; methods end with an empty entry. */
struct value_methods {
	const luaL_Reg *reference, *manifest, *config, *blob;
};
void value_open(lua_State *L, const struct value_methods *methods);

/* These push an empty userdata, which frees whatever is put into it. */
struct reference *value_push_reference(lua_State *L);
struct manifest_value *value_push_manifest(lua_State *L);
struct config_value *value_push_config(lua_State *L);
struct blob_value *value_push_blob(lua_State *L);
/* Give the userdata at the top its fields, once it is filled; its JSON has
 * passed shape_check. manifest is the index of the config's manifest. */
void value_expose_manifest(lua_State *L);
void value_expose_config(lua_State *L, int manifest);
void value_expose_blob(lua_State *L);
/* The text at the top is kept as the rest of the blob at index; pops it. */
void value_keep_rest(lua_State *L, int index);
/* Pushes a descriptor as a table. */
void value_push_descriptor(lua_State *L, const char *media_type,
    const char *digest, uint64_t size);

/* NULL when the value at index is something else. */
struct reference *value_reference(lua_State *L, int index);
struct manifest_value *value_manifest(lua_State *L, int index);
struct config_value *value_config(lua_State *L, int index);
struct blob_value *value_blob(lua_State *L, int index);

/* Push the exported table and its origins (shape.h) of the value at index. */
void value_push_table(lua_State *L, int index);
void value_push_origins(lua_State *L, int index);
/* Pushes the manifest of the config at index. */
void value_push_manifest_of(lua_State *L, int index);

/* The full name of the running function, for errors: "image.copy". */
const char *value_call_name(lua_State *L);
/* The argument as a reference: a string, a reference, a manifest, a config, a
 * blob. Raises "bad argument #N to 'NAME' (...)". Valid while the stack slot
 * is. */
struct reference *value_check_reference(lua_State *L, int arg);

#endif
