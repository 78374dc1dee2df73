/* SPDX-License-Identifier: Apache-2.0 */
/* control.c - a worker's requests, a function for each. */
#include "supervisor/jobs/control.h"

#include <stdlib.h>

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

static int
on_module(const struct control *c, struct job *j, const struct message *m,
    struct error *err)
{
	struct message_out o;
	struct error why;
	char *path, *text;
	size_t len, n;

	(void)err;
	if (module_read(job_config(j), c->modules_here, message_str(m, 0),
	    &path, &text, &len, &why) == -1) {
		job_refuse(j, m->id, &why);
		return 0;
	}
	message_start(&o, MSG_MODULE_INFO, m->id);
	message_put_str(&o, path);
	message_put_u64(&o, len);
	job_send(j, &o, -1);
	for (size_t at = 0; at < len; at += n) {
		n = len - at > CHUNK_MAX ? CHUNK_MAX : len - at;
		message_start(&o, MSG_MODULE_DATA, m->id);
		message_put_bytes(&o, text + at, n);
		job_send(j, &o, -1);
	}
	free(path);
	free(text);
	return 0;
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
