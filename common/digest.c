/* SPDX-License-Identifier: Apache-2.0 */
/* digest.c - SHA-2 digests, computed and checked; see digest.h. */
#include "common/digest.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"

static struct algorithm {
	const char *name;
	size_t hex;
	EVP_MD *md;
} algorithms[] = {
	{ "sha256", 64, NULL }, { "sha384", 96, NULL }, { "sha512", 128, NULL },
};

struct digest {
	const struct algorithm *alg;
	EVP_MD_CTX *ctx;
};

static struct algorithm *
find(const char *like)
{
	size_t n = strcspn(like, ":");

	for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++)
		if (strlen(algorithms[i].name) == n &&
		    memcmp(algorithms[i].name, like, n) == 0)
			return &algorithms[i];
	return NULL;
}

int
digest_setup(struct error *err)
{
	OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG |
	    OPENSSL_INIT_NO_ATEXIT, NULL);
	for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]);
	    i++) {
		if (algorithms[i].md == NULL)
			algorithms[i].md = EVP_MD_fetch(NULL,
			    algorithms[i].name, NULL);
		if (algorithms[i].md == NULL)
			return error_set(err, ERROR_SYSTEM,
			    "cannot load the digest algorithm %s from "
			    "libcrypto", algorithms[i].name);
	}
	return 0;
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
	struct algorithm *a = find(like);
	struct digest *d;

	if (a == NULL || (a->md == NULL && digest_setup(NULL) == -1))
		return NULL;
	d = mem_alloc(sizeof(*d));
	d->alg = a;
	d->ctx = EVP_MD_CTX_new();
	if (d->ctx == NULL || EVP_DigestInit_ex2(d->ctx, a->md, NULL) != 1) {
		digest_free(d);
		return NULL;
	}
	return d;
}

void
digest_add(struct digest *d, const void *p, size_t n)
{
	EVP_DigestUpdate(d->ctx, p, n);
}

void
digest_final(struct digest *d, char out[DIGEST_MAX + 1])
{
	unsigned char raw[EVP_MAX_MD_SIZE];
	unsigned int len = 0;
	int n;

	EVP_DigestFinal_ex(d->ctx, raw, &len);
	n = snprintf(out, DIGEST_MAX + 1, "%s:", d->alg->name);
	for (unsigned int i = 0; i < len; i++)
		n += snprintf(out + n, DIGEST_MAX + 1 - (size_t)n, "%02x",
		    raw[i]);
}

void
digest_free(struct digest *d)
{
	if (d == NULL)
		return;
	EVP_MD_CTX_free(d->ctx);
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
