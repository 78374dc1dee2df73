/* SPDX-License-Identifier: Apache-2.0 */
/* brokerchild.c - a broker: its credentials, what it is told, its end. */
#include "supervisor/children/brokerchild.h"

#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/mem.h"
#include "supervisor/credentials/credhelper.h"

struct brokerchild {
	struct child_env *env;
	struct config *config;	/* a reference: registry is a part of it */
	const struct config_registry *registry;
	struct config_registry *own;	/* where no creds entry names it */
	struct credhelper *helper;
	char *user, *pass, *token;	/* from the helper, or NULL */
	struct child *child;
	struct deletions *deletions;	/* the owner's */
	bool confined, started, ready, quitting;
	struct timer *first;	/* channels wait for FINISH so long */
	struct timer *tell;	/* that the end waits for a deletion */
	struct timer *kill;
	int64_t quit_end;	/* when it is killed, deletions or not */
	struct timer *ping;
	unsigned unanswered;	/* PINGs */
	const struct brokerchild_ops *ops;
	void *arg;
};

void
brokerchild_free(struct brokerchild *c)
{
	if (c == NULL)
		return;
	credhelper_cancel(c->helper);
	child_free(c->child);
	timer_free(c->first);
	timer_free(c->tell);
	timer_free(c->kill);
	timer_free(c->ping);
	mem_wipe(c->user);
	mem_wipe(c->pass);
	mem_wipe(c->token);
	config_registry_free(c->own);
	config_unref(c->config);
	free(c);
}

void
brokerchild_send(struct brokerchild *c, struct message_out *o, int fd)
{
	struct error err;

	if (child_send(c->child, o, fd, &err) == -1)
		child_kill(c->child, err.text);
}

/* Nothing is sent for an empty string or NULL. */
static void
send_secret(struct brokerchild *c, uint64_t kind, const char *text)
{
	size_t len = text != NULL ? strlen(text) : 0, n;
	struct message_out o;

	for (size_t at = 0; at < len; at += n) {
		n = len - at > CHUNK_MAX ? CHUNK_MAX : len - at;
		message_start(&o, MSG_SECRET, 0);
		message_put_u64(&o, kind);
		message_put_bytes(&o, text + at, n);
		brokerchild_send(c, &o, -1);
	}
}

static void
send_secrets(struct brokerchild *c)
{
	struct config_registry r = *c->registry;	/* borrows its
							 * strings */

	if (c->user != NULL) {	/* the helper has answered */
		r.user = c->user;
		r.pass = c->pass;
		r.token = c->token;
	}
#define SECRET_TEXT(member, kind) send_secret(c, kind, r.member);
#define SECRET_LIST(member, kind, limit) \
	for (char **s = r.member; s != NULL && *s != NULL; s++) \
		send_secret(c, kind, *s);
#include "common/registry_fields.def"
}

static void
send_registry(struct brokerchild *c)
{
	const struct config_registry *r = c->registry;
	const char *agent = c->config->user_agent;
	uint64_t flags = (uint64_t)(r->tls - TLS_ENABLED);
	struct message_out o;

	message_start(&o, MSG_REGISTRY, 0);
#define REGISTRY_NAME(member, position) message_put_str(&o, r->member);
#define REGISTRY_FLAG(member, bit) flags |= r->member ? bit : 0;
#include "common/registry_fields.def"
	message_put_str(&o, *agent != '\0' ? agent :
	    "regclient/regbot (" PACKAGE_VERSION ")");
	message_put_u64(&o, flags);
	message_put_u64(&o, (uint64_t)r->req_concurrent);
	message_put_u64(&o, (uint64_t)(r->req_per_sec * 1000));
	message_put_u64(&o, (uint64_t)(c->env->log_level + LOG_LEVEL_BIAS));
	brokerchild_send(c, &o, -1);
}

static void
send_quit(struct brokerchild *c)
{
	struct message_out o;

	message_start(&o, MSG_QUIT, 0);
	brokerchild_send(c, &o, -1);
	c->quit_end = clock_now() + (int64_t)DELETION_MS * NS_PER_MS;
	timer_arm(c->kill, QUIT_MS * NS_PER_MS);
}

static void
send_finish(void *arg, struct message_out *o)
{
	brokerchild_send(arg, o, -1);
}

static void
ready(void *arg)
{
	struct brokerchild *c = arg;

	if (c->ready || c->quitting)
		return;
	c->ready = true;
	timer_disarm(c->first);
	c->ops->ready(c->arg);
}

/* It is told nothing before it is confined. What a broker before it left
 * undone comes first: no job should see an empty image under a tag. */
static void
configure(struct brokerchild *c)
{
	struct message_out o;

	if (!c->confined || c->helper != NULL || c->started)
		return;
	send_registry(c);
	send_secrets(c);
	message_start(&o, MSG_START, 0);
	brokerchild_send(c, &o, -1);
	c->started = true;
	timer_arm(c->ping, (int64_t)PING_MS * NS_PER_MS);
	deletions_finish(c->deletions, send_finish, c);
	if (c->quitting)
		send_quit(c);
	else if (deletions_pending(c->deletions))
		timer_arm(c->first, (int64_t)FINISH_FIRST_MS * NS_PER_MS);
	else
		ready(c);
}

static void
on_helper(void *arg, const char *user, const char *pass, const char *token,
    const struct error *err)
{
	struct brokerchild *c = arg;
	struct log_record r;

	c->helper = NULL;
	if (err->kind != ERROR_NONE) {
		log_record_init(&r, LOG_WARN, "Credential helper failed, "
		    "continuing without its credentials");
		log_record_string(&r, "registry", c->registry->name);
		log_record_string(&r, "helper", c->registry->cred_helper);
		log_record_string(&r, "error", err->text);
		log_write(c->env->log, &r);
	} else {
		c->user = mem_strdup(user);
		c->pass = mem_strdup(pass);
		c->token = mem_strdup(token);
	}
	configure(c);
}

