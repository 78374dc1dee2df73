/* SPDX-License-Identifier: Apache-2.0 */
/* digest.c - SHA-2 digests, computed and checked; see digest.h. */
#include "common/digest.h"

#include <nettle/nettle-meta.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"

static const struct algorithm {
	const char *name;
	size_t hex;
	const struct nettle_hash *hash;
} algorithms[] = {
	{ "sha256", 64, &nettle_sha256 }, { "sha384", 96, &nettle_sha384 },
	{ "sha512", 128, &nettle_sha512 },
};

struct digest {
	const struct algorithm *alg;
	union {
		struct sha256_ctx sha256;
		struct sha512_ctx sha512;	/* and sha384 */
	} ctx;
};

static const struct algorithm *
find(const char *like)
{
	size_t n = strcspn(like, ":");

	for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++)
		if (strlen(algorithms[i].name) == n &&
		    memcmp(algorithms[i].name, like, n) == 0)
			return &algorithms[i];
	return NULL;
}

bool
digest_valid(const char *s)
{
	const struct algorithm *a = find(s);
	const char *hex = strchr(s, ':');

	if (a == NULL || hex == NULL)
		return false;
	hex++;
	return strlen(hex) == a->hex &&
	    strspn(hex, "0123456789abcdef") == a->hex;
}

const char *
digest_algorithm(const char *s)
{
	const struct algorithm *a = find(s);

	return a != NULL ? a->name : NULL;
}

struct digest *
digest_new(const char *like)
{
	const struct algorithm *a = find(like);
	struct digest *d;

	if (a == NULL)
		return NULL;
	d = mem_alloc(sizeof(*d));
	d->alg = a;
	a->hash->init(&d->ctx);
	return d;
}

void
digest_add(struct digest *d, const void *p, size_t n)
{
	d->alg->hash->update(&d->ctx, n, p);
}

void
digest_final(struct digest *d, char out[DIGEST_MAX + 1])
{
	uint8_t raw[SHA512_DIGEST_SIZE];
	int n;

	d->alg->hash->digest(&d->ctx, d->alg->hash->digest_size, raw);
	n = snprintf(out, DIGEST_MAX + 1, "%s:", d->alg->name);
	for (unsigned i = 0; i < d->alg->hash->digest_size; i++)
		n += snprintf(out + n, DIGEST_MAX + 1 - (size_t)n, "%02x",
		    raw[i]);
}

void
digest_free(struct digest *d)
{
	free(d);
}

void
digest_of(const void *p, size_t n, char out[DIGEST_MAX + 1])
{
	struct digest *d = digest_new("sha256");

	if (d == NULL)
		abort();
	digest_add(d, p, n);
	digest_final(d, out);
	digest_free(d);
}

int
digest_verify(const void *p, size_t n, const char *want, struct error *err)
{
	char have[DIGEST_MAX + 1];
	struct digest *d;

	if (!digest_valid(want) || (d = digest_new(want)) == NULL)
		return error_set(err, ERROR_DIGEST, "\"%.160s\" is not a "
		    "digest that can be checked (sha256, sha384 or sha512 in "
		    "lower-case hex)", want);
	digest_add(d, p, n);
	digest_final(d, have);
	digest_free(d);
	if (strcmp(have, want) != 0)
		return error_set(err, ERROR_DIGEST,
		    "digest mismatch, expected %s, received %s", want, have);
	return 0;
}
