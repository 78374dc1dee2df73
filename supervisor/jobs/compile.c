/* SPDX-License-Identifier: Apache-2.0 */
/* compile.c - the worker that only compiles; see compile.h. */
#include "supervisor/jobs/compile.h"

#include <stdlib.h>

#include "common/bounds.h"
#include "common/clock.h"
#include "common/mem.h"
#include "supervisor/jobs/module.h"

struct compile {
	struct child_env *env;
	struct config *config;
	struct child *child;	/* NULL: it could not be started */
	struct error failure;	/* why it could not */
	struct timer *late;	/* also says so when it could not */
	size_t at;		/* the script that is being compiled */
	const struct compile_ops *ops;
	void *arg;
};

void
compile_free(struct compile *c)
{
	if (c == NULL)
		return;
	child_free(c->child);
	timer_free(c->late);
	config_unref(c->config);
	free(c);
}

/* It is only a service: nothing depends on its end. */
static void
give_up(struct compile *c, const char *why)
{
	struct log_record r;

	if (c->ops->failed != NULL)
		c->ops->failed(c->arg, why);
	else {
		log_record_init(&r, LOG_WARN, "Scripts were not checked "
		    "before they run");
		log_record_string(&r, "error", why);
		log_write(c->env->log, &r);
	}
	c->ops->over(c->arg);
}

static void
on_late(void *arg)
{
	struct compile *c = arg;

	if (c->child != NULL)
		give_up(c, "compiling them takes too long");
	else if (c->ops->failed != NULL)
		give_up(c, c->failure.text);
	else		/* a job will say why, unless it can start */
		c->ops->over(c->arg);
}

static void
say(struct compile *c, struct message_out *o)
{
	struct error err;

	if (child_send(c->child, o, -1, &err) == -1)
		child_kill(c->child, err.text);
}

static bool
is_wanted(const struct compile *c, const struct config_script *s)
{
	return c->ops->said != NULL ? s->text_len != 0 : s->refused == NULL;
}

/* Sends the next script that may run at all. */
static void
next(struct compile *c)
{
	bool check = c->ops->said != NULL;
	const struct config_script *s;
	struct message_out o;
	size_t n;

	while (c->at < c->config->nscripts &&
	    !is_wanted(c, &c->config->scripts[c->at]))
		c->at++;
	if (check)
		timer_arm(c->late, CHECK_SCRIPT_MS * NS_PER_MS);
	if (c->at == c->config->nscripts) {
		c->ops->over(c->arg);
		return;
	}
	s = &c->config->scripts[c->at];
	message_start(&o, MSG_JOB, 0);
	message_put_str(&o, s->name);
	message_put_u64(&o, s->text_len);
	message_put_u64(&o, 0);
	message_put_u64(&o, JOB_COMPILE | (check ? JOB_CHECK : 0));
	/* Else it logs nothing: warnings come again when the script runs. */
	message_put_u64(&o, check ? LOG_WARN + LOG_LEVEL_BIAS :
	    2 * LOG_LEVEL_BIAS);
	message_put_u64(&o, WORKER_MEMORY);
	say(c, &o);
	for (size_t at = 0; at < s->text_len; at += n) {
		n = s->text_len - at;
		n = n > CHUNK_MAX ? CHUNK_MAX : n;
		message_start(&o, MSG_SCRIPT, 0);
		message_put_bytes(&o, s->text + at, n);
		say(c, &o);
	}
}

static void
on_ready(void *arg)
{
	next(arg);
}

static void
send_to(void *arg, struct message_out *o)
{
	say(arg, o);
}

static int
on_log(struct compile *c, const struct message *m, struct error *err)
{
	struct log_record r;
	int result = log_read(m, &r, err);

	if (result == 0) {
		c->ops->said(c->arg, c->at, &r);
		log_record_free(&r);
	}
	return result;
}

static int
on_message(void *arg, const struct message *m, struct error *err)
{
	struct compile *c = arg;
	const char *text;

	if (c->ops->said != NULL && m->type == MSG_LOG)
		return on_log(c, m, err);
	if (c->ops->said != NULL && m->type == MSG_MODULE && m->id != 0) {
		module_answer(c->config, true, m, send_to, c);
		return 0;
	}
	if (m->type != MSG_COMPILED)
		return error_set(err, ERROR_PROTOCOL, "%s is out of order",
		    message_name(m->type));
	text = message_str(m, 0);
	if (*text != '\0')
		c->ops->broken(c->arg, c->at, text);
	c->at++;
	next(c);
	return 0;
}

static void
on_gone(void *arg, const struct error *how)
{
	give_up(arg, how->kind != ERROR_NONE ? how->text :
	    "the worker ended");
}

static const struct child_ops worker_ops = { on_ready, on_message, on_gone };

struct compile *
compile_start(struct child_env *env, struct config *config,
    const struct compile_ops *ops, void *arg)
{
	struct compile *c = mem_alloc(sizeof(*c));

	c->env = env;
	c->config = config_ref(config);
	c->ops = ops;
	c->arg = arg;
	c->late = loop_timer(env->loop, on_late, c);
	c->child = child_start(env, "regbot-worker", "worker that checks the "
	    "scripts", W2S, &worker_ops, c, &c->failure);
	timer_arm(c->late, c->child != NULL ? COMPILE_MS * NS_PER_MS : 0);
	return c;
}
