/* SPDX-License-Identifier: Apache-2.0 */
/* What challenges have told us, and how a request uses it. */
#include "supervisor/broker/auth/auth.h"

#include <sys/queue.h>

#include <stdlib.h>
#include <string.h>

#include "common/bounds.h"
#include "common/mem.h"
#include "supervisor/broker/auth/basic.h"
#include "supervisor/broker/auth/challenge.h"
#include "supervisor/broker/auth/refusal.h"
#include "supervisor/broker/auth/scope.h"
#include "supervisor/broker/auth/token_cache.h"
#include "supervisor/broker/transfer/scrub.h"
#include "supervisor/broker/transfer/target.h"

/* How a repository wants requests to be authorized. */
struct auth_entry {
	SLIST_ENTRY(auth_entry) link;
	char *repository;	/* "" for all */
	bool basic, bearer;	/* at most one of them */
	struct url realm;	/* where tokens are; for bearer */
	char *service;
	bool prefixed;		/* scopes have the path prefix */
};

struct auth {
	const struct transfer_context *ctx;
	SLIST_HEAD(, auth_entry) entries;
	unsigned nentries;
	struct token_cache *tokens;
};

enum auth_kind { AUTH_NONE, AUTH_BASIC, AUTH_BEARER };

struct auth_request {
	struct auth *auth;
	const char *repository;
	struct scopes scopes;
	enum auth_kind sent;	/* what the last attempt had */
	char *line;		/* its header line, secret */
	char *token;		/* fetched for the next attempt, secret */
	bool fresh;		/* the last attempt had such a token */
	bool basic_tried;
	unsigned rounds;
	struct token_wait *wait;
	void (*done)(void *arg, const struct error *err);
	void *arg;
};

static void
add_tokens(void *arg, struct scrub *s)
{
	struct auth *a = arg;

	token_cache_scrub(a->tokens, s);
}

struct auth *
auth_new(const struct transfer_context *ctx)
{
	struct auth *a = mem_alloc(sizeof(*a));
	char *line;

	a->ctx = ctx;
	SLIST_INIT(&a->entries);
	a->tokens = token_cache_new(ctx);
	scrub_add(ctx->secrets, ctx->cfg->pass);
	scrub_add(ctx->secrets, ctx->cfg->token);
	if (basic_known(ctx->cfg)) {
		line = basic_line(ctx->cfg);
		scrub_add(ctx->secrets, strrchr(line, ' ') + 1);
		mem_wipe(line);
	}
	ctx->secrets->passing = add_tokens;
	ctx->secrets->arg = a;
	return a;
}

static void
free_entries(struct auth *a)
{
	struct auth_entry *e;

	while ((e = SLIST_FIRST(&a->entries)) != NULL) {
		SLIST_REMOVE_HEAD(&a->entries, link);
		free(e->repository);
		free(e->service);
		url_free(&e->realm);
		free(e);
	}
	a->nentries = 0;
}

void
auth_free(struct auth *a)
{
	if (a == NULL)
		return;
	a->ctx->secrets->passing = NULL;
	token_cache_free(a->tokens);
	free_entries(a);
	free(a);
}

/* What is known of a repository, or NULL. */
static struct auth_entry *
find_entry(const struct auth *a, const char *repository)
{
	const char *name = a->ctx->cfg->repo_auth ? repository : "";
	struct auth_entry *e;

	SLIST_FOREACH(e, &a->entries, link)
		if (strcmp(e->repository, name) == 0)
			break;
	return e;
}

/* The same, but creates it if there is none. */
static struct auth_entry *
make_entry(struct auth *a, const char *repository)
{
	struct auth_entry *e = find_entry(a, repository);

	if (e != NULL)
		return e;
	if (a->nentries == AUTH_ENTRIES_MAX)
		free_entries(a);
	e = mem_alloc(sizeof(*e));
	e->repository = mem_strdup(a->ctx->cfg->repo_auth ? repository : "");
	e->service = mem_strdup("");
	SLIST_INSERT_HEAD(&a->entries, e, link);
	a->nentries++;
	return e;
}

struct auth_request *
auth_request_new(struct auth *a, const char *repository, const char *actions,
    const char *mount_from)
{
	struct auth_request *r = mem_alloc(sizeof(*r));
	const struct auth_entry *e = find_entry(a, repository);

	r->auth = a;
	r->repository = repository;
	scope_init(&r->scopes, e != NULL && e->prefixed ?
	    a->ctx->cfg->path_prefix : "", repository, actions, mount_from);
	return r;
}

void
auth_request_free(struct auth_request *r)
{
	if (r == NULL)
		return;
	token_cache_cancel(r->wait);
	scope_free(&r->scopes);
	mem_wipe(r->line);
	mem_wipe(r->token);
	free(r);
}

/* Which token it needs; false when it needs none. */
static bool
wanted(const struct auth_request *r, const struct url *url,
    struct token_ask *ask)
{
	const struct auth_entry *e = find_entry(r->auth, r->repository);

	if (e == NULL || !e->bearer || !target_own(r->auth->ctx->rules, url))
		return false;
	ask->realm = &e->realm;
	ask->service = e->service;
	ask->scopes = &r->scopes;
	return true;
}

bool
auth_request_lacks_token(const struct auth_request *r, const struct url *url)
{
	struct token_ask ask;

	/* One that was fetched for it is used, however soon it expires:
	 * otherwise it would be fetched again without end. */
	return r != NULL && r->token == NULL && wanted(r, url, &ask) &&
	    token_cache_find(r->auth->tokens, &ask) == NULL;
}

