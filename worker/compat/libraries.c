/* SPDX-License-Identifier: Apache-2.0 */
/* Everything that scripts find besides the functions for registries. */
#include "worker/compat/compat.h"
#include "worker/compat/compat_private.h"

const struct vm_library compat_libraries[] = {
	{ compat_base, base_handler },
	{ compat_env, NULL },
	{ compat_string, string_replacement },
	{ compat_table, NULL },
	{ compat_math, NULL },
	{ compat_numbers, concat_call },
	{ os_open, NULL },
	{ require_open, NULL },
	{ print_open, NULL },
	{ NULL, NULL }
};
