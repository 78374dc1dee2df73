/* SPDX-License-Identifier: Apache-2.0 */
/*
 * credhelper.h - docker's credential helpers. One runs with our environment
 * and stderr, in its own process group, for at most HELPER_MS; its output is
 * bounded and wiped.
 */
#ifndef REGBOT_CREDHELPER_H
#define REGBOT_CREDHELPER_H

#include "common/error.h"
#include "common/wire/loop.h"

struct credhelper;

/* err->kind is ERROR_NONE on success. The strings are "" when absent and
 * borrowed: they are wiped when the callback returns. */
typedef void credhelper_fn(void *arg, const char *user, const char *pass,
    const char *token, const struct error *err);

/* Starts "program get" with host on its standard input. done is called once,
 * from the loop and never from inside this call, even when the program cannot
 * be started; the credhelper is freed after it. Never NULL. */
struct credhelper *credhelper_start(struct loop *l, const char *program,
    const char *host, credhelper_fn *done, void *arg);

/* Kills and reaps the program; done is not called. NULL is fine. */
void credhelper_cancel(struct credhelper *h);

/* Runs "program list" to its end, for docker's credsStore: the hosts that it
 * knows, NULL-terminated; free them with credhelper_hosts_free. NULL and *err
 * on failure. Blocks for at most HELPER_MS. */
char **credhelper_list(const char *program, struct error *err);
void credhelper_hosts_free(char **hosts);

#endif
