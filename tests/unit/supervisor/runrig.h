/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runrig.h - runs the commands once and server. Jobs, the worker that compiles
 * and the clocks are the rig's: its timer turns once for each thing that
 * happens.
 */
#ifndef REGBOT_RUNRIG_H
#define REGBOT_RUNRIG_H

#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "supervisor/jobs/compile.h"
#include "supervisor/run.h"
#include "tests/unit/supervisor/configrig.h"

#define MOST (JOBS_MAX + 1)

static struct {
	struct loop *loop;
	struct log *log;
	struct config *config;
	struct timer *turn;
	int out[2];
	int64_t now;		/* both clocks */
	/* Jobs: a script whose name begins with "f" fails. */
	char started[1024];	/* names, in order */
	size_t nstarted, most;	/* so many ran at once */
	struct { const struct config_script *script; jobs_done_fn *done;
	    void *arg; } running[MOST];
	size_t nrunning, starting, most_starting;
	void (*on_started)(void *arg);
	void *on_started_arg;
	bool hold;		/* they go on */
	int stops, killed;	/* jobs_stop, those with now */
	enum stop_reason why;
	bool quit, abandoned, left;
	void (*quit_done)(void *arg);
	void *quit_arg;
	/* The worker that compiles: a script named "b" is broken. */
	int compiles;
	bool compiling, hold_compile;
	const struct compile_ops *compile_ops;
	void *compile_arg;
	/* What happens: signals at these turns, clocks go on by tick. */
	int turns, signal_at[3];
	int64_t tick;
} rig;

int64_t
clock_now(void)
{
	return rig.now;
}

int64_t
clock_boot(void)
{
	return rig.now;
}

int64_t
clock_wall(void)
{
	return 1795490481 * NS_PER_S + rig.now;
}

void
jobs_start(struct jobs *all, struct config *config,
    const struct config_script *script, jobs_done_fn *done, void *arg)
{
	(void)all;
	cr_assert_eq(config, rig.config);
	cr_assert_lt(rig.nrunning, (size_t)MOST);
	cr_assert_lt(strlen(rig.started), sizeof(rig.started) - 8);
	strcat(rig.started, script->name);
	rig.nstarted++;
	rig.running[rig.nrunning].script = script;
	rig.running[rig.nrunning].done = done;
	rig.running[rig.nrunning++].arg = arg;
	if (rig.nrunning > rig.most)
		rig.most = rig.nrunning;
	if (++rig.starting > rig.most_starting)
		rig.most_starting = rig.starting;
}

size_t
jobs_starting(const struct jobs *all)
{
	(void)all;
	return rig.starting;
}

void
jobs_watch_starts(struct jobs *all, void (*started)(void *arg), void *arg)
{
	(void)all;
	rig.on_started = started;
	rig.on_started_arg = arg;
}

void
jobs_stop(struct jobs *all, enum stop_reason why, bool now)
{
	(void)all;
	rig.stops++;
	rig.killed += now ? 1 : 0;
	rig.why = why;
	if (now)
		rig.hold = false;
}

void
jobs_each(const struct jobs *all, void (*fn)(void *arg, const struct job *j),
    void *arg)
{
	(void)all;
	(void)fn;
	(void)arg;
}

uint64_t
jobs_moved(const struct jobs *all)
{
	(void)all;
	return 0;
}

void
jobs_quit(struct jobs *all, void (*done)(void *arg), void *arg)
{
	(void)all;
	cr_expect_not(rig.quit);
	cr_expect_eq(rig.nrunning, 0);
	rig.quit = true;
	rig.quit_done = done;
	rig.quit_arg = arg;
}

void
jobs_abandon(struct jobs *all)
{
	(void)all;
	rig.abandoned = true;
}

bool
jobs_left(const struct jobs *all)
{
	(void)all;
	return rig.left;
}

