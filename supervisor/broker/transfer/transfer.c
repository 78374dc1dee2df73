/* SPDX-License-Identifier: Apache-2.0 */
/* libcurl's options and callbacks for one transfer. */
#include "common/bounds.h"
#include "supervisor/broker/transfer/transfer_private.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/clock.h"
#include "common/mem.h"
#include "supervisor/broker/transfer/target.h"

#define STREAM_BUFFER (512L * 1024)
#define HELD_MAX (2 * STREAM_BUFFER)
#define PART_MAX ((size_t)64 * 1024)	/* what a sink gets at once */
/* From this size on the body waits for "100 Continue", so that a 401 or a
 * redirect comes before the first byte of a stream is spent. */
#define EXPECT_FROM (1 * MIB)

static size_t
on_header(char *p, size_t size, size_t n, void *arg)
{
	struct transfer *t = arg;

	n *= size;
	if (t->dead)
		return 0;
	if (headers_add(&t->headers, p, n) == -1) {
		t->end = TRANSFER_HEADERS;
		return 0;
	}
	if (t->headers.complete && !t->headed) {
		t->headed = true;
		t->active_at = clock_now();
		t->body_to = t->spec.head(t->spec.arg, t);
		/* libcurl would send it again by itself, and that answer would
		 * arrive here as well. */
		if (t->dead || t->headers.status == 417)
			return 0;
		if (t->body_to == BODY_KEEP &&
		    headers_number(&t->headers, "Content-Length") >
		    (int64_t)t->spec.max_body &&
		    t->spec.method != HTTP_HEAD) {
			t->end = TRANSFER_BODY;
			return 0;
		}
	}
	return n;
}

/* One part to the sink: 1 it was taken, 0 not now, -1 the sink gave up. */
static int
offer(struct transfer *t, const char *p, size_t n)
{
	int64_t r = t->sink.write(t->sink.arg, p, n);

	if (t->dead)
		return -1;
	if (r == HTTP_AGAIN) {
		t->write_paused = true;
		return 0;
	}
	if (r != (int64_t)n) {
		t->end = TRANSFER_ABORTED;
		return -1;
	}
	t->delivered += n;
	return 1;
}

bool
transfer_drain(struct transfer *t)
{
	size_t n;

	while (t->held_sent < t->held.len) {
		n = t->held.len - t->held_sent;
		if (n > PART_MAX)
			n = PART_MAX;
		if (offer(t, t->held.data + t->held_sent, n) != 1)
			return false;
		t->held_sent += n;
	}
	buffer_clear(&t->held);
	t->held_sent = 0;
	return true;
}

/* What the sink does not take now is held here, and libcurl told to stop: it
 * then goes on to deliver what it has read, but reads no more. If it were told
 * that a part is refused, it would copy all it has read at every pause. */
static size_t
to_sink(struct transfer *t, const char *p, size_t n)
{
	size_t skip = t->skip < n ? (size_t)t->skip : n, len = n - skip;

	t->skip -= skip;
	if (len == 0)
		return n;
	if (t->held.len == 0) {
		switch (offer(t, p + skip, len)) {
		case 1:
			return n;
		case -1:
			return 0;
		}
		/* Both ways: with one of them open it would read again. */
		curl_easy_pause(t->easy, CURLPAUSE_ALL);
	}
	return buffer_put(&t->held, p + skip, len) == 0 ? n : 0;
}

static size_t
on_write(char *p, size_t size, size_t n, void *arg)
{
	struct transfer *t = arg;
	size_t room;

	n *= size;
	if (t->dead)
		return 0;
	switch (t->body_to) {
	case BODY_SINK:
		return to_sink(t, p, n);
	case BODY_KEEP:
		/* The buffer is larger where an error's text may be. */
		if (n > t->spec.max_body - t->body.len) {
			t->end = TRANSFER_BODY;
			return 0;
		}
		if (!transfer_may_grow(t, t->body.len + n))
			return CURL_WRITEFUNC_PAUSE;
		return buffer_put(&t->body, p, n) == 0 ? n : 0;
	case BODY_ERROR:
		/* What was read is explanation enough; more would cost time. */
		room = ERROR_BODY_MAX - t->body.len;
		buffer_put(&t->body, p, n < room ? n : room);
		return n < room ? n : 0;
	}
	return 0;
}

