/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inputs.c - what scripts are given and what they give: the keys "inputs" and
 * "outputs", maps of names. Here it is only read; supervisor/exchange opens
 * files and runs commands.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/mem.h"
#include "common/wire/message.h"
#include "supervisor/config/config_private.h"

static config_read_fn read_path, read_command, read_format, read_timeout,
    read_size;

static const struct config_field input_fields[] = {
#define ROW(member, key, read, max) \
	CONFIG_FIELD(struct config_input, member, key, read, 0, max)
	ROW(file, "file", read_path, REFERENCE_MAX),
	ROW(command, "command", read_command, 0),
	ROW(env, "env", config_read_env, JOB_ENV_MAX),
	ROW(format, "format", read_format, 0),
	ROW(timeout, "timeout", read_timeout, 0),
	ROW(max_size, "maxSize", read_size, 0),
	CONFIG_END
#undef ROW
};

static const struct config_field output_fields[] = {
#define ROW(member, key, read, max) \
	CONFIG_FIELD(struct config_output, member, key, read, 0, max)
	ROW(file, "file", read_path, REFERENCE_MAX),
	ROW(always, "always", config_read_bool, 0),
	CONFIG_END
#undef ROW
};

static char *
absolute(const char *dir, const char *path)
{
	if (*path == '/' || strcmp(dir, ".") == 0)
		return mem_strdup(path);
	return mem_printf("%s/%s", dir, path);
}

/* A relative one is relative to the configuration. */
static int
read_path(struct config_reader *r, const struct yaml_node *v,
    const struct config_field *f, void *out)
{
	char *path = config_text(r, v, f->key, f->max), **where = out;
	size_t n = path != NULL ? strlen(path) : 0;

	if (path == NULL)
		return -1;
	if (n == 0 || path[n - 1] == '/') {
		free(path);
		return config_error(r, v, "key \"file\" names no file, "
		    "expected a path");
	}
	free(*where);
	*where = absolute(r->dir, path);
	free(path);
	return 0;
}

static int
read_command(struct config_reader *r, const struct yaml_node *v,
    const struct config_field *f, void *out)
{
	char ***list = out, *program;

	if (v->kind == YAML_SCALAR)
		return config_error(r, v, "key \"command\" is one text, "
		    "expected a list of the program and its arguments, such as "
		    "[kubectl, get, pods]: no shell takes it apart");
	if (config_read_strings(r, v, f, out) == -1)
		return -1;
	if (config_strings_count(*list) == 0)
		return config_error(r, v, "key \"command\" is empty, expected "
		    "the program and its arguments");
	if (strchr(**list, '/') != NULL) {
		program = absolute(r->dir, **list);
		free(**list);
		**list = program;
	}
	return 0;
}

static int
read_format(struct config_reader *r, const struct yaml_node *v,
    const struct config_field *f, void *out)
{
	char *word = config_text(r, v, f->key, SECRET_MAX);
	int64_t *format = out;

	if (word == NULL)
		return -1;
	if (strcmp(word, "json") == 0)
		*format = INPUT_JSON;
	else if (strcmp(word, "lines") == 0)
		*format = INPUT_LINES;
	else
		*format = -1;
	free(word);
	return *format != -1 ? 0 : config_error(r, v, "key \"format\" is "
	    "\"%.40s\", expected json or lines", v->text);
}

static int
read_timeout(struct config_reader *r, const struct yaml_node *v,
    const struct config_field *f, void *out)
{
	int64_t *timeout = out;

	if (config_read_duration(r, v, f, out) == -1)
		return -1;
	if (*timeout == 0)	/* a warning said so */
		*timeout = INPUT_MS * NS_PER_MS;
	return 0;
}

static int
read_size(struct config_reader *r, const struct yaml_node *v,
    const struct config_field *f, void *out)
{
	int64_t *size = out;

	if (config_number(r, v, f->key, size) == -1)
		return -1;
	if (*size > 0 && *size <= INPUT_BYTES_MAX)
		return 0;
	return config_error(r, v, "key \"maxSize\" is \"%.40s\", expected a "
	    "number of bytes from 1 to %u", v->text, INPUT_BYTES_MAX);
}

/* Where a script uses the name, it needs no quotes. */
static int
check_name(struct config_reader *r, const struct yaml_node *name,
    const char *key)
{
	size_t n = 0;

	while (isalnum((unsigned char)name->text[n]) || name->text[n] == '_')
		n++;
	if (n == name->len && n > 0 && n <= EXCHANGE_NAME_MAX &&
	    !isdigit((unsigned char)name->text[0]))
		return 0;
	return config_error(r, name, "\"%.64s\" in \"%s\" is not a name, "
	    "expected at most %d letters, digits and _, no digit first",
	    name->text, key, EXCHANGE_NAME_MAX);
}

static int
check_map(struct config_reader *r, const struct yaml_node *v, const char *key,
    const char *example)
{
	if (v->kind != YAML_MAP)
		return config_error(r, v, "key \"%s\" is %s, expected a map of "
		    "names, such as \"%s\"", key, yaml_kind_name(v), example);
	if (v->nitems / 2 > EXCHANGE_MAX)
		return config_error(r, v, "key \"%s\" has more than %d "
		    "entries, which is the limit", key, EXCHANGE_MAX);
	return 0;
}

