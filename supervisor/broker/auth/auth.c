/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "supervisor/broker/auth/challenge.h"
#include "supervisor/broker/http/http_private.h"
#include "common/mem.h"
#include "common/text.h"
#include "supervisor/broker/auth/token_cache.h"

#define ROUNDS_MAX 4		/* 401 answers of one request */
#define ENTRIES_MAX 1024	/* repositories with a state of their own */

void
auth_free(struct http *h)
{
	struct auth_entry *e;

	while ((e = h->auth) != NULL) {
		h->auth = e->next;
		free(e->repository);
		free(e->service);
		url_free(&e->realm);
		free(e);
	}
	h->nauth = 0;
}

/* What is known for r; with create, there is an entry afterwards. */
static struct auth_entry *
entry(struct http_request *r, bool create)
{
	struct http *h = r->h;
	const char *repo = h->cfg->repo_auth ? r->spec.repository : "";
	struct auth_entry *e;

	for (e = h->auth; e != NULL; e = e->next)
		if (strcmp(e->repository, repo) == 0)
			return e;
	if (!create)
		return NULL;
	if (h->nauth == ENTRIES_MAX)
		auth_free(h);
	e = mem_alloc(sizeof(*e));
	e->repository = mem_strdup(repo);
	e->service = mem_strdup("");
	e->next = h->auth;
	h->auth = e;
	h->nauth++;
	return e;
}

char *
auth_basic(const struct http *h)
{
	const struct registry_config *c = h->cfg;
	struct buffer plain, line;

	buffer_init(&plain, 0);
	buffer_init(&line, 0);
	plain.secret = line.secret = true;
	buffer_printf(&plain, "%s:%s", c->user, c->pass);
	buffer_puts(&line, "Authorization: Basic ");
	text_base64(&line, buffer_str(&plain), plain.len);
	buffer_free(&plain);
	return buffer_steal(&line);
}

static void
add_scope(struct http_request *r, char *scope)
{
	r->scopes = mem_resize(r->scopes, r->nscopes + 1, sizeof(char *));
	r->scopes[r->nscopes++] = scope;
}

/* The scopes that the request needs, and no more. */
void
auth_scopes(struct http_request *r)
{
	const struct http_spec *s = &r->spec;
	const struct auth_entry *e = entry(r, false);
	const char *prefix = "", *slash = "";

	if (e != NULL && e->prefixed) {
		prefix = r->h->cfg->path_prefix;
		slash = "/";
	}
	if (*s->repository != '\0')
		add_scope(r, mem_printf("repository:%s%s%s:%s", prefix, slash,
		    s->repository, *s->actions != '\0' ? s->actions :
		    "pull"));
	else if (*s->actions != '\0')
		add_scope(r, mem_printf("registry:catalog:%s", s->actions));
	if (s->mount_from != NULL)
		add_scope(r, mem_printf("repository:%s%s%s:pull", prefix,
		    slash, s->mount_from));
}

static void
set_bearer(struct http_request *r, const char *token)
{
	mem_wipe(r->authorization);
	r->authorization = mem_printf("Authorization: Bearer %s", token);
	r->sent = AUTH_BEARER;
}

static void
on_token(void *arg, const char *token, const struct error *err)
{
	struct http_request *r = arg;
	struct auth_entry *e = entry(r, false);

	r->wait = NULL;
	if (token == NULL) {
		/* The next request asks the registry anew where to go. */
		if (e != NULL)
			e->bearer = false;
		http_request_complete(r, NULL, err);
		return;
	}
	mem_wipe(r->token);
	r->token = mem_strdup(token);
	http_request_continue(r);
}

/* What token it needs; false when it needs none. */
static bool
wanted(struct http_request *r, struct token_ask *ask)
{
	struct auth_entry *e = entry(r, false);

	if (e == NULL || !e->bearer || !url_same_origin(&r->url, &r->h->origin))
		return false;
	ask->realm = &e->realm;
	ask->service = e->service;
	ask->scopes = r->scopes;
	ask->nscopes = r->nscopes;
	return true;
}

bool
auth_lacks_token(struct http_request *r)
{
	struct token_ask ask;

	/* One that came for it is used, however soon it ends: otherwise it
	 * would be fetched again without end. */
	return r->token == NULL && wanted(r, &ask) &&
	    tokens_find(r->h->tokens, &ask) == NULL;
}

void
auth_fetch(struct http_request *r)
{
	struct token_ask ask;

	if (wanted(r, &ask))
		r->wait = tokens_fetch(r->h->tokens, &ask, on_token, r);
}

void
auth_prepare(struct http_request *r)
{
	struct http *h = r->h;
	struct auth_entry *e = entry(r, false);
	struct token_ask ask;
	const char *token;

	mem_wipe(r->authorization);
	r->authorization = NULL;
	r->sent = AUTH_NONE;
	r->fresh = false;
	if (e != NULL && e->basic && url_same_origin(&r->url, &h->origin)) {
		r->authorization = auth_basic(h);
		r->sent = AUTH_BASIC;
	} else if (wanted(r, &ask)) {
		token = tokens_find(h->tokens, &ask);
		/* Where it has ended meanwhile, it is no wonder when the
		 * registry refuses it: another one may be fetched. */
		r->fresh = r->token != NULL && token != NULL;
		if (r->token != NULL)
			token = r->token;
		if (token != NULL)
			set_bearer(r, token);
	}
	mem_wipe(r->token);
	r->token = NULL;
}

/* Adds to the comma-separated actions what more has beyond them; NULL when
 * that is nothing. */
