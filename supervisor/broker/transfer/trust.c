/* SPDX-License-Identifier: Apache-2.0 */
/* OpenSSL's certificate store. */
#include "supervisor/broker/transfer/trust.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "common/bounds.h"
#include "common/buffer.h"
#include "common/file.h"
#include "common/mem.h"

struct trust {
	X509_STORE *store;
};

/* Where distributions keep the bundle. */
static const char *const bundles[] = {
	"/etc/ssl/certs/ca-certificates.crt",
	"/etc/pki/tls/certs/ca-bundle.crt",
	"/etc/ssl/ca-bundle.pem",
	"/etc/pki/tls/cacert.pem",
	"/etc/ssl/cert.pem",
};

static struct buffer bundle;
static bool loaded;

void
trust_preload(void)
{
	if (loaded)
		return;
	loaded = true;
	buffer_init(&bundle, TRUST_BUNDLE_MAX);
	for (size_t i = 0; i < sizeof(bundles) / sizeof(bundles[0]); i++) {
		if (file_read(bundles[i], FILE_REGULAR, &bundle, NULL) == 0 &&
		    bundle.len != 0)
			return;
		buffer_clear(&bundle);
	}
}

/* Adds all certificates of a PEM text. Returns how many. */
static int
add_pem(X509_STORE *store, const char *pem, size_t n)
{
	BIO *bio = BIO_new_mem_buf(pem, (int)n);
	X509 *x;
	int count = 0;

	if (bio == NULL)
		return 0;
	while ((x = PEM_read_bio_X509_AUX(bio, NULL, NULL, NULL)) != NULL) {
		/* A duplicate is fine, though older versions of the library
		 * call it an error. */
		X509_STORE_add_cert(store, x);
		X509_free(x);
		count++;
	}
	BIO_free(bio);
	ERR_clear_error();
	return count;
}

struct trust *
trust_new(const char *extra_pem, struct error *err)
{
	struct trust *t = mem_alloc(sizeof(*t));
	int n;

	trust_preload();
	t->store = X509_STORE_new();
	if (t->store == NULL) {
		error_set(err, ERROR_SYSTEM, "cannot set up TLS: no memory");
		goto fail;
	}
	n = add_pem(t->store, buffer_str(&bundle), bundle.len);
	if (*extra_pem != '\0' &&
	    add_pem(t->store, extra_pem, strlen(extra_pem)) == 0) {
		error_set(err, ERROR_INPUT, "cannot read regcert: it "
		    "contains no certificate in PEM format");
		goto fail;
	}
	if (n == 0 && *extra_pem == '\0') {
		error_set(err, ERROR_SYSTEM, "cannot find the system's "
		    "certificates: install the package ca-certificates, or "
		    "set regcert for the registry");
		goto fail;
	}
	return t;
fail:
	trust_free(t);
	return NULL;
}

void
trust_free(struct trust *t)
{
	if (t == NULL)
		return;
	X509_STORE_free(t->store);
	free(t);
}

void
trust_apply(struct trust *t, void *ssl_ctx)
{
	SSL_CTX_set1_cert_store(ssl_ctx, t->store);
}
