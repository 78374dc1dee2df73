/* SPDX-License-Identifier: Apache-2.0 */
/*
 * blob_read.c - b:read(): the content of a blob, part by part, by Range. So
 * nothing stays open at the registry while a script computes, however many
 * blobs it has. Size and digest are checked with the last part.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>
#include <lua.h>

#include "common/bounds.h"
#include "common/mem.h"
#include "worker/job/overlay.h"
#include "worker/lua/vm.h"
#include "worker/values/binding.h"
#include "worker/modules/modules.h"

struct blob_read_task {
	struct task task;
	struct client_call *call;
	struct blob_value *b;	/* argument 1, which outlives the call */
	size_t want, asked;
	bool nothing;		/* the end was reached before */
	char *out;		/* the result, in Lua's memory */
	size_t len;
	size_t taken;		/* of b->part */
};

static void read_more(struct blob_read_task *t);

static void
read_release(struct task *task)
{
	struct blob_read_task *t = (struct blob_read_task *)task;

	call_cancel(t->call);
	t->call = NULL;
	if (t->b == NULL)
		return;
	/* It was given up: what was taken cannot be put back. The blob is
	 * older than the task, so it is there still. */
	t->b->reading = false;
	t->b->broken = t->b->broken || t->len > 0;
	buffer_free(&t->b->part);
}

static int
check_sum(struct blob_value *b, struct error *err)
{
	char have[DIGEST_MAX + 1];

	digest_final(b->sum, have);
	if (strcmp(have, b->ref.digest) == 0)
		return 0;
	b->broken = true;
	return error_set(err, ERROR_DIGEST, "blob digest mismatch, expected "
	    "%s, received %s", b->ref.digest, have);
}

/* Takes the next part; the one before has been used up. */
static int
take_part(struct blob_value *b, const char *p, size_t n, struct error *err)
{
	if (b->sum == NULL)
		b->sum = digest_new(b->ref.digest);
	digest_add(b->sum, p, n);
	b->next += n;
	if (b->next == b->size && check_sum(b, err) == -1)
		return -1;
	buffer_clear(&b->part);
	buffer_put(&b->part, p, n);
	return 0;
}

static void
part_done(void *arg, struct answer *a)
{
	struct blob_read_task *t = arg;
	struct error err = a->err;

	t->call = NULL;
	if (err.kind == ERROR_NONE && a->body.len != t->asked)
		error_set(&err, ERROR_HTTP, "the registry sent %llu of its "
		    "%llu bytes", (unsigned long long)(t->b->next +
		    a->body.len), (unsigned long long)t->b->size);
	t->taken = 0;
	if (err.kind != ERROR_NONE || take_part(t->b, buffer_str(&a->body),
	    a->body.len, &err) == -1)
		task_done(&t->task, &err);
	else
		read_more(t);
}

/* What a dry run pretends to have put is here already. */
static bool
ask_overlay(struct blob_read_task *t)
{
	const struct overlay *o = t->task.w->overlay;
	const struct overlay_content *kept;
	struct error err;

	if (o == NULL || (kept = overlay_kept(o, t->b->ref.digest)) == NULL)
		return false;
	t->taken = 0;
	if (take_part(t->b, kept->bytes + t->b->next, t->asked, &err) == -1)
		task_done(&t->task, &err);
	return true;
}

static void
ask_part(struct blob_read_task *t)
{
	struct client *c = t->task.w->client;
	struct blob_value *b = t->b;

	if (b->size <= BLOB_PART_MAX)
		/* Of the whole the broker sees the digest, and asks once more
		 * if it was spoiled on its way. */
		t->call = client_blob_get(c, &b->at, b->ref.digest, b->size,
		    part_done, t);
	else
		t->call = client_blob_part(c, &b->at, b->ref.digest, b->next,
		    t->asked, part_done, t);
}

/* As much of p as is wanted: how much. */
static size_t
give(struct blob_read_task *t, const char *p, size_t n)
{
	if (n > t->want - t->len)
		n = t->want - t->len;
	memcpy(t->out + t->len, p, n);
	t->len += n;
	return n;
}