static size_t
on_read(char *p, size_t size, size_t n, void *arg)
{
	struct transfer *t = arg;
	int64_t r;

	n *= size;
	if (t->dead)
		return CURL_READFUNC_ABORT;
	if (n > t->source.size - t->consumed)
		n = (size_t)(t->source.size - t->consumed);
	if (n == 0)
		return 0;
	r = t->source.read(t->source.arg, p, n);
	if (t->dead)
		return CURL_READFUNC_ABORT;
	if (r == HTTP_AGAIN) {
		t->read_paused = true;
		return CURL_READFUNC_PAUSE;
	}
	if (r <= 0 || (uint64_t)r > n) {
		t->end = TRANSFER_ABORTED;
		return CURL_READFUNC_ABORT;
	}
	t->consumed += (uint64_t)r;
	return (size_t)r;
}

/* libcurl wants to send the body from its start on another connection. */
static int
on_seek(void *arg, curl_off_t offset, int origin)
{
	struct transfer *t = arg;

	return offset == 0 && origin == SEEK_SET && t->consumed == 0 &&
	    !t->dead ? CURL_SEEKFUNC_OK : CURL_SEEKFUNC_FAIL;
}

static CURLcode
on_ssl_ctx(CURL *easy, void *ssl_ctx, void *arg)
{
	struct transfer *t = arg;

	(void)easy;
	trust_apply(t->spec.trust, ssl_ctx);
	return CURLE_OK;
}

static void
set_tls(struct transfer *t, CURL *e)
{
	const struct transfer_spec *s = &t->spec;
	struct curl_blob blob = { .flags = CURL_BLOB_NOCOPY };

	curl_easy_setopt(e, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(e, CURLOPT_SSL_VERIFYPEER,
	    s->tls == VERIFY_FULL ? 1L : 0L);
	curl_easy_setopt(e, CURLOPT_SSL_VERIFYHOST,
	    s->tls == VERIFY_FULL ? 2L : 0L);
	curl_easy_setopt(e, CURLOPT_CAINFO, NULL);
	curl_easy_setopt(e, CURLOPT_CAPATH, NULL);
	if (s->trust != NULL && s->tls == VERIFY_FULL) {
		curl_easy_setopt(e, CURLOPT_SSL_CTX_FUNCTION, on_ssl_ctx);
		curl_easy_setopt(e, CURLOPT_SSL_CTX_DATA, t);
	}
	if (*s->client_cert == '\0' || *s->client_key == '\0')
		return;
	blob.data = (char *)(uintptr_t)s->client_cert;
	blob.len = strlen(s->client_cert);
	curl_easy_setopt(e, CURLOPT_SSLCERTTYPE, "PEM");
	curl_easy_setopt(e, CURLOPT_SSLCERT_BLOB, &blob);
	blob.data = (char *)(uintptr_t)s->client_key;
	blob.len = strlen(s->client_key);
	curl_easy_setopt(e, CURLOPT_SSLKEYTYPE, "PEM");
	curl_easy_setopt(e, CURLOPT_SSLKEY_BLOB, &blob);
}

static void
set_method(struct transfer *t, CURL *e)
{
	const struct transfer_spec *s = &t->spec;

	if (s->source != NULL) {
		curl_easy_setopt(e, CURLOPT_UPLOAD, 1L);
		curl_easy_setopt(e, CURLOPT_INFILESIZE_LARGE,
		    (curl_off_t)t->source.size);
		curl_easy_setopt(e, CURLOPT_READFUNCTION, on_read);
		curl_easy_setopt(e, CURLOPT_READDATA, t);
		curl_easy_setopt(e, CURLOPT_SEEKFUNCTION, on_seek);
		curl_easy_setopt(e, CURLOPT_SEEKDATA, t);
		curl_easy_setopt(e, CURLOPT_UPLOAD_BUFFERSIZE, STREAM_BUFFER);
	} else if (s->method == HTTP_PUT || s->method == HTTP_POST ||
	    s->method == HTTP_PATCH) {
		curl_easy_setopt(e, CURLOPT_POST, 1L);
		curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE,
		    (curl_off_t)(s->body != NULL ? s->body_len : 0));
		curl_easy_setopt(e, CURLOPT_COPYPOSTFIELDS,
		    s->body != NULL ? s->body : "");
	} else if (s->method == HTTP_HEAD) {
		curl_easy_setopt(e, CURLOPT_NOBODY, 1L);
		return;
	}
	curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, exchange_method(s->method));
}

