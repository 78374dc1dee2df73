/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/mem.h"
#include "supervisor/broker/auth/token_private.h"

#define TOKENS_MAX 512		/* tokens that are kept */

struct tokens *
tokens_new(struct http *h)
{
	struct tokens *ts = mem_alloc(sizeof(*ts));

	ts->h = h;
	return ts;
}

static void
token_free(struct token *k)
{
	struct token **p = &k->owner->list;

	while (*p != k)
		p = &(*p)->next;
	*p = k->next;
	k->owner->n--;
	transfer_cancel(k->transfer);
	timer_free(k->timer);
	url_free(&k->realm);
	url_free(&k->url);
	for (size_t i = 0; i < k->nscopes; i++)
		free(k->scopes[i]);
	free(k->scopes);
	free(k->service);
	free(k->key);
	mem_wipe(k->value);
	free(k);
}

void
tokens_free(struct tokens *ts)
{
	if (ts == NULL)
		return;
	while (ts->list != NULL) {
		while (ts->list->waits != NULL)
			token_wait_cancel(ts->list->waits);
		token_free(ts->list);
	}
	mem_wipe(ts->refresh);
	free(ts->refresh_realm);
	free(ts);
}

static struct token *
lookup(struct tokens *ts, const struct token_ask *ask)
{
	struct token *k;
	char *key = token_key(ask);

	for (k = ts->list; k != NULL; k = k->next)
		if (strcmp(k->key, key) == 0)
			break;
	free(key);
	return k;
}

const char *
tokens_find(struct tokens *ts, const struct token_ask *ask)
{
	struct token *k = lookup(ts, ask);

	if (k == NULL || k->value == NULL || k->until <= clock_now())
		return NULL;
	return k->value;
}

void
tokens_drop(struct tokens *ts, const struct token_ask *ask)
{
	struct token *k = lookup(ts, ask);

	if (k == NULL)
		return;
	mem_wipe(k->value);
	k->value = NULL;
}

void
tokens_scrub(struct tokens *ts, struct scrub *s)
{
	for (struct token *k = ts->list; k != NULL; k = k->next)
		scrub_add(s, k->value);
	scrub_add(s, ts->refresh);
}

/* Makes room: what has ended first, else the oldest. */
static void
evict(struct tokens *ts)
{
	struct token *k, *oldest = NULL;
	int64_t now = clock_now();

	for (k = ts->list; k != NULL; k = k->next) {
		if (k->fetching || k->telling)
			continue;
		oldest = k;	/* new ones go to the head */
		if (k->value == NULL || k->until <= now)
			break;
	}
	if (oldest != NULL)
		token_free(oldest);
}

static void
finish(struct token *k, const struct error *err)
{
	struct token_wait *w;
	char *value = mem_strdup(k->value);

	k->fetching = false;
	k->telling = true;
	/* Whoever is called may start another fetch of this key. */
	while ((w = k->waits) != NULL && !k->fetching) {
		k->waits = w->next;
		if (w->next != NULL)
			w->next->prev = NULL;
		w->fn(w->arg, value, err);
		free(w);
	}
	k->telling = false;
	mem_wipe(value);
}

void
token_finish(struct token *k, char *value, int64_t life_ms)
{
	mem_wipe(k->value);
	k->value = value;
	k->until = clock_now() + life_ms * NS_PER_MS;
	finish(k, NULL);
}

void
token_fail(struct token *k, const struct error *err)
{
	mem_wipe(k->value);
	k->value = NULL;
	finish(k, err);
}

static struct token *
create(struct tokens *ts, const struct token_ask *ask)
{
	struct token *k;

	if (ts->n >= TOKENS_MAX)
		evict(ts);
	k = mem_alloc(sizeof(*k));
	k->owner = ts;
	k->key = token_key(ask);
	k->service = mem_strdup(ask->service);
	k->scopes = mem_array(ask->nscopes, sizeof(char *));
	k->nscopes = ask->nscopes;
	for (size_t i = 0; i < ask->nscopes; i++)
		k->scopes[i] = mem_strdup(ask->scopes[i]);
	url_copy(&k->realm, ask->realm);
	k->timer = loop_timer(ts->h->loop, token_begin, k);
	k->next = ts->list;
	ts->list = k;
	ts->n++;
	return k;
}

struct token_wait *
tokens_fetch(struct tokens *ts, const struct token_ask *ask, token_fn *fn,
    void *arg)
{
	struct token_wait *w = mem_alloc(sizeof(*w));
	struct token *k = lookup(ts, ask);

	if (k == NULL)
		k = create(ts, ask);
	w->token = k;
	w->fn = fn;
	w->arg = arg;
	w->next = k->waits;
	if (k->waits != NULL)
		k->waits->prev = w;
	k->waits = w;
	if (!k->fetching) {
		k->fetching = true;
		k->tries = k->redirects = 0;
		url_free(&k->url);
		url_copy(&k->url, &k->realm);
		timer_arm(k->timer, 0);
	}
	return w;
}

void
token_wait_cancel(struct token_wait *w)
{
	struct token *k;

	if (w == NULL)
		return;
	k = w->token;
	if (w->next != NULL)
		w->next->prev = w->prev;
	if (w->prev != NULL)
		w->prev->next = w->next;
	else
		k->waits = w->next;
	free(w);
	if (k->waits == NULL && k->fetching) {
		transfer_cancel(k->transfer);
		k->transfer = NULL;
		timer_disarm(k->timer);
		k->fetching = false;
	}
}
