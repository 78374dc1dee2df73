/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens, the fetches of them, and who waits for those. */
#include "supervisor/broker/auth/token_cache.h"

#include <sys/queue.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/bounds.h"
#include "common/clock.h"
#include "common/mem.h"
#include "supervisor/broker/auth/token_fetch.h"

struct token_wait {
	LIST_ENTRY(token_wait) link;
	struct token *token;
	token_fn *fn;
	void *arg;
};

struct token {
	LIST_ENTRY(token) link;
	struct token_cache *owner;
	char *key;
	char *value;		/* NULL: none yet, or not any more; secret */
	int64_t until;
	struct token_fetch *fetch;	/* under way, or NULL */
	bool telling;		/* its waits are being called */
	LIST_HEAD(, token_wait) waits;
};

struct token_cache {
	const struct transfer_context *ctx;
	LIST_HEAD(, token) list;	/* new ones go to the head */
	size_t n;
	char *refresh;		/* came with an earlier token; secret */
	char *refresh_realm;	/* where it came from; it is sent only there */
};

struct token_cache *
token_cache_new(const struct transfer_context *ctx)
{
	struct token_cache *tc = mem_alloc(sizeof(*tc));

	tc->ctx = ctx;
	LIST_INIT(&tc->list);
	return tc;
}

static void
token_free(struct token *k)
{
	LIST_REMOVE(k, link);
	k->owner->n--;
	token_fetch_cancel(k->fetch);
	free(k->key);
	mem_wipe(k->value);
	free(k);
}

void
token_cache_free(struct token_cache *tc)
{
	struct token *k;

	if (tc == NULL)
		return;
	while ((k = LIST_FIRST(&tc->list)) != NULL) {
		while (!LIST_EMPTY(&k->waits))
			token_cache_cancel(LIST_FIRST(&k->waits));
		token_free(k);
	}
	mem_wipe(tc->refresh);
	free(tc->refresh_realm);
	free(tc);
}

static struct token *
lookup(struct token_cache *tc, const struct token_ask *ask)
{
	struct token *k;
	char *key = token_form_key(ask);

	LIST_FOREACH(k, &tc->list, link)
		if (strcmp(k->key, key) == 0)
			break;
	free(key);
	return k;
}

const char *
token_cache_find(struct token_cache *tc, const struct token_ask *ask)
{
	struct token *k = lookup(tc, ask);

	if (k == NULL || k->value == NULL || k->until <= clock_now())
		return NULL;
	return k->value;
}

static void
forget(struct token *k)
{
	mem_wipe(k->value);
	k->value = NULL;
}

void
token_cache_drop(struct token_cache *tc, const struct token_ask *ask)
{
	struct token *k = lookup(tc, ask);

	if (k != NULL)
		forget(k);
}

void
token_cache_scrub(const struct token_cache *tc, struct scrub *s)
{
	struct token *k;

	LIST_FOREACH(k, &tc->list, link)
		scrub_add(s, k->value);
	scrub_add(s, tc->refresh);
}

/* Makes room: drops an expired one, else the oldest. */
static void
evict(struct token_cache *tc)
{
	struct token *k, *oldest = NULL;
	int64_t now = clock_now();

	LIST_FOREACH(k, &tc->list, link) {
		if (k->fetch != NULL || k->telling)
			continue;
		oldest = k;
		if (k->value == NULL || k->until <= now)
			break;
	}
	if (oldest != NULL)
		token_free(oldest);
}

static void
tell(struct token *k, const struct error *err)
{
	struct token_wait *w;
	char *value = mem_strdup(k->value);

	k->telling = true;
	/* A callback may start another fetch of this key. */
	while ((w = LIST_FIRST(&k->waits)) != NULL && k->fetch == NULL) {
		LIST_REMOVE(w, link);
		w->fn(w->arg, value, err);
		free(w);
	}
	k->telling = false;
	mem_wipe(value);
}

/* A refresh token is good for the realm that it came from. */
static void
keep_refresh(struct token_cache *tc, const struct token *k, char *refresh)
{
	mem_wipe(tc->refresh);
	tc->refresh = refresh;
	free(tc->refresh_realm);
	tc->refresh_realm = mem_strndup(k->key, strcspn(k->key, "\n"));
}

static void
on_fetched(void *arg, struct token_reply *reply, const struct error *err)
{
	struct token *k = arg;
	int64_t ms;

	k->fetch = NULL;
	forget(k);
	if (reply != NULL) {
		if (reply->refresh != NULL)
			keep_refresh(k->owner, k, reply->refresh);
		k->value = reply->token;
		reply->token = reply->refresh = NULL;
		ms = reply->life_s * 1000;
		ms = ms >= 2 * TOKEN_RENEW_MS ? ms - TOKEN_RENEW_MS : ms / 2;
		k->until = clock_now() + ms * NS_PER_MS;
	}
	tell(k, err);
}

/* The refresh token to use there, or NULL. */
static const char *
refresh_for(const struct token_cache *tc, const struct url *realm)
{
	if (tc->refresh != NULL && strcmp(tc->refresh_realm, realm->text) == 0)
		return tc->refresh;
	return *tc->ctx->cfg->token != '\0' ? tc->ctx->cfg->token : NULL;
}

static struct token *
create(struct token_cache *tc, const struct token_ask *ask)
{
	struct token *k;

	if (tc->n >= TOKENS_MAX)
		evict(tc);
	k = mem_alloc(sizeof(*k));
	k->owner = tc;
	k->key = token_form_key(ask);
	LIST_INIT(&k->waits);
	LIST_INSERT_HEAD(&tc->list, k, link);
	tc->n++;
	return k;
}

struct token_wait *
token_cache_fetch(struct token_cache *tc, const struct token_ask *ask,
    token_fn *fn, void *arg)
{
	struct token_wait *w = mem_alloc(sizeof(*w));
	struct token *k = lookup(tc, ask);

	if (k == NULL)
		k = create(tc, ask);
	w->token = k;
	w->fn = fn;
	w->arg = arg;
	/* The latest is told first: each goes to the front of the queue. */
	LIST_INSERT_HEAD(&k->waits, w, link);
	if (k->fetch == NULL)
		k->fetch = token_fetch_new(tc->ctx, ask,
		    refresh_for(tc, ask->realm), on_fetched, k);
	return w;
}

void
token_cache_cancel(struct token_wait *w)
{
	struct token *k;

	if (w == NULL)
		return;
	k = w->token;
	LIST_REMOVE(w, link);
	free(w);
	if (LIST_EMPTY(&k->waits)) {
		token_fetch_cancel(k->fetch);
		k->fetch = NULL;
	}
}
