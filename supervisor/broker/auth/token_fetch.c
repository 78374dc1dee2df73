/* SPDX-License-Identifier: Apache-2.0 */
/* The fetch of a token: what is asked where, and what the answer means. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"
#include "common/mem.h"
#include "supervisor/broker/auth/token_private.h"
#include "supervisor/broker/auth/token_reply.h"

#define RENEW_BEFORE_MS 5000	/* but half of its life where that is short */
#define TOKEN_TRIES 5
#define TOKEN_ANSWER_MS 30000	/* a token server that hangs is given up */
#define TOKEN_WAIT_MAX_MS 30000	/* the longest Retry-After of such a one */

static void send_request(void *arg);

/* The refresh token to use, or NULL. */
static const char *
refresh_of(struct token *k)
{
	struct tokens *ts = k->owner;

	if (ts->refresh != NULL &&
	    strcmp(ts->refresh_realm, k->realm.text) == 0)
		return ts->refresh;
	return *ts->h->cfg->token != '\0' ? ts->h->cfg->token : NULL;
}

/* Another try after a while; -1 when there were enough. */
static int
again(struct token *k, int64_t retry_after)
{
	int64_t ms = throttle_wait_ms(k->tries);

	if (k->tries >= TOKEN_TRIES)
		return -1;
	if (retry_after >= 0)
		ms = retry_after > TOKEN_WAIT_MAX_MS ? TOKEN_WAIT_MAX_MS :
		    retry_after;
	timer_arm(k->timer, ms * NS_PER_MS);
	return 0;
}

static void
take_reply(struct token *k, struct transfer *t)
{
	struct tokens *ts = k->owner;
	struct token_reply reply;
	struct error err;
	int64_t ms;

	if (token_reply_parse(&reply, buffer_str(&t->body), t->body.len,
	    (int64_t)time(NULL), &err) == -1) {
		err.kind = ERROR_UNAUTHORIZED;
		error_prefix(&err, "request failed: unauthorized: %s",
		    k->realm.host);
		token_fail(k, &err);
		return;
	}
	if (reply.refresh != NULL) {
		mem_wipe(ts->refresh);
		ts->refresh = reply.refresh;
		reply.refresh = NULL;
		free(ts->refresh_realm);
		ts->refresh_realm = mem_strdup(k->realm.text);
	}
	ms = reply.life_s * 1000;
	token_finish(k, mem_strdup(reply.token), ms >= 2 * RENEW_BEFORE_MS ?
	    ms - RENEW_BEFORE_MS : ms / 2);
	token_reply_free(&reply);
}

/* Only GET follows; a password goes no further than its realm's origin. */
static int
redirect(struct token *k, struct transfer *t, struct error *err)
{
	const char *location = headers_get(&t->headers, "Location", 0);
	struct url u;

	if (location == NULL || ++k->redirects > REDIRECTS_MAX ||
	    url_parse(&u, location, &k->url, err) == -1)
		return error_set(err, ERROR_HTTP, "request failed: the token "
		    "server %s redirects to nowhere", k->realm.host);
	if (target_check(k->owner->h, &u, &k->url, err) == -1) {
		url_free(&u);
		return error_prefix(err, "request failed: the token server "
		    "%s redirects", k->realm.host);
	}
	k->password = k->password && url_same_origin(&u, &k->realm);
	url_free(&k->url);
	k->url = u;
	send_request(k);
	return 0;
}

static void
answered(struct token *k, struct transfer *t)
{
	struct error err;
	char *where;
	int status = t->headers.status;

	error_clear(&err);
	if (status == 200) {
		take_reply(k, t);
		return;
	}
	if (http_status_retryable(status) &&
	    again(k, headers_retry_after(&t->headers)) == 0)
		return;
	if (k->method == HTTP_POST) {
		k->method = HTTP_GET;
		k->tries = 0;
		send_request(k);
		return;
	}
	if (redirect_status(status)) {
		if (redirect(k, t, &err) == -1)
			token_fail(k, &err);
		return;
	}
	where = mem_printf("token server %s: ", k->url.host);
	http_status_error(k->owner->h, status, where, &t->body, NULL, &err);
	free(where);
	token_fail(k, &err);
}