static int
read_input(struct config_reader *r, const struct yaml_node *name,
    const struct yaml_node *v, struct config_input *in)
{
	in->name = mem_strdup(name->text);
	in->line = name->line;
	in->format = INPUT_AUTO;
	in->timeout = INPUT_MS * NS_PER_MS;
	in->max_size = INPUT_SIZE;
	if (check_name(r, name, "inputs") == -1 ||
	    config_read_map(r, v, "an input", input_fields, in) == -1)
		return -1;
	if ((in->file != NULL) == (in->command != NULL))
		return config_error(r, name, "the input \"%s\" has %s, expected "
		    "one of file and command", in->name, in->file != NULL ?
		    "a file and a command" : "neither file nor command");
	return 0;
}

int
config_read_inputs(struct config_reader *r, const struct yaml_node *v,
    const struct config_field *f, void *out)
{
	struct config_inputs *in = out;
	int result = 0;

	if (check_map(r, v, f->key, "inuse: {file: /srv/inuse.txt}") == -1)
		return -1;
	config_inputs_free(in);
	in->list = mem_array(v->nitems / 2, sizeof(*in->list));
	for (size_t i = 0; i < v->nitems; i += 2)
		if (read_input(r, v->items[i], v->items[i + 1],
		    &in->list[in->n++]) == -1)
			result = -1;
	return result;
}

static int
read_output(struct config_reader *r, const struct yaml_node *name,
    const struct yaml_node *v, struct config_output *o)
{
	o->name = mem_strdup(name->text);
	o->line = name->line;
	if (check_name(r, name, "outputs") == -1 ||
	    config_read_map(r, v, "an output", output_fields, o) == -1)
		return -1;
	if (o->file == NULL)
		return config_error(r, name, "the output \"%s\" has no file, "
		    "expected \"file: PATH\"", o->name);
	return 0;
}

int
config_read_outputs(struct config_reader *r, const struct yaml_node *v,
    const struct config_field *f, void *out)
{
	struct config_outputs *o = out;
	int result = 0;

	if (check_map(r, v, f->key, "report: {file: /srv/report.json}") == -1)
		return -1;
	config_outputs_free(o);
	o->list = mem_array(v->nitems / 2, sizeof(*o->list));
	for (size_t i = 0; i < v->nitems; i += 2)
		if (read_output(r, v->items[i], v->items[i + 1],
		    &o->list[o->n++]) == -1)
			result = -1;
	return result;
}

static char **
copy_strings(char *const *list)
{
	size_t n = config_strings_count(list);
	char **copy = list != NULL ? mem_array(n + 1, sizeof(*copy)) : NULL;

	for (size_t i = 0; i < n; i++)
		copy[i] = mem_strdup(list[i]);
	return copy;
}

static bool
has_input(const struct config_inputs *in, const char *name)
{
	for (size_t i = 0; i < in->n; i++)
		if (strcmp(in->list[i].name, name) == 0)
			return true;
	return false;
}

void
config_add_inputs(struct config_inputs *own,
    const struct config_inputs *defaults)
{
	for (size_t i = 0; i < defaults->n; i++) {
		const struct config_input *from = &defaults->list[i];
		struct config_input *to;

		if (has_input(own, from->name))
			continue;
		own->list = mem_resize(own->list, own->n + 1,
		    sizeof(*own->list));
		to = &own->list[own->n++];
		*to = *from;
		to->name = mem_strdup(from->name);
		to->file = mem_strdup(from->file);
		to->command = copy_strings(from->command);
		to->env = copy_strings(from->env);
	}
}

int
config_check_outputs(struct config_reader *r, const struct yaml_node *at,
    const struct config *c, const struct config_outputs *o)
{
	for (size_t i = 0; i < o->n; i++) {
		const char *file = o->list[i].file;
		const struct config_outputs *other = o;

		for (size_t s = 0; file != NULL && s <= c->nscripts; s++) {
			other = s < c->nscripts ? &c->scripts[s].outputs : o;
			for (size_t k = 0; k < (other == o ? i : other->n); k++)
				if (other->list[k].file != NULL &&
				    strcmp(other->list[k].file, file) == 0)
					return config_error(r, at, "the output "
					    "\"%s\" of this script has the "
					    "file of the output on line %d, "
					    "expected one of its own",
					    o->list[i].name,
					    other->list[k].line);
		}
	}
	return 0;
}

void
config_inputs_free(struct config_inputs *in)
{
	for (size_t i = 0; i < in->n; i++) {
		free(in->list[i].name);
		free(in->list[i].file);
		config_strings_free(in->list[i].command);
		config_strings_free(in->list[i].env);
	}
	free(in->list);
	memset(in, 0, sizeof(*in));
}

void
config_outputs_free(struct config_outputs *o)
{
	for (size_t i = 0; i < o->n; i++) {
		free(o->list[i].name);
		free(o->list[i].file);
	}
	free(o->list);
	memset(o, 0, sizeof(*o));
}
