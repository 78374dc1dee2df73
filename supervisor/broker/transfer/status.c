/* SPDX-License-Identifier: Apache-2.0 */
/* The text of each status, and what follows from it. */
#include "supervisor/broker/transfer/status.h"

#include <stdlib.h>

#include "common/bounds.h"

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
status_text(int status)
{
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (texts[i].status == status)
			return texts[i].text;
	return "";
}

bool
status_redirects(int status)
{
	return status == 301 || status == 302 || status == 303 ||
	    status == 307 || status == 308;
}

bool
status_retryable(int status)
{
	return status == 408 || status == 429 || status == 500 ||
	    (status >= 502 && status <= 504);
}

int64_t
status_backoff_ms(unsigned failures)
{
	int64_t ms;

	if (failures > 16)
		return BACKOFF_MAX_MS;
	ms = (int64_t)BACKOFF_FIRST_MS << failures;
	return ms > BACKOFF_MAX_MS ? BACKOFF_MAX_MS : ms;
}

void
status_error(const struct scrub *secrets, int status, const char *what,
    const struct buffer *body, const char *authorization, struct error *err)
{
	char *said;

	said = scrub_text(secrets, buffer_str(body), body->len,
	    REGISTRY_TEXT_MAX, authorization);
	if (status == 401 || status == 403)
		error_set(err, ERROR_UNAUTHORIZED, "request failed: "
		    "unauthorized [http %d]: %s%s", status, what, said);
	else if (status == 404)
		error_set(err, ERROR_NOT_FOUND, "request failed: "
		    "not found [http %d]: %s%s", status, what, said);
	else if (status == 429)
		error_set(err, ERROR_RATE_LIMIT, "request failed: "
		    "rate limit exceeded [http %d]: %s%s", status, what,
		    said);
	else
		error_set(err, ERROR_HTTP, "request failed: unexpected http "
		    "status code: %s [http %d]: %s%s", status_text(status),
		    status, what, said);
	err->http = status;
	free(said);
}
