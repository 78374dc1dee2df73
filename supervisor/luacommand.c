/* SPDX-License-Identifier: Apache-2.0 */
/* luacommand.c - the script of the command lua, and its output. */
#include "supervisor/luacommand.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/bounds.h"
#include "common/file.h"
#include "common/mem.h"

struct luacommand {
	struct config_command script;
	struct buffer text;
	char *chunk, *dir;
	const char **args;
	struct output *output;
	struct jobs *jobs;
	bool lost;
	struct error why;	/* kind ERROR_NONE: nobody reads any more */
};

const struct config_command *
luacommand_script(const struct luacommand *c)
{
	return &c->script;
}

void
luacommand_free(struct luacommand *c)
{
	if (c == NULL)
		return;
	output_free(c->output);
	buffer_free(&c->text);
	free(c->chunk);
	free(c->dir);
	free(c->args);
	free(c);
}

static int
too_long(const char *name, struct error *err)
{
	return error_set(err, ERROR_LIMIT, "%.256s is longer than %u bytes, "
	    "the most that a script may have", name, SCRIPT_MAX);
}

static void
skip(struct config_command *s, size_t n)
{
	s->text += n;
	s->len -= n;
}

/* What editors and shells want at the beginning: a byte order mark, a line with
 * '#', which stays as an empty one. */
static void
skip_head(struct config_command *s)
{
	static const char mark[] = "\xef\xbb\xbf";

	if (strncmp(s->text, mark, sizeof(mark) - 1) == 0)
		skip(s, sizeof(mark) - 1);
	if (*s->text == '#')
		skip(s, strcspn(s->text, "\n"));
}

static int
read_script(struct luacommand *c, const char *path, struct error *err)
{
	bool is_stdin = strcmp(path, "-") == 0;
	const char *slash = strrchr(path, '/');

	c->script.name = is_stdin ? "stdin" : path;
	c->chunk = is_stdin ? mem_strdup("=stdin") : mem_printf("@%s", path);
	c->dir = is_stdin || slash == NULL ? mem_strdup(".") : slash == path ?
	    mem_strdup("/") : mem_strndup(path, (size_t)(slash - path));
	if ((is_stdin ? file_read_fd(STDIN_FILENO, "standard input", &c->text,
	    err) : file_read(path, 0, &c->text, err)) == -1)
		return -1;
	c->script.text = buffer_str(&c->text);
	c->script.len = c->text.len;
	skip_head(&c->script);
	return 0;
}

static int
set_code(struct luacommand *c, const char *code, struct error *err)
{
	c->script.name = "-e";
	c->chunk = mem_strdup("=(command line)");
	c->dir = mem_strdup(".");
	c->script.text = code;
	c->script.len = strlen(code);
	return c->script.len > SCRIPT_MAX ? too_long("the code after -e", err) :
	    0;
}

/* arg[0] is the script's name. */
static int
set_args(struct luacommand *c, const struct cli *cli, struct error *err)
{
	size_t from = cli->code == NULL ? 1 : 0, n = (size_t)cli->nargs - from;

	if (n > ARGUMENTS_MAX)
		return error_set(err, ERROR_LIMIT, "there are %zu arguments, "
		    "a script takes %u at most", n, ARGUMENTS_MAX);
	c->args = mem_array(n + 1, sizeof(c->args[0]));
	c->args[c->script.nargs++] = c->script.name;
	for (size_t i = from; i < n + from; i++) {
		if (strlen(cli->args[i]) > ARGUMENT_MAX)
			return error_set(err, ERROR_LIMIT, "argument %zu is "
			    "longer than %u bytes", i + 1 - from,
			    ARGUMENT_MAX);
		c->args[c->script.nargs++] = cli->args[i];
	}
	c->script.args = c->args;
	return 0;
}

struct luacommand *
luacommand_new(const struct cli *cli, struct error *err)
{
	struct luacommand *c = mem_alloc(sizeof(*c));

	buffer_init(&c->text, SCRIPT_MAX);
	if ((cli->code != NULL ? set_code(c, cli->code, err) :
	    read_script(c, cli->args[0], err)) == -1 ||
	    set_args(c, cli, err) == -1) {
		luacommand_free(c);
		return NULL;
	}
	if (strlen(c->script.name) > NAME_MAX_LEN)
		c->script.name += strlen(c->script.name) - NAME_MAX_LEN;
	c->script.chunk = c->chunk;
	c->script.dir = c->dir;
	c->script.timeout = cli->timeout;
	c->script.log_all = !cli->level_given;
	return c;
}

static void
on_lost(void *arg, const struct error *why)
{
	struct luacommand *c = arg;

	c->lost = true;
	c->why = *why;
	if (c->jobs != NULL)
		jobs_stop(c->jobs, STOP_CANCELED, true);
}

struct output *
luacommand_output(struct luacommand *c, struct loop *l)
{
	if (c->output == NULL)
		c->output = output_new(l, STDOUT_FILENO, on_lost, c);
	return c->output;
}

void
luacommand_stops(struct luacommand *c, struct jobs *jobs)
{
	c->jobs = jobs;
}

/* As a shell shows the end of a program: of one that writes where nobody reads,
 * too. That a tag may be left with an empty image is more than what the script
 * has to say. */
int
luacommand_status(const struct luacommand *c, struct log *log, int status)
{
	if (!c->lost)
		return status == 0 || jobs_left(c->jobs) ? status :
		    jobs_exit_status(c->jobs);
	if (c->why.kind == ERROR_NONE)
		return 128 + SIGPIPE;
	log_plain(log, c->why.text);
	return 1;
}
