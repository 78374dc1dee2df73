/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dockerconfig.h - the logins that docker keeps: config.json (from
 * $DOCKER_CONFIG or $HOME/.docker) and the JSON text in $DOCKER_AUTH_CONFIG.
 */
#ifndef REGBOT_DOCKERCONFIG_H
#define REGBOT_DOCKERCONFIG_H

#include "supervisor/config/config_private.h"

/* Adds the registries of both. A file that is not there is fine; an error in
 * either leaves out both, with one warning, as in regbot. */
void dockerconfig_load(struct config_reader *r, struct config_hosts *out);

/* One JSON text, with a NUL behind its len bytes; what names it in errors.
 * Never shows a value. */
int dockerconfig_parse(struct config_reader *r, const char *text, size_t len,
    const char *what, struct config_hosts *out, struct error *err);

/* Adds the certificates of /etc/docker/certs.d/HOST (dir: certs.d) to what
 * the registry is trusted by. */
void dockerconfig_certs(struct config_reader *r, const char *dir,
    struct config_registry *reg);

#endif
