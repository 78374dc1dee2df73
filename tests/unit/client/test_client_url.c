/* SPDX-License-Identifier: Apache-2.0 */
/* client_url_copy: a stream whose source is a URL. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/client/clientrig.h"

#define DIGEST "sha256:" \
	"1111111111111111111111111111111111111111111111111111111111111111"
#define URL "http://z.io/x?y"

static struct rig *r;
static struct reference dst;
static struct result res;
static struct peer *s, *t;	/* the source's broker, the target's */
static uint32_t rd, wr;

static void
setup(void)
{
	r = rig_new();
	dst = rig_ref("m.io/to:1");
	memset(&res, 0, sizeof(res));
}

static void
teardown(void)
{
	reference_free(&dst);
	result_free(&res);
	rig_free(r);
}

TestSuite(url, .init = setup, .fini = teardown);

/* Up to GO. */
static void
begin(void)
{
	struct rec *m;
	uint64_t number;

	client_url_copy(r->client, "z.io:80", URL, &dst, DIGEST, 1000,
	    rig_done, &res);
	t = rig_broker(r, 0);
	m = rig_take(t, MSG_BLOB_WRITE);
	wr = m->id;
	number = m->n[3];
	cr_expect_str_eq(m->s[0], "to");
	cr_expect_str_eq(m->s[4], "", "a mount is tried");
	rig_send(t, MSG_UPLOAD, wr);
	s = rig_broker(r, 1);
	m = rig_take(s, MSG_URL_READ);
	rd = m->id;
	cr_expect_str_eq(m->s[0], URL);
	cr_expect_str_eq(m->s[1], DIGEST);
	cr_expect_eq(m->n[2], 1000u);
	cr_expect_eq(m->n[3], 0u);
	cr_expect_eq(m->n[4], number);
	m = rig_take(&r->supervisor, MSG_STREAM);
	cr_expect_str_eq(m->s[0], "z.io:80");
	cr_expect_str_eq(m->s[1], "m.io");
	cr_expect_eq(rig_take(t, MSG_RESERVE)->id, wr);
	rig_send(t, MSG_HELD, wr);
	cr_expect_eq(rig_take(s, MSG_RESERVE)->id, rd);
	rig_send(s, MSG_HELD, rd);
	cr_expect_eq(rig_take(t, MSG_GO)->id, wr);
	cr_expect_eq(rig_take(s, MSG_GO)->id, rd);
}

Test(url, is_copied)
{
	begin();
	rig_end(s, rd, ERROR_NONE, 200, 0, "");
	rig_end(t, wr, ERROR_NONE, 201, 1000, "");
	rig_wait(r, &res);
	cr_expect_eq(res.err.kind, ERROR_NONE);
	cr_expect_eq(res.size, 1000);
}

Test(url, the_source_fails)
{
	begin();
	rig_end(s, rd, ERROR_NOT_FOUND, 404, 0, "not there");
	cr_expect_eq(rig_take(t, MSG_CANCEL)->id, wr);
	rig_end(t, wr, ERROR_CANCELED, 0, 0, "canceled");
	rig_wait(r, &res);
	cr_expect_eq(res.err.kind, ERROR_NOT_FOUND);
	cr_expect(res.read_failed);
}

Test(url, the_target_fails)
{
	begin();
	rig_end(t, wr, ERROR_NOT_FOUND, 404, 0, "no such repository");
	cr_expect_eq(rig_take(s, MSG_CANCEL)->id, rd);
	rig_end(s, rd, ERROR_CANCELED, 0, 0, "canceled");
	rig_wait(r, &res);
	cr_expect_eq(res.err.kind, ERROR_NOT_FOUND);
	cr_expect_not(res.read_failed);
}

/* Once more, as any stream, and not by the request alone. */
Test(url, its_broker_dies)
{
	begin();
	rig_kill(s);
	cr_expect_eq(rig_take(t, MSG_CANCEL)->id, wr);
	rig_end(t, wr, ERROR_ABORTED, 0, 0, "the other end is gone");
	wr = rig_take(t, MSG_BLOB_WRITE)->id;
	rig_end(t, wr, ERROR_NONE, 201, 0, "");
	rig_wait(r, &res);
	cr_expect_eq(res.err.kind, ERROR_NONE);
}
