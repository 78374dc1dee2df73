/* SPDX-License-Identifier: Apache-2.0 */
/* open.c - the global tables, from the lists of the files that fill them. */
#include "worker/modules/modules.h"

#include "worker/branches/branches.h"
#include "worker/lua/vm.h"
#include "worker/values/value.h"

static const struct {
	const char *name;
	const luaL_Reg *functions;
} tables[] = {
	{ "reference", reference_functions },
	{ "repo", repo_functions },
	{ "tag", tag_functions },
	{ "manifest", manifest_functions },
	{ "image", image_functions },
	{ "blob", blob_functions },
};

/* What other regbots have: scripts written for them shall read why it fails
 * here. */
static void
absent_open(lua_State *L)
{
	static const char files[] = "this version reads and writes no files";

	lua_getglobal(L, "image");
	vm_refuse(L, "image.", "exportTar", files);
	vm_refuse(L, "image.", "importTar", files);
	lua_pop(L, 1);
}

void
modules_open(lua_State *L)
{
	value_open(L, &(struct value_methods){ reference_methods,
	    manifest_methods, config_methods, blob_methods });
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		lua_newtable(L);
		for (const luaL_Reg *r = tables[i].functions;
		    r->name != NULL; r++)
			vm_set_function(L, tables[i].name, r->name, r->func);
		lua_setglobal(L, tables[i].name);
	}
	branches_open(L);
	lua_register(L, "parallel", modules_parallel);
	absent_open(L);
}
