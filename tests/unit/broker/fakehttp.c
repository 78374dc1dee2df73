/* SPDX-License-Identifier: Apache-2.0 */
/* Requests that wait for the test to answer them. */
#include "tests/unit/broker/fakehttp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"

struct http {
	struct loop *loop;
	struct http_request *requests;
};

struct http_slot {
	struct timer *timer;
	void (*granted)(void *arg);
	void *arg;
};

struct http *fake;
unsigned fake_slots;
bool fake_hold;
unsigned fake_canceled;

struct http *
http_new(struct loop *l, const struct http_registry *c, struct error *err)
{
	if (strcmp(c->regcert, "bad") == 0) {
		error_set(err, ERROR_INPUT, "regcert is not in PEM format");
		return NULL;
	}
	fake = mem_alloc(sizeof(*fake));
	fake->loop = l;
	return fake;
}

static void
forget(struct http_request *q)
{
	struct http_request **p;

	for (p = &q->http->requests; *p != q; p = &(*p)->next)
		;
	*p = q->next;
	free((char *)q->spec.repository);
	free((char *)q->spec.actions);
	free((char *)q->spec.mount_from);
	free((char *)q->spec.path);
	free((char *)q->spec.query);
	free((char *)q->spec.url);
	free((char *)q->spec.media_type);
	free(q->body);
	free(q);
}

void
http_free(struct http *h)
{
	if (h == NULL)
		return;
	while (h->requests != NULL)
		forget(h->requests);
	free(h);
	fake = NULL;
}

struct http_request *
http_start(struct http *h, const struct http_spec *spec, http_done_fn *done,
    void *arg)
{
	struct http_request *q = mem_alloc(sizeof(*q)), **p;

	q->http = h;
	q->spec = *spec;
	q->spec.repository = mem_strdup(spec->repository);
	q->spec.actions = mem_strdup(spec->actions);
	q->spec.mount_from = mem_strdup(spec->mount_from);
	q->spec.path = mem_strdup(spec->path);
	q->spec.query = mem_strdup(spec->query);
	q->spec.url = mem_strdup(spec->url);
	q->spec.media_type = mem_strdup(spec->media_type);
	if (spec->body != NULL)
		q->body = mem_strndup(spec->body, spec->body_len);
	if (spec->source != NULL)
		q->source = *spec->source;
	if (spec->sink != NULL)
		q->sink = *spec->sink;
	q->done = done;
	q->arg = arg;
	for (p = &h->requests; *p != NULL; p = &(*p)->next)
		;
	*p = q;
	return q;
}

void
http_cancel(struct http_request *r)
{
	fake_canceled++;
	forget(r);
}

void
http_resume(struct http_request *r)
{
	r->resumed++;
}

static void
grant(void *arg)
{
	struct http_slot *s = arg;

	s->granted(s->arg);
}

struct http_slot *
http_slot_new(struct http *h, void (*granted)(void *arg), void *arg)
{
	struct http_slot *s = mem_alloc(sizeof(*s));

	s->granted = granted;
	s->arg = arg;
	s->timer = loop_timer(h->loop, grant, s);
	if (!fake_hold)
		timer_arm(s->timer, 0);
	fake_slots++;
	return s;
}

unsigned
http_width(struct http *h, unsigned n)
{
	(void)h;
	return n;
}

void
http_hold(struct http *h, size_t n)
{
	(void)h;
	(void)n;
}

void
http_clean_error(struct http *h, struct error *err)
{
	(void)h;
	(void)err;
}

void
http_slot_free(struct http_slot *s)
{
	if (s == NULL)
		return;
	timer_free(s->timer);
	free(s);
	fake_slots--;
}

void
http_set_log(struct http *h, void (*log)(void *arg, struct log_record *r),
    void *arg)
{
	(void)h;
	(void)log;
	(void)arg;
}

unsigned
http_requests(const struct http *h)
{
	unsigned n = 0;

	for (struct http_request *q = h->requests; q != NULL; q = q->next)
		n++;
	return n;
}

unsigned
fake_count(void)
{
	return fake != NULL ? http_requests(fake) : 0;
}

struct http_request *
fake_at(unsigned i)
{
	struct http_request *q = fake->requests;

	while (q != NULL && i-- > 0)
		q = q->next;
	return q;
}

struct http_request *
fake_find(enum http_method method, const char *part)
{
	char *where;
	bool found = false;

	for (struct http_request *q = fake->requests; q != NULL;
	    q = q->next) {
		where = mem_printf("%s?%s",
		    q->spec.url != NULL ? q->spec.url : q->spec.path,
		    q->spec.query != NULL ? q->spec.query : "");
		found = q->spec.method == method &&
		    strstr(where, part) != NULL;
		free(where);
		if (found)
			return q;
	}
	return NULL;
}

static bool
expected(const struct http_request *q, int status)
{
	for (int i = 0; i < 5 && q->spec.statuses[i] != 0; i++)
		if (q->spec.statuses[i] == status)
			return true;
	return false;
}

void
fake_answer(struct http_request *q, struct http_reply *reply,
    const char *body, size_t len)
{
	struct http_reply own = *reply;
	http_done_fn *done = q->done;
	void *arg = q->arg;
	struct error err;
	char **s[] = { &own.media_type, &own.digest, &own.location,
	    &own.next, &own.subject, &own.rate_policies };

	if (!expected(q, reply->status)) {
		fake_status(q, reply->status);
		return;
	}
	error_clear(&err);
	for (size_t i = 0; i < sizeof(s) / sizeof(s[0]); i++)
		*s[i] = mem_strdup(*s[i] != NULL ? *s[i] : "");
	buffer_init(&own.body, 0);
	buffer_put(&own.body, body, len);
	forget(q);
	done(arg, &own, &err);
	for (size_t i = 0; i < sizeof(s) / sizeof(s[0]); i++)
		free(*s[i]);
	buffer_free(&own.body);
}

void
fake_fail(struct http_request *q, enum error_kind kind, int status,
    const char *text)
{
	http_done_fn *done = q->done;
	void *arg = q->arg;
	struct error err;

	error_set(&err, kind, "request failed: %s", text);
	err.http = status;
	forget(q);
	done(arg, NULL, &err);
}

void
fake_status(struct http_request *q, int status)
{
	struct http_reply reply = { .status = status, .length = -1 };
	enum error_kind kind = ERROR_HTTP;

	if (expected(q, status)) {
		fake_answer(q, &reply, "", 0);
		return;
	}
	if (status == 404)
		kind = ERROR_NOT_FOUND;
	else if (status == 401 || status == 403)
		kind = ERROR_UNAUTHORIZED;
	else if (status == 429)
		kind = ERROR_RATE_LIMIT;
	fake_fail(q, kind, status, "it was refused");
}

int64_t
fake_pull(struct http_request *q, char *p, size_t n)
{
	return q->source.read(q->source.arg, p, n);
}

int64_t
fake_push(struct http_request *q, const char *p, size_t n)
{
	return q->sink.write(q->sink.arg, p, n);
}