static enum transfer_body
on_head(void *arg, struct transfer *t)
{
	(void)arg;
	return t->headers.status == 200 ? BODY_KEEP : BODY_ERROR;
}

static void
on_done(void *arg, struct transfer *t)
{
	struct token *k = arg;
	struct error err;
	char *on, *why;

	k->transfer = NULL;
	http_log_exchange(k->owner->h, k->method, &k->url, false, t);
	if (t->end == TRANSFER_OK) {
		answered(k, t);
		return;
	}
	if (t->end == TRANSFER_CUT && again(k, -1) == 0)
		return;
	if (t->end == TRANSFER_BLOCKED) {
		target_blocked(k->owner->h, &k->url, t, k->method, &err);
		token_fail(k, &err);
		return;
	}
	on = method_on(k->method, &k->url, false);
	if (t->end == TRANSFER_CUT) {
		why = transfer_reason(t, k->url.host);
		error_set(&err, ERROR_NETWORK, "%s: %s", on, why);
		free(why);
	} else
		error_set(&err, ERROR_LIMIT, "%s: the token server's answer "
		    "is too long", on);
	free(on);
	token_fail(k, &err);
}

static struct curl_slist *
append_secret(struct curl_slist *list, char *line)
{
	list = curl_slist_append(list, line);
	mem_wipe(line);
	return list;
}

/* k->url is the realm, or where it redirected to. */
static void
send_request(void *arg)
{
	struct token *k = arg;
	struct http *h = k->owner->h;
	const struct registry_config *cfg = h->cfg;
	struct token_ask ask = { &k->url, k->service, k->scopes, k->nscopes };
	struct transfer_spec spec = { .method = k->method };
	struct error err;
	char *text = NULL;
	bool basic = *cfg->user != '\0' && *cfg->pass != '\0';

	k->tries++;
	if (target_spec(h, &k->url, &spec, &err) == -1) {
		token_fail(k, &err);
		return;
	}
	spec.headers = curl_slist_append(NULL, "Accept: application/json");
	if (k->method == HTTP_POST) {
		text = token_form(&ask, refresh_of(k), cfg->user_agent);
		spec.body = text;
		spec.body_len = strlen(text);
		spec.headers = curl_slist_append(spec.headers, "Content-Type: "
		    "application/x-www-form-urlencoded");
	} else {
		if (k->redirects == 0) {
			text = token_url(&ask, basic ? cfg->user : "",
			    cfg->user_agent);
			spec.url = text;
		}
		if (k->password && basic)
			spec.headers = append_secret(spec.headers,
			    auth_basic(h));
	}
	spec.max_body = TOKEN_REPLY_MAX;
	spec.answer_ms = TOKEN_ANSWER_MS;
	spec.head = on_head;
	spec.done = on_done;
	spec.arg = k;
	k->transfer = transfer_start(h->transfers, &spec);
	mem_wipe(text);
}

/* From the loop, since a refusal is told at once. */
void
token_begin(void *arg)
{
	struct token *k = arg;
	struct http *h = k->owner->h;
	struct error err;
	bool secret = refresh_of(k) != NULL ||
	    (*h->cfg->user != '\0' && *h->cfg->pass != '\0');

	if (k->tries > 0) {
		send_request(k);
		return;
	}
	if (secret && target_password(h, &k->realm, &err) == -1) {
		error_prefix(&err, "request failed: unauthorized");
		token_fail(k, &err);
		return;
	}
	k->password = true;
	k->method = refresh_of(k) != NULL ? HTTP_POST : HTTP_GET;
	send_request(k);
}
