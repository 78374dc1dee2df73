/* SPDX-License-Identifier: Apache-2.0 */
/* clientrig.c - a client whose supervisor and broker are the test itself. */
#include "tests/unit/client/clientrig.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/mem.h"

static void
rec_free(struct rec *r)
{
	if (r == NULL)
		return;
	for (int i = 0; i < r->nfields; i++)
		free(r->s[i]);
	free(r);
}

static int
peer_message(void *arg, const struct message *m, int fd, struct error *err)
{
	struct peer *p = arg;
	struct rec *r = mem_alloc(sizeof(*r));

	(void)err;
	cr_assert_eq(fd, -1);
	r->type = m->type;
	r->id = m->id;
	r->nfields = m->nfields;
	for (int i = 0; i < m->nfields; i++) {
		r->n[i] = m->f[i].u64;
		r->s[i] = mem_strndup(m->f[i].p, m->f[i].len);
		r->len[i] = m->f[i].len;
	}
	if (p == &p->rig->supervisor && m->type == MSG_OPEN &&
	    !p->rig->hold_open) {
		rig_open(p->rig, m->id, message_str(m, 0));
		rec_free(r);
		return 0;
	}
	if (p->answers_heads && m->type == MSG_MANIFEST_HEAD) {
		rig_end(p, m->id, ERROR_NONE, 200, 0, "");
		rec_free(r);
		return 0;
	}
	*p->tail = r;
	p->tail = &r->next;
	p->got++;
	return 0;
}

static void
peer_closed(void *arg, const struct error *why)
{
	struct peer *p = arg;

	(void)why;
	p->closed = true;
}

static const struct channel_ops peer_ops = { peer_message, peer_closed };

static void
peer_init(struct peer *p, struct rig *r, int fd, unsigned paths,
    const char *registry)
{
	memset(p, 0, sizeof(*p));
	p->rig = r;
	p->registry = mem_strdup(registry);
	p->tail = &p->head;
	p->channel = channel_new(r->loop, fd, paths, false, &peer_ops, p);
}

static void
peer_clear(struct peer *p)
{
	struct rec *r;

	while ((r = p->head) != NULL) {
		p->head = r->next;
		rec_free(r);
	}
	channel_free(p->channel);
	free(p->registry);
}

static void
rig_stop(void *arg, enum stop_reason reason)
{
	struct rig *r = arg;

	r->stops++;
	r->stop_reason = reason;
}

struct rig *
rig_new(void)
{
	struct rig *r = mem_alloc(sizeof(*r));
	int fds[2];

	cr_assert_eq(channel_pair(fds, NULL), 0);
	r->loop = loop_new();
	peer_init(&r->supervisor, r, fds[1], W2S, "");
	r->client = client_new(r->loop, fds[0], rig_stop, r);
	return r;
}

void
rig_free(struct rig *r)
{
	client_free(r->client);
	for (unsigned i = 0; i < r->nbrokers; i++)
		peer_clear(&r->brokers[i]);
	peer_clear(&r->supervisor);
	loop_free(r->loop);
	free(r);
}

void
rig_steps(struct rig *r, int n)
{
	while (n-- > 0)
		loop_step(r->loop, 0);
}

struct rec *
rig_take(struct peer *p, enum message_type type)
{
	static struct rec *last;
	struct rec *r;

	for (int i = 0; p->head == NULL && i < 200; i++)
		loop_step(p->rig->loop, i < 20 ? 0 : 10);
	r = p->head;
	cr_assert_not_null(r, "no %s came", message_name(type));
	cr_assert_eq(r->type, type, "%s came, not %s", message_name(r->type),
	    message_name(type));
	p->head = r->next;
	if (p->head == NULL)
		p->tail = &p->head;
	rec_free(last);
	last = r;
	return r;
}

bool
rig_quiet(struct peer *p)
{
	rig_steps(p->rig, 20);
	return p->head == NULL;
}

struct peer *
rig_open(struct rig *r, uint32_t id, const char *registry)
{
	struct message_out o;
	int fds[2];

	cr_assert_lt(r->nbrokers, (unsigned)RIG_BROKERS);
	cr_assert_eq(channel_pair(fds, NULL), 0);
	peer_init(&r->brokers[r->nbrokers], r, fds[1], W2B, registry);
	message_start(&o, MSG_OPENED, id);
	message_put_u64(&o, 1);
	cr_assert_eq(channel_send(r->supervisor.channel, &o, fds[0], NULL), 0);
	return &r->brokers[r->nbrokers++];
}