struct compile *
compile_start(struct child_env *env, struct config *config,
    const struct compile_ops *ops, void *arg)
{
	(void)env;
	cr_assert_eq(config, rig.config);
	rig.compiles++;
	rig.compiling = true;
	rig.compile_ops = ops;
	rig.compile_arg = arg;
	return (struct compile *)&rig;
}

void
compile_free(struct compile *c)
{
	if (c != NULL)
		rig.compiling = false;
}

static void
compile_all(void)
{
	cr_expect_eq(rig.nstarted, 0, "started before all was compiled");
	for (size_t i = 0; i < rig.config->nscripts; i++)
		if (strcmp(rig.config->scripts[i].name, "b") == 0)
			rig.compile_ops->broken(rig.compile_arg, i,
			    "<string>:1: broken");
	rig.compile_ops->over(rig.compile_arg);
	cr_expect_not(rig.compiling);
}

static void
end_job(void)
{
	char first = rig.running[0].script->name[0];
	bool failed = first == 'f' || first == 'b' || rig.stops != 0;
	jobs_done_fn *done = rig.running[0].done;
	void *arg = rig.running[0].arg;

	memmove(&rig.running[0], &rig.running[1],
	    --rig.nrunning * sizeof(rig.running[0]));
	done(arg, failed, failed ? "it failed" : "", rig.stops != 0);
}

static void
on_turn(void *arg)
{
	(void)arg;
	rig.turns++;
	cr_assert_lt(rig.turns, 1000, "it does not end");
	rig.now += rig.tick;
	timer_arm(rig.turn, 0);
	for (size_t i = 0; i < 3; i++)
		if (rig.signal_at[i] == rig.turns) {
			raise(SIGTERM);
			return;
		}
	if (rig.compiling && !rig.hold_compile)
		compile_all();
	else if (rig.starting != 0) {
		rig.starting--;
		rig.on_started(rig.on_started_arg);
	} else if (rig.nrunning != 0 && !rig.hold)
		end_job();
	else if (rig.quit)
		rig.quit_done(rig.quit_arg);
}

/* What it did is in the rig; what it logged in out. */
static int
run(const char *text, int (*command)(const struct run_env *env), char out[4096])
{
	struct run_env env = { 0 };
	struct buffer warnings;
	struct error err;
	ssize_t n;
	int status;

	rig_no_docker();
	rig.config = rig_parse(text, &warnings, &err);
	cr_assert_not_null(rig.config, "%s", err.text);
	cr_assert_eq(pipe(rig.out), 0);
	/* Nobody reads it before the end. */
	cr_assert_gt(fcntl(rig.out[1], F_SETPIPE_SZ, 1 << 20), 1 << 19);
	rig.loop = env.loop = loop_new();
	rig.log = env.log = log_new(env.loop, rig.out[1], LOG_DEBUG, false);
	env.config = rig.config;
	rig.turn = loop_timer(env.loop, on_turn, NULL);
	timer_arm(rig.turn, 0);
	status = command(&env);
	cr_expect_eq(rig.config->refs, 1u);
	timer_free(rig.turn);
	log_free(rig.log);
	close(rig.out[1]);
	n = read(rig.out[0], out, 4095);
	cr_assert_geq(n, 0);
	out[n] = '\0';
	close(rig.out[0]);
	config_unref(rig.config);
	loop_free(rig.loop);
	buffer_free(&warnings);
	return status;
}

#define ONE(name) "- {name: " name ", script: x}\n"

static void
expect_last(const char *out, const char *line)
{
	size_t n = strlen(out), want = strlen(line);

	cr_assert(n > want && out[n - 1] == '\n', "%s", out);
	cr_expect(strncmp(out + n - 1 - want, line, want) == 0 &&
	    out[n - 2 - want] == '\n', "%s", out);
}

static size_t
count(const char *out, const char *what)
{
	size_t n = 0;

	for (; (out = strstr(out, what)) != NULL; out++)
		n++;
	return n;
}

#endif
