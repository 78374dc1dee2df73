/* SPDX-License-Identifier: Apache-2.0 */
/* The records "reg http request" and "Registry warning message". */
#include "supervisor/broker/transfer/exchange_log.h"

#include <stdlib.h>
#include <string.h>

#include "common/bounds.h"
#include "common/mem.h"
#include "supervisor/broker/transfer/status.h"

#define WARNINGS_ASKED 8	/* Warning headers of one answer */

struct exchange_log {
	const struct http_registry *cfg;
	const struct scrub *secrets;
	void (*fn)(void *arg, struct log_record *r);
	void *arg;
	char *warned[WARNINGS_MAX];
	unsigned nwarned;
};

/* Headers of an answer that hold nothing to hide. */
static const char *const shown[] = {
	"Content-Length", "Content-Range", "Content-Type", "Date",
	"Docker-Content-Digest", "Docker-Distribution-Api-Version",
	"OCI-Subject", "RateLimit-Limit", "RateLimit-Remaining",
	"Retry-After", "Server", "Www-Authenticate",
};

struct exchange_log *
exchange_log_new(const struct http_registry *cfg,
    const struct scrub *secrets)
{
	struct exchange_log *l = mem_alloc(sizeof(*l));

	l->cfg = cfg;
	l->secrets = secrets;
	return l;
}

void
exchange_log_free(struct exchange_log *l)
{
	if (l == NULL)
		return;
	for (unsigned i = 0; i < l->nwarned; i++)
		free(l->warned[i]);
	free(l);
}

void
exchange_log_set(struct exchange_log *l,
    void (*fn)(void *arg, struct log_record *r), void *arg)
{
	l->fn = fn;
	l->arg = arg;
}

/* As Go prints a map of lists: map[Name:[value] Name:[value]]. */
static void
put_header(struct buffer *b, const char *name, size_t n, const char *value)
{
	if (b->len > 4)
		buffer_putc(b, ' ');
	buffer_put(b, name, n);
	buffer_printf(b, ":[%s]", value);
}

static void
add_request(struct log_record *rec, const struct exchange_log *log,
    const struct transfer *t)
{
	struct buffer b;
	const char *colon;

	buffer_init(&b, LOG_TEXT_MAX);
	buffer_puts(&b, "map[");
	for (struct curl_slist *e = t->list; e != NULL; e = e->next) {
		colon = strchr(e->data, ':');
		if (colon == NULL || colon[1] == '\0' ||
		    strncmp(e->data, "Expect", 6) == 0)
			continue;
		put_header(&b, e->data, (size_t)(colon - e->data),
		    strncmp(e->data, "Authorization", 13) == 0 ?
		    "[censored]" : colon + 2);
	}
	put_header(&b, "User-Agent", 10, log->cfg->user_agent);
	buffer_putc(&b, ']');
	log_record_string(rec, "req-headers", buffer_str(&b));
	buffer_free(&b);
}

/* A text that may come from the registry. */
static void
add_clean(struct log_record *rec, const struct exchange_log *log,
    const struct transfer *t, const char *name, const char *text, bool own)
{
	const char *authorization = NULL;
	char *clean;

	for (struct curl_slist *e = t->list; e != NULL; e = e->next)
		if (strncmp(e->data, "Authorization:", 14) == 0)
			authorization = e->data;
	clean = own ? scrub_own(log->secrets, text, strlen(text),
	    LOG_TEXT_MAX, authorization) : scrub_text(log->secrets, text,
	    strlen(text), LOG_TEXT_MAX, authorization);
	log_record_string(rec, name, clean);
	free(clean);
}

static void
add_answer(struct log_record *rec, const struct exchange_log *log,
    const struct transfer *t)
{
	struct buffer b;
	const char *v;

	buffer_init(&b, LOG_TEXT_MAX);
	buffer_puts(&b, "map[");
	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
		v = headers_get(&t->headers, shown[i], 0);
		if (v != NULL)
			put_header(&b, shown[i], strlen(shown[i]), v);
	}
	buffer_putc(&b, ']');
	add_clean(rec, log, t, "resp-headers", buffer_str(&b), false);
	buffer_free(&b);
}

void
exchange_log_done(struct exchange_log *l, enum http_method method,
    const struct url *url, bool query, const struct transfer *t)
{
	struct log_record rec;
	char *s;

	if (l->fn == NULL || !l->cfg->trace)
		return;
	log_record_init(&rec, LOG_TRACE, "reg http request");
	log_record_string(&rec, "req-method", exchange_method(method));
	s = url_display(url, query);
	add_clean(&rec, l, t, "req-url", s, query);
	free(s);
	add_request(&rec, l, t);
	if (t->headers.status != 0) {
		s = mem_printf("%d %s", t->headers.status,
		    status_text(t->headers.status));
		log_record_string(&rec, "resp-status", s);
	} else {
		s = transfer_reason(t, url->host);
		add_clean(&rec, l, t, "err", s, true);
	}
	free(s);
	add_answer(&rec, l, t);
	l->fn(l->arg, &rec);
	log_record_free(&rec);
}

void
exchange_log_wait(struct exchange_log *l, const char *reason, int64_t ms,
    bool over)
{
	struct log_record rec;

	if (l->fn == NULL || ms <= WAIT_TOLD_MS)
		return;
	log_record_init(&rec, LOG_INFO, over ? "Waited for registry" :
	    "Waiting for registry");
	log_record_string(&rec, "registry", l->cfg->name);
	log_record_string(&rec, "reason", reason);
	log_record_int(&rec, "seconds", (ms + 500) / 1000);
	l->fn(l->arg, &rec);
	log_record_free(&rec);
}

static bool
warned(const struct exchange_log *l, const char *text)
{
	for (unsigned i = 0; i < l->nwarned; i++)
		if (strcmp(l->warned[i], text) == 0)
			return true;
	return false;
}

void
exchange_log_warnings(struct exchange_log *l, const struct headers *headers)
{
	struct log_record rec;
	char *text, *clean;

	for (int i = 0; i < WARNINGS_ASKED; i++) {
		text = headers_warning(headers, i);
		if (text == NULL)
			continue;
		clean = scrub_text(l->secrets, text, strlen(text),
		    REGISTRY_TEXT_MAX, NULL);
		free(text);
		if (l->fn == NULL || warned(l, clean) ||
		    l->nwarned == WARNINGS_MAX) {
			free(clean);
			continue;
		}
		l->warned[l->nwarned++] = clean;
		log_record_init(&rec, LOG_WARN, "Registry warning message");
		log_record_string(&rec, "warning", clean);
		l->fn(l->arg, &rec);
		log_record_free(&rec);
	}
}