struct peer *
rig_broker(struct rig *r, unsigned n)
{
	for (int i = 0; r->nbrokers <= n && i < 200; i++)
		loop_step(r->loop, i < 20 ? 0 : 10);
	cr_assert_gt(r->nbrokers, n, "broker %u was not opened", n);
	return &r->brokers[n];
}

void
rig_kill(struct peer *p)
{
	channel_free(p->channel);
	p->channel = NULL;
	p->closed = true;
}

void
rig_send(struct peer *p, enum message_type type, uint32_t id)
{
	struct message_out o;

	message_start(&o, type, id);
	cr_assert_eq(channel_send(p->channel, &o, -1, NULL), 0);
}

void
rig_send_u64(struct peer *p, enum message_type type, uint32_t id, uint64_t n)
{
	struct message_out o;

	message_start(&o, type, id);
	message_put_u64(&o, n);
	cr_assert_eq(channel_send(p->channel, &o, -1, NULL), 0);
}

void
rig_data(struct peer *p, uint32_t id, const void *bytes, size_t n)
{
	struct message_out o;

	message_start(&o, MSG_DATA, id);
	message_put_bytes(&o, bytes, n);
	cr_assert_eq(channel_send(p->channel, &o, -1, NULL), 0);
}

void
rig_subject(struct peer *p, uint32_t id, const char *digest)
{
	struct message_out o;

	message_start(&o, MSG_SUBJECT, id);
	message_put_str(&o, digest);
	cr_assert_eq(channel_send(p->channel, &o, -1, NULL), 0);
}

void
rig_meta(struct peer *p, uint32_t id, const char *media_type,
    const char *digest, uint64_t size, const char *next)
{
	struct message_out o;

	message_start(&o, MSG_META, id);
	message_put_str(&o, media_type);
	message_put_str(&o, digest);
	message_put_u64(&o, size);
	message_put_u64(&o, 1);
	message_put_str(&o, next);
	cr_assert_eq(channel_send(p->channel, &o, -1, NULL), 0);
}

void
rig_end(struct peer *p, uint32_t id, enum error_kind kind, int http,
    uint64_t number, const char *text)
{
	struct message_out o;

	message_start(&o, MSG_END, id);
	message_put_u64(&o, kind);
	message_put_u64(&o, (uint64_t)http);
	message_put_u64(&o, number);
	message_put_str(&o, text);
	cr_assert_eq(channel_send(p->channel, &o, -1, NULL), 0);
}

void
rig_refuse(struct peer *p, uint32_t id, enum error_kind kind,
    const char *text)
{
	struct message_out o;

	message_start(&o, MSG_REFUSED, id);
	message_put_u64(&o, kind);
	message_put_str(&o, text);
	cr_assert_eq(channel_send(p->channel, &o, -1, NULL), 0);
}

void
rig_done(void *result, struct answer *a)
{
	struct result *res = result;

	res->calls++;
	result_free(res);
	res->err = a->err;
	res->media_type = mem_strdup(a->media_type);
	res->digest = mem_strdup(a->digest);
	res->next = mem_strdup(a->next);
	res->size = a->size;
	res->read_failed = a->read_failed;
	res->len = a->body.len;
	res->body = mem_strndup(buffer_str(&a->body), a->body.len);
	res->rate = a->rate;
	res->rate.policies = NULL;
}

void
rig_wait(struct rig *r, struct result *res)
{
	for (int i = 0; res->calls == 0 && i < 200; i++)
		loop_step(r->loop, i < 20 ? 0 : 10);
	cr_assert_eq(res->calls, 1u, "done was called %u times", res->calls);
}

void
result_free(struct result *res)
{
	free(res->media_type);
	free(res->digest);
	free(res->next);
	free(res->body);
	res->media_type = res->digest = res->next = res->body = NULL;
}

struct reference
rig_ref(const char *s)
{
	struct reference ref;
	struct error err;

	cr_assert_eq(reference_parse(s, &ref, &err), 0, "%s", err.text);
	return ref;
}
