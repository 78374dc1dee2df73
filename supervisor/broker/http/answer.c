/* SPDX-License-Identifier: Apache-2.0 */
/* What an answer means for its request: success, an error, or another try. */
#include <stdlib.h>
#include <string.h>

#include "common/bounds.h"
#include "common/mem.h"
#include "supervisor/broker/auth/refusal.h"
#include "supervisor/broker/http/reply.h"
#include "supervisor/broker/http/request_private.h"
#include "supervisor/broker/transfer/exchange_log.h"
#include "supervisor/broker/transfer/status.h"
#include "supervisor/broker/transfer/target.h"

#define RESUME_PROGRESS (1 * MIB)	/* what counts as progress */

enum transfer_body
http_answer_head(void *arg, struct transfer *t)
{
	struct http_request *r = arg;
	struct content_range range;
	uint64_t from = (uint64_t)r->spec.range_from + r->delivered;
	int status = t->headers.status;

	target_seen(r->h->ctx.rules, &r->url, t->local_seen);
	if (!http_request_success(r, status))
		return BODY_ERROR;
	if (r->spec.method == HTTP_GET && (from > 0 || r->spec.range_to > 0)) {
		if (status == 206 && (!headers_content_range(&t->headers,
		    &range) || range.first != from)) {
			r->wrong_range = true;
			return BODY_ERROR;
		}
		if (status == 200)
			t->skip = from;
	}
	return r->spec.sink != NULL ? BODY_SINK : BODY_KEEP;
}

/* Success or not, the request ends with this answer. */
static void
conclude(struct http_request *r, struct transfer *t, const struct error *err)
{
	struct http_reply reply;

	http_reply_take(&reply, &r->url, t);
	http_request_complete(r, &reply, err);
	http_reply_free(&reply);
}

/* True when it would have to be sent again but its body is gone; it has then
 * ended. */
static bool
spent(struct http_request *r, struct transfer *t, struct error *err)
{
	if (r->consumed == 0)
		return false;
	if (err->kind == ERROR_NONE)
		status_error(r->h->ctx.secrets, t->headers.status, "",
		    &t->body, auth_request_line(r->auth), err);
	err->kind = ERROR_RESTART;
	conclude(r, t, err);
	return true;
}

/* Adds that the registry may not be one without TLS. */
static void
say_tls(const struct http_registry *c, const char *why, struct error *err)
{
	char *entry = target_entry(c), *said = mem_strdup(err->text);
	int http = err->http;

	error_set(err, err->kind, "%.*s; the server %s: remove \"tls: disabled\""
	    " from %s", (int)strcspn(said, "\r\n"), said, why, entry);
	err->http = http;
	free(said);
	free(entry);
}

/* Does an error's text say what servers say about plain HTTP at their port for
 * TLS? */
static bool
names_tls(const struct buffer *body)
{
	return strstr(buffer_str(body), "HTTPS server") != NULL ||
	    strstr(buffer_str(body), "HTTPS port") != NULL ||
	    strstr(buffer_str(body), "SSL-enabled server") != NULL;
}

/* Has it waited in vain for so long that there is no further try? */
static bool
waited_enough(struct http_request *r, const struct transfer *t)
{
	if (!transfer_timed_out(t) && !transfer_no_http(t))
		return false;
	return ++r->silences >= SILENCES_MAX || (t->unanswered &&
	    (r->spec.list || !http_request_reads(r)));
}

static void
network_failed(struct http_request *r, struct transfer *t)
{
	struct error err;
	char *on = exchange_text(r->spec.method, &r->url, !r->given);
	char *authority = url_authority(&r->url);
	char *why = transfer_reason(t, authority);
	char *advice = transfer_advice(t, r->h->ctx.cfg);
	int again;

	error_set(&err, ERROR_NETWORK, "%s: %s%s", on, why, advice);
	if (!r->url.https && !r->h->answered && transfer_got_nothing(t) &&
	    !transfer_timed_out(t) && target_own(r->h->ctx.rules, &r->url))
		say_tls(r->h->ctx.cfg, "may want TLS", &err);
	free(advice);
	free(authority);
	free(on);
	if (t->delivered >= RESUME_PROGRESS && r->resumes < RESUMES_MAX) {
		r->resumes++;
		r->silences = 0;
		r->failures = 0;
		r->attempts = 0;
	}
	if (waited_enough(r, t) || transfer_hopeless(t))
		r->spec.no_retry = true;
	/* Whoever began it would wait as long again. */
	if (t->unanswered && !http_request_reads(r))
		err.kind = ERROR_LIMIT;
	again = http_request_again(r, -1, why);
	free(why);
	if (r->consumed > 0 && err.kind == ERROR_NETWORK)
		err.kind = ERROR_RESTART;
	else if (r->consumed == 0 && again == 0)
		return;
	http_request_complete(r, NULL, &err);
}

static void
challenged(struct http_request *r, struct transfer *t)
{
	struct error err;

	if (auth_request_challenged(r->auth, &r->url, &t->headers, &err) == 0) {
		error_clear(&err);
		if (!spent(r, t, &err))
			http_request_continue(r);
		return;
	}
	if (err.kind == ERROR_NONE) {
		status_error(r->h->ctx.secrets, 401, "", &t->body,
		    auth_request_line(r->auth), &err);
		refusal_explain(r->h->ctx.cfg, &err);
	}
	conclude(r, t, &err);
}

