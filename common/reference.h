/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reference.h - image references as regclient reads them:
 * [registry/]repository[:tag][@digest], Docker Hub's names unified, or
 * ocidir://path[:tag][@digest].
 */
#ifndef REGBOT_REFERENCE_H
#define REGBOT_REFERENCE_H

#include <stdbool.h>

#include "common/bounds.h"
#include "common/error.h"

struct reference {
	bool ocidir;		/* then repository is the path, registry "" */
	char *registry;		/* "docker.io", "localhost:5000"; case kept */
	char *repository;	/* "library/alpine" */
	char *tag;		/* "" when there is none */
	char *digest;		/* "" when there is none */
	bool tag_implied;	/* tag is "latest" because none was written */
};

/* Fills *out (which the caller frees) or fails with the same words as
 * regclient's regbot, such as: invalid reference "X", repo must be lowercase.
 * Without tag and digest the tag is "latest", except for ocidir. */
int reference_parse(const char *s, struct reference *out, struct error *err);
void reference_free(struct reference *r);	/* leaves it empty */
void reference_copy(struct reference *dst, const struct reference *src);

/* Setting a tag clears the digest, setting a digest clears the tag; values are
 * not checked (a request with an invalid one fails). */
void reference_set_tag(struct reference *r, const char *tag);
void reference_set_digest(struct reference *r, const char *digest);
/* Adds a digest and keeps the tag. */
void reference_add_digest(struct reference *r, const char *digest);

/* registry/repository[:tag][@digest]; the caller frees it. */
char *reference_string(const struct reference *r);
/* registry/repository; the caller frees it. */
char *reference_repository(const struct reference *r);

/* What a manifest's URL has: the digest if there is one, else the tag. */
const char *reference_name(const struct reference *r);

bool reference_same_repository(const struct reference *a,
    const struct reference *b);

/* The parts by themselves, for checking what a message or a list holds. */
bool reference_valid_repository(const char *s);
bool reference_valid_tag(const char *s);

/* A registry's name as brokers are keyed by it, from a reference or from
 * configuration: lower case, no trailing dot, no zeros before the port, no
 * default port (443), Docker Hub's names as "docker.io". The caller frees it;
 * NULL when it is not one. */
char *reference_registry_key(const char *registry);

#endif