static void
on_ready(void *arg)
{
	struct brokerchild *c = arg;

	c->confined = true;
	configure(c);
}

static int
on_progress(struct brokerchild *c, const struct message *m, struct error *err)
{
	if (message_u64(m, 1) > (uint64_t)1 << 50)
		return error_set(err, ERROR_PROTOCOL, "PROGRESS is out of "
		    "bounds");
	c->ops->progress(c->arg, message_u64(m, 0), message_u64(m, 1));
	return 0;
}

static int
on_deleted(struct brokerchild *c, const struct message *m, struct error *err)
{
	if (deletions_ended(c->deletions, m, err) == -1)
		return -1;
	if (!deletions_pending(c->deletions))
		ready(c);
	return 0;
}

/* Everything that a broker may say. */
static int
on_message(void *arg, const struct message *m, struct error *err)
{
	struct brokerchild *c = arg;

	if (m->type == MSG_PONG) {
		c->unanswered = 0;
		return 0;
	}
	if (m->type == MSG_DELETING && c->started)
		return deletions_begun(c->deletions, m, err);
	if (m->type == MSG_DELETED)
		return on_deleted(c, m, err);
	if (m->type == MSG_LOG)
		return log_message(c->env->log, m, NULL, NULL, NULL, err);
	if (m->type == MSG_PROGRESS)
		return on_progress(c, m, err);
	if (m->type == MSG_ATTACHED)
		return c->ops->attached(c->arg, m->id, err);
	return error_set(err, ERROR_PROTOCOL, "%s is out of order",
	    message_name(m->type));
}

static void
on_gone(void *arg, const struct error *how)
{
	struct brokerchild *c = arg;

	c->ops->gone(c->arg, how);
}

/* A script that has deleted a tag may end before we have read DELETED. */
static void
on_tell(void *arg)
{
	struct brokerchild *c = arg;

	deletions_awaited(c->deletions);
}

/* The time for cleaning up is over. A tag deletion that has begun to write has
 * more, or its tag would keep an empty image. */
static void
on_kill(void *arg)
{
	struct brokerchild *c = arg;

	if (deletions_pending(c->deletions) && clock_now() < c->quit_end) {
		timer_arm(c->kill, QUIT_MS * NS_PER_MS);
		return;
	}
	deletions_give_up(c->deletions, "the registry did not answer in time");
	child_kill(c->child, NULL);
}

/* A broker does nothing that takes long without its loop, so one that says
 * nothing is stuck. Counting what is not answered, instead of measuring time,
 * spares it if we ourselves were stopped. */
static void
on_ping(void *arg)
{
	struct brokerchild *c = arg;
	struct message_out o;
	char *why;

	timer_arm(c->ping, (int64_t)PING_MS * NS_PER_MS);
	if (c->unanswered < PINGS_MAX) {
		c->unanswered++;
		message_start(&o, MSG_PING, 0);
		brokerchild_send(c, &o, -1);
	} else if (!child_is_traced(c->child)) {
		why = mem_printf("the broker of registry %s was killed: it "
		    "has been silent for %d seconds", c->registry->name,
		    PINGS_MAX * PING_MS / 1000);
		child_kill(c->child, why);
		free(why);
	}
}

static const struct child_ops broker_ops = { on_ready, on_message, on_gone };

struct brokerchild *
brokerchild_start(struct child_env *env, struct config *config,
    const char *key, struct deletions *deletions,
    const struct brokerchild_ops *ops, void *arg, struct error *err)
{
	struct brokerchild *c = mem_alloc(sizeof(*c));
	char *what;

	c->env = env;
	c->deletions = deletions;
	c->ops = ops;
	c->arg = arg;
	c->config = config_ref(config);
	c->registry = config_registry(c->config, key);
	if (c->registry == NULL) {
		c->registry = c->own = config_registry_default(key);
		config_registry_certs(c->config, c->own, log_borrowed,
		    env->log);
	}
	c->first = loop_timer(env->loop, ready, c);
	c->tell = loop_timer(env->loop, on_tell, c);
	c->kill = loop_timer(env->loop, on_kill, c);
	c->ping = loop_timer(env->loop, on_ping, c);
	what = mem_printf("broker of registry %s", key);
	c->child = child_start(env, "regbot-broker", what, B2S,
	    &broker_ops, c, err);
	free(what);
	if (c->child == NULL) {
		brokerchild_free(c);
		return NULL;
	}
	if (c->registry->cred_helper != NULL &&
	    *c->registry->cred_helper != '\0')
		c->helper = credhelper_start(env->loop,
		    c->registry->cred_helper,
		    *c->registry->cred_host != '\0' ? c->registry->cred_host :
		    c->registry->hostname, on_helper, c);
	return c;
}

void
brokerchild_quit(struct brokerchild *c)
{
	bool pending = deletions_pending(c->deletions);

	c->quitting = true;
	timer_disarm(c->first);
	if (pending)
		timer_arm(c->tell, (int64_t)AWAITED_MS * NS_PER_MS);
	if (c->started)
		send_quit(c);
	else if (!pending)
		child_kill(c->child, NULL);
}

bool
brokerchild_has_started(const struct brokerchild *c)
{
	return c->started;
}

bool
brokerchild_is_dying(const struct brokerchild *c)
{
	return child_is_dying(c->child);
}

bool
brokerchild_is_full(const struct brokerchild *c)
{
	return child_is_full(c->child);
}
