/* SPDX-License-Identifier: Apache-2.0 */
#include "supervisor/broker/http/http.h"

#include <stdlib.h>
#include <string.h>

#include "supervisor/broker/transfer/address.h"
#include "supervisor/broker/http/http_private.h"
#include "common/mem.h"
#include "supervisor/broker/auth/token_cache.h"

#define SPARE_CONNECTIONS 2	/* beyond reqConcurrent, for tokens */

struct http_slot {
	struct ticket *ticket;
	unsigned refs;		/* its owner, and requests that use it */
};

void
http_init(void)
{
	curl_global_init(CURL_GLOBAL_DEFAULT);
	trust_preload();
}

/* The secrets in the forms in which they may come back. */
static void
collect_secrets(struct http *h)
{
	const struct registry_config *c = h->cfg;
	char *line;

	scrub_add(&h->secrets, c->pass);
	scrub_add(&h->secrets, c->token);
	if (*c->user != '\0' && *c->pass != '\0') {
		line = auth_basic(h);
		scrub_add(&h->secrets, strrchr(line, ' ') + 1);
		mem_wipe(line);
	}
}

struct http *
http_new(struct loop *l, const struct registry_config *c, struct error *err)
{
	struct http *h = mem_alloc(sizeof(*h));
	char *text;

	http_init();
	h->loop = l;
	h->cfg = c;
	text = mem_printf("%s://%s/", c->tls == 2 ? "http" : "https",
	    c->hostname);
	if (url_parse(&h->origin, text, NULL, NULL) == -1 ||
	    strchr(c->hostname, '/') != NULL) {
		error_set(err, ERROR_INPUT, "cannot use %.255s as the "
		    "hostname of a registry: expected host or host:port",
		    c->hostname);
		free(text);
		goto fail;
	}
	free(text);
	if (c->tls == 0) {
		h->trust = trust_new(c->regcert, err);
		if (h->trust == NULL)
			goto fail;
	}
	if (c->named)
		h->local_seen = address_class_host(h->origin.host);
	h->transfers = transfers_new(l, c->req_concurrent +
	    SPARE_CONNECTIONS);
	if (h->transfers == NULL) {
		error_set(err, ERROR_SYSTEM, "cannot set up libcurl");
		goto fail;
	}
	h->throttle = throttle_new(l, c->req_concurrent, c->req_milli);
	h->tokens = tokens_new(h);
	collect_secrets(h);
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
	while (h->requests != NULL)
		http_request_free(h->requests);
	tokens_free(h->tokens);
	transfers_free(h->transfers);
	throttle_free(h->throttle);
	timer_free(h->failures);
	auth_free(h);
	scrub_free(&h->secrets);
	trust_free(h->trust);
	url_free(&h->origin);
	for (unsigned i = 0; i < h->nwarned; i++)
		free(h->warned[i]);
	free(h);
}

void
http_set_log(struct http *h, void (*log)(void *arg, struct log_record *r),
    void *arg)
{
	h->log = log;
	h->log_arg = arg;
}

void
http_hold(struct http *h, size_t n)
{
	transfers_hold(h->transfers, n);
}

unsigned
http_requests(const struct http *h)
{
	return h->nrequests;
}

static void
copy_spec(struct http_request *r, const struct http_spec *s)
{
	struct http_spec *to = &r->spec;
	char *body;

	*to = *s;
	to->repository = mem_strdup(s->repository != NULL ? s->repository :
	    "");
	to->actions = mem_strdup(s->actions != NULL ? s->actions : "");
	to->mount_from = mem_strdup(s->mount_from);
	to->path = mem_strdup(s->path != NULL ? s->path : "");
	to->query = mem_strdup(s->query);
	to->url = mem_strdup(s->url);
	to->accept = mem_strdup(s->accept);
	to->media_type = mem_strdup(s->media_type);
	to->content_range = mem_strdup(s->content_range);
	to->what = mem_strdup(s->what != NULL ? s->what : "answer");
	if (s->body != NULL) {
		body = mem_alloc(s->body_len);
		if (s->body_len != 0)
			memcpy(body, s->body, s->body_len);
		to->body = body;
	}
	if (s->source != NULL) {
		r->source = *s->source;
		to->source = &r->source;
	}
	if (s->sink != NULL) {
		r->sink = *s->sink;
		to->sink = &r->sink;
	}
	if (to->slot != NULL)
		to->slot->refs++;
	if (to->range_from < 0)
		to->range_from = 0;
}

