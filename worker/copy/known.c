/* SPDX-License-Identifier: Apache-2.0 */
/* known.c - where a job's blobs are; see known.h. */
#include "worker/copy/known.h"

#include <search.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "common/bounds.h"
#include "common/mem.h"

struct known_place {
	char *key;		/* "REGISTRY DIGEST" */
	char *repository;
};

struct known {
	void *tree;
	size_t n;
};

static int
compare(const void *a, const void *b)
{
	return strcmp(((const struct known_place *)a)->key,
	    ((const struct known_place *)b)->key);
}

static void
place_free(void *arg)
{
	struct known_place *p = arg;

	free(p->key);
	free(p->repository);
	free(p);
}

struct known *
known_new(void)
{
	return mem_alloc(sizeof(struct known));
}

void
known_free(struct known *k)
{
	if (k == NULL)
		return;
	tdestroy(k->tree, place_free);
	free(k);
}

void
known_add(struct known *k, const char *registry, const char *digest,
    const char *repository)
{
	struct known_place *p = mem_alloc(sizeof(*p)), **at;

	if (k->n >= KNOWN_MAX) {
		tdestroy(k->tree, place_free);
		k->tree = NULL;
		k->n = 0;
	}
	p->key = mem_printf("%s %s", registry, digest);
	p->repository = mem_strdup(repository);
	at = tsearch(p, &k->tree, compare);
	if (at != NULL && *at == p) {
		k->n++;
		return;
	}
	/* The first place is as good as the last. */
	place_free(p);
}

const char *
known_find(const struct known *k, const char *registry, const char *digest)
{
	struct known_place want = {
		.key = mem_printf("%s %s", registry, digest)
	};
	struct known_place **at = tfind(&want, &k->tree, compare);

	free(want.key);
	return at != NULL ? (*at)->repository : NULL;
}
