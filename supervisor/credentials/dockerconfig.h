/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dockerconfig.h - the logins that docker keeps: config.json (from
 * $DOCKER_CONFIG or $HOME/.docker) and the JSON text in $DOCKER_AUTH_CONFIG.
 */
#ifndef REGBOT_DOCKERCONFIG_H
#define REGBOT_DOCKERCONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"

/* Told about what is found, in the order of the file. key is docker's own: a
 * host, with http(s):// and a path where it has them. All texts are borrowed,
 * and wiped afterwards. */
struct dockerconfig_ops {
	/* "" for what the login lacks. */
	void (*login)(void *arg, const char *key, const char *user,
	    const char *pass, const char *token);
	/* A credential helper. store: it is for all that docker's credsStore
	 * knows, a helper for a particular host takes precedence. */
	void (*helper)(void *arg, const char *key, const char *program,
	    bool store);
	/* The credsStore could not be listed; the rest goes on. */
	void (*warn)(void *arg, const char *message, const char *error);
};

/* Both sources. A file that does not exist is fine. 0; -1 after an error in
 * either, and then nothing of either counts, as in regbot. */
int dockerconfig_load(const struct dockerconfig_ops *ops, void *arg,
    struct error *err);

/* One JSON text, with a NUL after its len bytes; what names it in errors,
 * which never show a value. */
int dockerconfig_parse(const char *text, size_t len, const char *what,
    const struct dockerconfig_ops *ops, void *arg, struct error *err);

#endif
