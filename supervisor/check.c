/* SPDX-License-Identifier: Apache-2.0 */
/* check.c - all scripts are looked at by a worker; then the summary. */
#include "supervisor/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/duration.h"
#include "common/mem.h"
#include "supervisor/jobs/compile.h"
#include "supervisor/jobs/position.h"
#include "supervisor/schedule/schedule.h"

#define NEXT_RUNS 3		/* that are shown of each script */
#define CHUNK "<string>:"

struct check {
	struct child_env *env;
	struct config *config;
	size_t errors, warnings;
	bool unable;		/* not all could be checked */
	char **told;		/* errors of modules, which scripts share */
	size_t ntold;
};

static const char *
name_of(const struct config *c)
{
	return strcmp(c->path, "-") == 0 ? "<stdin>" : c->path;
}

/* "FILE:LINE: script "x": what", as the errors of the file; of a module it
 * names the module's line. The caller frees it. */
static char *
placed(const struct check *c, size_t script, const char *text)
{
	const struct config_script *s = &c->config->scripts[script];
	char *place = position_of(c->config, s, text), *line;
	bool own = strncmp(text, CHUNK, strlen(CHUNK)) == 0;
	const char *what = own ? strstr(text, ": ") : NULL;

	if (!own) {
		free(place);
		return mem_strdup(text);
	}
	if (place == NULL)
		place = mem_printf("%s:%d", name_of(c->config), s->line);
	line = mem_printf("%s: script \"%.256s\": %s", place, s->name,
	    what != NULL ? what + 2 : text);
	free(place);
	return line;
}

static bool
is_told(struct check *c, const char *line)
{
	for (size_t i = 0; i < c->ntold; i++)
		if (strcmp(c->told[i], line) == 0)
			return true;
	c->told = mem_resize(c->told, c->ntold + 1, sizeof(c->told[0]));
	c->told[c->ntold++] = mem_strdup(line);
	return false;
}

static void
tell_error(struct check *c, size_t script, const char *text)
{
	char *line = placed(c, script, text);

	if (!is_told(c, line)) {
		c->errors++;
		log_plain(c->env->log, line);
	}
	free(line);
}

static void
on_broken(void *arg, size_t script, const char *text)
{
	tell_error(arg, script, text);
}

static const char *
message_of(const struct log_record *r)
{
	for (int i = 0; i < r->nattrs; i++)
		if (r->attrs[i].kind == ATTR_STRING &&
		    strcmp(r->attrs[i].key, "message") == 0)
			return r->attrs[i].text;
	return r->message;
}

/* Where a warning is, if it says so: "FILE:LINE", of a module as well. */
static char *
place_of(const struct check *c, const struct config_script *s,
    const char *text)
{
	char *place = position_of(c->config, s, text);
	const char *end = strstr(text, ": ");

	if (place == NULL && end != NULL && strncmp(text, CHUNK,
	    strlen(CHUNK)) != 0)
		place = mem_strndup(text, (size_t)(end - text));
	return place;
}

/* What a worker says of a script: an error, or a warning. */
static void
on_said(void *arg, size_t script, struct log_record *r)
{
	struct check *c = arg;
	const struct config_script *s = &c->config->scripts[script];
	struct log_record out;
	const char *text = message_of(r);
	char *place;

	if (r->level >= LOG_ERROR) {
		tell_error(c, script, text);
		return;
	}
	c->warnings++;
	log_record_init(&out, LOG_WARN, r->message);
	log_record_string(&out, "script", s->name);
	log_record_string(&out, "message", text);
	place = place_of(c, s, text);
	if (place != NULL)
		log_record_string(&out, "position", place);
	free(place);
	log_write(c->env->log, &out);
}

static void
on_failed(void *arg, const char *why)
{
	struct check *c = arg;
	char *line = mem_printf("cannot check the scripts: %s", why);

	c->unable = true;
	log_plain(c->env->log, line);
	free(line);
}

static void
on_over(void *arg)
{
	struct check *c = arg;

	loop_stop(c->env->loop);
}