/* Moves r->url to where the answer points. -1: the error says why not. */
static int
follow(struct http_request *r, struct transfer *t, struct error *err)
{
	const char *location = headers_get(&t->headers, "Location", 0);
	struct url u;
	char *on;
	int ret = -1;

	if (location == NULL)
		error_set(err, ERROR_HTTP, "the answer has no Location");
	else if (r->redirects >= REDIRECTS_MAX)
		error_set(err, ERROR_LIMIT, "stopped after %d redirects",
		    REDIRECTS_MAX);
	else if (url_parse(&u, location, &r->url, err) == 0) {
		ret = r->spec.foreign ?
		    target_foreign(r->h->ctx.rules, &u, &r->url, err) :
		    target_check(r->h->ctx.rules, &u, &r->url, err);
		if (ret == 0) {
			r->redirects++;
			r->given = true;
			url_free(&r->url);
			r->url = u;
			return 0;
		}
		url_free(&u);
	}
	on = exchange_text(r->spec.method, &r->url, !r->given);
	error_prefix(err, "%s: redirect [http %d]", on, t->headers.status);
	err->http = t->headers.status;
	free(on);
	return -1;
}

static void
redirected(struct http_request *r, struct transfer *t)
{
	struct error err;

	error_clear(&err);
	if (spent(r, t, &err))
		return;
	if (follow(r, t, &err) == 0)
		http_request_continue(r);
	else
		conclude(r, t, &err);
}

/* After a status that may be temporary. */
static int
try_again(struct http_request *r, int status, const struct headers *headers)
{
	int64_t after = headers_retry_after(headers);
	char *why = mem_printf("%d %s%s", status, status_text(status),
	    after >= 0 ? ", Retry-After" : "");
	int ret = http_request_again(r, after, why);

	free(why);
	return ret;
}

static void
answered(struct http_request *r, struct transfer *t)
{
	struct http *h = r->h;
	struct error err;
	int status = t->headers.status;
	const struct http_spec *s = &r->spec;
	bool own = target_own(h->ctx.rules, &r->url);
	int again;

	h->answered = h->answered || own;
	if (own && !status_retryable(status))
		throttle_succeeded(h->throttle);
	if (http_request_success(r, status) && !r->wrong_range) {
		conclude(r, t, NULL);
		return;
	}
	if (status == 401 && own && !s->foreign) {
		challenged(r, t);
		return;
	}
	if (status == 417 && s->source != NULL && !r->no_expect &&
	    r->consumed == 0) {
		r->no_expect = true;
		http_request_continue(r);
		return;
	}
	/* A redirect must not turn a write into a read. */
	if (status_redirects(status) &&
	    (status != 303 || http_request_reads(r))) {
		redirected(r, t);
		return;
	}
	error_clear(&err);
	status_error(h->ctx.secrets, status, "", &t->body,
	    auth_request_line(r->auth), &err);
	if (own && status == 403 && !s->foreign)
		refusal_explain(h->ctx.cfg, &err);
	if (own && status == 400 && !r->url.https && names_tls(&t->body))
		say_tls(h->ctx.cfg, "wants TLS", &err);
	if (r->wrong_range)
		error_set(&err, ERROR_HTTP, "the registry answered with "
		    "a range other than the one requested");
	if (status_retryable(status)) {
		again = try_again(r, status, &t->headers);
		if (r->consumed > 0)
			err.kind = ERROR_RESTART;
		else if (again == 0)
			return;
	}
	conclude(r, t, &err);
}

static void
refused(struct http_request *r, struct transfer *t)
{
	struct error err;
	char *on;

	if (t->end == TRANSFER_BLOCKED) {
		target_blocked(r->h->ctx.rules, &r->url, t, r->spec.method,
		    &err);
		http_request_complete(r, NULL, &err);
		return;
	}
	on = exchange_text(r->spec.method, &r->url, !r->given);
	if (t->end == TRANSFER_ABORTED)
		error_set(&err, ERROR_ABORTED, "%s: the other end of the "
		    "stream gave up", on);
	else if (t->end == TRANSFER_HEADERS)
		error_set(&err, ERROR_LIMIT, "%s: the headers of the answer "
		    "are longer than %u bytes", on, HEADERS_MAX);
	else
		error_set(&err, ERROR_LIMIT, "%s: the %s is larger than %zu "
		    "bytes", on, r->spec.what, t->spec.max_body);
	free(on);
	http_request_complete(r, NULL, &err);
}

void
http_answer_done(void *arg, struct transfer *t)
{
	struct http_request *r = arg;
	bool whole = t->end == TRANSFER_OK;

	r->transfer = NULL;
	r->consumed += t->consumed;
	r->delivered += t->delivered;
	exchange_log_done(r->h->ctx.log, r->spec.method, &r->url, !r->given,
	    t);
	if (t->headed)
		exchange_log_warnings(r->h->ctx.log, &t->headers);
	/* The write has happened, whatever became of the answer's body. */
	if ((t->end == TRANSFER_CUT || t->end == TRANSFER_BODY) && t->headed &&
	    !http_request_reads(r) &&
	    http_request_success(r, t->headers.status))
		whole = true;
	if (whole)
		answered(r, t);
	else if (t->end == TRANSFER_CUT)
		network_failed(r, t);
	else
		refused(r, t);
}
