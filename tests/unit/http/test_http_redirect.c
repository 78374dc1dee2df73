/* SPDX-License-Identifier: Apache-2.0 */
/* Where redirects lead to, and with which method. */
#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include "tests/unit/http/http_rig.h"

static void
redirect(void *arg, struct conn *c, const char *head, const char *body,
    size_t len)
{
	struct rig *g = arg;
	char *extra;

	(void)body, (void)len;
	if (c->server == g->other) {
		conn_answer(c, "200 OK", "", "from there");
		return;
	}
	if (strstr(head, "/v2/near ") != NULL) {
		conn_answer(c, "200 OK", "", "from here");
		return;
	}
	if (strstr(head, "/app/round") != NULL)
		extra = mem_printf("Location: round\r\n");
	else if (strstr(head, "/app/near") != NULL)
		extra = mem_printf("Location: /v2/near\r\n");
	else if (strstr(head, "/app/meta") != NULL)
		extra = mem_printf("Location: http://169.254.169.254/x\r\n");
	else if (strstr(head, "/app/file") != NULL)
		extra = mem_printf("Location: file:///etc/passwd\r\n");
	else
		extra = mem_printf("Location: http://127.0.0.1:%u/blob?sig=1"
		    "\r\n", g->other->port);
	conn_answer(c, "307 Temporary Redirect", extra, "");
	free(extra);
}

Test(http_redirect, redirects_are_followed_without_authorization)
{
	struct rig *g = rig_new_login(redirect);
	struct result *r;

	g->other = server_new(g->loop, redirect, g);
	r = rig_get(g, "blobs/a");
	rig_wait(g, r);
	cr_assert_eq(r->err.kind, ERROR_NONE, "%s", r->err.text);
	cr_assert_str_eq(r->body, "from there");
	cr_assert_str_eq(buffer_str(&g->other->log),
	    "GET /blob?sig=1 conn=1 auth=\n");
	cr_assert_not_null(strstr(buffer_str(&g->server->log),
	    "GET /v2/app/blobs/a conn=1 auth=Basic "));
	r = rig_get(g, "near");
	rig_wait(g, r);
	cr_assert_str_eq(r->body, "from here");
	cr_assert_not_null(strstr(buffer_str(&g->server->log),
	    "GET /v2/near conn=1 auth=Basic "));
	rig_free(g);
}

Test(http_redirect, redirects_that_are_refused)
{
	static const char *const paths[] = { "round", "meta", "file" };
	static const char *const texts[] = { "stopped after 10 redirects",
	    "refused to go to 169.254.169.254", "cannot be followed"
	};
	struct rig *g = rig_new(redirect);
	struct result *r;

	for (int i = 0; i < 3; i++) {
		r = rig_get(g, paths[i]);
		rig_wait(g, r);
		cr_assert_neq(r->err.kind, ERROR_NONE);
		cr_assert_not_null(strstr(r->err.text, texts[i]), "%s",
		    r->err.text);
	}
	cr_assert_eq(g->server->requests, 13);
	rig_free(g);
}

/* Redirects with the status g->script[0]; the other server notes what came. */
static void
move_on(void *arg, struct conn *c, const char *head, const char *body,
    size_t len)
{
	struct rig *g = arg;
	char *extra;

	if (c->server == g->other) {
		free(g->note);
		g->note = mem_printf("%.*s %.*s", (int)strcspn(head, " "),
		    head, (int)len, body);
		conn_answer(c, "201 Created", "", "");
		return;
	}
	extra = mem_printf("Location: http://127.0.0.1:%u/there\r\n",
	    g->other->port);
	conn_answer(c, g->script[0], extra, "");
	free(extra);
}

Test(http_redirect, a_redirect_turns_no_write_into_a_read)
{
	static const char *const statuses[] = { "301 x", "302 x", "307 x",
	    "308 x", "303 See Other" };
	static const enum http_method methods[] = { HTTP_PUT, HTTP_POST,
	    HTTP_PATCH, HTTP_DELETE };
	static const char *const came[] = { "PUT data", "POST data",
	    "PATCH data", "DELETE " };
	struct rig *g = rig_new(move_on);
	struct http_spec s = rig_spec("x");
	struct result *r;

	g->other = server_new(g->loop, move_on, g);
	s.statuses[1] = 201;
	for (int i = 0; i < 20; i++) {
		g->script = &statuses[i / 4];
		s.method = methods[i % 4];
		s.body = s.method == HTTP_DELETE ? NULL : "data";
		s.body_len = s.body != NULL ? 4 : 0;
		r = rig_start(g, &s);
		rig_wait(g, r);
		if (i < 16) {
			cr_assert_eq(r->status, 201, "%s", r->err.text);
			cr_assert_str_eq(g->note, came[i % 4]);
		} else
			cr_assert_eq(r->err.http, 303, "%s", r->err.text);
	}
	cr_assert_eq(g->other->requests, 16);
	/* What reads may go on, as after 302. */
	s.method = HTTP_GET;
	r = rig_start(g, &s);
	rig_wait(g, r);
	cr_assert_eq(r->status, 201, "%s", r->err.text);
	rig_free(g);
}
