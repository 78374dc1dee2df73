/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_dispatch.c - any sequence of messages from workers, of answers from a
 * registry and of stream ends: the broker lives, its accounts are right, and
 * it lets go of everything. The input is a program for the rig, a byte an
 * instruction with bytes for arguments.
 */
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/wire/channel.h"
#include "supervisor/serve/request.h"
#include "tests/unit/broker/brokerrig.h"
#include "tests/unit/broker/fakehttp.h"

#define SHA "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060" \
	"f61caaff8a"
#define OTHER "sha256:0000000000000000000000000000000000000000000000000000" \
	"000000000000"
#define STREAMS 8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

const char *const fuzz_seeds[] = {
	/* A manifest, its credit, an upload, a stream, a tag deletion. */
	"\x01\x03\x01\x02\x02\x01\x01\x04\x01\x01",
	"\x01\x0b\x01\x01\x02\x05\x01\x02\x01\x06\x01\x01\x02\x02\x01\x01",
	"\x01\x0a\x01\x01\x05\x01\x02\x02\x01\x01\x02\x02\x01\x06\x01\x04",
	"\x01\x06\x01\x01\x04\x05\x04\x01\x04\x01\x04\x03\x04\x02\x04\x06",
	"\x01\x04\x01\x01\x02\x05\x01\x02\x04\x01\x08\x09\x0a",
	"\x0b\x01\x01\x04\x01\x02\x01\x01\x02\x04\x01\x01\x01\x02\x01", NULL
};

static struct rig rig;
static const uint8_t *in, *end;
static int streams[STREAMS];
static unsigned nstreams;
static bool quitting;	/* QUIT was sent: no CHANNEL may follow */

static uint8_t
byte(void)
{
	return in < end ? *in++ : 0;
}

static const char *
repository(void)
{
	static const char *const v[] = { "a", "a/b", "UPPER", "" };

	return v[byte() % 4];
}

static const char *
name(void)
{
	static const char *const v[] = { SHA, "latest", "md5:1", "" };

	return v[byte() % 4];
}

static void
ask(void)
{
	static const char *const urls[] = { "https://h/x", "http://h:81/x?y",
	    "https://u@h/", "" };
	static const enum message_type later[] = { MSG_URL_READ,
	    MSG_REFERRERS, MSG_MANIFEST_SWAP, MSG_BLOB_PART, MSG_BLOB_PUT };
	unsigned pick = byte() % 17;
	enum message_type type = pick >= 12 ? later[pick - 12] :
	    MSG_TAG_LIST + pick;
	uint32_t id = byte() % 70;
	uint64_t n = byte() % 4, o = byte() % 4, stream = byte() % 4;

	switch (type) {
	case MSG_TAG_LIST:
		rig_ask(&rig, type, id, "suss", repository(), n, "x", "");
		break;
	case MSG_CATALOG:
		rig_ask(&rig, type, id, "uss", n, "", "n=1");
		break;
	case MSG_MANIFEST_PUT:
		rig_ask(&rig, type, id, "ssssu", repository(), name(), "a/b",
		    SHA, n << (byte() % 24));
		break;
	case MSG_REFERRERS:
		rig_ask(&rig, type, id, "ssss", repository(), SHA, "a/b",
		    n == 0 ? "" : "n=1");
		break;
	case MSG_MANIFEST_SWAP:
		rig_ask(&rig, type, id, "sssssu", repository(), name(), "a/b",
		    SHA, n == 0 ? "" : OTHER, (uint64_t)2);
		break;
	case MSG_BLOB_GET:
		rig_ask(&rig, type, id, "ssu", repository(), name(), n);
		break;
	case MSG_BLOB_PART:
		rig_ask(&rig, type, id, "ssuu", repository(), name(),
		    n << (byte() % 64), o << (byte() % 64));
		break;
	case MSG_BLOB_PUT:
		rig_ask(&rig, type, id, "ssu", repository(), name(),
		    n << (byte() % 24));
		break;
	case MSG_BLOB_MOUNT:
		rig_ask(&rig, type, id, "sss", repository(), SHA,
		    repository());
		break;
	case MSG_BLOB_READ:
		rig_ask(&rig, type, id, "ssuuu", "a", SHA, n, o, stream);
		break;
	case MSG_URL_READ:
		rig_ask(&rig, type, id, "ssuuu", urls[byte() % 4], SHA, n, o,
		    stream);
		break;
	case MSG_BLOB_WRITE:
		rig_ask(&rig, type, id, "ssuus", "a", SHA, n, stream,
		    repository());
		break;
	default:
		rig_ask(&rig, type, id, "ss", repository(), name());
		break;
	}
}

static void
more(void)
{
	static const char body[] = "{}more of it";
	uint32_t id = byte() % 70;
	uint8_t which = byte();

	switch (which % 5) {
	case 0:
		rig_ask(&rig, MSG_CREDIT, id, "u",
		    (uint64_t)1 << (which / 5 % 64));
		break;
	case 1:
		rig_ask(&rig, MSG_DATA, id, "b", body,
		    (size_t)(which / 5 % sizeof(body)));
		break;
	case 2:
		rig_ask(&rig, MSG_RESERVE, id, "");
		break;
	case 3:
		rig_ask(&rig, MSG_GO, id, "");
		break;
	default:
		rig_ask(&rig, MSG_CANCEL, id, "");
		break;
	}
}

