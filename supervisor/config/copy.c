/* SPDX-License-Identifier: Apache-2.0 */
/* copy.c - options of image.copy for all copies of a script: the key "copy". */
#include <string.h>

#include "common/mem.h"
#include "supervisor/config/config_private.h"

static config_read_fn read_platforms;

static const struct config_field copy_fields[] = {
#define ROW(member, key, read, max) \
	CONFIG_FIELD(struct config_copy, member, key, read, 0, max)
	ROW(referrers, "referrers", config_read_bool, 0),
	ROW(digest_tags, "digestTags", config_read_bool, 0),
	ROW(include_external, "includeExternal", config_read_bool, 0),
	ROW(force_recursive, "forceRecursive", config_read_bool, 0),
	ROW(platforms, "platforms", read_platforms, 0),
	CONFIG_END
#undef ROW
};

/* Whether each is a platform the script's process finds out, which reads
 * what registries say of platforms. */
static int
read_platforms(struct config_reader *r, const struct yaml_node *v,
    const struct config_field *f, void *out)
{
	char ***list = out;

	if (config_read_strings(r, v, f, out) == -1)
		return -1;
	for (char **p = *list; p != NULL && *p != NULL; p++)
		if (strlen(*p) > PLATFORM_MAX)
			return config_error(r, v, "\"%.40s\" in \"platforms\" "
			    "is longer than %d bytes, expected one such as "
			    "\"linux/amd64\"", *p, PLATFORM_MAX);
	return 0;
}

int
config_read_copy(struct config_reader *r, const struct yaml_node *v,
    const struct config_field *f, void *out)
{
	return config_read_map(r, v, f->key, copy_fields, out);
}

void
config_copy_inherit(struct config_copy *own,
    const struct config_copy *defaults)
{
	size_t n = config_strings_count(defaults->platforms);

	*own = *defaults;
	own->platforms = n != 0 ? mem_array(n + 1, sizeof(char *)) : NULL;
	for (size_t i = 0; i < n; i++)
		own->platforms[i] = mem_strdup(defaults->platforms[i]);
}