static void
read_more(struct blob_read_task *t)
{
	struct blob_value *b = t->b;
	size_t n;

	for (;;) {
		if (b->nrest > 0) {
			n = give(t, b->rest, b->nrest);
			b->rest += n;
			b->nrest -= n;
		}
		t->taken += give(t, buffer_str(&b->part) + t->taken,
		    b->part.len - t->taken);
		if (t->len == t->want || t->task.done)
			break;
		t->asked = b->size - b->next > BLOB_PART_MAX ?
		    BLOB_PART_MAX : (size_t)(b->size - b->next);
		if (!ask_overlay(t)) {
			ask_part(t);
			return;
		}
	}
	task_done(&t->task, NULL);
}

static int
read_failed(lua_State *L, struct blob_read_task *t)
{
	char *name, text[REFERENCE_MAX + 64];

	name = reference_string(&t->b->ref);
	snprintf(text, sizeof(text), "Failed reading blob \"%s\"", name);
	free(name);
	return binding_fail(L, &t->task, "%s", text);
}

static int
read_done(lua_State *L, int status, lua_KContext ctx)
{
	struct blob_read_task *t = (struct blob_read_task *)ctx;
	struct blob_value *b = t->b;

	(void)status;
	if (t->task.err.kind != ERROR_NONE)
		return read_failed(L, t);
	/* Either may find no memory: then it was given up, as above. */
	if (t->taken < b->part.len) {
		lua_pushlstring(L, buffer_str(&b->part) + t->taken,
		    b->part.len - t->taken);
		value_keep_rest(L, 1);
	}
	buffer_free(&b->part);
	if (t->nothing)
		lua_pushnil(L);
	else
		lua_pushlstring(L, t->out, t->len);
	b->reading = false;
	t->b = NULL;
	task_release(&t->task);
	return 1;
}

/* What is left of it. */
static uint64_t
left(const struct blob_value *b)
{
	return b->size - b->next + b->nrest;
}

/* How many bytes there will be; raises where that is no number. */
static size_t
wanted(lua_State *L, const struct blob_value *b)
{
	const char *name = value_call_name(L);
	char text[64];
	lua_Number n;

	if (lua_isnoneornil(L, 2)) {
		if (left(b) > BLOB_READ_MAX)
			vm_raise(L, "Failed reading blob: %llu bytes are left, "
			    "at most %u are read at once: use b:read(n)",
			    (unsigned long long)left(b), BLOB_READ_MAX);
		return (size_t)left(b);
	}
	if (lua_type(L, 2) != LUA_TNUMBER)
		vm_arg_error(L, 2, name, "number of bytes expected");
	n = lua_tonumber(L, 2);
	if (!(n >= 0 && n <= BLOB_READ_MAX)) {
		snprintf(text, sizeof(text), "from 0 to %u bytes are read at "
		    "once", BLOB_READ_MAX);
		vm_arg_error(L, 2, name, text);
	}
	return (uint64_t)n < left(b) ? (size_t)n : (size_t)left(b);
}

static void
begin(struct blob_read_task *t)
{
	struct blob_value *b = t->b;
	struct error err;

	if (b->broken) {
		error_set(&err, ERROR_DIGEST, "an earlier read of it failed; "
		    "it must be got once more, with blob.get");
		task_done(&t->task, &err);
	} else if (b->size == 0 && b->sum == NULL &&
	    take_part(b, "", 0, &err) == -1)
		task_done(&t->task, &err);
	else
		read_more(t);
}

int
modules_blob_read(lua_State *L)
{
	struct blob_value *b = value_blob(L, 1);
	struct blob_read_task *t;
	size_t want;

	lua_settop(L, 2);
	binding_context(L);
	if (b == NULL)
		return vm_arg_error(L, 1, value_call_name(L),
		    "blob expected");
	if (b->reading)
		return vm_raise(L, "Failed reading blob: it is being read by "
		    "another branch of the script");
	want = wanted(L, b);
	t = task_new(L, sizeof(*t), read_release);
	t->out = lua_newuserdata(L, want + 1);
	t->b = b;
	t->want = want;
	t->nothing = want == 0 && (b->over || lua_tonumber(L, 2) > 0);
	b->over = want == left(b);
	b->reading = true;
	begin(t);
	return task_await(L, &t->task, read_done);
}
