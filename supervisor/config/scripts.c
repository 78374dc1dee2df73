/* SPDX-License-Identifier: Apache-2.0 */
/* scripts.c - reading defaults and scripts. */
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/duration.h"
#include "common/mem.h"
#include "supervisor/config/config_private.h"

static config_read_fn read_agent, read_modules, read_schedule, read_text;

#define EVERY "@every "

static const struct config_field default_fields[] = {
#define ROW(member, key, read, flags, max) \
	CONFIG_FIELD(struct config_defaults, member, key, read, flags, max)
	ROW(interval, "interval", config_read_duration, 0, 0),
	ROW(schedule, "schedule", read_schedule, 0, 0),
	ROW(jitter, "jitter", config_read_duration, 0, 0),
	ROW(run_at_start, "runAtStart", config_read_bool, 0, 0),
	ROW(timeout, "timeout", config_read_duration, 0, 0),
	ROW(parallel, "parallel", config_read_int, 0, 0),
	ROW(blob_limit, "blobLimit", config_read_int64, FIELD_IDLE, 0),
	ROW(skip_docker_config, "skipDockerConfig", config_read_bool, 0, 0),
	ROW(user_agent, "userAgent", read_agent, 0, USER_AGENT_MAX),
	ROW(modules, "modules", read_modules, 0, 0),
	ROW(env, "env", config_read_env, 0, JOB_ENV_MAX),
	ROW(inputs, "inputs", config_read_inputs, 0, 0),
	ROW(copy, "copy", config_read_copy, 0, 0),
	CONFIG_RULE_FIELDS(struct config_defaults),
	CONFIG_END
#undef ROW
};

struct script {
	struct config_script s;
	int64_t interval;	/* ns, 0: none */
	struct config_rules rules;
};

static const struct config_field script_fields[] = {
#define ROW(member, key, read, flags, max) \
	CONFIG_FIELD(struct script, s.member, key, read, flags, max)
	ROW(name, "name", config_read_string, 0, NAME_MAX_LEN),
	ROW(text, "script", read_text, FIELD_REQUIRED, SCRIPT_MAX),
	CONFIG_FIELD(struct script, interval, "interval", config_read_duration,
	    0, 0),
	ROW(schedule, "schedule", read_schedule, 0, 0),
	ROW(jitter, "jitter", config_read_duration, 0, 0),
	ROW(run_at_start, "runAtStart", config_read_bool, 0, 0),
	ROW(timeout, "timeout", config_read_duration, 0, 0),
	ROW(env, "env", config_read_env, 0, JOB_ENV_MAX),
	ROW(inputs, "inputs", config_read_inputs, 0, 0),
	ROW(copy, "copy", config_read_copy, 0, 0),
	ROW(outputs, "outputs", config_read_outputs, 0, 0),
	CONFIG_RULE_FIELDS(struct script),
	CONFIG_END
#undef ROW
};

/* As regbot: less than a second counts as one. */
static void
check_every(struct config_reader *r, const struct yaml_node *v,
    const char *text)
{
	int64_t ns;

	if (strncmp(text, EVERY, strlen(EVERY)) == 0 &&
	    duration_parse(text + strlen(EVERY), &ns, NULL) == 0 &&
	    ns < NS_PER_S)
		config_warn(r, v, "Schedule counts as every second", "schedule",
		    text);
}

static int
read_schedule(struct config_reader *r, const struct yaml_node *v,
    const struct config_field *f, void *out)
{
	struct schedule **where = out, *new;
	char *text = NULL;
	struct error why;
	int result = 0;

	if (config_read_string(r, v, f, &text) == -1)
		return -1;
	schedule_unref(*where);
	*where = NULL;
	if (*text != '\0') {
		new = schedule_parse(text, &why);
		if (new == NULL)
			result = config_error(r, v, "key \"%s\" is \"%.80s\": "
			    "%s", f->key, text, why.text);
		else
			check_every(r, v, text);
		*where = new;
	}
	free(text);
	return result;
}

