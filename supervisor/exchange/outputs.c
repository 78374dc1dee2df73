/* SPDX-License-Identifier: Apache-2.0 */
/* outputs.c - keeps the outputs of a run until its end; see outputs.h. */
#include "supervisor/exchange/outputs.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "supervisor/exchange/outfile.h"

struct outputs {
	const struct config *config;
	const struct config_script *script;
	struct buffer *texts;	/* one for each output; empty: not given */
	size_t bytes;		/* of all */
};

struct outputs *
outputs_new(const struct config *c, const struct config_script *script)
{
	struct outputs *o = mem_alloc(sizeof(*o));

	o->config = c;
	o->script = script;
	o->texts = mem_array(script->outputs.n, sizeof(*o->texts));
	for (size_t i = 0; i < script->outputs.n; i++)
		buffer_init(&o->texts[i], OUTPUT_BYTES_MAX);
	return o;
}

void
outputs_free(struct outputs *o)
{
	if (o == NULL)
		return;
	for (size_t i = 0; i < o->script->outputs.n; i++)
		buffer_free(&o->texts[i]);
	free(o->texts);
	free(o);
}

void
outputs_send(const struct outputs *o, struct child *worker)
{
	struct message_out m;
	struct error err;

	for (size_t i = 0; i < o->script->outputs.n; i++) {
		message_start(&m, MSG_OUTPUTS, 0);
		message_put_str(&m, o->script->outputs.list[i].name);
		if (child_send(worker, &m, -1, &err) == -1)
			child_kill(worker, err.text);
	}
}

int
outputs_take(struct outputs *o, const struct message *m, struct error *err)
{
	const char *name = message_str(m, 0);
	size_t n = m->f[1].len;

	for (size_t i = 0; i < o->script->outputs.n; i++) {
		if (strcmp(o->script->outputs.list[i].name, name) != 0)
			continue;
		if (n > OUTPUT_BYTES_MAX - o->bytes)
			return error_set(err, ERROR_PROTOCOL, "the outputs "
			    "are larger than %u bytes", OUTPUT_BYTES_MAX);
		o->bytes += n;
		buffer_put(&o->texts[i], m->f[1].p, n);
		return 0;
	}
	return error_set(err, ERROR_PROTOCOL, "OUTPUT has an unknown name");
}

static int
write_one(const struct outputs *o, size_t i, struct log *log, bool dry_run,
    struct error *err)
{
	const struct config_output *out = &o->script->outputs.list[i];
	struct log_record r;
	struct error why;
	char *place;

	if (!dry_run && outfile_write(out->file, buffer_str(&o->texts[i]),
	    o->texts[i].len, &why) == -1) {
		place = config_place(o->config, out->line);
		error_set(err, why.kind, "the output \"%s\" (%s) was not "
		    "written: %s", out->name, place, why.text);
		free(place);
		return -1;
	}
	log_record_init(&r, LOG_INFO, dry_run ? "Output would be written" :
	    "Output written");
	log_record_string(&r, "script", o->script->name);
	log_record_string(&r, "output", out->name);
	log_record_string(&r, "file", out->file);
	log_record_int(&r, "bytes", (int64_t)o->texts[i].len);
	if (dry_run)
		log_record_bool(&r, "dry-run", true);
	log_write(log, &r);
	return 0;
}

int
outputs_write(const struct outputs *o, struct log *log, bool failed,
    bool dry_run, struct error *err)
{
	struct error why;
	int result = 0;

	for (size_t i = 0; i < o->script->outputs.n; i++) {
		if (o->texts[i].len == 0 ||
		    (failed && !o->script->outputs.list[i].always) ||
		    write_one(o, i, log, dry_run, &why) == 0)
			continue;
		if (result == 0 && err != NULL)
			*err = why;
		result = -1;
	}
	return result;
}