static char *
join_actions(const char *have, const char *more)
{
	struct buffer b;
	size_t n;
	bool added = false;

	buffer_init(&b, 0);
	buffer_puts(&b, have);
	for (const char *p = more; *p != '\0';) {
		const char *q = buffer_str(&b);
		bool found = false;

		n = strcspn(p, ",");
		while (*q != '\0' && !found) {
			found = strcspn(q, ",") == n && memcmp(q, p, n) == 0;
			q += strcspn(q, ",");
			q += strspn(q, ",");
		}
		if (!found && n != 0 && n <= 32) {
			buffer_putc(&b, ',');
			buffer_put(&b, p, n);
			added = true;
		}
		p += n;
		p += strspn(p, ",");
	}
	if (added)
		return buffer_steal(&b);
	buffer_free(&b);
	return NULL;
}

/* One scope of a challenge against the one that we asked for. It counts when
 * it names the same thing, perhaps with a path before it: some registries
 * have the prefix in their scopes. Returns the better scope, or NULL. */
static char *
better_scope(struct http_request *r, const char *have, const char *scope,
    size_t len, bool actions)
{
	const char *prefix = r->h->cfg->path_prefix;
	char *theirs, *ours, *their_name, *our_name, *ta, *oa, *more = NULL;
	char *out = NULL;
	size_t tn, on;

	theirs = mem_strndup(scope, len);
	ours = mem_strdup(have);
	their_name = strchr(theirs, ':');
	our_name = strchr(ours, ':');
	ta = strrchr(theirs, ':');
	oa = strrchr(ours, ':');
	if (their_name == NULL || ta == their_name ||
	    their_name - theirs != our_name - ours ||
	    memcmp(theirs, ours, (size_t)(our_name - ours)) != 0)
		goto out;
	*ta++ = *oa++ = '\0';
	*their_name++ = *our_name++ = '\0';
	tn = strlen(their_name);
	on = strlen(our_name);
	if (tn < on || strcmp(their_name + tn - on, our_name) != 0 ||
	    (tn > on && their_name[tn - on - 1] != '/'))
		goto out;
	if (tn > on && tn - on - 1 == strlen(prefix) &&
	    strncmp(their_name, prefix, tn - on - 1) == 0)
		entry(r, true)->prefixed = true;
	more = actions ? join_actions(oa, ta) : NULL;
	if (tn > on || more != NULL)
		out = mem_printf("%s:%s:%s", theirs, their_name,
		    more != NULL ? more : oa);
out:
	free(theirs);
	free(ours);
	free(more);
	return out;
}

/* Takes what a challenge says of scopes into r's; true if that changed them.
 * Actions beyond ours only when ours turned out not to be enough. */
static bool
learn_scopes(struct http_request *r, const char *scope, bool actions)
{
	bool changed = false;
	char *better;
	size_t n;

	for (const char *p = scope; p != NULL && *p != '\0';) {
		n = strcspn(p, " ");
		for (size_t i = 0; i < r->nscopes && n < REPOSITORY_MAX; i++) {
			better = better_scope(r, r->scopes[i], p, n, actions);
			if (better == NULL)
				continue;
			free(r->scopes[i]);
			r->scopes[i] = better;
			changed = true;
		}
		p += n;
		p += strspn(p, " ");
	}
	return changed;
}

static int
use_bearer(struct http_request *r, const struct challenge *c,
    struct error *err)
{
	struct auth_entry *e = entry(r, true);
	struct http *h = r->h;
	struct token_ask ask = { &e->realm, e->service, r->scopes,
	    r->nscopes };
	struct url realm;
	const char *service = c->service != NULL ? c->service : "";
	bool news;

	if (c->realm == NULL || url_parse(&realm, c->realm, &r->url,
	    NULL) == -1)
		return error_set(err, ERROR_UNAUTHORIZED, "request failed: "
		    "unauthorized [http 401]: the registry names no usable "
		    "realm for its tokens");
	if (target_check(h, &realm, &r->url, err) == -1) {
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
		tokens_drop(h->tokens, &ask);
		if (!r->fresh)
			news = true;
	}
	if (learn_scopes(r, c->scope, r->sent == AUTH_BEARER && !news))
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
auth_challenged(struct http_request *r, const struct headers *headers,
    struct error *err)
{
	const struct registry_config *cfg = r->h->cfg;
	const struct challenge *basic, *bearer;
	struct challenges c = { .n = 0 };
	const char *v;
	int ret = -1;

	error_clear(err);
	for (int i = 0; (v = headers_get(headers, "WWW-Authenticate", i)) !=
	    NULL; i++)
		challenges_parse(&c, v, NULL);
	basic = challenges_find(&c, "basic");
	bearer = challenges_find(&c, "bearer");
	if (++r->auth_rounds > ROUNDS_MAX)
		goto out;
	if (basic != NULL && !r->basic_tried && *cfg->user != '\0' &&
	    *cfg->pass != '\0') {
		struct auth_entry *e = entry(r, true);

		r->basic_tried = true;
		ret = r->sent == AUTH_BASIC ? -1 : 0;
		e->basic = true;
		e->bearer = false;
		if (ret == 0)
			goto out;
	}
	if (bearer != NULL)
		ret = use_bearer(r, bearer, err);
	else if (basic != NULL && (*cfg->user == '\0' || *cfg->pass == '\0'))
		error_set(err, ERROR_UNAUTHORIZED,
		    "no credentials available: unauthorized");
	else if (c.n > 0 && basic == NULL)
		error_set(err, ERROR_UNAUTHORIZED, "request failed: "
		    "unauthorized [http 401]: the registry wants "
		    "authentication by %.64s, which is not supported",
		    c.list[0].scheme);
out:
	challenges_free(&c);
	if (ret == -1 && err->kind != ERROR_NONE)
		err->http = 401;
	return ret;
}