/* It becomes a header's value: a line feed would begin another header. */
static int
read_agent(struct config_reader *r, const struct yaml_node *v,
    const struct config_field *f, void *out)
{
	char **where = out;

	if (config_read_string(r, v, f, out) == -1)
		return -1;
	for (const char *p = *where; *p != '\0'; p++)
		if (*p < ' ' || *p > '~')
			return config_error(r, v, "key \"userAgent\" has a "
			    "character that is not allowed in a header, "
			    "expected printable ASCII");
	return 0;
}

/* Relative ones are relative to the file. */
static int
read_modules(struct config_reader *r, const struct yaml_node *v,
    const struct config_field *f, void *out)
{
	char ***list = out, *path;

	if (config_read_strings(r, v, f, out) == -1)
		return -1;
	for (char **m = *list; *m != NULL; m++) {
		if (**m == '/')
			continue;
		path = mem_printf("%s/%s", r->dir, *m);
		free(*m);
		*m = path;
	}
	return 0;
}

/* out is a script's member text; its neighbours keep where it stands. */
static int
read_text(struct config_reader *r, const struct yaml_node *v,
    const struct config_field *f, void *out)
{
	struct config_script *s = (struct config_script *)(void *)
	    ((char *)out - offsetof(struct config_script, text));

	if (v->kind != YAML_SCALAR)
		return config_error(r, v, "key \"script\" is %s, expected one "
		    "text: \"script: |\" and the Lua code below, indented",
		    yaml_kind_name(v));
	s->text_line = v->text_line;
	s->text_literal = v->literal;
	return config_read_string(r, v, f, out);
}

static void
check_times(struct config_reader *r, const struct yaml_node *map)
{
	const struct yaml_node *interval = config_value(map, "interval");

	if (interval != NULL && config_value(map, "schedule") != NULL)
		config_warn(r, interval, "Interval has no effect beside "
		    "schedule", "interval", interval->text);
}

int
config_read_defaults(struct config_reader *r, const struct yaml_node *v,
    struct config_defaults *d)
{
	if (v == NULL)
		return 0;
	if (config_read_map(r, v, "defaults", default_fields, d) == -1)
		return -1;
	check_times(r, v);
	return 0;
}

void
config_defaults_free(struct config_defaults *d)
{
	schedule_unref(d->schedule);
	free(d->user_agent);
	config_strings_free(d->modules);
	config_strings_free(d->env);
	config_strings_free(d->copy.platforms);
	config_inputs_free(&d->inputs);
	memset(d, 0, sizeof(*d));
}

/* What is the script's own beats the defaults, and a schedule an interval. */
static void
set_times(struct config_script *s, int64_t interval,
    const struct config_defaults *d)
{
	if (s->schedule == NULL && interval == 0) {
		s->schedule = schedule_ref(d->schedule);
		interval = d->interval;
	}
	if (s->schedule == NULL && interval != 0)
		s->schedule = schedule_every(interval);
	if (s->jitter == 0)
		s->jitter = d->jitter;
	if (s->timeout == 0)
		s->timeout = d->timeout;
}

static void
set_env(struct config_script *s, char *const *defaults)
{
	size_t n = config_strings_count(defaults);

	if (s->env == NULL && n != 0) {
		s->env = mem_array(n + 1, sizeof(*s->env));
		for (size_t i = 0; i < n; i++)
			s->env[i] = mem_strdup(defaults[i]);
	} else if (config_strings_count(s->env) == 0) {
		config_strings_free(s->env);
		s->env = NULL;
	}
}

static int
check_text(struct config_reader *r, const struct yaml_node *map,
    const struct config_script *s)
{
	const struct yaml_node *at = config_value(map, "script");

	if (s->text != NULL && s->text[strspn(s->text, " \t\r\n")] != '\0')
		return 0;
	return config_error(r, at != NULL ? at : map, "this script has no "
	    "text and would do nothing, expected \"script: |\" and its Lua "
	    "code below, indented");
}