/* Where the request goes first. */
static int
find_url(struct http_request *r, struct error *err)
{
	const struct http_spec *s = &r->spec;
	struct http *h = r->h;
	struct buffer b;
	int ret;

	if (s->method == HTTP_HEAD && h->cfg->disable_head)
		return error_set(err, ERROR_INPUT, "HEAD requests are "
		    "disabled for %s (apiOpts.disableHead)", h->cfg->name);
	if (s->url != NULL) {
		r->given = true;
		if (url_parse(&r->first, s->url, &h->origin, err) == -1)
			return error_prefix(err, "the registry's Location");
		ret = target_check(h, &r->first, &h->origin, err);
		return ret == 0 ? 0 : error_prefix(err,
		    "the registry's Location");
	}
	buffer_init(&b, URL_MAX);
	buffer_printf(&b, "%sv2/", h->origin.text);
	if (*s->repository != '\0' && *h->cfg->path_prefix != '\0')
		buffer_printf(&b, "%s/", h->cfg->path_prefix);
	if (*s->repository != '\0')
		buffer_printf(&b, "%s/", s->repository);
	buffer_puts(&b, s->path);
	if (s->query != NULL && *s->query != '\0')
		buffer_printf(&b, "?%s", s->query);
	ret = url_parse(&r->first, buffer_str(&b), NULL, NULL);
	/* Nothing in a name may change whom we talk to. */
	if (ret == -1 || !url_same_origin(&r->first, &h->origin) ||
	    strchr(s->path, '?') != NULL || strchr(s->path, '#') != NULL ||
	    strpbrk(s->repository, "?#") != NULL)
		ret = error_set(err, ERROR_INPUT, "cannot ask for \"%.512s\": "
		    "it makes no URL", buffer_str(&b));
	buffer_free(&b);
	return ret;
}

/* Requests that could not start are told from the loop. */
static void
tell_failures(void *arg)
{
	struct http *h = arg;
	struct http_request *r;

again:
	for (r = h->requests; r != NULL; r = r->next)
		if (r->failed.kind != ERROR_NONE) {
			struct error err = r->failed;

			http_request_complete(r, NULL, &err);
			goto again;
		}
}

struct http_request *
http_start(struct http *h, const struct http_spec *spec, http_done_fn *done,
    void *arg)
{
	struct http_request *r = mem_alloc(sizeof(*r));

	r->h = h;
	r->done = done;
	r->arg = arg;
	copy_spec(r, spec);
	r->next = h->requests;
	if (h->requests != NULL)
		h->requests->prev = r;
	h->requests = r;
	h->nrequests++;
	if (find_url(r, &r->failed) == -1) {
		if (h->failures == NULL)
			h->failures = loop_timer(h->loop, tell_failures, h);
		timer_arm(h->failures, 0);
		return r;
	}
	url_copy(&r->url, &r->first);
	auth_scopes(r);
	http_request_begin(r);
	return r;
}

static void
free_spec(struct http_spec *s)
{
	free((char *)(uintptr_t)s->repository);
	free((char *)(uintptr_t)s->actions);
	free((char *)(uintptr_t)s->mount_from);
	free((char *)(uintptr_t)s->path);
	free((char *)(uintptr_t)s->query);
	free((char *)(uintptr_t)s->url);
	free((char *)(uintptr_t)s->accept);
	free((char *)(uintptr_t)s->media_type);
	free((char *)(uintptr_t)s->content_range);
	free((char *)(uintptr_t)s->what);
	free((void *)(uintptr_t)s->body);
}

void
http_request_free(struct http_request *r)
{
	struct http *h = r->h;

	if (r->next != NULL)
		r->next->prev = r->prev;
	if (r->prev != NULL)
		r->prev->next = r->next;
	else
		h->requests = r->next;
	h->nrequests--;
	transfer_cancel(r->transfer);
	token_wait_cancel(r->wait);
	ticket_free(r->slot);
	ticket_free(r->start);
	http_slot_free(r->spec.slot);
	timer_free(r->timer);
	mem_wipe(r->authorization);
	mem_wipe(r->token);
	for (size_t i = 0; i < r->nscopes; i++)
		free(r->scopes[i]);
	free(r->scopes);
	url_free(&r->first);
	url_free(&r->url);
	free_spec(&r->spec);
	free(r);
}

void
http_cancel(struct http_request *r)
{
	if (r != NULL)
		http_request_free(r);
}

void
http_resume(struct http_request *r)
{
	if (r->transfer != NULL)
		transfer_resume(r->transfer);
}

struct http_slot *
http_slot_new(struct http *h, void (*granted)(void *arg), void *arg)
{
	struct http_slot *s = mem_alloc(sizeof(*s));

	s->ticket = ticket_new(h->throttle, TICKET_SLOT, granted, arg);
	s->refs = 1;
	return s;
}

void
http_slot_free(struct http_slot *s)
{
	if (s == NULL || --s->refs != 0)
		return;
	ticket_free(s->ticket);
	free(s);
}
