/* SPDX-License-Identifier: Apache-2.0 */
/* The object that requests belong to. */
#include "supervisor/broker/http/http.h"

#include <stdlib.h>

#include "common/mem.h"
#include "supervisor/broker/http/http_private.h"
#include "supervisor/broker/transfer/exchange_log.h"
#include "supervisor/broker/transfer/target.h"
#include "supervisor/broker/transfer/transfer.h"
#include "supervisor/broker/transfer/trust.h"

#define SPARE_CONNECTIONS 2	/* beyond reqConcurrent, for tokens */

void
http_init(void)
{
	curl_global_init(CURL_GLOBAL_DEFAULT);
	trust_preload();
}

static void
on_wait(void *arg, const char *reason, int64_t ms, bool over)
{
	struct http *h = arg;

	exchange_log_wait(h->ctx.log, reason, ms, over);
}

struct http *
http_new(struct loop *l, const struct http_registry *c, struct error *err)
{
	struct http *h = mem_alloc(sizeof(*h));

	http_init();
	LIST_INIT(&h->requests);
	h->ctx.loop = l;
	h->ctx.cfg = c;
	h->ctx.secrets = &h->secrets;
	h->ctx.patience = (struct transfer_patience){ ANSWER_READ_MS,
	    ANSWER_LIST_MS, ANSWER_WRITE_MS, TOKEN_ANSWER_MS };
	h->ctx.log = exchange_log_new(c, &h->secrets);
	h->ctx.rules = target_rules_new(c, err);
	if (h->ctx.rules == NULL)
		goto fail;
	h->ctx.pool = transfer_pool_new(l, SPARE_CONNECTIONS + (c->elastic &&
	    c->req_concurrent < PLACES_MAX ? PLACES_MAX :
	    c->req_concurrent));
	if (h->ctx.pool == NULL) {
		error_set(err, ERROR_SYSTEM, "cannot set up libcurl");
		goto fail;
	}
	h->throttle = throttle_new(l, c->req_concurrent, c->req_milli);
	throttle_tell(h->throttle, on_wait, h);
	h->auth = auth_new(&h->ctx);
	return h;
fail:
	http_free(h);
	return NULL;
}

void
http_free(struct http *h)
{
	if (h == NULL)
		return;
	while (!LIST_EMPTY(&h->requests))
		http_cancel(LIST_FIRST(&h->requests));
	auth_free(h->auth);
	transfer_pool_free(h->ctx.pool);
	throttle_free(h->throttle);
	exchange_log_free(h->ctx.log);
	target_rules_free(h->ctx.rules);
	scrub_free(&h->secrets);
	free(h);
}

void
http_set_log(struct http *h, void (*log)(void *arg, struct log_record *r),
    void *arg)
{
	exchange_log_set(h->ctx.log, log, arg);
}

void
http_clean_error(struct http *h, struct error *err)
{
	scrub_error(&h->secrets, NULL, err);
}

unsigned
http_width(struct http *h, unsigned n)
{
	unsigned places = h->ctx.cfg->req_concurrent;

	if (h->ctx.cfg->elastic && n > places)
		places = n < PLACES_MAX ? n : PLACES_MAX;
	throttle_resize(h->throttle, places);
	return places;
}

void
http_hold(struct http *h, size_t n)
{
	transfer_pool_hold(h->ctx.pool, n);
}

unsigned
http_requests(const struct http *h)
{
	return h->nrequests;
}
