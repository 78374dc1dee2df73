/* SPDX-License-Identifier: Apache-2.0 */
/* image.c - the table "image"; its functions are in other files. */
#include "worker/modules/modules.h"

const luaL_Reg image_functions[] = {
	{ "config", modules_image_config },
	{ "copy", modules_image_copy },
	{ "manifest", modules_manifest_get },
	{ "manifestHead", modules_manifest_head },
	{ "manifestList", modules_manifest_getlist },
	{ "referrers", modules_image_referrers },
	{ "ratelimitWait", modules_ratelimit_wait },
	{ NULL, NULL }
};
