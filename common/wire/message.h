/* SPDX-License-Identifier: Apache-2.0 */
/*
 * message.h - messages between two of our processes, as PROTOCOL.md defines
 * them. A frame is a 16-byte header and fields in the order that the table
 * messages.def gives. Decoding is total: a frame is wholly valid, to its last
 * byte, or it is refused.
 */
#ifndef REGBOT_MESSAGE_H
#define REGBOT_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/bounds.h"
#include "common/buffer.h"
#include "common/error.h"

/* Who sends to whom: S supervisor, W worker, B broker. */
enum message_path {
	S2W = 1, W2S = 2, S2B = 4, B2S = 8, W2B = 16, B2W = 32
};

enum message_type {
#define MESSAGE(name, number, paths, fields) MSG_##name = number,
#define REQUEST(name, number, verb, effect, fields) MSG_##name = number,
#include "common/wire/messages.def"
#undef MESSAGE
#undef REQUEST
};

/* Flags of CONFINE, JOB and CHANNEL, roles of STREAM_END. */
enum confine_flag {
	CONFINE_OWN_IDS = 1,	/* becomes another user */
	CONFINE_NO_IDS = 2,	/* should, but this system has none */
	CONFINE_ABSENT = 4,	/* becomes a number, the user is missing */
	CONFINE_BOUNDING = 8	/* may empty the bounding set, so it must */
};
enum job_flag { JOB_DRY_RUN = 1, JOB_PARALLEL_UNSET = 2, JOB_COMPILE = 4,
	JOB_EXPECT = 8, JOB_CHECK = 64, JOB_PRINT = 128 };
/* Flags of COPY. */
enum copy_flag { COPY_REFERRERS = 1, COPY_DIGEST_TAGS = 2, COPY_EXTERNAL = 4,
	COPY_FORCE = 8 };
enum channel_flag { CHANNEL_DRY_RUN = 1, CHANNEL_EVERYTHING = 2 };
enum stream_role { ROLE_READ, ROLE_WRITE };

/* How the bytes of an INPUT become a value: INPUT_AUTO, as JSON if they begin
 * with { or [. */
enum input_format { INPUT_AUTO, INPUT_LINES, INPUT_JSON };

/* How a tag deletion that had begun to write ended, in DELETED. */
enum deletion_outcome {
	DELETION_DONE,		/* the tag is gone */
	DELETION_UNDONE,	/* the tag has an image that somebody wants */
	DELETION_LEFT		/* it may have the empty image */
};

/* What a request does at the registry. */
enum message_effect { EFFECT_READS, EFFECT_WRITES };

enum field_kind {
	FIELD_END = 0,
	FIELD_U64 = 1,		/* eight bytes, little-endian */
	FIELD_TOKEN = 2,	/* printable, no space or control, may be "" */
	FIELD_TEXT = 3,		/* anything but NUL, not trusted to be UTF-8 */
	FIELD_BYTES = 4
};

struct field {
	enum field_kind kind;
	uint64_t u64;
	const char *p;		/* TOKEN and TEXT: a C string; borrowed */
	size_t len;
};

struct message {
	enum message_type type;
	uint32_t id;		/* request id, 0 where there is none */
	int nfields;
	struct field f[MESSAGE_FIELDS];
	size_t most;		/* bytes that store ever held */
	char store[MESSAGE_MAX + MESSAGE_FIELDS]; /* what f points into */
};

/* Decodes a frame that came over one of paths. 0, or -1 and ERROR_PROTOCOL. */
int message_decode(struct message *m, const void *frame, size_t len,
    unsigned paths, struct error *err);

/* Wipes what all messages decoded into m left there. */
void message_wipe(struct message *m);

/* Fields by position; the table guarantees kind and presence. */
uint64_t message_u64(const struct message *m, int i);
const char *message_str(const struct message *m, int i);

/* Encoding: start, put every field in order, finish. A field of the wrong kind
 * or beyond its limit makes finish fail; nothing is sent then. */
struct message_out {
	enum message_type type;
	struct buffer frame;
	int nfields;
	struct error err;	/* the first failure */
};
void message_start(struct message_out *o, enum message_type type, uint32_t id);
void message_put_u64(struct message_out *o, uint64_t v);
void message_put_str(struct message_out *o, const char *s); /* NULL is "" */
void message_put_bytes(struct message_out *o, const void *p, size_t n);
int message_finish(struct message_out *o, struct error *err);
void message_out_free(struct message_out *o);	/* wipes what it held */

/* May this request change something at the registry? */
bool message_writes(enum message_type type);

/* "JOB" and so on, for logs; "?" for an unknown number. */
const char *message_name(unsigned type);

#endif
