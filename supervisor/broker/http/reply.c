/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "supervisor/broker/http/http_private.h"
#include "common/mem.h"
#include "supervisor/broker/auth/token_cache.h"

/* Go's texts, which is what scripts and people search for. */
static const struct {
	int status;
	const char *text;
} texts[] = {
	{ 200, "OK" }, { 201, "Created" }, { 202, "Accepted" },
	{ 203, "Non-Authoritative Information" }, { 204, "No Content" },
	{ 205, "Reset Content" }, { 206, "Partial Content" },
	{ 300, "Multiple Choices" }, { 301, "Moved Permanently" },
	{ 302, "Found" }, { 303, "See Other" }, { 304, "Not Modified" },
	{ 307, "Temporary Redirect" }, { 308, "Permanent Redirect" },
	{ 400, "Bad Request" }, { 401, "Unauthorized" },
	{ 402, "Payment Required" }, { 403, "Forbidden" },
	{ 404, "Not Found" }, { 405, "Method Not Allowed" },
	{ 406, "Not Acceptable" }, { 407, "Proxy Authentication Required" },
	{ 408, "Request Timeout" }, { 409, "Conflict" }, { 410, "Gone" },
	{ 411, "Length Required" }, { 412, "Precondition Failed" },
	{ 413, "Request Entity Too Large" },
	{ 414, "Request URI Too Long" }, { 415, "Unsupported Media Type" },
	{ 416, "Requested Range Not Satisfiable" },
	{ 417, "Expectation Failed" }, { 418, "I'm a teapot" },
	{ 421, "Misdirected Request" }, { 422, "Unprocessable Entity" },
	{ 423, "Locked" }, { 425, "Too Early" },
	{ 426, "Upgrade Required" }, { 428, "Precondition Required" },
	{ 429, "Too Many Requests" },
	{ 431, "Request Header Fields Too Large" },
	{ 451, "Unavailable For Legal Reasons" },
	{ 500, "Internal Server Error" }, { 501, "Not Implemented" },
	{ 502, "Bad Gateway" }, { 503, "Service Unavailable" },
	{ 504, "Gateway Timeout" }, { 507, "Insufficient Storage" },
	{ 508, "Loop Detected" }, { 511, "Network Authentication Required" },
};

const char *
http_status_text(int status)
{
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (texts[i].status == status)
			return texts[i].text;
	return "";
}

bool
http_status_retryable(int status)
{
	return status == 408 || status == 429 || status == 500 ||
	    (status >= 502 && status <= 504);
}

char *
http_scrub(struct http *h, const char *p, size_t n, size_t max,
    const char *authorization, bool own)
{
	struct scrub sent = { NULL, 0 };
	const char *word;
	char *text, *again;

	text = own ? scrub_own(&h->secrets, p, n, SIZE_MAX) :
	    scrub_text(&h->secrets, p, n, SIZE_MAX);
	/* Tokens are as secret as passwords, but they come and go. */
	tokens_scrub(h->tokens, &sent);
	word = authorization != NULL ? strrchr(authorization, ' ') : NULL;
	if (word != NULL)
		scrub_add(&sent, word + 1);
	n = strlen(text);
	again = own ? scrub_own(&sent, text, n, max) :
	    scrub_text(&sent, text, n, max);
	free(text);
	scrub_free(&sent);
	return again;
}

void
http_clean(struct http *h, const char *authorization, struct error *err)
{
	char *text;

	if (err->kind == ERROR_NONE)
		return;
	text = http_scrub(h, err->text, strlen(err->text), ERROR_TEXT_MAX,
	    authorization, true);
	snprintf(err->text, sizeof(err->text), "%s", text);
	free(text);
}

void
http_clean_error(struct http *h, struct error *err)
{
	http_clean(h, NULL, err);
}

void
http_status_error(struct http *h, int status, const char *what,
    const struct buffer *body, const char *authorization, struct error *err)
{
	char *again;

	again = http_scrub(h, buffer_str(body), body->len, REGISTRY_TEXT_MAX,
	    authorization, false);
	if (status == 401 || status == 403)
		error_set(err, ERROR_UNAUTHORIZED, "request failed: "
		    "unauthorized [http %d]: %s%s", status, what, again);
	else if (status == 404)
		error_set(err, ERROR_NOT_FOUND, "request failed: "
		    "not found [http %d]: %s%s", status, what, again);
	else if (status == 429)
		error_set(err, ERROR_RATE_LIMIT, "request failed: "
		    "rate limit exceeded [http %d]: %s%s", status, what,
		    again);
	else
		error_set(err, ERROR_HTTP, "request failed: unexpected http "
		    "status code: %s [http %d]: %s%s", http_status_text(status),
		    status, what, again);
	err->http = status;
	free(again);
}

void
http_reply_from(struct http_reply *reply, struct http_request *r,
    struct transfer *t)
{
	const struct headers *hd = &t->headers;
	const char *location = headers_get(hd, "Location", 0);
	struct url u;

	memset(reply, 0, sizeof(*reply));
	reply->status = hd->status;
	reply->media_type = headers_media_type(hd);
	reply->digest = headers_digest(hd, "Docker-Content-Digest");
	reply->subject = headers_digest(hd, "OCI-Subject");
	reply->next = headers_link_next(hd);
	if (location != NULL && url_parse(&u, location, &r->url, NULL) == 0) {
		reply->location = mem_strdup(u.text);
		url_free(&u);
	} else
		reply->location = mem_strdup("");
	reply->length = headers_number(hd, "Content-Length");
	reply->rate_limit = headers_rate_limit(hd, &reply->rate_policies);
	reply->rate_remain = headers_number(hd, "RateLimit-Remaining");
	reply->rate_reset = headers_number(hd, "RateLimit-Reset");
	reply->has_rate = reply->rate_remain >= 0;
	if (reply->rate_limit < 0)
		reply->rate_limit = 0;
	if (reply->rate_remain < 0)
		reply->rate_remain = 0;
	if (reply->rate_reset < 0)
		reply->rate_reset = 0;
	reply->body = t->body;
	buffer_init(&t->body, 0);
}

void
http_reply_free(struct http_reply *reply)
{
	free(reply->media_type);
	free(reply->digest);
	free(reply->subject);
	free(reply->next);
	free(reply->location);
	free(reply->rate_policies);
	buffer_free(&reply->body);
}
