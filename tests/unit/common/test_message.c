/* SPDX-License-Identifier: Apache-2.0 */
/* Encoding and decoding of every message. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/wire/message.h"

#define ANY_PATH (S2W | W2S | S2B | B2S | W2B | B2W)

/* The table once more, so that every type is tried with what it may hold. */
struct spec {
	enum field_kind kind;
	size_t max;
};

static const struct type {
	const char *name;
	unsigned number;
	unsigned paths;
	struct spec fields[MESSAGE_FIELDS];
} types[] = {
#define U64 { FIELD_U64, 8 },
#define TOKEN(n) { FIELD_TOKEN, n },
#define TEXT(n) { FIELD_TEXT, n },
#define BYTES(n) { FIELD_BYTES, n },
#define MESSAGE(name, number, paths, fields) \
	{ #name, number, paths, { fields { FIELD_END, 0 } } },
#define REQUEST(name, number, verb, effect, fields) \
	{ #name, number, W2B, { fields { FIELD_END, 0 } } },
#include "common/wire/messages.def"
#undef MESSAGE
#undef REQUEST
#undef U64
#undef TOKEN
#undef TEXT
#undef BYTES
};

#define NTYPES (sizeof(types) / sizeof(types[0]))

static struct message m;

/* Content for field i of at most max bytes; len of them. */
static void
put(struct message_out *o, const struct spec *s, int i, size_t len)
{
	char *p = malloc(len + 1);

	if (s->kind == FIELD_U64) {
		message_put_u64(o, 0x0102030405060708u + (uint64_t)i);
	} else {
		for (size_t k = 0; k < len; k++)
			p[k] = s->kind == FIELD_TOKEN ? (char)('!' + k % 94) :
			    s->kind == FIELD_TEXT ? (char)(1 + k % 255) :
			    (char)k;
		p[len] = '\0';
		if (s->kind == FIELD_BYTES)
			message_put_bytes(o, p, len);
		else
			message_put_str(o, p);
	}
	free(p);
}

static void
build(struct message_out *o, const struct type *t, size_t most)
{
	message_start(o, t->number, 0xdeadbeef);
	for (int i = 0; t->fields[i].kind != FIELD_END; i++)
		put(o, &t->fields[i], i, t->fields[i].max < most ?
		    t->fields[i].max : most);
}

/* Decodes an exact copy, so that a read past its end is seen. */
static int
decode(const void *p, size_t n, unsigned paths)
{
	struct error err = { 0 };
	char *copy = malloc(n != 0 ? n : 1);
	int r;

	memcpy(copy, p, n);
	r = message_decode(&m, copy, n, paths, &err);
	free(copy);
	if (r == -1)
		cr_assert(err.kind == ERROR_PROTOCOL && err.text[0] != '\0');
	return r;
}

static void
expect_same(const struct type *t, size_t most)
{
	cr_assert(m.type == t->number && m.id == 0xdeadbeef);
	for (int i = 0; i < m.nfields; i++) {
		const struct spec *s = &t->fields[i];
		size_t len = s->max < most ? s->max : most;

		cr_assert(m.f[i].kind == s->kind);
		cr_assert(m.f[i].len == len || s->kind == FIELD_U64);
		if (s->kind == FIELD_U64)
			cr_assert(message_u64(&m, i) ==
			    0x0102030405060708u + (uint64_t)i);
		else
			cr_assert(m.f[i].p[len] == '\0');
		for (size_t k = 0; s->kind == FIELD_BYTES && k < len; k++)
			cr_assert(m.f[i].p[k] == (char)k);
	}
	cr_assert(t->fields[m.nfields].kind == FIELD_END);
}

Test(message, every_type_goes_round)
{
	static const size_t sizes[] = { 0, 1, 17, SIZE_MAX };
	struct message_out o;

	for (size_t i = 0; i < NTYPES; i++)
		for (size_t k = 0; k < sizeof(sizes) / sizeof(sizes[0]); k++) {
			build(&o, &types[i], sizes[k]);
			cr_assert(message_finish(&o, NULL) == 0, "%s",
			    types[i].name);
			cr_assert(o.frame.len <= MESSAGE_MAX, "%s",
			    types[i].name);
			cr_assert(decode(o.frame.data, o.frame.len,
			    types[i].paths) == 0, "%s", types[i].name);
			expect_same(&types[i], sizes[k]);
			message_out_free(&o);
		}
}

Test(message, numbers_and_names_are_unique)
{
	for (size_t i = 0; i < NTYPES; i++) {
		cr_expect_str_eq(message_name(types[i].number),
		    types[i].name);
		cr_expect(types[i].number < 256 && types[i].paths != 0);
		for (size_t k = 0; k < i; k++)
			cr_expect(types[k].number != types[i].number);
	}
	cr_expect_str_eq(message_name(0), "?");
	cr_expect_str_eq(message_name(255), "?");
}

Test(message, every_other_path_is_refused)
{
	struct message_out o;

	for (size_t i = 0; i < NTYPES; i++) {
		build(&o, &types[i], 5);
		cr_assert(message_finish(&o, NULL) == 0);
		for (unsigned path = 1; path <= B2W; path <<= 1)
			cr_expect(decode(o.frame.data, o.frame.len, path) ==
			    ((types[i].paths & path) != 0 ? 0 : -1), "%s %u",
			    types[i].name, path);
		cr_expect(decode(o.frame.data, o.frame.len, 0) == -1);
		message_out_free(&o);
	}
}

Test(message, truncation_at_every_byte_is_refused)
{
	struct message_out o;

	for (size_t i = 0; i < NTYPES; i++) {
		build(&o, &types[i], 9);
		cr_assert(message_finish(&o, NULL) == 0);
		for (size_t n = 0; n < o.frame.len; n++) {
			cr_assert(decode(o.frame.data, n, ANY_PATH) == -1,
			    "%s cut at %zu", types[i].name, n);
			if (n < MESSAGE_HEADER)
				continue;
			/* With the length set right as well. */
			o.frame.data[8] = (char)(n - MESSAGE_HEADER);
			o.frame.data[9] = (char)((n - MESSAGE_HEADER) >> 8);
			cr_assert(decode(o.frame.data, n, ANY_PATH) == -1,
			    "%s cut at %zu", types[i].name, n);
			o.frame.data[8] = (char)(o.frame.len -
			    MESSAGE_HEADER);
			o.frame.data[9] = (char)((o.frame.len -
			    MESSAGE_HEADER) >> 8);
		}
		message_out_free(&o);
	}
}

Test(message, trailing_bytes_are_refused)
{
	struct message_out o;

	for (size_t i = 0; i < NTYPES; i++) {
		build(&o, &types[i], 9);
		cr_assert(message_finish(&o, NULL) == 0);
		buffer_putc(&o.frame, '\0');
		cr_assert(decode(o.frame.data, o.frame.len, ANY_PATH) == -1);
		o.frame.data[8]++;
		cr_assert(decode(o.frame.data, o.frame.len, ANY_PATH) == -1);
		message_out_free(&o);
	}
}

/* A flipped bit is refused, or is in the id or in a field's content. */
Test(message, bit_flips_stay_in_what_is_content)
{
	struct message_out o;

	for (size_t i = 0; i < NTYPES; i++) {
		build(&o, &types[i], 7);
		cr_assert(message_finish(&o, NULL) == 0);
		for (size_t bit = 0; bit < o.frame.len * 8; bit++) {
			size_t at = bit / 8;
			int r;

			o.frame.data[at] ^= (char)(1 << bit % 8);
			r = decode(o.frame.data, o.frame.len,
			    types[i].paths);
			if (at < MESSAGE_HEADER && at != 3 &&
			    (at < 4 || at > 7))
				cr_assert(r == -1, "%s bit %zu",
				    types[i].name, bit);
			if (r == 0 && at != 3)
				cr_assert(m.type == types[i].number);
			o.frame.data[at] ^= (char)(1 << bit % 8);
		}
		message_out_free(&o);
	}
}

Test(message, a_field_over_its_limit_is_neither_sent_nor_taken)
{
	struct message_out o;
	struct error err = { 0 };
	char tag[TAG_MAX + 2];

	memset(tag, 't', sizeof(tag));
	tag[TAG_MAX + 1] = '\0';
	message_start(&o, MSG_TAG_DELETE, 1);
	message_put_str(&o, "repo");
	message_put_str(&o, tag);
	cr_expect(message_finish(&o, &err) == -1);
	cr_expect(err.kind == ERROR_LIMIT);
	message_out_free(&o);

	/* By hand: a tag of the greatest length, then one more byte. */
	tag[TAG_MAX] = '\0';
	message_start(&o, MSG_TAG_DELETE, 1);
	message_put_str(&o, "repo");
	message_put_str(&o, tag);
	cr_assert(message_finish(&o, NULL) == 0);
	cr_expect(decode(o.frame.data, o.frame.len, W2B) == 0);
	o.frame.data[8]++;
	o.frame.data[MESSAGE_HEADER + 5 + 4 + 1]++;
	buffer_putc(&o.frame, 't');
	cr_expect(decode(o.frame.data, o.frame.len, W2B) == -1);
	message_out_free(&o);
}

Test(message, a_token_has_no_space_or_control)
{
	static const char *const bad[] = { "a b", "a\nb", "a\rb", "\t",
	    "\x7f", "\x80", "\xc3\xa9", "\x01" };
	struct message_out o;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		message_start(&o, MSG_OPEN, 1);
		message_put_str(&o, bad[i]);
		cr_expect(message_finish(&o, NULL) == -1, "%s", bad[i]);
		message_out_free(&o);

		message_start(&o, MSG_OPEN, 1);
		message_put_str(&o, "aaa");
		cr_assert(message_finish(&o, NULL) == 0);
		memcpy(o.frame.data + MESSAGE_HEADER + 5, bad[i], 1);
		o.frame.data[MESSAGE_HEADER + 6] = bad[i][strlen(bad[i]) > 1];
		cr_expect(decode(o.frame.data, o.frame.len, W2S) == -1, "%s",
		    bad[i]);
		message_out_free(&o);
	}
}

Test(message, a_text_has_no_nul)
{
	struct message_out o;

	message_start(&o, MSG_LATE, 0);
	message_put_str(&o, "abc");
	cr_assert(message_finish(&o, NULL) == 0);
	cr_expect(decode(o.frame.data, o.frame.len, W2S) == 0);
	o.frame.data[MESSAGE_HEADER + 6] = '\0';
	cr_expect(decode(o.frame.data, o.frame.len, W2S) == -1);
	message_out_free(&o);
}

Test(message, fields_must_be_all_there_and_of_their_kind)
{
	struct message_out o;

	message_start(&o, MSG_STOP, 0);
	cr_expect(message_finish(&o, NULL) == -1, "a field is missing");
	message_out_free(&o);
	message_start(&o, MSG_STOP, 0);
	message_put_u64(&o, 1);
	message_put_u64(&o, 2);
	cr_expect(message_finish(&o, NULL) == -1, "one too many");
	message_out_free(&o);
	message_start(&o, MSG_STOP, 0);
	message_put_str(&o, "1");
	cr_expect(message_finish(&o, NULL) == -1, "of another kind");
	message_out_free(&o);
	message_start(&o, MSG_STOP, 0);
	for (int i = 0; i < 3 * MESSAGE_FIELDS; i++)
		message_put_u64(&o, 1);
	cr_expect(message_finish(&o, NULL) == -1, "far too many");
	message_out_free(&o);
	message_start(&o, (enum message_type)200, 0);
	cr_expect(message_finish(&o, NULL) == -1, "of no type");
	message_out_free(&o);
}

Test(message, out_of_bounds_frames_are_refused)
{
	static char big[MESSAGE_MAX + 1];

	cr_expect(decode("", 0, ANY_PATH) == -1);
	cr_expect(decode(big, MESSAGE_HEADER, ANY_PATH) == -1);
	cr_expect(decode(big, sizeof(big), ANY_PATH) == -1);
}

Test(message, a_secret_is_marked_to_be_wiped)
{
	struct message_out o;

	message_start(&o, MSG_SECRET, 0);
	cr_expect(o.frame.secret);
	message_out_free(&o);
}

/* It ends where nothing can be read any more. */
Test(message, a_frame_shorter_than_a_header)
{
	long page = sysconf(_SC_PAGESIZE);
	char *p = mmap(NULL, 2 * (size_t)page, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	cr_assert_neq(p, MAP_FAILED);
	cr_assert_eq(mprotect(p + page, (size_t)page, PROT_NONE), 0);
	for (size_t n = 0; n < MESSAGE_HEADER; n++)
		cr_expect_eq(message_decode(&m, p + page - n, n, ANY_PATH,
		    NULL), -1, "%zu", n);
	munmap(p, 2 * (size_t)page);
}
