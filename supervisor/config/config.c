/* SPDX-License-Identifier: Apache-2.0 */
/* config.c - the whole file: the order of its parts, and its lifetime. */
#include "supervisor/config/config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/buffer.h"
#include "common/file.h"
#include "common/mem.h"
#include "supervisor/config/config_private.h"
#include "supervisor/credentials/dockercerts.h"

/* The top of the file. The parts are read in our own order: defaults come
 * before what they apply to. */
struct root {
	const struct yaml_node *version, *creds, *defaults, *scripts;
};

static const struct config_field root_fields[] = {
#define ROOT(key, flags) \
	CONFIG_FIELD(struct root, key, #key, config_read_node, flags, 0)
	ROOT(version, 0),
	ROOT(creds, 0),
	ROOT(defaults, 0),
	ROOT(scripts, FIELD_REQUIRED),
#undef ROOT
	CONFIG_END
};

static int
check_version(struct config_reader *r, const struct yaml_node *v)
{
	int64_t n;

	if (v == NULL)
		return 0;
	if (config_number(r, v, "version", &n) == -1)
		return -1;
	if (n > 1)
		return config_error(r, v, "unsupported config version "
		    "%lld, expected 1", (long long)n);
	return 0;
}

static void
warn_yaml(void *arg, const struct yaml_node *at, const char *message,
    const char *key)
{
	char word[65];
	size_t n = strnlen(key, sizeof(word) - 1);

	memcpy(word, key, n);
	word[n] = '\0';
	config_warn(arg, at, message, "key", word);
}

/* docker's logins first, then creds over them, then the defaults. */
static void
merge_registries(struct config_reader *r, struct config *c,
    struct config_hosts *creds)
{
	struct config_hosts all = { 0 };

	if (!c->skip_docker_config)
		config_read_logins(r, &all);
	for (size_t i = 0; i < creds->n; i++) {
		struct config_host *src = &creds->list[i], *dst;

		if (src->r.key == NULL)
			continue;	/* no name: ignored with a warning */
		dst = config_hosts_find(&all, src->r.key);
		if (dst == NULL) {
			dst = config_hosts_add(&all);
			dst->r.key = mem_strdup(src->r.key);
			dst->r.name = mem_strdup(src->r.name);
		}
		config_merge(r, dst, src);
	}
	c->registries = mem_array(all.n, sizeof(*c->registries));
	for (size_t i = 0; i < all.n; i++) {
		struct config_registry *reg = &c->registries[c->nregistries++];

		*reg = all.list[i].r;
		memset(&all.list[i].r, 0, sizeof(*reg));
		if (all.list[i].at != NULL)
			reg->position = mem_printf("%s:%d", r->name,
			    all.list[i].at->line);
		config_registry_finish(reg);
		if (!c->skip_docker_config)
			config_read_certificates(r, DOCKERCERTS_DIR, reg);
	}
	config_hosts_free(&all);
}

static void
set_defaults(struct config *c, struct config_defaults *d)
{
	c->has_parallel = d->parallel != PARALLEL_UNSET;
	c->parallel = c->has_parallel ? (int)d->parallel : 0;
	c->blob_limit = d->blob_limit;
	c->skip_docker_config = d->skip_docker_config;
	c->user_agent = d->user_agent != NULL ? d->user_agent :
	    mem_strdup("");
	d->user_agent = NULL;
	if (config_strings_count(d->modules) != 0) {
		c->modules = d->modules;
		d->modules = NULL;
	}
}

/* The modules of a command's script are beside it; after those come the ones
 * beside the file. */
static void
add_directory(struct config *c, const char *dir)
{
	size_t n = config_strings_count(c->modules);

	if (strcmp(dir, c->dir) == 0)
		return;
	c->modules = mem_resize(c->modules, n + 2, sizeof(c->modules[0]));
	memmove(&c->modules[1], c->modules, n * sizeof(c->modules[0]));
	c->modules[0] = mem_strdup(dir);
	c->modules[n + 1] = NULL;
}

/* A run that does nothing is never what was meant. */
static int
check_scripts(struct config_reader *r, const struct yaml_node *top,
    const struct yaml_node *scripts)
{
	static const char expected[] = "nothing would run: expected "
	    "\"scripts:\" and a list of entries, each with \"name\" and "
	    "\"script\"";
	static const struct yaml_node begin = { .line = 1, .column = 1 };

	if (top == NULL)
		return config_error(r, &begin, "the file is empty, %s",
		    expected);
	if (scripts == NULL)
		return config_error(r, top, "the file has no scripts, %s",
		    expected);
	if (scripts->kind == YAML_LIST && scripts->nitems == 0)
		return config_error(r, scripts, "the list of scripts is "
		    "empty, %s", expected);
	return 0;
}

static void
read_tree(struct config_reader *r, const struct yaml_node *top,
    struct config *c)
{
	struct config_defaults d = { .parallel = PARALLEL_UNSET };
	struct config_hosts creds = { 0 };
	struct root root = { 0 };

	if (top == NULL || config_read_map(r, top, "the file", root_fields,
	    &root) == 0) {
		if (r->options.command == NULL)
			check_scripts(r, top, root.scripts);
	}
	check_version(r, root.version);
	config_read_defaults(r, root.defaults, &d);
	config_read_creds(r, root.creds, &creds);
	if (r->options.command != NULL)
		config_add_command(r, r->options.command, &d, c);
	else
		config_read_scripts(r, root.scripts, &d, c);
	if (r->errors.n == 0 || r->options.keep)
		set_defaults(c, &d);
	add_directory(c, r->options.command != NULL ? r->dir : c->dir);
	if (r->errors.n == 0)
		merge_registries(r, c, &creds);
	config_hosts_free(&creds);
	config_defaults_free(&d);
}

static void
tell(const struct config_sink *sink, const struct error *err)
{
	if (sink != NULL && sink->error != NULL)
		sink->error(sink->arg, err->text);
}

static struct config *
parse(const char *text, size_t len, const char *name, const char *dir,
    const struct config_options *options, const struct config_sink *sink,
    struct error *err)
{
	struct config_reader r = { .name = name, .dir = dir,
	    .options = *options };
	struct config *c = mem_alloc(sizeof(*c));
	struct yaml_tree tree;
	struct error syntax;
	bool bad;

	if (sink != NULL) {
		r.warn = sink->warn;
		r.arg = sink->arg;
	}
	c->refs = 1;
	c->path = mem_strdup(name);
	c->dir = mem_strdup(options->command != NULL ? options->command->dir :
	    dir);
	bad = yaml_tree_read(&tree, text, len, name,
	    r.warn != NULL ? warn_yaml : NULL, &r, &syntax) == -1;
	if (bad) {
		tell(sink, &syntax);
		if (err != NULL)
			*err = syntax;
	} else {
		r.strict = config_is_strict(tree.root);
		read_tree(&r, tree.root, c);
		c->broken = r.errors.n != 0;
		bad = c->broken && !options->keep;
		config_errors_tell(&r.errors, name, sink, err);
	}
	config_errors_free(&r.errors);
	yaml_tree_free(&tree);
	if (bad) {
		config_unref(c);
		return NULL;
	}
	return c;
}

struct config *
config_parse(const char *text, size_t len, const char *name, const char *dir,
    const struct config_sink *sink, struct error *err)
{
	static const struct config_options none;

	return parse(text, len, name, dir, &none, sink, err);
}

void
config_registry_certs(const struct config *c, struct config_registry *r,
    config_warn_fn *warn, void *arg)
{
	struct config_reader reader = {
		.name = c->path, .dir = c->dir, .warn = warn, .arg = arg,
	};

	if (!c->skip_docker_config)
		config_read_certificates(&reader, DOCKERCERTS_DIR, r);
}

static char *
directory(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (strcmp(path, "-") == 0 || slash == NULL)
		return mem_strdup(".");
	if (slash == path)
		return mem_strdup("/");
	return mem_strndup(path, (size_t)(slash - path));
}

static int
read_file(const char *path, struct buffer *text, struct error *err)
{
	if (path == NULL)
		return 0;
	if (path[0] == '\0')
		return error_set(err, ERROR_INPUT, "required input missing");
	if (strcmp(path, "-") == 0)
		return file_read_fd(STDIN_FILENO, "standard input", text, err);
	return file_read(path, 0, text, err);
}

struct config *
config_load(const char *path, const struct config_sink *sink,
    struct error *err)
{
	static const struct config_options none;

	return config_load_with(path, &none, sink, err);
}

struct config *
config_load_with(const char *path, const struct config_options *options,
    const struct config_sink *sink, struct error *err)
{
	bool is_stdin = path != NULL && strcmp(path, "-") == 0;
	struct config *c = NULL;
	struct buffer text;
	struct error why;
	char *dir;

	buffer_init(&text, CONFIG_FILE_MAX);
	text.secret = true;
	dir = directory(path != NULL ? path : "-");
	if (read_file(path, &text, &why) == 0) {
		c = parse(buffer_str(&text), text.len,
		    path == NULL ? "(command line)" : is_stdin ? "<stdin>" :
		    path, dir, options, sink, err);
	} else {
		tell(sink, &why);
		if (err != NULL)
			*err = why;
	}
	if (c != NULL && is_stdin) {
		free(c->path);
		c->path = mem_strdup("-");
	}
	free(dir);
	buffer_free(&text);
	return c;
}

struct config *
config_ref(struct config *c)
{
	c->refs++;
	return c;
}

void
config_script_clear(struct config_script *s)
{
	free(s->name);
	free(s->text);
	schedule_unref(s->schedule);
	config_strings_free(s->env);
	config_strings_free(s->copy.platforms);
	config_inputs_free(&s->inputs);
	config_outputs_free(&s->outputs);
	free(s->refused);
}

void
config_unref(struct config *c)
{
	if (c == NULL || --c->refs != 0)
		return;
	for (size_t i = 0; i < c->nregistries; i++)
		config_registry_wipe(&c->registries[i]);
	for (size_t i = 0; i < c->nscripts; i++)
		config_script_clear(&c->scripts[i]);
	free(c->registries);
	free(c->scripts);
	free(c->path);
	free(c->dir);
	free(c->user_agent);
	config_strings_free(c->modules);
	free(c);
}

const struct config_registry *
config_registry(const struct config *c, const char *key)
{
	for (size_t i = 0; i < c->nregistries; i++)
		if (strcmp(c->registries[i].key, key) == 0)
			return &c->registries[i];
	return NULL;
}
