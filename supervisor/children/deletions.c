/* SPDX-License-Identifier: Apache-2.0 */
/* deletions.c - the list of a registry's tag deletions. */
#include "supervisor/children/deletions.h"

#include <stdlib.h>

#include "common/digest.h"
#include "common/mem.h"
#include "common/reference.h"

struct tag_deletion {
	TAILQ_ENTRY(tag_deletion) next;
	uint32_t number;	/* its broker's */
	char *repository, *tag;
	char *image, *old;	/* digests of the empty image, and of what the
				 * tag had */
};

void
deletions_init(struct deletions *d, struct log *log, const char *registry)
{
	TAILQ_INIT(&d->list);
	d->count = 0;
	d->log = log;
	d->registry = registry;
	d->left = false;
}

static void
drop(struct deletions *d, struct tag_deletion *one)
{
	TAILQ_REMOVE(&d->list, one, next);
	d->count--;
	free(one->repository);
	free(one->tag);
	free(one->image);
	free(one->old);
	free(one);
}

void
deletions_free(struct deletions *d)
{
	while (!TAILQ_EMPTY(&d->list))
		drop(d, TAILQ_FIRST(&d->list));
}

bool
deletions_pending(const struct deletions *d)
{
	return !TAILQ_EMPTY(&d->list);
}

static struct tag_deletion *
find(const struct deletions *d, uint32_t number)
{
	struct tag_deletion *one;

	TAILQ_FOREACH(one, &d->list, next)
		if (one->number == number)
			break;
	return one;
}

static void
say(const struct deletions *d, const struct tag_deletion *one, int level,
    const char *what, const char *why)
{
	struct log_record r;
	char *name = mem_printf("%s/%s:%s", d->registry, one->repository,
	    one->tag);

	log_record_init(&r, level, what);
	log_record_string(&r, "image", name);
	if (level >= LOG_WARN)
		log_record_string(&r, "manifest", one->old);
	if (*why != '\0')
		log_record_string(&r, "error", why);
	log_write(d->log, &r);
	free(name);
}

int
deletions_begun(struct deletions *d, const struct message *m,
    struct error *err)
{
	struct tag_deletion *one;

	if (m->id == 0 || find(d, m->id) != NULL ||
	    d->count == DELETIONS_MAX ||
	    !reference_valid_repository(message_str(m, 0)) ||
	    !reference_valid_tag(message_str(m, 1)) ||
	    !digest_valid(message_str(m, 2)) ||
	    !digest_valid(message_str(m, 3)))
		return error_set(err, ERROR_PROTOCOL, "DELETING is one too "
		    "many, or is malformed");
	one = mem_alloc(sizeof(*one));
	one->number = m->id;
	one->repository = mem_strdup(message_str(m, 0));
	one->tag = mem_strdup(message_str(m, 1));
	one->image = mem_strdup(message_str(m, 2));
	one->old = mem_strdup(message_str(m, 3));
	TAILQ_INSERT_TAIL(&d->list, one, next);
	d->count++;
	return 0;
}

int
deletions_ended(struct deletions *d, const struct message *m,
    struct error *err)
{
	struct tag_deletion *one = find(d, m->id);
	uint64_t how = message_u64(m, 0);
	const char *why = message_str(m, 2);

	if (one == NULL || how > DELETION_LEFT)
		return error_set(err, ERROR_PROTOCOL, "DELETED has a number "
		    "or an outcome that does not exist");
	if (how == DELETION_LEFT) {
		say(d, one, LOG_ERROR, "Tag may be left with an empty image, "
		    "delete it once more", why);
		d->left = true;
	} else if (message_u64(m, 1) == 0)
		;
	else if (how == DELETION_UNDONE)
		say(d, one, LOG_WARN, "Interrupted tag deletion was not "
		    "finished", why);
	else
		say(d, one, LOG_INFO, "Finished interrupted tag deletion", "");
	drop(d, one);
	return 0;
}

void
deletions_finish(const struct deletions *d,
    void (*send)(void *arg, struct message_out *o), void *arg)
{
	const struct tag_deletion *one;
	struct message_out o;

	TAILQ_FOREACH(one, &d->list, next) {
		message_start(&o, MSG_FINISH, one->number);
		message_put_str(&o, one->repository);
		message_put_str(&o, one->tag);
		message_put_str(&o, one->image);
		message_put_str(&o, one->old);
		send(arg, &o);
	}
}

void
deletions_awaited(const struct deletions *d)
{
	const struct tag_deletion *one;

	TAILQ_FOREACH(one, &d->list, next)
		say(d, one, LOG_INFO, "Waiting for a tag deletion that has "
		    "begun; one more signal ends at once and may leave an "
		    "empty image under the tag", "");
}

void
deletions_give_up(struct deletions *d, const char *why)
{
	while (!TAILQ_EMPTY(&d->list)) {
		say(d, TAILQ_FIRST(&d->list), LOG_ERROR, "Tag may be left "
		    "with an empty image, delete it once more", why);
		drop(d, TAILQ_FIRST(&d->list));
		d->left = true;
	}
}