static void
look(struct check *c, bool closely)
{
	const struct compile_ops ops = { on_broken, on_over,
	    closely ? on_said : NULL, on_failed };
	struct compile *compile;

	compile = compile_start(c->env, c->config, &ops, c);
	loop_run(c->env->loop);
	compile_free(compile);
	for (size_t i = 0; i < c->ntold; i++)
		free(c->told[i]);
	free(c->told);
}

/* "every 1h0m0s, next 2026-11-25T03:00:00Z, ...". */
static void
put_runs(const struct config_script *s, struct buffer *out)
{
	int64_t interval, wall = clock_wall();
	char text[DURATION_TEXT];

	if (s->schedule == NULL) {
		buffer_printf(out, "no interval and no schedule, runs only "
		    "%sby the command once", s->run_at_start ?
		    "when server starts and " : "");
		return;
	}
	if (s->run_at_start)
		buffer_puts(out, "at the start, ");
	interval = schedule_interval(s->schedule);
	if (interval != 0) {
		duration_format(interval, text);
		buffer_printf(out, "every %s, next", text);
	} else
		buffer_printf(out, "\"%s\", next", schedule_text(s->schedule));
	for (int i = 0; i < NEXT_RUNS; i++) {
		if (schedule_next(s->schedule, wall, &wall) == -1) {
			buffer_puts(out, i != 0 ? ", then never" : " never");
			return;
		}
		buffer_puts(out, i != 0 ? ", " : " ");
		schedule_time(s->schedule, wall, out);
	}
	if (s->jitter != 0) {
		duration_format(s->jitter, text);
		buffer_printf(out, ", each up to %s later", text);
	}
}

static void
put_script(const struct config_script *s, struct buffer *out)
{
	struct buffer line;

	buffer_init(&line, 0);
	buffer_printf(&line, "%s: ", *s->name != '\0' ? s->name : "(no name)");
	if (s->refused != NULL)
		buffer_puts(&line, s->refused);
	else
		put_runs(s, &line);
	for (size_t i = 0; i < line.len; i++)
		if (line.data[i] == '\n' || line.data[i] == '\t')
			line.data[i] = ' ';
	log_escape(buffer_str(&line), out);
	buffer_free(&line);
}

static void
put_count(struct buffer *out, size_t n, const char *what)
{
	buffer_printf(out, "%zu %s%s", n, what, n == 1 ? "" : "s");
}

/* What is fine, for a person. */
static int
write_summary(const struct check *c)
{
	struct buffer out;
	size_t named = 0;
	bool bad;

	for (size_t i = 0; i < c->config->nregistries; i++)
		named += c->config->registries[i].named ? 1 : 0;
	buffer_init(&out, 0);
	log_escape(name_of(c->config), &out);
	out.len--;		/* its line feed */
	buffer_puts(&out, ": ");
	put_count(&out, c->config->nscripts, "script");
	buffer_printf(&out, ", %zu registr%s, no errors, ", named,
	    named == 1 ? "y" : "ies");
	put_count(&out, c->warnings, "warning");
	buffer_putc(&out, '\n');
	for (size_t i = 0; i < c->config->nscripts; i++)
		put_script(&c->config->scripts[i], &out);
	bad = fwrite(out.data, 1, out.len, stdout) != out.len ||
	    fflush(stdout) == EOF;
	buffer_free(&out);
	return bad ? 1 : 0;
}

/* A server would do nothing with it. */
static void
find_refused(struct check *c)
{
	for (size_t i = 0; i < c->config->nscripts; i++) {
		const struct config_script *s = &c->config->scripts[i];
		char *line;

		if (s->refused == NULL)
			continue;
		line = mem_printf("%s:%d: script \"%.256s\": %s",
		    name_of(c->config), s->line, s->name, s->refused);
		log_plain(c->env->log, line);
		free(line);
		c->errors++;
	}
}

int
check_config(struct child_env *env, struct config *config, size_t warnings)
{
	struct check c = { .env = env, .config = config,
	    .warnings = warnings };

	look(&c, true);
	find_refused(&c);
	if (config->broken || c.errors != 0)
		return CHECK_WRONG;
	return c.unable ? 1 : write_summary(&c);
}

void
check_syntax(struct child_env *env, struct config *config)
{
	struct check c = { .env = env, .config = config };

	look(&c, false);
}