static void
answer(void)
{
	static const int statuses[] = { 200, 201, 202, 204, 206, 307, 400,
	    401, 404, 405, 429, 500 };
	struct http_reply reply = { .length = byte(), .digest = "",
	    .media_type = "application/json", .location = "http://u/1",
	    .next = byte() % 8 == 0 ? "a b" : "n=1" };
	struct http_request *q;

	if (fake_count() == 0)
		return;
	q = fake_at(byte() % fake_count());
	reply.status = statuses[byte() % 12];
	if (byte() % 2 == 0)
		reply.digest = SHA;
	fake_answer(q, &reply, "{}", byte() % 3);
}

static void
fail(void)
{
	uint8_t kind = byte();

	if (fake_count() != 0)
		fake_fail(fake_at(byte() % fake_count()),
		    1 + kind % (ERROR_KINDS - 1), 0, "failed");
}

static void
stream(void)
{
	uint64_t number = 1 + byte() % 3;
	unsigned role = byte() % 2;

	if (nstreams < STREAMS && rig.status == -1)
		streams[nstreams++] = rig_stream(&rig, 7, number, role);
}

static void
flow(void)
{
	char buf[8];
	struct http_request *q;
	int64_t n = byte() % 8;

	if (nstreams != 0)
		(void)!send(streams[byte() % nstreams], "{}{}", (size_t)n % 5,
		    MSG_DONTWAIT | MSG_NOSIGNAL);
	if (fake_count() == 0)
		return;
	q = fake_at(byte() % fake_count());
	if (q->spec.source != NULL)
		n = fake_pull(q, buf, (size_t)n);
	else if (q->spec.sink != NULL)
		n = fake_push(q, "{}{}{}{}", (size_t)n);
	if (n == HTTP_ABORT)
		fake_fail(q, ERROR_NETWORK, 0, "aborted");
}

static void
raw(void)
{
	size_t n = byte();

	if (n > (size_t)(end - in))
		n = (size_t)(end - in);
	(void)!send(rig.worker, in, n, MSG_DONTWAIT | MSG_NOSIGNAL);
	in += n;
	rig_run(&rig);
}

/* PING, or the end of a deletion that a broker before this one began. */
static void
supervise(void)
{
	uint32_t id = 1 + byte() % 4;

	if (byte() % 2 == 0)
		rig_send(&rig, rig.control, -1, MSG_PING, 0, "");
	else
		rig_send(&rig, rig.control, -1, MSG_FINISH, id, "ssss", "a",
		    "latest", SHA, OTHER);
	rig_run(&rig);
}

/* Nothing that the broker counts may disagree with what it has. */
static void
check(void)
{
	struct session *s;
	struct request *r;

	TAILQ_FOREACH(s, &broker_server(rig.broker)->sessions, entry) {
		uint64_t in_credit = 0, out_credit = 0;
		size_t n = 0, buffered = 0, collecting = 0;

		TAILQ_FOREACH(r, &s->requests, entry) {
			n++;
			in_credit += r->credit_in;
			out_credit += r->credit_out;
			buffered += r->buffered;
			collecting += r->collecting;
		}
		if (n != s->nrequests || n > CHANNEL_REQUESTS ||
		    in_credit != s->credit_in || out_credit != s->credit_out ||
		    in_credit > CHANNEL_WINDOW ||
		    out_credit > CHANNEL_WINDOW || buffered != s->buffered ||
		    collecting != s->collecting)
			abort();
	}
}

static void
step(void)
{
	switch (byte() % 13) {
	case 1:
		ask();
		break;
	case 2:
		more();
		break;
	case 3:
		fail();
		break;
	case 4:
		answer();
		break;
	case 5:
		stream();
		break;
	case 6:
		flow();
		break;
	case 7:
		raw();
		break;
	case 8:
		if (quitting)
			break;
		close(rig.worker);
		rig_run(&rig);
		rig.worker = rig_channel(&rig, 7, byte() % 4);
		break;
	case 9:
		fake_hold = !fake_hold;
		break;
	case 10:
		if (byte() % 16 == 0) {
			quitting = true;
			rig_send(&rig, rig.control, -1, MSG_QUIT, 0, "");
		}
		break;
	case 11:
		if (rig.status == -1)
			supervise();
		break;
	default:
		break;
	}
	while (rig_get(&rig, rig.worker) > 0)
		;
	while (rig_get(&rig, rig.control) > 0)
		;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	in = data;
	end = data + size;
	nstreams = 0;
	quitting = false;
	rig_rounds = 3;
	rig_new(&rig, RIG_EVERYTHING, 16, NULL);
	while (in < end && rig.status == -1) {
		step();
		check();
	}
	for (unsigned i = 0; i < nstreams; i++)
		close(streams[i]);
	rig_free(&rig);
	if (fake_slots != 0)
		abort();
	return 0;
}
