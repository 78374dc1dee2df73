/* SPDX-License-Identifier: Apache-2.0 */
/* Requests to the registry on behalf of a worker's request. */
#include <string.h>

#include "common/image/signed.h"
#include "supervisor/broker/registry/ask.h"

struct ask *
ask_of(const struct request *r)
{
	return r->work;
}

struct registry *
ask_registry(const struct request *r)
{
	return r->server->store;
}

void
ask_start(struct request *r, struct http_spec *spec, http_done_fn *done)
{
	if (spec->repository == NULL)
		spec->repository = r->repository;
	spec->fresh = ask_of(r)->again;
	ask_of(r)->http = http_start(ask_registry(r)->http, spec, done, r);
}

void
ask_over(struct request *r)
{
	ask_of(r)->http = NULL;
}

bool
ask_answered(struct request *r, struct http_reply *reply,
    const struct error *err)
{
	ask_over(r);
	if (err->kind == ERROR_NONE && reply != NULL)
		return true;
	request_end(r, err, 0);
	return false;
}

bool
ask_head_answered(struct request *r, struct http_reply *reply,
    const struct error *err)
{
	bool digest = strchr(r->name, ':') != NULL;
	struct error why = *err;

	if (why.http == 404) {
		error_set(&why, why.kind, "request failed: not found "
		    "[http 404]: no such %s: %s/%s%c%s", digest ? "manifest" :
		    "tag", r->server->name, r->repository, digest ? '@' : ':',
		    r->name);
		why.http = 404;
	}
	return ask_answered(r, reply, &why);
}

bool
ask_stored(struct request *r, const struct http_reply *reply)
{
	struct error why;

	error_clear(&why);
	if (reply->digest[0] == '\0' ||
	    strcmp(reply->digest, r->digest) == 0 ||
	    signed_verify(r->media_type, r->body.data, r->body.len,
	    reply->digest, &why) == 0)
		return true;
	error_prefix(&why, "request failed: registry %s stored a different "
	    "manifest from the one it was sent", r->server->name);
	request_end(r, &why, 0);
	return false;
}

void
ask_rate(struct request *r, const struct http_reply *reply)
{
	if (reply->has_rate)
		request_rate(r, reply->rate_limit, reply->rate_remain,
		    reply->rate_reset, reply->rate_policies);
}

void
ask_stop(struct request *r)
{
	struct ask *a = ask_of(r);

	if (a->http != NULL)
		http_cancel(a->http);
	a->http = NULL;
}
