/* SPDX-License-Identifier: Apache-2.0 */
/* lua_image.h - bindings that other files add to the module "image". */
#ifndef REGBOT_IMAGE_COPY_H
#define REGBOT_IMAGE_COPY_H

#include <lua.h>

int lua_image_copy(lua_State *L);

#endif
