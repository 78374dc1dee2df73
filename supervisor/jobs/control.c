/* SPDX-License-Identifier: Apache-2.0 */
/* control.c - a worker's requests, a function for each. */
#include "supervisor/jobs/control.h"

#include "supervisor/children/streampair.h"
#include "supervisor/jobs/module.h"

static int
on_open(const struct control *c, struct job *j, const struct message *m,
    struct error *err)
{
	(void)err;
	brokers_open(c->brokers, job_id(j), job_name(j), m->id,
	    message_str(m, 0));
	return 0;
}

static int
on_stream(const struct control *c, struct job *j, const struct message *m,
    struct error *err)
{
	struct error why;

	if (message_u64(m, 2) == 0)
		return error_set(err, ERROR_PROTOCOL, "a stream has number 0");
	if (streampair_make(c->brokers, job_id(j), message_str(m, 0),
	    message_str(m, 1), message_u64(m, 2), &why) == -1)
		job_refuse(j, m->id, &why);
	return 0;
}

static int
on_slot(const struct control *c, struct job *j, const struct message *m,
    struct error *err)
{
	return slots_want(c->slots, job_id(j), m->id, err);
}

static int
on_release(const struct control *c, struct job *j, const struct message *m,
    struct error *err)
{
	return slots_release(c->slots, job_id(j), m->id, err);
}

static void
send_to(void *arg, struct message_out *o)
{
	job_send(arg, o, -1);
}

static int
on_module(const struct control *c, struct job *j, const struct message *m,
    struct error *err)
{
	(void)err;
	module_answer(job_config(j), c->modules_here, m, send_to, j);
	return 0;
}

static int
on_print(const struct control *c, struct job *j, const struct message *m,
    struct error *err)
{
	if (c->output == NULL)
		return error_set(err, ERROR_PROTOCOL, "PRINT was not asked "
		    "for");
	return output_put(c->output, m->f[0].p, m->f[0].len, c->printed,
	    c->arg, CONTROL_PRINT(job_id(j), m->id), err);
}

static const struct {
	enum message_type type;
	int (*handler)(const struct control *c, struct job *j,
	    const struct message *m, struct error *err);
} table[] = {
	{ MSG_OPEN, on_open },
	{ MSG_STREAM, on_stream },
	{ MSG_SLOT, on_slot },
	{ MSG_RELEASE, on_release },
	{ MSG_MODULE, on_module },
	{ MSG_PRINT, on_print },
};

int
control_request(const struct control *c, struct job *j,
    const struct message *m, struct error *err)
{
	if (m->id == 0)
		return error_set(err, ERROR_PROTOCOL, "%s has no id",
		    message_name(m->type));
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (table[i].type == m->type)
			return table[i].handler(c, j, m, err);
	return error_set(err, ERROR_PROTOCOL, "%s is not a request",
	    message_name(m->type));
}
