/* SPDX-License-Identifier: Apache-2.0 */
/* How tests of requests begin, wait and end. */
#include "tests/unit/http/http_rig.h"

#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include "supervisor/broker/http/http_private.h"
#include "supervisor/broker/transfer/target.h"

static char empty[] = "";

struct rig *
rig_new(server_fn *fn)
{
	struct rig *g = mem_alloc(sizeof(*g));
	struct http_registry *c = &g->config;

	g->loop = loop_new();
	g->server = server_new(g->loop, fn, g);
	g->port = g->server->port;
	g->hostname = mem_printf("127.0.0.1:%u", g->port);
	g->extra = "";
	c->name = c->hostname = g->hostname;
	c->path_prefix = c->user = c->pass = c->token = empty;
	c->regcert = c->client_cert = c->client_key = c->position = empty;
	c->user_agent = strdup("regbot-test");
	c->tls = 2;
	c->named = true;
	c->req_concurrent = 2;
	rig_renew(g);
	return g;
}

void
rig_renew(struct rig *g)
{
	struct error err;

	error_clear(&err);
	http_free(g->http);
	g->http = http_new(g->loop, &g->config, &err);
	cr_assert_not_null(g->http, "%s", err.text);
}

struct rig *
rig_new_user(server_fn *fn)
{
	static char user[] = "someone", pass[] = "open sesame/1";
	struct rig *g = rig_new(fn);

	g->config.user = user;
	g->config.pass = pass;
	rig_renew(g);
	return g;
}

struct rig *
rig_new_login(server_fn *fn)
{
	static char user[] = "someone", pass[] = "opensesame";
	struct rig *g = rig_new(fn);
	static const char status[] = "HTTP/1.1 401 x",
	    basic[] = "WWW-Authenticate: Basic";
	struct auth_request *r;
	struct headers headers;
	struct error err;

	g->config.user = user;
	g->config.pass = pass;
	rig_renew(g);
	headers_init(&headers);
	headers_add(&headers, status, sizeof(status) - 1);
	headers_add(&headers, basic, sizeof(basic) - 1);
	r = auth_request_new(g->http->auth, "app", "pull", NULL);
	cr_assert_eq(auth_request_challenged(r, target_origin(
	    g->http->ctx.rules), &headers, &err), 0);
	auth_request_free(r);
	headers_free(&headers);
	return g;
}

void
rig_free(struct rig *g)
{
	struct result *r;

	http_free(g->http);
	if (g->server != NULL)
		server_free(g->server);
	if (g->other != NULL)
		server_free(g->other);
	while ((r = g->results) != NULL) {
		g->results = r->next;
		free(r->body);
		free(r->reply.media_type);
		free(r->reply.digest);
		free(r->reply.next);
		free(r->reply.subject);
		free(r->reply.location);
		free(r->reply.rate_policies);
		free(r);
	}
	loop_free(g->loop);
	free(g->config.user_agent);
	free(g->hostname);
	free(g->note);
	free(g);
}

struct http_spec
rig_spec(const char *path)
{
	struct http_spec s = { .method = HTTP_GET, .repository = "app",
	    .actions = "pull", .path = path, .statuses = { 200 } };

	return s;
}

static void
on_done(void *arg, struct http_reply *reply, const struct error *err)
{
	struct result *r = arg;

	cr_assert_not(r->over);
	r->over = true;
	r->err = *err;
	if (reply == NULL)
		return;
	r->status = reply->status;
	r->body = buffer_steal(&reply->body);
	r->reply = *reply;
	reply->media_type = reply->digest = reply->next = NULL;
	reply->subject = reply->location = reply->rate_policies = NULL;
}

struct result *
rig_start(struct rig *g, const struct http_spec *s)
{
	struct result *r = mem_alloc(sizeof(*r));

	r->next = g->results;
	g->results = r;
	r->request = http_start(g->http, s, on_done, r);
	cr_assert_not(r->over);
	return r;
}

struct result *
rig_get(struct rig *g, const char *path)
{
	struct http_spec s = rig_spec(path);

	return rig_start(g, &s);
}

void
rig_wait(struct rig *g, struct result *r)
{
	int64_t until = clock_now() + 20 * NS_PER_S;

	while (!r->over) {
		loop_step(g->loop, 1000);
		cr_assert_lt(clock_now(), until);
	}
}
