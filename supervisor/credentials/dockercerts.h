/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dockercerts.h - the certificates of authorities that docker trusts for a
 * host: DIRECTORY/HOST/NAME.crt, the directory being certs.d.
 */
#ifndef REGBOT_DOCKERCERTS_H
#define REGBOT_DOCKERCERTS_H

#define DOCKERCERTS_DIR "/etc/docker/certs.d"

/* Told about a file that is ignored; key and value are one more attribute. */
typedef void dockercerts_warn_fn(void *arg, const char *message,
    const char *key, const char *value);

/* pem and, after it, the certificates for host in the order of their names; at
 * most SECRET_MAX bytes. The caller frees it. NULL when there are none. */
char *dockercerts_read(const char *dir, const char *host, const char *pem,
    dockercerts_warn_fn *warn, void *arg);

#endif
