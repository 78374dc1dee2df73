/* SPDX-License-Identifier: Apache-2.0 */
/*
 * copy.c - begins a copy and frees it; ties the files of the walk together.
 */
#include "worker/copy/copy.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "worker/copy/copy_private.h"
#include "worker/job/unread.h"

static void
report(void *arg)
{
	struct copy *c = arg;

	c->done(c->arg, &c->err);
}

/* What a dry run pretends of the source is known as far as it matters. */
static void
begin(void *arg)
{
	struct copy *c = arg;
	struct error err;

	if (c->over)
		return;
	if (copy_source(c, c->top, &err) == -1) {
		copy_over(c, &err);
		return;
	}
	c->same_repository = reference_same_repository(&c->src, &c->dst);
	root_start(c->top);
}

static void
slot_granted(void *arg, struct answer *a)
{
	struct copy *c = arg;

	if (c->over)
		return;
	if (a->err.kind != ERROR_NONE)
		copy_over(c, &a->err);
	else if ((c->unread = unread_start(c->w, &c->src, false, begin, c)) ==
	    NULL)
		begin(c);
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

/* A node's content is complete. The top waits for the digest tags. */
static void
node_complete(struct copy_node *n)
{
	struct copy *c = n->copy;

	if (n == c->top && (c->digest_tags || c->referrers) &&
	    !c->same_repository) {
		n->state = NODE_READY;
		refer_later(n);
		tags_next(c);
	} else
		put_node(n);
}

static const struct copy_walk walk = {
	.child = child_start, .complete = node_complete, .tags = tags_next,
	.top_put = refer_top_put, .note = refer_note, .refer = refer_later,
	.referred = refer_done, .stop = refer_cancel_all
};

struct copy *
copy_start(struct worker *w, const struct reference *src,
    const struct reference *dst, const struct copy_options *o,
    void (*done)(void *arg, const struct error *err), void *arg)
{
	struct copy *c = mem_alloc(sizeof(*c));
	struct error err = { .kind = ERROR_NONE };

	c->w = w;
	c->walk = &walk;
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
		c->referrers = o->referrers;
	}
	TAILQ_INIT(&c->steps);
	TAILQ_INIT(&c->node_queue);
	TAILQ_INIT(&c->blob_queue);
	TAILQ_INIT(&c->refer_queue);
	SLIST_INIT(&c->refers);
	SLIST_INIT(&c->all_nodes);
	SLIST_INIT(&c->all_blobs);
	c->page = mem_strdup("");
	c->finish = loop_timer(w->loop, report, c);
	if (w->known == NULL)
		w->known = known_new();
	c->dst_key = reference_registry_key(dst->registry);
	c->top = node_new(c, src, dst);
	c->top->root = true;
	if (platforms_read(c, o, &err) == -1) {
		copy_over(c, &err);
		return c;
	}
	c->slot = client_slot(c->client, slot_granted, c);
	return c;
}

const struct copy_result *
copy_result(const struct copy *c)
{
	return &c->result;
}

static void
nothing(void *p)
{
	(void)p;
}

void
copy_free(struct copy *c)
{
	struct copy_node *n;
	struct copy_blob *b;

	if (c == NULL)
		return;
	c->over = true;
	step_cancel_all(c);
	unread_free(c->unread);
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
