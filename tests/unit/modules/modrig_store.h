/* SPDX-License-Identifier: Apache-2.0 */
/* modrig_store.h - what the registry of modrig.h holds. */
#ifndef REGBOT_MODRIG_STORE_H
#define REGBOT_MODRIG_STORE_H

#include <stdbool.h>

struct store;
struct entry {		/* a manifest or blob under a tag or its digest */
	char *repo, *tag, *digest, *media_type, *bytes;
	bool deleted;
};

struct store *store_new(void);
void store_free(struct store *s);
struct entry *store_add(struct store *s, const char *repo, const char *tag,
    const char *media_type, const char *bytes);
struct entry *store_find(struct store *s, const char *repo,
    const char *name);
bool store_delete(struct store *s, const char *repo, const char *name);
/* A page of a tag list as JSON, from behind last; NULL when there is no such
 * repository. A next of "" is the end. The caller frees both. */
char *store_list(struct store *s, const char *repo, int n, const char *last,
    char **next);

#endif
