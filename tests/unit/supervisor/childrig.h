/* SPDX-License-Identifier: Apache-2.0 */
/*
 * childrig.h - a child process that a test plays: it defines all of
 * supervisor/children/child.h. Include it in one file of a program.
 */
#ifndef REGBOT_TEST_CHILDRIG_H
#define REGBOT_TEST_CHILDRIG_H

#include <criterion/criterion.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "supervisor/children/child.h"

struct child {
	/* Set by the test. */
	const char *program;	/* what must be started, if not NULL */
	unsigned from, to;	/* paths: what it may send and is sent */
	bool cannot_start, traced;
	/* A message that it got, decoded, after its name was noted. */
	void (*on_sent)(const struct message *m);
	/* What was done with it. */
	const struct child_ops *ops;
	void *arg;
	int starts, frees, kills;
	char reason[ERROR_TEXT_MAX];	/* of the last kill */
	char sent[1024];		/* "REGISTRY START ", in order */
	struct message last;		/* of it */
};

static struct child child;

/* Adds words to what it was sent. */
static inline void __attribute__((format(printf, 1, 2)))
childrig_note(const char *fmt, ...)
{
	size_t n = strlen(child.sent);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(child.sent + n, sizeof(child.sent) - n, fmt, ap);
	va_end(ap);
}

struct child *
child_start(struct child_env *e, const char *program, const char *what,
    unsigned paths, const struct child_ops *ops, void *arg, struct error *err)
{
	(void)e;
	(void)what;
	if (child.program != NULL)
		cr_expect_str_eq(program, child.program);
	cr_expect_eq(paths, child.from);
	child.starts++;
	child.ops = ops;
	child.arg = arg;
	if (!child.cannot_start)
		return &child;
	error_set(err, ERROR_SYSTEM, "no");
	return NULL;
}

void
child_free(struct child *c)
{
	child.frees += c != NULL ? 1 : 0;
}

bool
child_is_dying(const struct child *c)
{
	(void)c;
	return false;
}

bool
child_is_full(const struct child *c)
{
	(void)c;
	return false;
}

bool
child_is_traced(const struct child *c)
{
	return c->traced;
}

int
child_send(struct child *c, struct message_out *o, int fd, struct error *err)
{
	struct message *m = &c->last;

	cr_expect_eq(fd, -1);
	cr_assert_eq(message_finish(o, err), 0, "%s", err->text);
	cr_assert_eq(message_decode(m, o->frame.data, o->frame.len, c->to,
	    err), 0, "%s", err->text);
	childrig_note("%s ", message_name(m->type));
	if (c->on_sent != NULL)
		c->on_sent(m);
	message_out_free(o);
	return 0;
}

void
child_kill(struct child *c, const char *why)
{
	c->kills++;
	snprintf(c->reason, sizeof(c->reason), "%s", why != NULL ? why : "");
}

/* The child says it. fields: s a text, u a uint64_t, b no bytes. What the
 * code under test answers. */
static inline int
childrig_say(struct error *err, enum message_type type, uint32_t id,
    const char *fields, ...)
{
	static struct message m;
	struct message_out o;
	va_list ap;

	message_start(&o, type, id);
	va_start(ap, fields);
	for (; *fields != '\0'; fields++)
		if (*fields == 'u')
			message_put_u64(&o, va_arg(ap, uint64_t));
		else if (*fields == 's')
			message_put_str(&o, va_arg(ap, const char *));
		else
			message_put_bytes(&o, "", 0);
	va_end(ap);
	error_clear(err);
	cr_assert_eq(message_finish(&o, err), 0, "%s", err->text);
	cr_assert_eq(message_decode(&m, o.frame.data, o.frame.len, child.from,
	    err), 0, "%s", err->text);
	message_out_free(&o);
	return child.ops->message(child.arg, &m, err);
}

#endif