CURL *
transfer_easy(struct transfer *t, const struct transfer_spec *s)
{
	CURL *e = curl_easy_init();
	bool expect = s->source != NULL && !s->no_expect &&
	    s->source->size >= EXPECT_FROM;

	if (e == NULL)
		return NULL;
	t->list = curl_slist_append(t->list, expect ? "Expect: 100-continue" :
	    "Expect:");
	curl_easy_setopt(e, CURLOPT_PRIVATE, t);
	curl_easy_setopt(e, CURLOPT_URL, s->url);
	curl_easy_setopt(e, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR,
	    strncasecmp(s->url, "http:", 5) == 0 ? "http" : "https");
	curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L);
	/* Bodies have digests: they must not be unpacked on the way. */
	curl_easy_setopt(e, CURLOPT_HTTP_CONTENT_DECODING, 0L);
	curl_easy_setopt(e, CURLOPT_PROXY, "");
	curl_easy_setopt(e, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	/* A name server that hangs must not stop the loop. */
	curl_easy_setopt(e, CURLOPT_QUICK_EXIT, 1L);
	curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
	curl_easy_setopt(e, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(e, CURLOPT_FRESH_CONNECT, s->fresh ? 1L : 0L);
	curl_easy_setopt(e, CURLOPT_USERAGENT, s->user_agent);
	curl_easy_setopt(e, CURLOPT_HTTPHEADER, t->list);
	curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(e, CURLOPT_HEADERDATA, t);
	curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_write);
	curl_easy_setopt(e, CURLOPT_WRITEDATA, t);
	curl_easy_setopt(e, CURLOPT_ERRORBUFFER, t->curl_text);
	if (s->sink != NULL) {
		curl_easy_setopt(e, CURLOPT_BUFFERSIZE, STREAM_BUFFER);
		buffer_init(&t->held, HELD_MAX);
	}
	transfer_socket_options(t, e);
	set_tls(t, e);
	set_method(t, e);
	return e;
}

bool
transfer_no_http(const struct transfer *t)
{
	return t->end == TRANSFER_CUT && t->code == CURLE_UNSUPPORTED_PROTOCOL;
}

bool
transfer_got_nothing(const struct transfer *t)
{
	return t->end == TRANSFER_CUT && t->headers.status == 0 &&
	    (t->code == CURLE_GOT_NOTHING || t->code == CURLE_RECV_ERROR ||
	    transfer_no_http(t));
}

bool
transfer_timed_out(const struct transfer *t)
{
	int64_t patience = t->spec.answer_ms * NS_PER_MS;

	return (t->end == TRANSFER_CUT &&
	    t->code == CURLE_OPERATION_TIMEDOUT) || (transfer_got_nothing(t) &&
	    t->ready && clock_now() - t->active_at >= patience / 2);
}

/* Does the other end speak plain HTTP? */
static bool
plain_http(const struct transfer *t)
{
	return t->code == CURLE_SSL_CONNECT_ERROR &&
	    (strstr(t->curl_text, "wrong version number") != NULL ||
	    strstr(t->curl_text, "packet length too long") != NULL ||
	    strstr(t->curl_text, "http request") != NULL);
}

