/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "supervisor/broker/http/http_private.h"
#include "common/mem.h"

static const char *const words[] = {
	[HTTP_GET] = "Get", [HTTP_HEAD] = "Head", [HTTP_PUT] = "Put",
	[HTTP_POST] = "Post", [HTTP_PATCH] = "Patch",
	[HTTP_DELETE] = "Delete"
};
static const char *const verbs[] = {
	[HTTP_GET] = "GET", [HTTP_HEAD] = "HEAD", [HTTP_PUT] = "PUT",
	[HTTP_POST] = "POST", [HTTP_PATCH] = "PATCH",
	[HTTP_DELETE] = "DELETE"
};

/* Headers of an answer that hold nothing to hide. */
static const char *const shown[] = {
	"Content-Length", "Content-Range", "Content-Type", "Date",
	"Docker-Content-Digest", "Docker-Distribution-Api-Version",
	"OCI-Subject", "RateLimit-Limit", "RateLimit-Remaining",
	"Retry-After", "Server", "Www-Authenticate",
};

const char *
method_word(enum http_method m)
{
	return words[m];
}

char *
method_on(enum http_method m, const struct url *u, bool query)
{
	char *where = url_display(u, query);
	char *s = mem_printf("%s \"%s\"", words[m], where);

	free(where);
	return s;
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
add_request(struct log_record *rec, struct http *h, const struct transfer *t)
{
	struct buffer b;
	const char *colon;

	buffer_init(&b, LOG_TEXT_MAX);
	buffer_puts(&b, "map[");
	for (struct curl_slist *l = t->list; l != NULL; l = l->next) {
		colon = strchr(l->data, ':');
		if (colon == NULL || colon[1] == '\0' ||
		    strncmp(l->data, "Expect", 6) == 0)
			continue;
		put_header(&b, l->data, (size_t)(colon - l->data),
		    strncmp(l->data, "Authorization", 13) == 0 ?
		    "[censored]" : colon + 2);
	}
	put_header(&b, "User-Agent", 10, h->cfg->user_agent);
	buffer_putc(&b, ']');
	log_record_string(rec, "req-headers", buffer_str(&b));
	buffer_free(&b);
}

/* What the registry had a part in. */
static void
add_clean(struct log_record *rec, struct http *h, const struct transfer *t,
    const char *name, const char *text, bool own)
{
	const char *authorization = NULL;
	char *clean;

	for (struct curl_slist *l = t->list; l != NULL; l = l->next)
		if (strncmp(l->data, "Authorization:", 14) == 0)
			authorization = l->data;
	clean = http_scrub(h, text, strlen(text), LOG_TEXT_MAX, authorization,
	    own);
	log_record_string(rec, name, clean);
	free(clean);
}

static void
add_answer(struct log_record *rec, struct http *h, const struct transfer *t)
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
	add_clean(rec, h, t, "resp-headers", buffer_str(&b), false);
	buffer_free(&b);
}

void
http_log_exchange(struct http *h, enum http_method method,
    const struct url *url, bool query, struct transfer *t)
{
	struct log_record rec;
	char *s;

	if (h->log == NULL || !h->cfg->trace)
		return;
	log_record_init(&rec, LOG_TRACE, "reg http request");
	log_record_string(&rec, "req-method", verbs[method]);
	s = url_display(url, query);
	add_clean(&rec, h, t, "req-url", s, query);
	free(s);
	add_request(&rec, h, t);
	if (t->headers.status != 0) {
		s = mem_printf("%d %s", t->headers.status,
		    http_status_text(t->headers.status));
		log_record_string(&rec, "resp-status", s);
	} else {
		s = transfer_reason(t, url->host);
		add_clean(&rec, h, t, "err", s, true);
	}
	free(s);
	add_answer(&rec, h, t);
	h->log(h->log_arg, &rec);
	log_record_free(&rec);
}

static bool
warned(struct http *h, const char *text)
{
	for (unsigned i = 0; i < h->nwarned; i++)
		if (strcmp(h->warned[i], text) == 0)
			return true;
	return false;
}

void
http_log_warnings(struct http *h, const struct headers *headers)
{
	struct log_record rec;
	char *text, *clean;

	for (int i = 0; i < 8; i++) {
		text = headers_warning(headers, i);
		if (text == NULL)
			continue;
		clean = http_scrub(h, text, strlen(text), REGISTRY_TEXT_MAX,
		    NULL, false);
		free(text);
		if (h->log == NULL || warned(h, clean) ||
		    h->nwarned == WARNINGS_MAX) {
			free(clean);
			continue;
		}
		h->warned[h->nwarned++] = clean;
		log_record_init(&rec, LOG_WARN, "Registry warning message");
		log_record_string(&rec, "warning", clean);
		h->log(h->log_arg, &rec);
		log_record_free(&rec);
	}
}
