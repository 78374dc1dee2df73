/* SPDX-License-Identifier: Apache-2.0 */
/* token_internal.h - between token.c (the cache) and token_fetch.c. */
#ifndef REGBOT_TOKEN_PRIVATE_H
#define REGBOT_TOKEN_PRIVATE_H

#include "supervisor/broker/http/http_private.h"
#include "supervisor/broker/auth/token_cache.h"

struct token_wait {
	struct token_wait *next, *prev;
	struct token *token;
	token_fn *fn;
	void *arg;
};

/* A token, or the fetch of one. */
struct token {
	struct tokens *owner;
	struct token *next;
	char *key;
	char *value;		/* NULL: none yet, or no more */
	int64_t until;
	/* The fetch: */
	bool fetching;
	bool telling;		/* its waits are being called */
	struct token_wait *waits;
	struct url realm, url;
	char *service;
	char **scopes;
	size_t nscopes;
	enum http_method method;
	bool password;		/* this hop may have it */
	unsigned tries, redirects;
	struct transfer *transfer;
	struct timer *timer;
};

struct tokens {
	struct http *h;
	struct token *list;
	size_t n;
	char *refresh;		/* came with an earlier token */
	char *refresh_realm;	/* from there, and goes only there */
};

/* token_fetch.c: a timer's callback that begins the fetch of *arg, or goes on
 * with it. */
void token_begin(void *arg);
/* token.c: the fetch has ended. value is taken over, valid for life_ms. */
void token_finish(struct token *k, char *value, int64_t life_ms);
void token_fail(struct token *k, const struct error *err);

#endif
