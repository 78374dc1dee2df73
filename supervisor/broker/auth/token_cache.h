/* SPDX-License-Identifier: Apache-2.0 */
/*
 * token.h - bearer tokens: fetched from the realm that a challenge names,
 * kept per realm, service and exact scopes until shortly before they end. One
 * fetch is under way per key, others wait for it. Fetches take no place
 * among the registry's concurrent requests.
 */
#ifndef REGBOT_TOKEN_CACHE_H
#define REGBOT_TOKEN_CACHE_H

#include <stddef.h>

#include "common/error.h"
#include "supervisor/broker/transfer/url.h"

struct http;
struct scrub;
struct tokens;
struct token_wait;

struct token_ask {
	const struct url *realm;
	const char *service;
	char *const *scopes;
	size_t nscopes;
};

struct tokens *tokens_new(struct http *h);
void tokens_free(struct tokens *ts);

/* A token that is valid now, or NULL. Borrowed. */
const char *tokens_find(struct tokens *ts, const struct token_ask *ask);

/* The registry refused it: it is not used again. */
void tokens_drop(struct tokens *ts, const struct token_ask *ask);

/* Adds all that are kept to what must not be shown. */
void tokens_scrub(struct tokens *ts, struct scrub *s);

/* fn is called once, from the loop: with a token (borrowed), or NULL and the
 * sentence. */
typedef void token_fn(void *arg, const char *token, const struct error *err);
struct token_wait *tokens_fetch(struct tokens *ts,
    const struct token_ask *ask, token_fn *fn, void *arg);
void token_wait_cancel(struct token_wait *w);	/* NULL is fine */

/* "realm \n service \n scope \n ...": what tokens are kept by. Free it. */
char *token_key(const struct token_ask *ask);

/* The URL of a GET: the realm's query is kept, account ("" none), client_id,
 * scopes and service are added. Free it. */
char *token_url(const struct token_ask *ask, const char *account,
    const char *client_id);
/* The form of a POST with a refresh token. Free it with mem_wipe. */
char *token_form(const struct token_ask *ask, const char *refresh,
    const char *client_id);

#endif