static int
compare_names(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void
keep_name(void *name)
{
	(void)name;		/* it is the script's */
}

/* Nothing forbids it, but the log then tells two scripts apart by nothing.
 * names: a tree (tsearch) of those before it. */
static void
check_name(struct config_reader *r, const struct yaml_node *map, void **names,
    const struct config_script *s)
{
	if (s->name[0] == '\0')
		config_warn(r, map, "Script has no name, so the log cannot "
		    "name it", NULL, NULL);
	else if (tfind(s->name, names, compare_names) != NULL)
		config_warn(r, map, "Script has the name of another, "
		    "so the log cannot tell them apart", "name", s->name);
}

/* Adds the script to c, whatever is wrong with it. */
static int
read_script(struct config_reader *r, const struct yaml_node *v,
    const struct config_defaults *d, struct config *c, void **names)
{
	struct script in = { .s.line = v->line,
	    .s.run_at_start = d->run_at_start };
	int result;

	config_copy_inherit(&in.s.copy, &d->copy);
	result = config_read_map(r, v, "a script", script_fields, &in);
	if (result == 0)
		result = check_text(r, v, &in.s);
	if (in.s.name == NULL)
		in.s.name = mem_strdup("");
	if (in.s.text == NULL)
		in.s.text = mem_strdup("");
	in.s.text_len = strlen(in.s.text);
	set_times(&in.s, in.interval, d);
	set_env(&in.s, d->env);
	config_add_inputs(&in.s.inputs, &d->inputs);
	if (config_check_outputs(r, v, c, &in.s.outputs) == -1)
		result = -1;
	if (result == 0) {
		check_name(r, v, names, &in.s);
		check_times(r, v);
		config_apply_rules(r, &in.s, &in.rules, &d->rules);
	}
	if (in.s.name[0] != '\0' && tsearch(in.s.name, names,
	    compare_names) == NULL)
		abort();	/* no memory: see common/mem.h */
	c->scripts[c->nscripts++] = in.s;
	return result;
}

void
config_add_command(struct config_reader *r,
    const struct config_command *command, const struct config_defaults *d,
    struct config *c)
{
	static const struct config_rules none;
	struct config_script s = { .command = command, .line = 1 };

	config_copy_inherit(&s.copy, &d->copy);
	s.name = mem_strdup(command->name);
	s.text = mem_strndup(command->text, command->len);
	s.text_len = command->len;
	s.timeout = command->timeout;
	set_times(&s, 0, d);
	set_env(&s, d->env);
	config_add_inputs(&s.inputs, &d->inputs);
	config_apply_rules(r, &s, &none, &d->rules);
	c->scripts = mem_array(1, sizeof(*c->scripts));
	c->scripts[c->nscripts++] = s;
}

int
config_read_scripts(struct config_reader *r, const struct yaml_node *v,
    const struct config_defaults *d, struct config *c)
{
	void *names = NULL;
	int result = 0;

	if (v == NULL)
		return 0;
	if (config_check_list(r, v, "scripts", "a list, each entry of which "
	    "begins with \"- name:\"", CONFIG_SCRIPTS_MAX) == -1)
		return -1;
	c->scripts = mem_array(v->nitems, sizeof(*c->scripts));
	for (size_t i = 0; i < v->nitems; i++)
		if (read_script(r, v->items[i], d, c, &names) == -1)
			result = -1;
	tdestroy(names, keep_name);
	return result;
}

char *
config_script_place(const struct config *c, const struct config_script *s,
    uint64_t line)
{
	uint64_t lines = 0;

	for (size_t i = 0; i < s->text_len; i++)
		lines += s->text[i] == '\n';
	lines += s->text_len != 0 && s->text[s->text_len - 1] != '\n';
	/* Lua counts one more when something is missing at the end. */
	if (line == lines + 1 && lines != 0)
		line = lines;
	if (line == 0 || line > lines)
		return NULL;
	return config_place(c, s->text_line +
	    (s->text_literal ? (int)line - 1 : 0));
}

char *
config_place(const struct config *c, int line)
{
	return mem_printf("%s:%d", strcmp(c->path, "-") == 0 ? "<stdin>" :
	    c->path, line);
}