static void
on_token(void *arg, const char *token, const struct error *err)
{
	struct auth_request *r = arg;
	struct auth_entry *e = find_entry(r->auth, r->repository);

	r->wait = NULL;
	/* The next request asks the registry again where to go. */
	if (token == NULL && e != NULL)
		e->bearer = false;
	mem_wipe(r->token);
	r->token = mem_strdup(token);
	r->done(r->arg, token == NULL ? err : NULL);
}

void
auth_request_fetch(struct auth_request *r, const struct url *url,
    void (*done)(void *arg, const struct error *err), void *arg)
{
	struct token_ask ask;

	if (!wanted(r, url, &ask))
		return;
	r->done = done;
	r->arg = arg;
	r->wait = token_cache_fetch(r->auth->tokens, &ask, on_token, r);
}

void
auth_request_prepare(struct auth_request *r, const struct url *url)
{
	const struct transfer_context *ctx;
	const struct auth_entry *e;
	struct token_ask ask;
	const char *token;

	if (r == NULL)
		return;
	ctx = r->auth->ctx;
	e = find_entry(r->auth, r->repository);
	mem_wipe(r->line);
	r->line = NULL;
	r->sent = AUTH_NONE;
	r->fresh = false;
	if (e != NULL && e->basic && target_own(ctx->rules, url)) {
		r->line = basic_line(ctx->cfg);
		r->sent = AUTH_BASIC;
	} else if (wanted(r, url, &ask)) {
		token = token_cache_find(r->auth->tokens, &ask);
		/* If it has expired in the meantime, a refusal is to be
		 * expected: another one may be fetched. */
		r->fresh = r->token != NULL && token != NULL;
		if (r->token != NULL)
			token = r->token;
		if (token != NULL) {
			r->line = mem_printf("Authorization: Bearer %s", token);
			r->sent = AUTH_BEARER;
		}
	}
	mem_wipe(r->token);
	r->token = NULL;
}

const char *
auth_request_line(const struct auth_request *r)
{
	return r != NULL ? r->line : NULL;
}

static int
use_bearer(struct auth_request *r, const struct url *url,
    const struct challenge *c, struct error *err)
{
	const struct transfer_context *ctx = r->auth->ctx;
	struct auth_entry *e = make_entry(r->auth, r->repository);
	struct token_ask ask = { &e->realm, e->service, &r->scopes };
	struct url realm;
	const char *service = c->service != NULL ? c->service : "";
	bool news;

	if (c->realm == NULL || url_parse(&realm, c->realm, url, NULL) == -1)
		return error_set(err, ERROR_UNAUTHORIZED, "request failed: "
		    "unauthorized [http 401]: the registry names no usable "
		    "token realm");
	if (target_check(ctx->rules, &realm, url, err) == -1) {
		error_prefix(err, "request failed: unauthorized [http 401]: "
		    "the registry's token server");
		err->kind = ERROR_UNAUTHORIZED;
		url_free(&realm);
		return -1;
	}
	error_clear(err);
	news = !e->bearer || strcmp(e->realm.text, realm.text) != 0 ||
	    strcmp(e->service, service) != 0;
	if (r->sent == AUTH_BEARER) {
		/* A token that was good once may have been revoked. */
		token_cache_drop(r->auth->tokens, &ask);
		if (!r->fresh)
			news = true;
	}
	/* Actions beyond ours only if ours were not enough. */
	if (scope_learn(&r->scopes, c->scope, ctx->cfg->path_prefix,
	    r->sent == AUTH_BEARER && !news, &e->prefixed))
		news = true;
	e->bearer = true;
	e->basic = false;
	url_free(&e->realm);
	e->realm = realm;
	free(e->service);
	e->service = mem_strdup(service);
	return news || r->sent != AUTH_BEARER ? 0 : -1;
}

int
auth_request_challenged(struct auth_request *r, const struct url *url,
    const struct headers *headers, struct error *err)
{
	const struct http_registry *cfg = r->auth->ctx->cfg;
	const struct challenge *basic, *bearer;
	struct challenges c = { .n = 0 };
	const char *v;
	int ret = -1, refused = 0;

	error_clear(err);
	for (int i = 0; (v = headers_get(headers, "WWW-Authenticate", i)) !=
	    NULL; i++)
		challenge_parse(&c, v, NULL);
	basic = challenge_find(&c, "basic");
	bearer = challenge_find(&c, "bearer");
	if (++r->rounds > AUTH_ROUNDS_MAX)
		goto out;
	if (basic != NULL && !r->basic_tried && basic_known(cfg)) {
		struct auth_entry *e = make_entry(r->auth, r->repository);

		r->basic_tried = true;
		ret = r->sent == AUTH_BASIC ? -1 : 0;
		e->basic = true;
		e->bearer = false;
		if (ret == 0)
			goto out;
	}
	if (bearer != NULL)
		ret = use_bearer(r, url, bearer, err);
	else if (basic != NULL && !basic_known(cfg))
		refused = error_set(err, ERROR_UNAUTHORIZED,
		    "no credentials available: unauthorized");
	else if (c.n > 0 && basic == NULL)
		error_set(err, ERROR_UNAUTHORIZED, "request failed: "
		    "unauthorized [http 401]: the registry wants "
		    "authentication by %.64s, which is not supported",
		    c.list[0].scheme);
out:
	challenge_free(&c);
	if (ret == -1 && err->kind != ERROR_NONE)
		err->http = 401;
	if (refused != 0)
		refusal_explain(cfg, err);
	return ret;
}
