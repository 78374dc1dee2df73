/* SPDX-License-Identifier: Apache-2.0 */
/* Requests for the URL that a manifest gives: where they may go, and that they
 * have no credentials. */
#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include "supervisor/broker/http/http_private.h"
#include "supervisor/broker/transfer/address.h"
#include "supervisor/broker/transfer/target.h"
#include "tests/unit/http/http_rig.h"

static void
serve(void *arg, struct conn *c, const char *head, const char *body,
    size_t len)
{
	struct rig *g = arg;
	char *extra;

	(void)body, (void)len;
	if (strstr(head, "/login ") != NULL) {
		conn_answer(c, "401 Unauthorized",
		    "WWW-Authenticate: Basic realm=\"x\"\r\n", "");
	} else if (strstr(head, "/token ") != NULL) {
		extra = mem_printf("WWW-Authenticate: Bearer realm=\"http://"
		    "127.0.0.1:%u/t\",service=\"s\"\r\n", g->port);
		conn_answer(c, "401 Unauthorized", extra, "");
		free(extra);
	} else if (strstr(head, "/meta ") != NULL) {
		conn_answer(c, "302 Found",
		    "Location: http://169.254.169.254/x\r\n", "");
	} else if (strstr(head, "/on ") != NULL) {
		conn_answer(c, "302 Found", "Location: /there\r\n", "");
	} else
		conn_answer(c, "200 OK", "", "it");
}

/* What comes of path on the rig's server. */
static struct result *
ask(struct rig *g, const char *scheme, const char *path)
{
	struct http_spec s = { .method = HTTP_GET, .foreign = true,
	    .statuses = { 200 } };
	char *url = mem_printf("%s://127.0.0.1:%u%s", scheme, g->port, path);
	struct result *r;

	s.url = url;
	r = rig_start(g, &s);
	free(url);
	rig_wait(g, r);
	return r;
}

Test(http_foreign, no_login_goes_along)
{
	struct rig *g = rig_new_login(serve);
	struct result *r = rig_get(g, "x");

	rig_wait(g, r);
	r = ask(g, "http", "/file?sig=1");
	cr_assert_eq(r->err.kind, ERROR_NONE, "%s", r->err.text);
	cr_assert_str_eq(r->body, "it");
	r = ask(g, "http", "/on");
	cr_assert_str_eq(r->body, "it");
	cr_assert_str_eq(buffer_str(&g->server->log),
	    "GET /v2/app/x conn=1 auth=Basic c29tZW9uZTpvcGVuc2VzYW1l\n"
	    "GET /file?sig=1 conn=1 auth=\n"
	    "GET /on conn=1 auth=\nGET /there conn=1 auth=\n");
	rig_free(g);
}

Test(http_foreign, no_challenge_is_answered)
{
	static const char *const paths[] = { "/login", "/token" };
	struct rig *g = rig_new_user(serve);
	struct result *r;

	for (int i = 0; i < 2; i++) {
		r = ask(g, "http", paths[i]);
		cr_assert_eq(r->err.http, 401, "%s", r->err.text);
		cr_assert_eq(r->err.kind, ERROR_UNAUTHORIZED);
	}
	cr_assert_str_eq(buffer_str(&g->server->log),
	    "GET /login conn=1 auth=\nGET /token conn=1 auth=\n");
	rig_free(g);
}

Test(http_foreign, only_on_the_host_and_port_of_the_registry)
{
	static const char *const urls[] = { "http://127.0.0.1:%u/x",
	    "http://localhost:%u/x", "http://127.0.0.2:%u/x",
	    "http://u:p@127.0.0.1:%u/x", "file:///etc/passwd?%u",
	    "/v2/x?%u", "//127.0.0.1:%u/x", "127.0.0.1:%u/x" };
	struct rig *g = rig_new(serve);
	struct http_spec s = { .method = HTTP_GET, .foreign = true,
	    .statuses = { 200 } };
	struct result *r;
	char *url;

	g->other = server_new(g->loop, serve, g);
	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		url = mem_printf(urls[i], i == 0 ? g->other->port : g->port);
#pragma GCC diagnostic pop
		s.url = url;
		r = rig_start(g, &s);
		rig_wait(g, r);
		cr_assert_eq(r->err.kind, i < 3 ? ERROR_DENIED : ERROR_HTTP,
		    "%s: %s", url, r->err.text);
		free(url);
	}
	cr_assert_eq(g->server->requests, 0);
	cr_assert_eq(g->other->requests, 0);
	rig_free(g);
}

