/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trust.h - which certificates TLS accepts: the system's and the registry's
 * own CA, parsed once for all connections of a broker.
 */
#ifndef REGBOT_TRUST_H
#define REGBOT_TRUST_H

#include "common/error.h"

struct trust;

/* Reads the system's bundle into memory, for a process that cannot open files
 * later. It is not an error if there is none. Does nothing the second time. */
void trust_preload(void);

/* The store of the system's certificates and those in extra_pem ("" none).
 * Fails when extra_pem has no certificate, or when there is none at all. */
struct trust *trust_new(const char *extra_pem, struct error *err);
void trust_free(struct trust *t);	/* NULL is fine */

/* Makes an OpenSSL SSL_CTX use it. */
void trust_apply(struct trust *t, void *ssl_ctx);

#endif
