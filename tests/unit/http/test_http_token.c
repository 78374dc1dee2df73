/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens: how they are fetched, kept, replaced and refused. */
#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/unit/http/http_rig.h"

static const char *
last_line(const struct server *s)
{
	const char *p = buffer_str(&s->log), *q;

	while ((q = strchr(p, '\n')) != NULL && q[1] != '\0')
		p = q + 1;
	return p;
}

/*
 * A registry with tokens: the realm is on another port. Tokens are
 * "token-N"; g->step is how many the token server gave, g->nheld the number
 * of the first one that the registry still takes.
 */
static void
registry(struct rig *g, struct conn *c, const char *head)
{
	const char *auth = request_header(head, "Authorization");
	char *extra;

	if (strncmp(auth, "Bearer token-", 13) == 0 &&
	    (int)strtol(auth + 13, NULL, 10) >= g->nheld) {
		conn_answer(c, "200 OK", "", "in");
		return;
	}
	extra = mem_printf("WWW-Authenticate: Bearer realm=\"http://127.0.0.1"
	    ":%u/token?keep=1\",service=\"the service\",scope=\"%s\"\r\n",
	    g->other->port, *g->extra != '\0' ? g->extra :
	    "repository:app:pull");
	conn_answer(c, "401 Unauthorized", extra, "denied");
	free(extra);
}

static void
tokens(void *arg, struct conn *c, const char *head, const char *body,
    size_t len)
{
	struct rig *g = arg;
	char *text;

	if (c->server == g->server) {
		registry(g, c, head);
		return;
	}
	if (strncmp(head, "POST", 4) == 0) {
		free(g->note);
		g->note = mem_strndup(body, len);
		if (g->script == NULL) {
			conn_answer(c, "404 Not Found", "", "no POST here");
			return;
		}
	}
	text = mem_printf("{\"token\":\"token-%d\",\"expires_in\":300}\n",
	    ++g->step);
	conn_answer(c, "200 OK", "", text);
	free(text);
}

static struct rig *
rig_tokens(bool login)
{
	struct rig *g = login ? rig_new_user(tokens) : rig_new(tokens);

	g->other = server_new(g->loop, tokens, g);
	return g;
}

Test(http_token, a_token_is_fetched_and_kept)
{
	struct rig *g = rig_tokens(true);
	struct http_spec s = rig_spec("x");
	struct result *r = rig_start(g, &s);

	rig_wait(g, r);
	cr_assert_eq(r->err.kind, ERROR_NONE, "%s", r->err.text);
	cr_assert_str_eq(buffer_str(&g->other->log), "GET /token?keep=1&"
	    "account=someone&client_id=regbot-test&scope=repository%3Aapp%3A"
	    "pull&service=the%20service conn=1 auth=" RIG_BASIC "\n");
	cr_assert_eq(g->server->requests, 2);
	rig_wait(g, rig_start(g, &s));
	cr_assert_eq(g->server->requests, 3);
	cr_assert_eq(g->other->requests, 1);
	/* Another repository or action has a token of its own. */
	s.repository = "lib/other";
	s.actions = "pull,push";
	s.mount_from = "from/here";
	rig_wait(g, rig_start(g, &s));
	cr_assert_eq(g->server->requests, 4);
	cr_assert_not_null(strstr(last_line(g->other), "scope=repository%3A"
	    "lib%2Fother%3Apull%2Cpush&scope=repository%3Afrom%2Fhere%3Apull"
	    "&service="), "%s", last_line(g->other));
	s = rig_spec("_catalog");
	s.repository = "";
	s.actions = "*";
	rig_wait(g, rig_start(g, &s));
	cr_assert_not_null(strstr(last_line(g->other),
	    "scope=registry%3Acatalog%3A%2A&"), "%s", last_line(g->other));
	rig_free(g);
}

