/* SPDX-License-Identifier: Apache-2.0 */
/* Challenges, Basic, and who is told a password. */
#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include "supervisor/broker/transfer/target.h"
#include "tests/unit/http/http_rig.h"

static int
count(const char *text, const char *word)
{
	int n = 0;

	while ((text = strstr(text, word)) != NULL) {
		text += strlen(word);
		n++;
	}
	return n;
}

static void
want_basic(void *arg, struct conn *c, const char *head, const char *body,
    size_t len)
{
	(void)arg, (void)body, (void)len;
	if (strcmp(request_header(head, "Authorization"), RIG_BASIC) == 0)
		conn_answer(c, "200 OK", "", "in");
	else
		conn_answer(c, "401 Unauthorized", "WWW-Authenticate: "
		    "Negotiate, BASIC realm=\"a \\\"b\\\"\" , charset=UTF-8"
		    "\r\n", "out");
}

Test(http_auth, basic_is_anonymous_first_then_known)
{
	struct rig *g = rig_new_user(want_basic);
	struct result *r = rig_get(g, "x");

	rig_wait(g, r);
	cr_assert_eq(r->err.kind, ERROR_NONE, "%s", r->err.text);
	cr_assert_str_eq(buffer_str(&g->server->log),
	    "GET /v2/app/x conn=1 auth=\nGET /v2/app/x conn=1 auth=" RIG_BASIC
	    "\n");
	rig_wait(g, rig_get(g, "y"));
	cr_assert_eq(g->server->requests, 3);
	cr_assert_eq(g->server->connections, 1);
	rig_free(g);
}

Test(http_auth, basic_without_credentials)
{
	struct rig *g = rig_new(want_basic);
	struct result *r = rig_get(g, "x");
	char *want;

	rig_wait(g, r);
	cr_assert_eq(r->err.kind, ERROR_UNAUTHORIZED);
	cr_assert_eq(r->err.http, 401);
	want = mem_printf("no credentials available: unauthorized; no login "
	    "for %s is configured: set user and pass in a creds entry for %s",
	    g->hostname, g->hostname);
	cr_assert_str_eq(r->err.text, want);
	free(want);
	cr_assert_eq(g->server->requests, 1);
	rig_free(g);
}

static void
never(void *arg, struct conn *c, const char *head, const char *body,
    size_t len)
{
	struct rig *g = arg;
	char *text;

	(void)body, (void)len;
	text = mem_printf("you said %s and %s, %s",
	    request_header(head, "Authorization"), g->config.pass,
	    "open%20sesame%2F1");
	conn_answer(c, "401 Unauthorized", g->extra, text);
	free(text);
}

Test(http_auth, basic_that_is_refused_ends_and_is_not_shown)
{
	static char position[] = "regbot.yml:7";
	struct rig *g = rig_new_user(never);
	struct result *r;
	char *want;

	g->config.position = position;
	g->extra = "WWW-Authenticate: Basic realm=x\r\n";
	r = rig_get(g, "x");
	rig_wait(g, r);
	cr_assert_eq(r->err.kind, ERROR_UNAUTHORIZED);
	want = mem_printf("request failed: unauthorized "
	    "[http 401]: you said Basic [censored] and [censored], "
	    "[censored]; the login for %s was refused: check user and pass "
	    "in the creds entry of %s (regbot.yml:7)", g->hostname,
	    g->hostname);
	cr_assert_str_eq(r->err.text, want);
	free(want);
	cr_assert_eq(g->server->requests, 2);
	rig_wait(g, rig_get(g, "x"));
	cr_assert_eq(g->server->requests, 3);
	rig_free(g);
}

Test(http_auth, a_scheme_that_we_have_not)
{
	struct rig *g = rig_new_user(never);
	struct result *r;

	g->extra = "WWW-Authenticate: Negotiate abc==\r\n";
	r = rig_get(g, "x");
	rig_wait(g, r);
	cr_assert_not_null(strstr(r->err.text, "authentication by negotiate"),
	    "%s", r->err.text);
	rig_free(g);
}

static void
forbidden(void *arg, struct conn *c, const char *head, const char *body,
    size_t len)
{
	(void)arg, (void)head, (void)body, (void)len;
	conn_answer(c, "403 Forbidden", "", "denied\n");
}

Test(http_auth, a_403_says_which_login)
{
	struct rig *g = rig_new_user(forbidden);
	struct result *r = rig_get(g, "x");

	rig_wait(g, r);
	cr_assert_eq(r->err.http, 403);
	cr_assert_not_null(strstr(r->err.text, "[http 403]: denied; the login "
	    "for 127.0.0.1:"), "%s", r->err.text);
	/* It has no entry in creds. */
	cr_assert_not_null(strstr(r->err.text, " from docker's config.json "
	    "does not allow this: renew it with docker login, or set user and "
	    "pass in a creds entry for 127.0.0.1:"), "%s", r->err.text);
	rig_free(g);
	g = rig_new(forbidden);
	r = rig_get(g, "x");
	rig_wait(g, r);
	cr_assert_not_null(strstr(r->err.text, "denied; no login for "), "%s",
	    r->err.text);
	rig_free(g);
}

static struct url
url_of(const char *text)
{
	struct url u;

	cr_assert_eq(url_parse(&u, text, NULL, NULL), 0, "%s", text);
	return u;
}

Test(http_auth, whom_a_password_is_told)
{
	static const struct {
		const char *registry, *realm;
		bool ok;
	} cases[] = {
		{ "https://registry-1.docker.io/", "https://auth.docker.io/t",
		    true },
		{ "https://r.example.com/", "https://r.example.com:1/", true },
		{ "https://r.example.com/", "https://example.com/", true },
		{ "https://r.example.com/", "http://r.example.com/", false },
		{ "https://r.example.com/", "https://example.org/", false },
		{ "https://a.co.uk/", "https://b.co.uk/", false },
		{ "https://a.github.io/", "https://b.github.io/", false },
		{ "http://10.0.0.1:5000/", "http://10.0.0.1:5001/", true },
		{ "http://10.0.0.1/", "http://10.0.0.2/", false },
		{ "http://registry:5000/", "http://registry:5001/", true },
		{ "http://registry:5000/", "http://auth:5001/", false },
		{ "https://r.example.com/", "https://listed.example.org/",
		    true },
	};
	static char name[] = "r.example.com", listed[] = "listed.example.org";
	static char *realms[] = { listed, NULL };
	struct http_registry c = { .name = name, .realms = realms };
	struct target_rules *tr;
	struct error err;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct url realm = url_of(cases[i].realm);
		struct url registry = url_of(cases[i].registry);

		c.hostname = url_authority(&registry);
		c.tls = registry.https ? 1 : 2;
		tr = target_rules_new(&c, &err);
		cr_assert_not_null(tr);
		cr_assert_eq(target_password(tr, &realm, &err) == 0,
		    cases[i].ok, "%s", cases[i].realm);
		target_rules_free(tr);
		free(c.hostname);
		url_free(&realm);
		url_free(&registry);
	}
}

Test(http_auth, repositories_with_a_state_of_their_own)
{
	struct rig *g = rig_new_user(want_basic);
	struct http_spec s = rig_spec("x");

	g->config.repo_auth = true;
	rig_renew(g);
	rig_wait(g, rig_start(g, &s));
	s.repository = "another";
	rig_wait(g, rig_start(g, &s));
	rig_wait(g, rig_start(g, &s));
	cr_assert_eq(g->server->requests, 5);
	cr_assert_eq(count(buffer_str(&g->server->log), "auth=Basic"), 3);
	rig_free(g);
}