Test(http_foreign, no_http_where_the_registry_wants_tls)
{
	struct rig *g = rig_new(serve);
	struct result *r;

	g->config.tls = 1;
	rig_renew(g);
	r = ask(g, "http", "/x");
	cr_assert_eq(r->err.kind, ERROR_DENIED);
	cr_assert_not_null(strstr(r->err.text, "wants TLS"), "%s",
	    r->err.text);
	cr_assert_eq(g->server->requests, 0);
	rig_free(g);
}

Test(http_foreign, nothing_local_unless_it_is_named)
{
	static const char *const schemes[] = { "http", "https" };
	struct rig *g = rig_new(serve);
	struct result *r;

	g->config.tls = 1;
	g->config.named = false;
	rig_renew(g);
	for (int i = 0; i < 2; i++) {
		r = ask(g, schemes[i], "/x");
		cr_assert_eq(r->err.kind, ERROR_DENIED);
		cr_assert_not_null(strstr(r->err.text, "refused to go to "
		    "127.0.0.1: it is a loopback"), "%s", r->err.text);
	}
	cr_assert_eq(g->server->requests, 0);
	rig_free(g);
}

Test(http_foreign, no_redirect_to_a_local_address)
{
	struct rig *g = rig_new(serve);
	struct result *r = ask(g, "http", "/meta");

	cr_assert_eq(r->err.kind, ERROR_DENIED);
	cr_assert_not_null(strstr(r->err.text, "169.254.169.254"), "%s",
	    r->err.text);
	rig_free(g);
}

static int
check(struct rig *g, const char *text, const char *base,
    struct transfer_spec *spec)
{
	struct url u, from;
	struct error err;
	int ret;

	cr_assert_eq(url_parse(&u, text, NULL, NULL), 0);
	if (base != NULL)
		cr_assert_eq(url_parse(&from, base, NULL, NULL), 0);
	ret = target_foreign(g->http->ctx.rules, &u, base != NULL ? &from :
	    NULL, &err);
	if (ret == 0 && spec != NULL)
		cr_assert_eq(target_spec(g->http->ctx.rules, &u, true, spec,
		    &err), 0);
	url_free(&u);
	if (base != NULL)
		url_free(&from);
	return ret;
}

/* A host that no creds entry has: http too, to no local address whatever its
 * name turns out to be; from https never back to http. */
Test(http_foreign, a_host_that_is_not_named)
{
	static char hostname[] = "r.example:80";
	struct rig *g = rig_new(serve);
	struct transfer_spec spec = { .local_allowed = ADDRESS_LOCAL };

	g->config.hostname = hostname;
	g->config.tls = 1;
	g->config.named = false;
	rig_renew(g);
	cr_expect_eq(check(g, "http://r.example/x", NULL, &spec), 0);
	cr_expect_eq(spec.local_allowed, 0u);
	cr_expect_eq(check(g, "https://r.example:80/x", NULL, &spec), 0);
	cr_expect_eq(spec.local_allowed, 0u);
	cr_expect_eq(check(g, "https://r.example/x", NULL, NULL), -1);
	cr_expect_eq(check(g, "http://s.example/x", NULL, NULL), -1);
	cr_expect_eq(check(g, "http://s.example/x", "http://r.example/x",
	    &spec), 0);
	cr_expect_eq(spec.local_allowed, 0u);
	cr_expect_eq(check(g, "https://s.example/x", "http://r.example/x",
	    NULL), 0);
	cr_expect_eq(check(g, "http://s.example/x", "https://r.example/x",
	    NULL), -1);
	cr_expect_eq(check(g, "http://127.0.0.1/x", "http://r.example/x",
	    NULL), -1);
	cr_expect_eq(check(g, "http://10.0.0.1/x", "http://r.example/x",
	    NULL), -1, "a private one is not public");
	rig_free(g);
}