Test(http_token, anonymous_tokens)
{
	struct rig *g = rig_tokens(false);
	struct result *r = rig_get(g, "x");

	rig_wait(g, r);
	cr_assert_eq(r->err.kind, ERROR_NONE, "%s", r->err.text);
	cr_assert_null(strstr(last_line(g->other), "account"));
	cr_assert_not_null(strstr(last_line(g->other), " auth=\n"));
	rig_free(g);
}

Test(http_token, one_fetch_for_all_that_wait)
{
	struct rig *g = rig_tokens(true);
	struct result *r[6];

	for (int i = 0; i < 6; i++)
		r[i] = rig_get(g, "x");
	for (int i = 0; i < 6; i++) {
		rig_wait(g, r[i]);
		cr_assert_eq(r[i]->status, 200);
	}
	cr_assert_eq(g->other->requests, 1);
	rig_free(g);
}

Test(http_token, a_token_that_was_revoked_is_replaced_once)
{
	struct rig *g = rig_tokens(true);
	struct result *r;

	rig_wait(g, rig_get(g, "x"));
	g->nheld = 2;	/* token-1 is no good any more */
	r = rig_get(g, "x");
	rig_wait(g, r);
	cr_assert_eq(r->status, 200, "%s", r->err.text);
	cr_assert_eq(g->other->requests, 2);
	g->nheld = 99;	/* nor is any other */
	r = rig_get(g, "x");
	rig_wait(g, r);
	cr_assert_not_null(strstr(r->err.text, "request failed: unauthorized "
	    "[http 401]: denied; the login for "), "%s", r->err.text);
	cr_assert_eq(g->other->requests, 3);
	rig_free(g);
}

Test(http_token, a_challenge_may_widen_its_own_repository_only)
{
	struct rig *g = rig_tokens(true);
	struct result *r;

	g->nheld = 2;
	g->extra = "repository:app:pull,delete repository:secret:pull";
	r = rig_get(g, "x");
	rig_wait(g, r);
	cr_assert_eq(r->status, 200, "%s", r->err.text);
	cr_assert_eq(g->other->requests, 2);
	cr_assert_not_null(strstr(last_line(g->other),
	    "scope=repository%3Aapp%3Apull%2Cdelete&"));
	cr_assert_null(strstr(buffer_str(&g->other->log), "secret"));
	rig_free(g);
}

Test(http_token, scopes_with_a_path_prefix)
{
	static char prefix[] = "virtual/docker";
	struct rig *g = rig_tokens(true);
	struct result *r;

	g->config.path_prefix = prefix;
	g->extra = "repository:virtual/docker/app:pull";
	r = rig_get(g, "x");
	rig_wait(g, r);
	cr_assert_eq(r->status, 200, "%s", r->err.text);
	cr_assert_not_null(strstr(buffer_str(&g->server->log),
	    "GET /v2/virtual/docker/app/x "));
	cr_assert_not_null(strstr(last_line(g->other),
	    "scope=repository%3Avirtual%2Fdocker%2Fapp%3Apull&"));
	rig_wait(g, rig_get(g, "y"));
	cr_assert_eq(g->server->requests, 3);
	rig_free(g);
}

Test(http_token, a_refresh_token_is_posted)
{
	static char refresh[] = "refresh/me";
	static const char *const yes[] = { "", NULL };
	struct rig *g = rig_tokens(false);
	struct result *r;

	g->config.token = refresh;
	rig_renew(g);
	g->script = yes;
	r = rig_get(g, "x");
	rig_wait(g, r);
	cr_assert_eq(r->status, 200, "%s", r->err.text);
	cr_assert_eq(g->other->requests, 1);
	cr_assert_str_eq(g->note, "client_id=regbot-test&grant_type="
	    "refresh_token&refresh_token=refresh%2Fme&scope=repository%3Aapp"
	    "%3Apull&service=the%20service");
	/* A server that has no POST is asked by GET. */
	g->script = NULL;
	rig_renew(g);
	r = rig_get(g, "x");
	rig_wait(g, r);
	cr_assert_eq(r->status, 200, "%s", r->err.text);
	cr_assert_eq(g->other->requests, 3);
	rig_free(g);
}

