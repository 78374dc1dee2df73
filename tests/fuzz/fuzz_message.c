/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whatever decodes must encode to the very same bytes. Seeds are texts, so
 * the first byte picks a type and a frame is made around what follows it; an
 * input that already is a frame is also tried as it is.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/wire/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ANY_PATH (S2W | W2S | S2B | B2S | W2B | B2W)

const char *const fuzz_seeds[] = {
	"\x01\x02\x05\x01\x01\x01zbuild",
	"BR\x01\x06\x07\x01\x01\x01",
	"\x06\x02\x09\x01\x01\x01z" "registry:5000",
	"\x4f\x04\x04\x01\x01\x01zdata",
	"\x46\x02\x04\x01\x01\x01zrepo\x02\x03\x01\x01\x01ztag",
	"\x50\x01\x08\x01\x01\x01z12345678",
	"\x03\x03\x04\x01\x01\x01zname\x01\x08\x01\x01\x01z12345678",
	"\x28\x02\x01\x01\x01\x01zr\x02\x01\x01\x01\x01zt\x02\x01\x01\x01\x01zd\x02"
	"\x01\x01\x01\x01ze",
	"\x29\x01\x08\x01\x01\x01z12345678\x01\x08\x01\x01\x01z12345678\x03\x03\x01"
	"\x01\x01zwhy",
	"\x18\x02\x01\x01\x01\x01zi\x03\x05\x01\x01\x01zf.yml\x01\x08\x01\x01"
	"\x01z12345678\x04\x03\x01\x01\x01zabc",
	"\x19\x02\x01\x01\x01\x01zo",
	"\x1a\x02\x01\x01\x01\x01zo\x04\x02\x01\x01\x01z{}",
	"\x2b",
	"\x51\x02\x0b\x01\x01\x01zhttps://h/x\x02\x01\x01\x01\x01zd\x01\x08\x01\x01"
	"\x01z12345678\x01\x08\x01\x01\x01z12345678\x01\x08\x01\x01\x01z12345678",
	NULL
};

static void
encode_again(const struct message *m, const uint8_t *frame, size_t size)
{
	struct message_out o;

	message_start(&o, m->type, m->id);
	for (int i = 0; i < m->nfields; i++)
		switch (m->f[i].kind) {
		case FIELD_U64:
			message_put_u64(&o, message_u64(m, i));
			break;
		case FIELD_BYTES:
			message_put_bytes(&o, m->f[i].p, m->f[i].len);
			break;
		default:
			if (strlen(message_str(m, i)) != m->f[i].len)
				abort();
			message_put_str(&o, message_str(m, i));
		}
	if (message_finish(&o, NULL) == -1 || o.frame.len != size ||
	    memcmp(o.frame.data, frame, size) != 0)
		abort();
	message_out_free(&o);
}

static void
try_frame(const uint8_t *frame, size_t size)
{
	static struct message m;
	struct error err = { 0 };

	if (message_decode(&m, frame, size, ANY_PATH, &err) == 0)
		encode_again(&m, frame, size);
	else if (err.kind != ERROR_PROTOCOL)
		abort();
}

/* The seeds cannot hold a NUL: 1 stands for one in a field's length, with
 * 'z' after it, so that most inputs have the form of fields. */
static size_t
unseed(uint8_t *out, const uint8_t *p, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < size; i++) {
		if (size - i >= 4 && memcmp(p + i, "\1\1\1z", 4) == 0) {
			memset(out + n, 0, 3);
			n += 3;
			i += 3;
		} else
			out[n++] = p[i];
	}
	return n;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *frame;
	size_t n;

	try_frame(data, size);
	if (size == 0 || size > MESSAGE_MAX)
		return 0;
	frame = calloc(1, MESSAGE_HEADER + size);
	if (frame == NULL)
		return 0;
	n = unseed(frame + MESSAGE_HEADER, data + 1, size - 1);
	frame[0] = 0x52;
	frame[1] = 0x42;
	frame[2] = 1;
	frame[3] = data[0];
	frame[8] = (uint8_t)n;
	frame[9] = (uint8_t)(n >> 8);
	try_frame(frame, MESSAGE_HEADER + n);
	free(frame);
	return 0;
}
