/* SPDX-License-Identifier: Apache-2.0 */
/* compat.h - Lua 5.3 as scripts for regbot's Lua 5.1 expect it. */
#ifndef REGBOT_COMPAT_H
#define REGBOT_COMPAT_H

#include "worker/lua/vm.h"

/* What vm_new() opens: this folder's libraries, print, os and require. */
extern const struct vm_library compat_libraries[];

#endif