/* It ended the connection for want of a client's certificate. */
static bool
wants_certificate(const struct transfer *t)
{
	return strstr(t->curl_text, "alert certificate required") != NULL;
}

bool
transfer_hopeless(const struct transfer *t)
{
	const char *alert = strstr(t->curl_text, " alert ");

	if (t->end != TRANSFER_CUT)
		return false;
	/* An internal error may be gone the next time. */
	return t->code == CURLE_PEER_FAILED_VERIFICATION ||
	    t->code == CURLE_SSL_CERTPROBLEM || plain_http(t) ||
	    (alert != NULL && strstr(alert, "internal error") == NULL);
}

static const char *
advice(const struct transfer *t)
{
	if (wants_certificate(t))
		return "set clientCert and clientKey in";
	if (t->code == CURLE_SSL_CERTPROBLEM)
		return "check clientCert and clientKey in";
	if (plain_http(t))
		return "set \"tls: disabled\" in";
	if (t->code != CURLE_PEER_FAILED_VERIFICATION)
		return NULL;
	if (strstr(t->curl_text, "subject name") != NULL)
		return "set a hostname that the certificate is for in";
	if (strstr(t->curl_text, "expired") != NULL ||
	    strstr(t->curl_text, "not yet valid") != NULL)
		return NULL;
	return "if this is the right server, set regcert to its certificate "
	    "or its CA's, or \"tls: insecure\", in";
}

char *
transfer_advice(const struct transfer *t, const struct http_registry *c)
{
	const char *what = advice(t);
	char *entry, *s;

	if (what == NULL)
		return mem_strdup("");
	entry = target_entry(c);
	s = mem_printf("; %s %s", what, entry);
	free(entry);
	return s;
}

/* The errno's text as Go prints it. */
static char *
lower_error(int errnum)
{
	const char *s = strerrordesc_np(errnum);
	char *text = mem_strdup(s != NULL ? s : "unknown error");

	text[0] = (char)tolower((unsigned char)text[0]);
	return text;
}

char *
transfer_reason(const struct transfer *t, const char *authority)
{
	const char *at = t->address[0] != '\0' ? t->address : authority;
	const char *why = t->curl_text[0] != '\0' ? t->curl_text :
	    curl_easy_strerror(t->code);
	char *s, *out;

	switch (t->code) {
	case CURLE_COULDNT_RESOLVE_HOST:
		return mem_printf("dial tcp: lookup %.*s: no such host",
		    (int)strcspn(authority, authority[0] == '[' ? "]" : ":"),
		    authority);
	case CURLE_COULDNT_CONNECT:
		if (t->os_errno == 0)
			return mem_printf("dial tcp %s: %s", at, why);
		s = lower_error(t->os_errno);
		out = mem_printf("dial tcp %s: connect: %s", at, s);
		free(s);
		return out;
	case CURLE_OPERATION_TIMEDOUT:
		if (t->unanswered)
			return mem_printf("no answer within %lld seconds",
			    (long long)(t->spec.answer_ms / 1000));
		if (t->headers.status == 0)
			return mem_printf("dial tcp %s: i/o timeout", at);
		return mem_strdup("i/o timeout");
	case CURLE_UNSUPPORTED_PROTOCOL:
		return mem_strdup("the answer is not HTTP");
	case CURLE_GOT_NOTHING:
		return mem_strdup("EOF");
	case CURLE_SSL_CERTPROBLEM:
		return mem_printf("tls: cannot use the client certificate: "
		    "%s", why);
	case CURLE_PARTIAL_FILE:
		return mem_strdup("unexpected EOF");
	case CURLE_PEER_FAILED_VERIFICATION:
		return mem_printf("tls: failed to verify certificate: %s",
		    why);
	case CURLE_SSL_CONNECT_ERROR:
		if (plain_http(t))
			return mem_strdup("http: server gave HTTP response to "
			    "HTTPS client");
		return mem_printf("tls: %s", why);
	default:
		if (wants_certificate(t))
			return mem_strdup("tls: the server wants a client "
			    "certificate");
		return mem_strdup(why);
	}
}
