/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client.h - a worker's asynchronous requests: to the supervisor over the
 * control channel, and to brokers over channels that are opened when a
 * registry is first named. Many may be outstanding at once (those beyond the
 * channel's limit wait their turn); each calls its done function exactly once,
 * from the loop, unless it is cancelled first.
 *
 * When a broker dies, reads are repeated once on a new one; writes fail with
 * ERROR_PEER.
 */
#ifndef REGBOT_CLIENT_H
#define REGBOT_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buffer.h"
#include "common/error.h"
#include "common/reference.h"
#include "common/wire/log_record.h"
#include "common/wire/loop.h"
#include "common/wire/stop.h"

struct client;
struct client_call;		/* one operation under way */

struct rate {		/* a registry's RateLimit headers */
	bool set;
	int64_t limit, remain, reset;
	char *policies;	/* comma-separated */
};

struct answer {
	struct error err;	/* kind ERROR_NONE on success */
	char *media_type;	/* "" when unknown */
	char *digest;		/* Docker-Content-Digest, "" when absent */
	int64_t size;		/* -1 when unknown */
	char *next;		/* query of the next page, "" at the end */
	struct rate rate;
	char *subject;		/* of a put: what the registry has noted that
				 * it refers to, NULL or "" when nothing */
	bool filtered;		/* referrers: by the registry, by their type */
	bool changed;		/* a swap: nothing was written, since the tag
				 * has what is in body, or does not exist */
	bool late;		/* a swap: slower than REFERRERS_WINDOW_MS */
	bool read_failed;	/* a blob's copy: its source, not its target */
	struct buffer body;	/* steal or copy: freed after done returns */
};
typedef void answer_fn(void *arg, struct answer *a);

struct client_input {	/* what INPUT said */
	char *name;
	char *place;		/* "FILE:LINE" */
	uint64_t format;	/* enum input_format */
	struct buffer text;
};

struct client_job {	/* what JOB and the messages after it said */
	char *name, *script;
	size_t script_len;
	bool dry_run;
	bool compile;		/* it is only compiled; another one follows */
	bool check;		/* and looked at with its modules */
	int log_level;
	int64_t timeout_ns;	/* 0: none */
	uint64_t memory;	/* what Lua may allocate */
	bool expect;		/* client_expect is of use */
	bool parallel_unset;	/* defaults.parallel was not given */
	struct client_input *inputs;
	size_t ninputs;
	bool print;		/* client_print is of use */
	char **args;		/* name of the chunk, arg[0], ...; NULL: none */
	size_t nargs;
	char **outputs;		/* names that client_output may use */
	size_t noutputs;
};

/* fd is the control channel. stop is called at STOP, and when the supervisor
 * is gone (STOP_CANCELED). */
struct client *client_new(struct loop *l, int fd,
    void (*stop)(void *arg, enum stop_reason why), void *arg);
void client_free(struct client *c);

/* The life of a job, in this order: send READY, wait for the job, and finally
 * send DONE. get_job returns 0 once *job is filled (the caller owns it). */
void client_ready(struct client *c);
int client_get_job(struct client *c, struct client_job *job,
    struct error *err);
/* Answers a job that is only compiled, whose texts it frees. error: NULL for
 * none. */
void client_compiled(struct client *c, struct client_job *job,
    const char *error);
void client_late(struct client *c, const char *where);	/* "<string>:3" */
struct client_done {	/* what DONE says */
	bool failed;
	int exit_code;		/* the script's own (os.exit), else 0 */
	const char *text;	/* the error, or NULL */
	uint64_t copied, up_to_date, deleted, failures;
	uint64_t bytes;		/* uploaded */
};
/* Sends DONE and waits until everything queued has been sent. */
void client_finish(struct client *c, const struct client_done *d);

void client_inputs_free(struct client_job *job);
/* The JSON of an output, once for each at the end of a script. */
void client_output(struct client *c, const char *name, const char *p,
    size_t n);

/* So many bytes more, or less, will be uploaded than was known. */
void client_expect(struct client *c, int64_t bytes);
void client_log(struct client *c, const struct log_record *r);
/* What os.getenv may answer: NULL when the name was not passed. Borrowed. */
const char *client_getenv(const struct client *c, const char *name);
/* What image.copy does where a script does not say; borrowed. */
struct client_copy {
	bool referrers, digest_tags, include_external, force_recursive;
	char **platforms;
	size_t nplatforms;	/* 0: all */
};
const struct client_copy *client_copy_defaults(const struct client *c);
/* For standard output, at most CHUNK_MAX bytes. done once it is written; until
 * then one more call may be made, and no third. */
struct client_call *client_print(struct client *c, const void *p, size_t n,
    answer_fn *done, void *arg);
/* A module's text: answer.body; media_type is the path it came from. */
struct client_call *client_module(struct client *c, const char *name,
    answer_fn *done, void *arg);

/* An action slot (defaults.parallel). Unlike other calls it outlives done,
 * even when it was refused: always release it, with client_slot_release (or
 * call_cancel, which does the same here). */
struct client_call *client_slot(struct client *c, answer_fn *done, void *arg);
/* So many calls may be asked for at a time from now on: brokers are told, and
 * where defaults.parallel is not set, more than 1 are so many slots of the
 * job's own. */
void client_width(struct client *c, unsigned n);
void client_slot_release(struct client *c, struct client_call *slot);

/* Registry operations, on ref's tag or digest. */
struct client_call *client_manifest_head(struct client *c,
    const struct reference *ref, answer_fn *done, void *arg);
struct client_call *client_manifest_get(struct client *c,
    const struct reference *ref, answer_fn *done, void *arg);
struct client_call *client_manifest_put(struct client *c,
    const struct reference *ref, const char *media_type, const char *digest,
    const void *p, size_t n, answer_fn *done, void *arg);
/* The same to ref's tag, if that has the digest expected, "" for no such
 * tag. */
struct client_call *client_manifest_swap(struct client *c,
    const struct reference *ref, const char *expected,
    const char *media_type, const char *digest, const void *p, size_t n,
    answer_fn *done, void *arg);
struct client_call *client_manifest_delete(struct client *c,
    const struct reference *ref, const char *digest, answer_fn *done,
    void *arg);
struct client_call *client_tag_delete(struct client *c,
    const struct reference *ref, answer_fn *done, void *arg);
/* One page. n 0 and "" omit the parameter; query is an answer's next. */
struct client_call *client_tag_list(struct client *c,
    const struct reference *ref, int64_t n, const char *last,
    const char *query, answer_fn *done, void *arg);
/* One page of what refers to a digest in ref's repository, by the registry's
 * own list. type "" is any; query as above. */
struct client_call *client_referrers(struct client *c,
    const struct reference *ref, const char *digest, const char *type,
    const char *query, answer_fn *done, void *arg);
struct client_call *client_catalog(struct client *c, const char *registry,
    int64_t n, const char *last, const char *query, answer_fn *done,
    void *arg);
struct client_call *client_blob_head(struct client *c,
    const struct reference *ref, const char *digest, answer_fn *done,
    void *arg);
struct client_call *client_blob_get(struct client *c,
    const struct reference *ref, const char *digest, uint64_t max,
    answer_fn *done, void *arg);
/* At most n bytes from offset on, which nobody has checked. */
struct client_call *client_blob_part(struct client *c,
    const struct reference *ref, const char *digest, uint64_t offset,
    size_t n, answer_fn *done, void *arg);
/* Uploads n bytes, at most BLOB_PUT_MAX; they are copied. */
struct client_call *client_blob_put(struct client *c,
    const struct reference *ref, const char *digest, const void *p, size_t n,
    answer_fn *done, void *arg);
/* Within ref's registry, from its repository from. */
struct client_call *client_blob_mount(struct client *c,
    const struct reference *ref, const char *digest, const char *from,
    answer_fn *done, void *arg);
/* A whole blob transfer, restarts included. from is a repository
 * of dst's registry where the blob is known to be, or "". answer.size is the
 * number of bytes uploaded: 0 when it was mounted. */
struct client_call *client_blob_copy(struct client *c,
    const struct reference *src, const struct reference *dst,
    const char *digest, uint64_t size, const char *from, answer_fn *done,
    void *arg);
/* The same from an http or https URL on that registry's host, which gets no
 * credentials. */
struct client_call *client_url_copy(struct client *c, const char *registry,
    const char *url, const struct reference *dst, const char *digest,
    uint64_t size, answer_fn *done, void *arg);

/* done will not be called; the request is cancelled at the broker. Does
 * nothing inside the call's own done; after done the call no longer exists. */
void call_cancel(struct client_call *call);	/* NULL is fine */

#endif
