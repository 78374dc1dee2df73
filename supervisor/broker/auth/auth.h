/* SPDX-License-Identifier: Apache-2.0 */
/*
 * auth.h - how the registry (with repoAuth, each repository) wants requests to
 * be authorized, as far as its challenges have told, and the header line that
 * a request gets for it.
 */
#ifndef REGBOT_AUTH_H
#define REGBOT_AUTH_H

#include <stdbool.h>

#include "common/error.h"
#include "supervisor/broker/transfer/context.h"
#include "supervisor/broker/transfer/headers.h"
#include "supervisor/broker/transfer/url.h"

struct auth;
struct auth_request;	/* the authorization of one request */

/* *ctx must outlive it. Adds what it knows to ctx->secrets. */
struct auth *auth_new(const struct transfer_context *ctx);
/* Requests must be freed. NULL is fine. */
void auth_free(struct auth *a);

/* Borrows the strings: what http_spec says of the request's scope. */
struct auth_request *auth_request_new(struct auth *a, const char *repository,
    const char *actions, const char *mount_from);
void auth_request_free(struct auth_request *r);	/* NULL is fine */

/* Does it lack a token for url? NULL, a request without authorization, never
 * does. auth_request_fetch gets one and calls done
 * from the loop, with NULL or the reason why there is none. */
bool auth_request_lacks_token(const struct auth_request *r,
    const struct url *url);
void auth_request_fetch(struct auth_request *r, const struct url *url,
    void (*done)(void *arg, const struct error *err), void *arg);

/* Decides the header line of the next attempt, at url. NULL is fine. */
void auth_request_prepare(struct auth_request *r, const struct url *url);
/* That line, or NULL, as r may be. Secret, borrowed. */
const char *auth_request_line(const struct auth_request *r);

/* A 401 came from url: 0 when the request should be repeated. -1 with
 * err->kind NONE when the answer itself is the error. */
int auth_request_challenged(struct auth_request *r, const struct url *url,
    const struct headers *headers, struct error *err);

#endif
