/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - regbot: the startup order, and the exit status. */
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "policy/policy.h"
#include "supervisor/check.h"
#include "supervisor/cli/cli.h"
#include "supervisor/cli/completion.h"
#include "supervisor/describe.h"
#include "supervisor/luacommand.h"
#include "supervisor/cli/help.h"
#include "supervisor/run.h"
#include "supervisor/schedule/zone.h"
#include "supervisor/cli/version.h"

#define STATUS_USAGE 2	/* the command line or the configuration is wrong */
#define KEEP (1024 * 1024)	/* what a child takes, the next one takes again */
#define FILES_WANTED 16384	/* descriptors, above all that the bounds allow */

static int
print(const char *text)
{
	return fputs(text, stdout) == EOF || fflush(stdout) == EOF ? 1 : 0;
}

/* Why nothing was run, as the log would say it. */
static int
usage(const struct cli *cli, const struct error *err)
{
	struct loop *l = loop_new();
	struct log *g = log_new(l, STDERR_FILENO, cli->level, cli->json);

	log_plain(g, err->text);
	log_free(g);
	loop_free(l);
	return STATUS_USAGE;
}

static int
show_version(const struct cli *cli)
{
	struct error err;
	char *text = version_text(cli->format, &err);
	int r;

	if (text == NULL)
		return usage(cli, &err);
	r = print(text);
	free(text);
	return r;
}

struct reading {		/* of the configuration */
	struct log *log;
	size_t warnings;
};

static void
on_warning(void *arg, const struct log_record *r)
{
	struct reading *in = arg;

	in->warnings += r->level >= LOG_WARN ? 1 : 0;
	log_borrowed(in->log, r);
}

static void
on_error(void *arg, const char *text)
{
	struct reading *in = arg;

	log_plain(in->log, text);
}

/* The configuration with the scripts that are wanted, which may be broken. NULL:
 * it was logged what is wrong. */
static struct config *
load(const struct cli *cli, const struct config_command *command,
    struct reading *in)
{
	const struct config_options options = { .keep = command == NULL,
	    .command = command, .notes = cli->command == CLI_CHECK };
	const struct config_sink sink = { on_warning, on_error, in };
	struct config *c = config_load_with(cli->config, &options, &sink,
	    NULL);
	struct error err;

	if (c != NULL && cli->nscripts != 0 && config_select(c, cli->scripts,
	    cli->nscripts, &err) == -1) {
		on_error(in, err.text);
		config_unref(c);
		return NULL;
	}
	return c;
}

static int
run(struct child_env *env, const struct cli *cli, struct config *c,
    struct luacommand *lua)
{
	struct output *output = lua != NULL ? luacommand_output(lua,
	    env->loop) : NULL;
	struct jobs_options options = { .slots = 1, .dry_run = cli->dry_run,
	    .modules_here = cli->command != CLI_SERVER, .output = output };
	struct run_env r = { .loop = env->loop, .log = env->log,
	    .children = env, .config = c, .output = output };
	int status;

	if (c->parallel > 0)
		options.slots = (unsigned)c->parallel;
	describe_start(env->log, c, options.slots);
	r.jobs = jobs_new(env, c, &options);
	if (lua != NULL)
		luacommand_stops(lua, r.jobs);
	status = cli->command == CLI_SERVER ? run_server(&r) : run_once(&r);
	if (lua != NULL)
		status = luacommand_status(lua, env->log, status);
	jobs_free(r.jobs);
	return status;
}

static int
run_lua(struct child_env *env, const struct cli *cli)
{
	struct reading in = { .log = env->log };
	struct luacommand *lua;
	int status = STATUS_USAGE;
	struct config *c;
	struct error err;

	lua = luacommand_new(cli, &err);
	if (lua == NULL) {
		on_error(&in, err.text);
		return STATUS_USAGE;
	}
	c = load(cli, luacommand_script(lua), &in);
	if (c != NULL)
		status = run(env, cli, c, lua);
	config_unref(c);
	luacommand_free(lua);
	return status;
}

/* Scripts would run at other hours than somebody meant. */
static void
check_zone(struct log *log)
{
	struct log_record r;
	struct error err;

	if (zone_check_own(&err) == 0)
		return;
	log_record_init(&r, LOG_WARN, "TZ has no effect, local time is UTC");
	log_record_string(&r, "error", err.text);
	log_write(log, &r);
}

/* From the configuration to the exit status. */
static int
execute(struct child_env *env, const struct cli *cli)
{
	struct reading in = { .log = env->log };
	struct config *c;
	int status = STATUS_USAGE;

	if (cli->command == CLI_LUA)
		return run_lua(env, cli);
	c = load(cli, NULL, &in);
	if (c == NULL)
		return STATUS_USAGE;
	check_zone(env->log);
	if (cli->command == CLI_CHECK)
		status = check_config(env, c, in.warnings);
	else if (c->broken)
		check_syntax(env, c);
	else
		status = run(env, cli, c, NULL);
	config_unref(c);
	return status;
}

/* If one of the first three is closed, whatever is opened next takes its place
 * and would get the log. */
static void
open_standard(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd != -1 && fd <= STDERR_FILENO);
	if (fd != -1)
		close(fd);
}

/* If SIGCHLD is ignored, the kernel reaps children before we can. Where the log
 * is a file at the limit of ulimit -f, writing fails as on a full disk, which
 * must not end us; children start with default signals. And a child takes four
 * descriptors; the soft limit is for programs that use select(2), which we do
 * not. */
static void
shed_inherited(void)
{
	struct rlimit files;

	signal(SIGCHLD, SIG_DFL);
	signal(SIGXFSZ, SIG_IGN);
	if (getrlimit(RLIMIT_NOFILE, &files) == -1 ||
	    files.rlim_cur >= FILES_WANTED)
		return;
	files.rlim_cur = files.rlim_max < FILES_WANTED ? files.rlim_max :
	    FILES_WANTED;
	(void)setrlimit(RLIMIT_NOFILE, &files);
}

int
main(int argc, char **argv)
{
	struct child_env env = { 0 };
	struct error err;
	struct cli cli;
	int status;

	open_standard();
	shed_inherited();
	mallopt(M_TRIM_THRESHOLD, KEEP);
	if (cli_parse(argc, argv, &cli, &err) == -1)
		return usage(&cli, &err);
	if (cli.command == CLI_HELP)
		return print(help_text(cli.help_for));
	if (cli.command == CLI_COMPLETION)
		return print(completion_text(cli.shell));
	if (cli.command == CLI_VERSION)
		return show_version(&cli);
	if (policy_protect_self(&err) == -1)
		return usage(&cli, &err);
	/* What it prints is what is wanted; a dry run's log, too. */
	if (cli.command == CLI_LUA && !cli.level_given && !cli.dry_run)
		cli.level = LOG_WARN;
	env.loop = loop_new();
	env.log = log_new(env.loop, STDERR_FILENO, cli.level, cli.json);
	env.log_level = cli.level;
	status = execute(&env, &cli);
	log_free(env.log);
	loop_free(env.loop);
	cli_free(&cli);
	return status;
}
