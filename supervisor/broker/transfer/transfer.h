/* SPDX-License-Identifier: Apache-2.0 */
/*
 * transfer.h - one HTTP exchange after another over libcurl, on the loop: a
 * request to one URL, one answer, no redirects, no authentication, no
 * retries (http.h does these). All use one pool of connections.
 */
#ifndef REGBOT_TRANSFER_H
#define REGBOT_TRANSFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include <curl/curl.h>

#include "common/buffer.h"
#include "common/wire/loop.h"
#include "supervisor/broker/transfer/exchange.h"
#include "supervisor/broker/transfer/headers.h"
#include "supervisor/broker/transfer/trust.h"

struct http_registry;
struct transfer_pool;
struct transfer;

/* How a transfer ended. */
enum transfer_end {
	TRANSFER_OK,		/* the answer is whole */
	TRANSFER_CUT,		/* network error, see transfer_reason() */
	TRANSFER_BLOCKED,	/* the address is refused */
	TRANSFER_HEADERS,	/* HEADERS_MAX was passed */
	TRANSFER_BODY,		/* max_body was passed */
	TRANSFER_ABORTED,	/* the source or the sink gave up */
};

/* What becomes of a body, once the headers have arrived. */
enum transfer_body {
	BODY_KEEP,		/* collected, at most max_body */
	BODY_ERROR,		/* collected, cut at ERROR_BODY_MAX */
	BODY_SINK		/* goes to the sink */
};

enum transfer_tls { VERIFY_FULL, VERIFY_NONE };

struct transfer_spec {
	enum http_method method;
	const char *url;
	struct curl_slist *headers;	/* taken over, also on failure */
	const char *user_agent;
	const void *body;		/* copied; NULL: none */
	size_t body_len;
	const struct http_source *source;	/* both structs are copied */
	const struct http_sink *sink;
	size_t max_body;
	enum transfer_tls tls;
	struct trust *trust;		/* for VERIFY_FULL over https */
	const char *client_cert, *client_key;	/* "" none; must stay */
	unsigned local_allowed;		/* address.h: classes to connect to */
	int64_t answer_ms;		/* from the request's end to the end of
					 * the headers */
	bool fresh;			/* on a connection of its own */
	bool no_expect;			/* do not ask before a large body */
	/* Called once when the headers of a final answer are there. */
	enum transfer_body (*head)(void *arg, struct transfer *t);
	/* Called once at the end; *t is freed when it returns. */
	void (*done)(void *arg, struct transfer *t);
	void *arg;
};

/* What head and done may read; after owner it is private to transfer*.c. */
struct transfer {
	enum transfer_end end;
	struct headers headers;
	struct buffer body;
	uint64_t consumed;	/* bytes taken from the source */
	uint64_t delivered;	/* bytes that the sink has taken */
	uint64_t skip;		/* bytes to drop before the sink; head sets */
	unsigned local_seen;	/* classes of the addresses connected to */
	CURLcode code;
	bool unanswered;	/* all was sent, and answer_ms have passed */
	int os_errno;
	char address[64];	/* the last one that was tried */
	char curl_text[CURL_ERROR_SIZE];

	struct transfer_pool *owner;
	LIST_ENTRY(transfer) link;
	struct transfer_spec spec;
	struct http_source source;
	struct http_sink sink;
	CURL *easy;
	struct curl_slist *list;
	enum transfer_body body_to;
	bool headed;		/* head was called */
	bool dead;		/* cancelled; waits to be freed */
	bool started;		/* was given to curl */
	bool added;		/* curl has it */
	bool ready;		/* connected; the request was begun */
	bool stale;		/* what it was to be sent on is used up */
	bool over;		/* curl is done; the sink still gets what is
				 * held */
	struct buffer held;	/* what came after the sink said HTTP_AGAIN */
	size_t held_sent;
	bool read_paused, write_paused, resume;
	bool waits;		/* until another large body is whole */
	int64_t active_at;	/* when enough had last moved */
	curl_off_t moved;	/* bytes both ways then */
};

struct transfer_pool *transfer_pool_new(struct loop *l, unsigned connections);
void transfer_pool_free(struct transfer_pool *ts);	/* cancels everything */

/* How many bytes of collected bodies are still in memory. */
void transfer_pool_hold(struct transfer_pool *ts, size_t n);

/* Starts an exchange; nothing is called before this returned. */
struct transfer *transfer_start(struct transfer_pool *ts,
    const struct transfer_spec *spec);
/* Neither done nor source nor sink are called after this. */
void transfer_cancel(struct transfer *t);	/* NULL is fine */
void transfer_resume(struct transfer *t);	/* after HTTP_AGAIN */

/* Why a transfer with authority (host[:port]) was cut, as Go says it: "dial
 * tcp 127.0.0.1:5000: connect: connection refused", "EOF". Free it. */
char *transfer_reason(const struct transfer *t, const char *authority);

/* What to do about it in that registry's configuration: "; set ...", or "".
 * Free it. */
char *transfer_advice(const struct transfer *t,
    const struct http_registry *c);

/* Would another try of a transfer that was cut end the same way? */
bool transfer_hopeless(const struct transfer *t);
/* Was what came no HTTP? */
bool transfer_no_http(const struct transfer *t);
/* Was it cut before anything came that is HTTP? */
bool transfer_got_nothing(const struct transfer *t);
/* Was it cut because nothing came or went for too long, or by a server that
 * had said nothing for half the time that it has? */
bool transfer_timed_out(const struct transfer *t);
#endif
