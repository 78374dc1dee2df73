/* SPDX-License-Identifier: Apache-2.0 */
/*
 * step.c - the calls that a copy has under way, and how it ends: with its first
 * failure, or once the top is put.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "worker/copy/copy_private.h"

#include "common/mem.h"

struct step *
step_new(struct copy *c, step_fn *fn, void *obj)
{
	struct step *s;

	if (c->over)
		return NULL;
	s = mem_alloc(sizeof(*s));
	s->copy = c;
	s->fn = fn;
	s->obj = obj;
	TAILQ_INSERT_TAIL(&c->steps, s, entry);
	return s;
}

void
step_done(void *step, struct answer *a)
{
	struct step *s = step;
	step_fn *fn = s->fn;
	void *obj = s->obj;

	TAILQ_REMOVE(&s->copy->steps, s, entry);
	free(s);
	fn(obj, a);
}

void
step_cancel_all(struct copy *c)
{
	struct step *s;

	while ((s = TAILQ_FIRST(&c->steps)) != NULL) {
		TAILQ_REMOVE(&c->steps, s, entry);
		call_cancel(s->call);
		free(s);
	}
	c->walk->stop(c);
	if (c->slot != NULL)
		client_slot_release(c->client, c->slot);
	c->slot = NULL;
}

void
copy_over(struct copy *c, const struct error *err)
{
	if (c->over)
		return;
	c->over = true;
	if (err != NULL)
		c->err = *err;
	step_cancel_all(c);
	/* From a timer: done may free the copy, which is still on the stack. */
	timer_arm(c->finish, 0);
}

void
copy_fail(struct copy *c, const struct error *err, const char *fmt, ...)
{
	struct error out = *err;
	char what[ERROR_TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	error_prefix(&out, "%s", what);
	copy_over(c, &out);
}

bool
copy_item(struct copy *c)
{
	struct error err = { .kind = ERROR_NONE };

	if (c->over)
		return false;
	if (++c->items <= COPY_ITEMS_MAX)
		return true;
	error_set(&err, ERROR_LIMIT, "the image has more than %d manifests "
	    "and blobs", COPY_ITEMS_MAX);
	copy_over(c, &err);
	return false;
}

bool
copy_absent(const struct error *err)
{
	return err->http != 0 || err->kind == ERROR_NOT_FOUND;
}

static int
deleted(const struct copy_node *n, struct error *err)
{
	error_set(err, ERROR_NOT_FOUND, "copy failed, error getting source: "
	    "failed to get manifest %s: request failed: not found [http "
	    "404]: deleted earlier in this dry run", n->name);
	err->http = 404;
	return -1;
}

int
copy_source(struct copy *c, struct copy_node *n, struct error *err)
{
	struct reference real = { .ocidir = false };

	if (c->w->overlay == NULL)
		return 0;
	switch (overlay_find(c->w->overlay, &n->src, &real)) {
	case OVERLAY_DELETED:
		return deleted(n, err);
	case OVERLAY_MOVED:
		reference_free(&n->src);
		n->src = real;
		n->moved = true;
		return 0;
	default:
		return 0;
	}
}

bool
copy_deleted(struct copy *c, const struct reference *ref,
    const char *digest)
{
	struct overlay *o = c->w->overlay;
	struct reference real = { .ocidir = false };
	enum overlay_state state;

	if (o == NULL || overlay_unread(o, ref, false) != NULL)
		return false;
	if (ref->digest[0] == '\0')
		overlay_seen(o, ref, digest);
	state = overlay_find(o, ref, &real);
	reference_free(&real);
	return state == OVERLAY_DELETED;
}

int
copy_source_there(struct copy *c, struct copy_node *n, const char *digest,
    struct error *err)
{
	if (n->moved || !copy_deleted(c, &n->src, digest))
		return 0;
	return deleted(n, err);
}
