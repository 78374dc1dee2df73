/* SPDX-License-Identifier: Apache-2.0 */
/*
 * token_cache.h - the registry's bearer tokens, kept per realm, service and
 * exact scopes until shortly before they expire. One fetch (token_fetch.h) is
 * under way per key, others wait for it.
 */
#ifndef REGBOT_TOKEN_CACHE_H
#define REGBOT_TOKEN_CACHE_H

#include "common/error.h"
#include "supervisor/broker/auth/token_form.h"
#include "supervisor/broker/transfer/context.h"
#include "supervisor/broker/transfer/scrub.h"

struct token_cache;
struct token_wait;

/* *ctx must outlive it. */
struct token_cache *token_cache_new(const struct transfer_context *ctx);
/* Cancels all waits. NULL is fine. */
void token_cache_free(struct token_cache *tc);

/* A token that is valid now, or NULL. Borrowed. */
const char *token_cache_find(struct token_cache *tc,
    const struct token_ask *ask);
/* The registry refused it: it is not used again. */
void token_cache_drop(struct token_cache *tc, const struct token_ask *ask);
/* Adds all cached tokens to the secrets that must not be shown. */
void token_cache_scrub(const struct token_cache *tc, struct scrub *s);

/* fn is called once, from the loop: with a token (borrowed), which may expire
 * before token_cache_find returns it, or with NULL and the sentence. */
typedef void token_fn(void *arg, const char *token, const struct error *err);
struct token_wait *token_cache_fetch(struct token_cache *tc,
    const struct token_ask *ask, token_fn *fn, void *arg);
void token_cache_cancel(struct token_wait *w);	/* NULL is fine */

#endif
