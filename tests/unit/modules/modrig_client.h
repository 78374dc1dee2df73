/* SPDX-License-Identifier: Apache-2.0 */
/* modrig_client.h - the client.c of modrig.h, which asks its store. */
#ifndef REGBOT_MODRIG_CLIENT_H
#define REGBOT_MODRIG_CLIENT_H

#include "common/buffer.h"
#include "common/wire/loop.h"
#include "tests/unit/modules/modrig.h"

struct client {
	struct modrig *rig;
	struct loop *loop;
	struct buffer log, requests;
	int npages, nheads;
};

#endif
