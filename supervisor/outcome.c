/* SPDX-License-Identifier: Apache-2.0 */
/* outcome.c - which scripts failed, and the last words about it. */
#include "supervisor/outcome.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "supervisor/config/config.h"

#define NAMES 10	/* more are only counted */

struct outcome {
	size_t scripts;
	const struct config_script **failed;	/* in order, each once */
	size_t nfailed;
	size_t not_started;
	char *first;	/* the error of failed[0] */
};

struct outcome *
outcome_new(size_t scripts)
{
	struct outcome *o = mem_alloc(sizeof(*o));

	o->scripts = scripts;
	o->failed = mem_array(scripts, sizeof(o->failed[0]));
	return o;
}

void
outcome_free(struct outcome *o)
{
	if (o == NULL)
		return;
	free(o->failed);
	free(o->first);
	free(o);
}

void
outcome_failed(struct outcome *o, const struct config_script *script,
    const char *text)
{
	for (size_t i = 0; i < o->nfailed; i++)
		if (o->failed[i] == script)
			return;
	if (o->nfailed == o->scripts)
		return;
	o->failed[o->nfailed++] = script;
	if (o->first == NULL)
		o->first = mem_strdup(text);
}

void
outcome_not_started(struct outcome *o, size_t scripts)
{
	o->not_started = scripts;
}

int
outcome_status(const struct outcome *o)
{
	return o->nfailed != 0 || o->not_started != 0 ? 1 : 0;
}

static void
put_failed(const struct outcome *o, struct buffer *out)
{
	const char *name = o->failed[0]->name;

	if (o->nfailed == 1) {
		buffer_printf(out, "script \"%s\" failed", name);
		return;
	}
	buffer_printf(out, "%zu of %zu scripts failed: \"%s\" (with the "
	    "error above)", o->nfailed, o->scripts, name);
	for (size_t i = 1; i < o->nfailed && i < NAMES; i++)
		buffer_printf(out, ", \"%s\"", o->failed[i]->name);
	if (o->nfailed > NAMES)
		buffer_printf(out, " and %zu more", o->nfailed - NAMES);
}

/* One line, whatever the names are. */
static void
put_line(const struct outcome *o, struct buffer *out)
{
	if (o->nfailed != 0)
		put_failed(o, out);
	if (o->not_started != 0)
		buffer_printf(out, "%s%zu script%s not started",
		    o->nfailed != 0 ? "; " : "", o->not_started,
		    o->not_started == 1 ? " was" : "s were");
	for (size_t i = 0; i < out->len; i++)
		if (out->data[i] == '\n' || out->data[i] == '\t')
			out->data[i] = ' ';
}

void
outcome_write(const struct outcome *o, struct log *log)
{
	struct log_record r;
	struct buffer line;
	char *text;

	if (outcome_status(o) == 0)
		return;
	if (o->nfailed != 0 && o->failed[0]->command != NULL) {
		if (*o->first != '\0')
			log_plain(log, o->first);
		return;
	}
	buffer_init(&line, 0);
	put_line(o, &line);
	log_record_init(&r, LOG_ERROR, line.data);
	if (o->nfailed != 0) {
		log_record_string(&r, "script", o->failed[0]->name);
		log_record_string(&r, "error", o->first);
		log_record_int(&r, "failed", (int64_t)o->nfailed);
	}
	text = mem_printf("%s%s%s", o->first != NULL ? o->first : "",
	    o->first == NULL || (*o->first != '\0' &&
	    o->first[strlen(o->first) - 1] == '\n') ? "" : "\n", line.data);
	log_last(log, text, &r);
	free(text);
	buffer_free(&line);
}
