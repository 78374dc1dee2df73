/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/copy/copy.h"

#include <search.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static void
cancel_steps(struct copy *c)
{
	struct step *s;

	while ((s = TAILQ_FIRST(&c->steps)) != NULL) {
		TAILQ_REMOVE(&c->steps, s, entry);
		call_cancel(s->call);
		free(s);
	}
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
	cancel_steps(c);
	/* done may free the copy, whose functions are still on the stack. */
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

int
compare_node(const void *a, const void *b)
{
	return strcmp(((const struct node *)a)->digest,
	    ((const struct node *)b)->digest);
}

int
compare_blob(const void *a, const void *b)
{
	return strcmp(((const struct blob *)a)->digest,
	    ((const struct blob *)b)->digest);
}

void
waiters_add(struct waiters *w, struct node *n)
{
	w->nodes = mem_resize(w->nodes, w->n + 1, sizeof(w->nodes[0]));
	w->nodes[w->n++] = n;
	n->waiting++;
}

static void
report(void *arg)
{
	struct copy *c = arg;

	c->done(c->arg, &c->err);
}

static void
slot_granted(void *arg, struct answer *a)
{
	struct copy *c = arg;

	if (c->over)
		return;
	if (a->err.kind != ERROR_NONE)
		copy_over(c, &a->err);
	else
		root_start(c->top);
}

static int
platforms_read(struct copy *c, const struct copy_options *o,
    struct error *err)
{
	char *list;

	c->all_platforms = o == NULL || o->nplatforms == 0;
	c->platform_list = mem_strdup("");
	if (c->all_platforms)
		return 0;
	c->platforms = mem_array(o->nplatforms, sizeof(c->platforms[0]));
	for (size_t i = 0; i < o->nplatforms; i++) {
		list = mem_printf("%s%s%s", c->platform_list,
		    i > 0 ? "," : "", o->platforms[i]);
		free(c->platform_list);
		c->platform_list = list;
		if (o->platforms[i][0] == '\0')
			c->no_platform = true;
		else if (platform_parse(o->platforms[i],
		    &c->platforms[c->nplatforms], err) == -1)
			return -1;
		else
			c->nplatforms++;
	}
	return 0;
}

int
copy_source(struct copy *c, struct node *n, struct error *err)
{
	struct reference real = { .ocidir = false };

	if (c->w->overlay == NULL)
		return 0;
	switch (overlay_find(c->w->overlay, &n->src, &real)) {
	case OVERLAY_DELETED:
		error_set(err, ERROR_NOT_FOUND, "copy failed, error getting "
		    "source: failed to get manifest %s: request failed: not "
		    "found [http 404]: deleted before in this dry run",
		    n->name);
		err->http = 404;
		return -1;
	case OVERLAY_MOVED:
		reference_free(&n->src);
		n->src = real;
		return 0;
	default:
		return 0;
	}
}

struct copy *
copy_start(struct worker *w, const struct reference *src,
    const struct reference *dst, const struct copy_options *o,
    void (*done)(void *arg, const struct error *err), void *arg)
{
	struct copy *c = mem_alloc(sizeof(*c));
	struct error err = { .kind = ERROR_NONE };

	c->w = w;
	c->client = w->client;
	c->done = done;
	c->arg = arg;
	reference_copy(&c->src, src);
	reference_copy(&c->dst, dst);
	c->dry = w->dry_run;
	if (o != NULL) {
		c->digest_tags = o->digest_tags;
		c->force = o->force_recursive;
		c->external = o->include_external;
	}
	TAILQ_INIT(&c->steps);
	TAILQ_INIT(&c->node_queue);
	TAILQ_INIT(&c->blob_queue);
	SLIST_INIT(&c->all_nodes);
	SLIST_INIT(&c->all_blobs);
	c->page = mem_strdup("");
	c->finish = loop_timer(w->loop, report, c);
	if (w->known == NULL)
		w->known = known_new();
	c->dst_key = reference_registry_key(dst->registry);
	c->top = node_new(c, src, dst);
	c->top->root = true;
	if (platforms_read(c, o, &err) == -1 ||
	    copy_source(c, c->top, &err) == -1) {
		copy_over(c, &err);
		return c;
	}
	c->same_repository = reference_same_repository(&c->top->src, dst);
	c->slot = client_slot(c->client, slot_granted, c);
	return c;
}

static void
nothing(void *p)
{
	(void)p;
}

void
copy_free(struct copy *c)
{
	struct node *n;
	struct blob *b;

	if (c == NULL)
		return;
	c->over = true;
	cancel_steps(c);
	tdestroy(c->nodes, nothing);
	tdestroy(c->blobs, nothing);
	while ((n = SLIST_FIRST(&c->all_nodes)) != NULL) {
		SLIST_REMOVE_HEAD(&c->all_nodes, all);
		node_free(n);
	}
	while ((b = SLIST_FIRST(&c->all_blobs)) != NULL) {
		SLIST_REMOVE_HEAD(&c->all_blobs, all);
		blob_free(b);
	}
	for (size_t i = 0; i < c->nplatforms; i++)
		platform_free(&c->platforms[i]);
	for (size_t i = 0; i < c->ntags; i++)
		free(c->tags[i]);
	free(c->tags);
	free(c->platforms);
	free(c->platform_list);
	free(c->page);
	free(c->dst_key);
	reference_free(&c->src);
	reference_free(&c->dst);
	timer_free(c->finish);
	free(c);
}
