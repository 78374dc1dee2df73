/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tagfinish.c - finishes a tag deletion whose broker died after it had begun
 * to write. What is at the tag decides: the empty image is deleted by its
 * digest, and anything else is left alone. As long as the tag has its old
 * manifest, the PUT that was cut may still arrive: it looks a few times.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/mem.h"
#include "supervisor/broker/registry/tagstep.h"

struct tagfinish {
	LIST_ENTRY(tagfinish) entry;
	struct registry *registry;
	uint32_t number;
	char *repository, *tag, *image, *old;
	unsigned looks;
	struct http_request *http;
	struct timer *again;
};

static void look(void *arg);

static void
forget(struct tagfinish *f)
{
	LIST_REMOVE(f, entry);
	if (f->http != NULL)
		http_cancel(f->http);
	timer_free(f->again);
	free(f->repository);
	free(f->tag);
	free(f->image);
	free(f->old);
	free(f);
}

/* The end: why is NULL when the tag is gone. */
static void
over(struct tagfinish *f, enum deletion_outcome how, const struct error *why)
{
	struct registry *reg = f->registry;
	uint32_t number = f->number;
	struct error out;

	error_clear(&out);
	if (why != NULL)
		tagstep_cause(&out, why);
	forget(f);
	registry_deleted(reg, number, how, true, &out);
	reg->ops->settled(reg->arg);
}

static void
start(struct tagfinish *f, struct http_spec *spec, const char *name,
    http_done_fn *done)
{
	char *path = mem_printf("manifests/%s", name);

	spec->repository = f->repository;
	spec->path = path;
	spec->what = "manifest";
	f->http = http_start(f->registry->http, spec, done, f);
	free(path);
}

static void
on_deleted(void *arg, struct http_reply *reply, const struct error *err)
{
	struct tagfinish *f = arg;

	(void)reply;
	f->http = NULL;
	if (err->kind == ERROR_NONE || err->http == 404)
		over(f, DELETION_DONE, NULL);
	else
		over(f, DELETION_LEFT, err);
}

static void
unchanged(struct tagfinish *f)
{
	struct error why;

	if (f->looks < FINISH_LOOKS) {
		timer_arm(f->again, NS_PER_S << (f->looks - 1));
		return;
	}
	error_set(&why, ERROR_PEER, "the registry's process ended before it "
	    "deleted the tag, which is unchanged");
	over(f, DELETION_UNDONE, &why);
}

static void
on_looked(void *arg, struct http_reply *reply, const struct error *err)
{
	struct http_spec spec = { .method = HTTP_DELETE, .actions = "delete",
	    .statuses = { 202 } };
	struct tagfinish *f = arg;
	char now[DIGEST_MAX + 1] = "";
	struct error why;

	f->http = NULL;
	if (err->http == 404) {
		over(f, DELETION_DONE, NULL);
		return;
	}
	if (err->kind != ERROR_NONE || reply == NULL) {
		over(f, DELETION_LEFT, err);
		return;
	}
	tagstep_digest(reply, now);
	if (strcmp(now, f->image) == 0) {
		start(f, &spec, f->image, on_deleted);
	} else if (strcmp(now, f->old) == 0) {
		unchanged(f);
	} else {
		error_set(&why, ERROR_PEER, "somebody moved it in the "
		    "meantime, and it was left there");
		over(f, DELETION_UNDONE, &why);
	}
}

static void
look(void *arg)
{
	struct http_spec spec = { .method = HTTP_GET, .actions = "pull",
	    .accept_manifests = true, .max_body = MANIFEST_PUT_MAX,
	    .statuses = { 200 } };
	struct tagfinish *f = arg;

	f->looks++;
	start(f, &spec, f->tag, on_looked);
}

void
registry_tagfinish(struct registry *reg, uint32_t number,
    const struct deletion *d)
{
	struct tagfinish *f = mem_alloc(sizeof(*f));

	f->registry = reg;
	f->number = number;
	f->repository = mem_strdup(d->repository);
	f->tag = mem_strdup(d->tag);
	f->image = mem_strdup(d->image);
	f->old = mem_strdup(d->old);
	f->again = loop_timer(reg->loop, look, f);
	LIST_INSERT_HEAD(&reg->finishes, f, entry);
	reg->deletions++;
	if (reg->last_deletion < number)
		reg->last_deletion = number;
	look(f);
}

void
registry_tagfinish_free_all(struct registry *reg)
{
	while (!LIST_EMPTY(&reg->finishes))
		forget(LIST_FIRST(&reg->finishes));
}
