/* SPDX-License-Identifier: Apache-2.0 */
/*
 * known.h - where a job knows blobs to be, so that a blob copied to one
 * repository of a registry is mounted into the next. Bounded: beyond KNOWN_MAX
 * everything is forgotten. Registries are keys of reference_registry_key.
 */
#ifndef REGBOT_KNOWN_H
#define REGBOT_KNOWN_H

struct known;

struct known *known_new(void);
void known_free(struct known *k);	/* NULL is fine */

void known_add(struct known *k, const char *registry, const char *digest,
    const char *repository);
/* A repository, valid until the next known_add; NULL: none. */
const char *known_find(const struct known *k, const char *registry,
    const char *digest);

#endif
