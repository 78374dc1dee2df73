/* SPDX-License-Identifier: Apache-2.0 */
/*
 * token_fetch.h - one token, requested from a token server: by POST where
 * there is a refresh token, else by GET with the password; with redirects and
 * retries. A fetch takes no slot among the registry's concurrent requests.
 */
#ifndef REGBOT_TOKEN_FETCH_H
#define REGBOT_TOKEN_FETCH_H

#include "common/error.h"
#include "supervisor/broker/auth/token_form.h"
#include "supervisor/broker/auth/token_reply.h"
#include "supervisor/broker/transfer/context.h"

struct token_fetch;

/* reply is borrowed (steal from it), or NULL and err says why. The fetch is
 * gone by then. */
typedef void token_fetch_fn(void *arg, struct token_reply *reply,
    const struct error *err);

/* refresh is NULL or the refresh token to use. *ask and refresh are copied.
 * fn is called once, from the loop. */
struct token_fetch *token_fetch_new(const struct transfer_context *ctx,
    const struct token_ask *ask, const char *refresh, token_fetch_fn *fn,
    void *arg);
/* fn is not called. NULL is fine. */
void token_fetch_cancel(struct token_fetch *f);

#endif
