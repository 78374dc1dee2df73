/* SPDX-License-Identifier: Apache-2.0 */
/* A fetch from the realm to an answer, and what the answer means. */
#include "supervisor/broker/auth/token_fetch.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/bounds.h"
#include "common/clock.h"
#include "common/mem.h"
#include "common/wire/loop.h"
#include "supervisor/broker/auth/basic.h"
#include "supervisor/broker/auth/refusal.h"
#include "supervisor/broker/transfer/exchange_log.h"
#include "supervisor/broker/transfer/status.h"
#include "supervisor/broker/transfer/target.h"
#include "supervisor/broker/transfer/transfer.h"

#define TOKEN_TRIES 5

struct token_fetch {
	const struct transfer_context *ctx;
	token_fetch_fn *fn;
	void *arg;
	struct url realm;
	struct url url;		/* the realm, or where it redirected to */
	char *service;
	struct scopes scopes;
	char *refresh;		/* or NULL; secret */
	enum http_method method;
	bool password;		/* this hop may have it */
	unsigned tries, silences, redirects;
	struct transfer *transfer;
	struct timer *timer;	/* the start, and waits between tries */
};

static void send_request(struct token_fetch *f);

void
token_fetch_cancel(struct token_fetch *f)
{
	if (f == NULL)
		return;
	transfer_cancel(f->transfer);
	timer_free(f->timer);
	url_free(&f->realm);
	url_free(&f->url);
	free(f->service);
	scope_free(&f->scopes);
	mem_wipe(f->refresh);
	free(f);
}

/* Nothing may touch f afterwards. */
static void
end(struct token_fetch *f, struct token_reply *reply, const struct error *err)
{
	token_fetch_fn *fn = f->fn;
	void *arg = f->arg;

	token_fetch_cancel(f);
	fn(arg, reply, err);
}

/* Tries again after a while; -1 when there were enough tries. */
static int
again(struct token_fetch *f, int64_t retry_after)
{
	int64_t ms = status_backoff_ms(f->tries);
	char *why;

	if (f->tries >= TOKEN_TRIES)
		return -1;
	if (retry_after >= 0)
		ms = retry_after > TOKEN_WAIT_MAX_MS ? TOKEN_WAIT_MAX_MS :
		    retry_after;
	timer_arm(f->timer, ms * NS_PER_MS);
	why = mem_printf("token server %s", f->url.host);
	exchange_log_wait(f->ctx->log, why, ms, false);
	free(why);
	return 0;
}

static void
take_reply(struct token_fetch *f, struct transfer *t)
{
	struct token_reply reply;
	struct error err;

	error_clear(&err);
	if (token_reply_parse(&reply, buffer_str(&t->body), t->body.len,
	    (int64_t)time(NULL), &err) == -1) {
		err.kind = ERROR_UNAUTHORIZED;
		error_prefix(&err, "request failed: unauthorized: %s",
		    f->realm.host);
		end(f, NULL, &err);
		return;
	}
	end(f, &reply, &err);
	token_reply_free(&reply);
}

/* Only GET follows; a password goes no further than its realm's origin. */
static int
redirect(struct token_fetch *f, struct transfer *t, struct error *err)
{
	const char *location = headers_get(&t->headers, "Location", 0);
	struct url u;

	if (location == NULL || ++f->redirects > REDIRECTS_MAX ||
	    url_parse(&u, location, &f->url, err) == -1)
		return error_set(err, ERROR_HTTP, "request failed: the token "
		    "server %s redirects without a Location", f->realm.host);
	if (target_check(f->ctx->rules, &u, &f->url, err) == -1) {
		url_free(&u);
		return error_prefix(err, "request failed: the token server "
		    "%s redirects", f->realm.host);
	}
	f->password = f->password && url_same_origin(&u, &f->realm);
	url_free(&f->url);
	f->url = u;
	return 0;
}

