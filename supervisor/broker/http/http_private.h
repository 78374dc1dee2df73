/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_internal.h - what the files behind http.h share: http.c (the object),
 * http_request.c (a request's way from queue to answer), http_auth.c,
 * http_reply.c, http_log.c, target.c, token.c.
 */
#ifndef REGBOT_HTTP_PRIVATE_H
#define REGBOT_HTTP_PRIVATE_H

#include "supervisor/broker/http/http.h"
#include "common/logrecord.h"
#include "supervisor/broker/transfer/scrub.h"
#include "supervisor/broker/http/throttle.h"
#include "supervisor/broker/transfer/transfer.h"
#include "supervisor/broker/transfer/trust.h"
#include "supervisor/broker/transfer/url.h"

struct tokens;
struct token_wait;

#define WARNINGS_MAX 64		/* texts of warnings that are remembered */

/* How the registry, or with repoAuth a repository of it, wants to be asked,
 * as far as a challenge has told. */
struct auth_entry {
	struct auth_entry *next;
	char *repository;	/* "" for all */
	bool basic, bearer;	/* at most one of them */
	struct url realm;	/* where tokens are; for bearer */
	char *service;
	bool prefixed;		/* scopes have the path prefix */
};

struct http {
	struct loop *loop;
	const struct registry_config *cfg;
	struct transfers *transfers;
	struct throttle *throttle;
	struct trust *trust;	/* NULL until TLS needs it */
	struct url origin;	/* the registry's own */
	unsigned local_seen;	/* address.h: where the registry itself is */
	struct auth_entry *auth;
	unsigned nauth;
	struct tokens *tokens;
	struct scrub secrets;
	struct http_request *requests;
	unsigned nrequests;
	struct timer *failures;	/* tells requests that could not start */
	void (*log)(void *arg, struct log_record *r);
	void *log_arg;
	char *warned[WARNINGS_MAX];
	unsigned nwarned;
};

enum auth_kind { AUTH_NONE, AUTH_BASIC, AUTH_BEARER };

struct http_request {
	struct http *h;
	struct http_request *next, *prev;
	struct http_spec spec;		/* its strings are owned */
	struct http_source source;
	struct http_sink sink;
	http_done_fn *done;
	void *arg;

	struct url first;		/* where it begins */
	struct url url;			/* where it is now */
	bool given;			/* a registry named url: not logged
					 * whole, it may hold a signature */
	struct ticket *slot;		/* its own place, or the wish for it */
	struct ticket *start;		/* waits to go on in a place it has */
	struct timer *timer;		/* its own wait before a repetition */
	struct transfer *transfer;
	struct token_wait *wait;
	struct error failed;		/* could not start: told from the loop */

	unsigned attempts, failures, redirects, resumes;
	int64_t started_at;
	uint64_t consumed, delivered;	/* of source and sink, all attempts */
	bool wrong_range;
	bool no_expect;			/* the registry cannot be asked first */

	enum auth_kind sent;		/* what the last attempt had */
	char *authorization;		/* its header line, secret */
	char *token;			/* came for its next attempt, secret */
	bool fresh;			/* its last one had such a token */
	bool basic_tried;
	unsigned auth_rounds;
	char **scopes;
	size_t nscopes;
};

/* http_request.c */
void http_request_begin(struct http_request *r);	/* it was put in the queue */
void http_request_launch(struct http_request *r);	/* authorization is decided */
/* Ends it; err NULL is success. Nothing may touch r afterwards. */
void http_request_complete(struct http_request *r, struct http_reply *reply,
    const struct error *err);
bool http_request_success(const struct http_request *r, int status);

/* http.c */
void http_request_free(struct http_request *r);

/* http_answer.c: the callbacks of a request's transfers. */
enum transfer_body http_answer_head(void *arg, struct transfer *t);
void http_answer_done(void *arg, struct transfer *t);
/* Goes through the queue again, at once (a redirect, an authentication, a
 * token that came). */
void http_request_continue(struct http_request *r);
/* After a failure, which counts against the registry: 0 when there will be
 * another attempt, else -1. */
int http_request_again(struct http_request *r, int64_t retry_after_ms);

/* http_auth.c */
/* Does it lack a token? auth_fetch gets one, and queues it again. */
bool auth_lacks_token(struct http_request *r);
void auth_fetch(struct http_request *r);
/* Decides the header line of the next attempt. */
void auth_prepare(struct http_request *r);
/* A 401 came: 0 when the request should be repeated. -1 with err->kind NONE
 * when the answer itself is the error. */
int auth_challenged(struct http_request *r, const struct headers *headers,
    struct error *err);
void auth_scopes(struct http_request *r);
void auth_free(struct http *h);
char *auth_basic(const struct http *h);		/* the header line; secret */

/* http_reply.c */
void http_reply_from(struct http_reply *reply, struct http_request *r,
    struct transfer *t);
void http_reply_free(struct http_reply *reply);
/* scrub_text, or with own scrub_own, of the password and all tokens; also of
 * what the header line authorization (or NULL) holds. */
char *http_scrub(struct http *h, const char *p, size_t n, size_t max,
    const char *authorization, bool own);
/* http_clean_error, and what the header line has. */
void http_clean(struct http *h, const char *authorization, struct error *err);
/* "request failed: not found [http 404]: ...", with what, if not "", before
 * the registry's text. */
void http_status_error(struct http *h, int status, const char *what,
    const struct buffer *body, const char *authorization, struct error *err);
const char *http_status_text(int status);
bool http_status_retryable(int status);

/* http_log.c */
void http_log_exchange(struct http *h, enum http_method method,
    const struct url *url, bool query, struct transfer *t);
void http_log_warnings(struct http *h, const struct headers *headers);
const char *method_word(enum http_method m);	/* "Get", as Go prints it */
/* Get "https://host/path": as an error begins. Free it. */
char *method_on(enum http_method m, const struct url *u, bool query);

/* target.c: what may be asked on behalf of this registry. */
int target_check(struct http *h, const struct url *u, const struct url *from,
    struct error *err);
/* Fills in what depends on the target; -1 when TLS cannot be set up. */
int target_spec(struct http *h, const struct url *u,
    struct transfer_spec *spec, struct error *err);
/* Is its host in creds[].realms? */
bool target_listed(const struct http *h, const struct url *u);
/* May the password go there? The error prints the line to add. */
int target_password(const struct http *h, const struct url *u,
    struct error *err);
void target_blocked(struct http *h, const struct url *u,
    const struct transfer *t, enum http_method m, struct error *err);
bool redirect_status(int status);

#endif
