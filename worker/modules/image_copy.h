/* lua_image.h - bindings that other files add to the module "image". */
#ifndef REGBOT_LUA_IMAGE_H
#define REGBOT_LUA_IMAGE_H

#include <lua.h>

int lua_image_copy(lua_State *L);

#endif