/* Tokens have a second to live when they come. */
static void
old_tokens(void *arg, struct conn *c, const char *head, const char *body,
    size_t len)
{
	struct rig *g = arg;
	time_t then = time(NULL) - 899;
	char text[128];

	(void)body, (void)len;
	if (c->server == g->server) {
		registry(g, c, head);
		return;
	}
	g->step++;
	strftime(text, sizeof(text), "{\"token\":\"token-1\","
	    "\"expires_in\":900,\"issued_at\":\"%Y-%m-%dT%H:%M:%SZ\"}",
	    gmtime(&then));
	conn_answer(c, "200 OK", "", text);
}

Test(http_token, a_token_that_ends_soon_is_used_once)
{
	struct rig *g = rig_new(old_tokens);
	struct result *r[3];

	g->other = server_new(g->loop, old_tokens, g);
	for (int i = 0; i < 3; i++)
		r[i] = rig_get(g, "x");
	for (int i = 0; i < 3; i++) {
		rig_wait(g, r[i]);
		cr_assert_eq(r[i]->status, 200, "%s", r[i]->err.text);
	}
	cr_assert_leq(g->step, 3);
	/* Where the registry refuses it, it is not fetched without end. */
	g->nheld = 99;
	r[0] = rig_get(g, "x");
	rig_wait(g, r[0]);
	cr_assert_eq(r[0]->err.http, 401);
	cr_assert_leq(g->step, 8);
	rig_free(g);
}

/* The same, but with two seconds to live, of which one may have passed. */
static void
short_tokens(void *arg, struct conn *c, const char *head, const char *body,
    size_t len)
{
	struct rig *g = arg;
	time_t then = time(NULL) - 898;
	char text[128];

	(void)body, (void)len;
	if (c->server == g->server) {
		registry(g, c, head);
		return;
	}
	g->step++;
	strftime(text, sizeof(text), "{\"token\":\"token-1\","
	    "\"expires_in\":900,\"issued_at\":\"%Y-%m-%dT%H:%M:%SZ\"}",
	    gmtime(&then));
	conn_answer(c, "200 OK", "", text);
}

Test(http_token, a_token_is_not_used_after_its_end)
{
	struct rig *g = rig_new(short_tokens);
	int64_t until;

	g->other = server_new(g->loop, short_tokens, g);
	rig_wait(g, rig_get(g, "x"));
	cr_assert_eq(g->step, 1);
	/* Half of its life. */
	until = clock_now() + 1050 * NS_PER_MS;
	while (clock_now() < until)
		loop_step(g->loop, 50);
	rig_wait(g, rig_get(g, "x"));
	cr_assert_eq(g->step, 2);
	rig_free(g);
}

/* The token server answers g->script[0] with g->note as body. */
static void
bad_tokens(void *arg, struct conn *c, const char *head, const char *body,
    size_t len)
{
	struct rig *g = arg;

	(void)body, (void)len;
	if (c->server == g->server)
		registry(g, c, head);
	else
		conn_answer(c, g->script[0], g->script[1], g->script[2]);
}