static void
answered(struct token_fetch *f, struct transfer *t)
{
	struct error err;
	char *where;
	int status = t->headers.status;

	if (status == 200) {
		take_reply(f, t);
		return;
	}
	if (status_retryable(status) &&
	    again(f, headers_retry_after(&t->headers)) == 0)
		return;
	if (f->method == HTTP_POST) {
		f->method = HTTP_GET;
		f->tries = 0;
		send_request(f);
		return;
	}
	error_clear(&err);
	if (status_redirects(status)) {
		if (redirect(f, t, &err) == 0) {
			send_request(f);
			return;
		}
	} else {
		where = mem_printf("token server %s: ", f->url.host);
		status_error(f->ctx->secrets, status, where, &t->body, NULL,
		    &err);
		free(where);
		refusal_explain(f->ctx->cfg, &err);
	}
	end(f, NULL, &err);
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
	struct token_fetch *f = arg;
	struct error err;
	char *on, *why, *advice;

	f->transfer = NULL;
	exchange_log_done(f->ctx->log, f->method, &f->url, false, t);
	if (t->end == TRANSFER_OK) {
		answered(f, t);
		return;
	}
	if (t->end == TRANSFER_CUT && !transfer_hopeless(t) &&
	    !(transfer_timed_out(t) && ++f->silences >= SILENCES_MAX) &&
	    again(f, -1) == 0)
		return;
	on = exchange_text(f->method, &f->url, false);
	if (t->end == TRANSFER_BLOCKED)
		target_blocked(f->ctx->rules, &f->url, t, f->method, &err);
	else if (t->end == TRANSFER_CUT) {
		why = transfer_reason(t, f->url.host);
		advice = transfer_advice(t, f->ctx->cfg);
		error_set(&err, ERROR_NETWORK, "%s: %s%s", on, why, advice);
		free(advice);
		free(why);
	} else
		error_set(&err, ERROR_LIMIT, "%s: the token server's answer "
		    "is too long", on);
	free(on);
	end(f, NULL, &err);
}

static struct curl_slist *
append_secret(struct curl_slist *list, char *line)
{
	list = curl_slist_append(list, line);
	mem_wipe(line);
	return list;
}

static void
send_request(struct token_fetch *f)
{
	const struct http_registry *cfg = f->ctx->cfg;
	struct token_ask ask = { &f->url, f->service, &f->scopes };
	struct transfer_spec spec = { .method = f->method };
	struct error err;
	char *text = NULL;

	f->tries++;
	if (target_spec(f->ctx->rules, &f->url, false, &spec, &err) == -1) {
		end(f, NULL, &err);
		return;
	}
	spec.headers = curl_slist_append(NULL, "Accept: application/json");
	if (f->method == HTTP_POST) {
		text = token_form_post(&ask, f->refresh, cfg->user_agent);
		spec.body = text;
		spec.body_len = strlen(text);
		spec.headers = curl_slist_append(spec.headers, "Content-Type: "
		    "application/x-www-form-urlencoded");
	} else {
		if (f->redirects == 0) {
			text = token_form_url(&ask, basic_known(cfg) ?
			    cfg->user : "", cfg->user_agent);
			spec.url = text;
		}
		if (f->password && basic_known(cfg))
			spec.headers = append_secret(spec.headers,
			    basic_line(cfg));
	}
	spec.max_body = TOKEN_REPLY_MAX;
	spec.answer_ms = f->ctx->patience.token;
	spec.head = on_head;
	spec.done = on_done;
	spec.arg = f;
	f->transfer = transfer_start(f->ctx->pool, &spec);
	mem_wipe(text);
}

static void
on_timer(void *arg)
{
	struct token_fetch *f = arg;
	bool secret = f->refresh != NULL || basic_known(f->ctx->cfg);
	struct error err;

	if (f->tries == 0 && secret &&
	    target_password(f->ctx->rules, &f->realm, &err) == -1) {
		error_prefix(&err, "request failed: unauthorized");
		end(f, NULL, &err);
		return;
	}
	send_request(f);
}

struct token_fetch *
token_fetch_new(const struct transfer_context *ctx, const struct token_ask *ask,
    const char *refresh, token_fetch_fn *fn, void *arg)
{
	struct token_fetch *f = mem_alloc(sizeof(*f));

	f->ctx = ctx;
	f->fn = fn;
	f->arg = arg;
	url_copy(&f->realm, ask->realm);
	url_copy(&f->url, ask->realm);
	f->service = mem_strdup(ask->service);
	scope_copy(&f->scopes, ask->scopes);
	f->refresh = mem_strdup(refresh);
	f->method = refresh != NULL ? HTTP_POST : HTTP_GET;
	f->password = true;
	/* From the loop, since a refusal is reported at once. */
	f->timer = loop_timer(ctx->loop, on_timer, f);
	timer_arm(f->timer, 0);
	return f;
}
