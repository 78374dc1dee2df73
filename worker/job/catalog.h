/* SPDX-License-Identifier: Apache-2.0 */
/*
 * catalog.h - the repositories that registries have listed to a job. Docker's
 * registry goes on listing those of which everything was deleted, and then
 * denies that they exist. Beyond CATALOG_MAX nothing more is remembered.
 * Registries are keys of reference_registry_key.
 */
#ifndef REGBOT_CATALOG_H
#define REGBOT_CATALOG_H

#include <stdbool.h>

struct catalog;

struct catalog *catalog_new(void);
void catalog_free(struct catalog *c);	/* NULL is fine */

void catalog_add(struct catalog *c, const char *registry,
    const char *repository);
/* NULL lists nothing. */
bool catalog_lists(const struct catalog *c, const char *registry,
    const char *repository);

#endif