Test(http_token, token_servers_that_fail)
{
	static const char *const cases[][3] = {
		{ "401 x", "", "who are you" },
		{ "200 OK", "", "<html>" },
		{ "200 OK", "", "{\"token\":\"a b\"}" },
		{ "302 x", "Location: http://169.254.169.254/\r\n", "" },
		{ "302 x", "Location: /token\r\n", "" },
	};
	static const char *const texts[] = {
		"request failed: unauthorized [http 401]: token server "
		    "127.0.0.1: who are you; the login for ",
		"the token server's answer is HTML, not JSON",
		"the token server's answer has no usable token",
		"refused to go to 169.254.169.254", "redirects without a "
		    "Location"
	};
	struct rig *g;
	struct result *r;

	for (int i = 0; i < 5; i++) {
		g = rig_new_user(bad_tokens);
		g->other = server_new(g->loop, bad_tokens, g);
		g->script = cases[i];
		r = rig_get(g, "x");
		rig_wait(g, r);
		cr_assert_not_null(strstr(r->err.text, texts[i]), "%s",
		    r->err.text);
		cr_assert_eq(g->server->requests, 1);
		rig_free(g);
	}
}

static void
foreign_realm(void *arg, struct conn *c, const char *head, const char *body,
    size_t len)
{
	struct rig *g = arg;

	(void)head, (void)body, (void)len;
	conn_answer(c, "401 Unauthorized", g->extra, "");
}

Test(http_token, realms_that_get_no_password)
{
	struct rig *g = rig_new_user(foreign_realm);
	struct result *r;

	g->extra = "WWW-Authenticate: Bearer realm=\"https://auth.example.org"
	    ":8443/token\"\r\n";
	r = rig_get(g, "x");
	rig_wait(g, r);
	cr_assert_eq(r->err.kind, ERROR_UNAUTHORIZED);
	cr_assert_not_null(strstr(r->err.text,
	    "realms: [auth.example.org:8443]"), "%s", r->err.text);
	g->extra = "WWW-Authenticate: Bearer realm=\"http://[fe80::1]/t\"\r\n";
	r = rig_get(g, "x");
	rig_wait(g, r);
	cr_assert_not_null(strstr(r->err.text, "refused to go to fe80::1"),
	    "%s", r->err.text);
	g->extra = "WWW-Authenticate: Bearer realm=\"ftp://x/\"\r\n";
	r = rig_get(g, "x");
	rig_wait(g, r);
	cr_assert_not_null(strstr(r->err.text, "no usable token realm"), "%s",
	    r->err.text);
	rig_free(g);
}

Test(http_token, cancel_while_a_token_is_fetched)
{
	struct rig *g = rig_tokens(true);
	struct result *a, *b;

	for (int steps = 1; steps < 14; steps++) {
		rig_renew(g);
		a = rig_get(g, "x");
		b = rig_get(g, "y");
		for (int i = 0; i < steps; i++)
			loop_step(g->loop, 2);
		if (!a->over)
			http_cancel(a->request);
		rig_wait(g, b);
		cr_assert_eq(b->status, 200);
	}
	rig_free(g);
}

/* Whoever has a token sends the request on to another server. */
static void
sent_away(void *arg, struct conn *c, const char *head, const char *body,
    size_t len)
{
	struct rig *g = arg;
	char *where;

	if (strncmp(head, "GET /away", 9) == 0)
		conn_answer(c, "200 OK", "", "there");
	else if (c->server == g->server && strncmp(request_header(head,
	    "Authorization"), "Bearer ", 7) == 0) {
		where = mem_printf("Location: http://127.0.0.1:%u/away\r\n",
		    g->other->port);
		conn_answer(c, "307 Temporary Redirect", where, "");
		free(where);
	} else
		tokens(arg, c, head, body, len);
}

Test(http_token, a_token_stays_with_its_registry)
{
	struct rig *g = rig_new_user(sent_away);
	struct result *r;

	g->other = server_new(g->loop, sent_away, g);
	for (int i = 0; i < 2; i++) {
		r = rig_get(g, "x");
		rig_wait(g, r);
		cr_assert_eq(r->err.kind, ERROR_NONE, "%s", r->err.text);
		cr_assert_str_eq(r->body, "there");
		cr_assert_not_null(strstr(last_line(g->other), "GET /away"));
		cr_assert_null(strstr(last_line(g->other), "Bearer"), "%s",
		    last_line(g->other));
	}
	rig_free(g);
}
