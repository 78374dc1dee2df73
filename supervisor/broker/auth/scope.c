/* SPDX-License-Identifier: Apache-2.0 */
/* Which scopes are asked for, and what challenges add to them. */
#include "supervisor/broker/auth/scope.h"

#include <stdlib.h>
#include <string.h>

#include "common/bounds.h"
#include "common/buffer.h"
#include "common/mem.h"

static void
add(struct scopes *s, char *scope)
{
	s->list = mem_resize(s->list, s->n + 1, sizeof(char *));
	s->list[s->n++] = scope;
}

void
scope_init(struct scopes *s, const char *prefix, const char *repository,
    const char *actions, const char *mount_from)
{
	const char *slash = *prefix != '\0' ? "/" : "";

	memset(s, 0, sizeof(*s));
	if (*repository != '\0')
		add(s, mem_printf("repository:%s%s%s:%s", prefix, slash,
		    repository, *actions != '\0' ? actions : "pull"));
	else if (*actions != '\0')
		add(s, mem_printf("registry:catalog:%s", actions));
	if (mount_from != NULL)
		add(s, mem_printf("repository:%s%s%s:pull", prefix, slash,
		    mount_from));
}

void
scope_copy(struct scopes *to, const struct scopes *from)
{
	memset(to, 0, sizeof(*to));
	for (size_t i = 0; i < from->n; i++)
		add(to, mem_strdup(from->list[i]));
}

void
scope_free(struct scopes *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->list[i]);
	free(s->list);
	memset(s, 0, sizeof(*s));
}

/* Adds to the comma-separated actions those of more that are missing; NULL
 * when none are. */
static char *
join_actions(const char *have, const char *more)
{
	struct buffer b;
	size_t n;
	bool added = false;

	buffer_init(&b, 0);
	buffer_puts(&b, have);
	for (const char *p = more; *p != '\0';) {
		const char *q = buffer_str(&b);
		bool found = false;

		n = strcspn(p, ",");
		while (*q != '\0' && !found) {
			found = strcspn(q, ",") == n && memcmp(q, p, n) == 0;
			q += strcspn(q, ",");
			q += strspn(q, ",");
		}
		if (!found && n != 0 && n <= 32) {
			buffer_putc(&b, ',');
			buffer_put(&b, p, n);
			added = true;
		}
		p += n;
		p += strspn(p, ",");
	}
	if (added)
		return buffer_steal(&b);
	buffer_free(&b);
	return NULL;
}

/* One scope of a challenge against the one that we asked for. It counts when
 * it names the same thing, perhaps with a path before it: some registries
 * have the prefix in their scopes. Returns the better scope, or NULL. */
static char *
better_scope(const char *have, const char *scope, size_t len,
    const char *prefix, bool actions, bool *prefixed)
{
	char *theirs, *ours, *their_name, *our_name, *ta, *oa, *more = NULL;
	char *out = NULL;
	size_t tn, on;

	theirs = mem_strndup(scope, len);
	ours = mem_strdup(have);
	their_name = strchr(theirs, ':');
	our_name = strchr(ours, ':');
	ta = strrchr(theirs, ':');
	oa = strrchr(ours, ':');
	if (their_name == NULL || ta == their_name ||
	    their_name - theirs != our_name - ours ||
	    memcmp(theirs, ours, (size_t)(our_name - ours)) != 0)
		goto out;
	*ta++ = *oa++ = '\0';
	*their_name++ = *our_name++ = '\0';
	tn = strlen(their_name);
	on = strlen(our_name);
	if (tn < on || strcmp(their_name + tn - on, our_name) != 0 ||
	    (tn > on && their_name[tn - on - 1] != '/'))
		goto out;
	if (tn > on && tn - on - 1 == strlen(prefix) &&
	    strncmp(their_name, prefix, tn - on - 1) == 0)
		*prefixed = true;
	more = actions ? join_actions(oa, ta) : NULL;
	if (tn > on || more != NULL)
		out = mem_printf("%s:%s:%s", theirs, their_name,
		    more != NULL ? more : oa);
out:
	free(theirs);
	free(ours);
	free(more);
	return out;
}

bool
scope_learn(struct scopes *s, const char *challenged, const char *prefix,
    bool actions, bool *prefixed)
{
	bool changed = false;
	char *better;
	size_t n;

	for (const char *p = challenged; p != NULL && *p != '\0';) {
		n = strcspn(p, " ");
		for (size_t i = 0; i < s->n && n < REPOSITORY_MAX; i++) {
			better = better_scope(s->list[i], p, n, prefix,
			    actions, prefixed);
			if (better == NULL)
				continue;
			free(s->list[i]);
			s->list[i] = better;
			changed = true;
		}
		p += n;
		p += strspn(p, " ");
	}
	return changed;
}
