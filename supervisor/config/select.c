/* SPDX-License-Identifier: Apache-2.0 */
/* select.c - some of a configuration's scripts, by name. */
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/words/nearest.h"
#include "supervisor/config/config_private.h"

static int
unknown(const struct config *c, const char *name, struct error *err)
{
	const char **names = mem_array(c->nscripts + 1, sizeof(*names));
	const char *near;

	for (size_t i = 0; i < c->nscripts; i++)
		names[i] = c->scripts[i].name;
	near = nearest_word(name, names, sizeof(*names));
	error_set(err, ERROR_INPUT, "%s has no script \"%.256s\"%s%.256s%s",
	    strcmp(c->path, "-") == 0 ? "<stdin>" : c->path, name,
	    near != NULL ? ", did you mean \"" : "",
	    near != NULL ? near : "", near != NULL ? "\"?" : "");
	free(names);
	return -1;
}

static bool
is_named(const char *name, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

int
config_select(struct config *c, const char *const *names, size_t n,
    struct error *err)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		size_t k = 0;

		while (k < c->nscripts &&
		    strcmp(c->scripts[k].name, names[i]) != 0)
			k++;
		if (k == c->nscripts)
			return unknown(c, names[i], err);
	}
	for (size_t i = 0; i < c->nscripts; i++)
		if (is_named(c->scripts[i].name, names, n))
			c->scripts[kept++] = c->scripts[i];
		else
			config_script_clear(&c->scripts[i]);
	c->nscripts = kept;
	return 0;
}
