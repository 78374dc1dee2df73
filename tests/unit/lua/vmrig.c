/* SPDX-License-Identifier: Apache-2.0 */
/* The stand-in client, the loop and the state; see vmrig.h. */
#include "tests/unit/lua/vmrig.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buffer.h"
#include "common/clock.h"
#include "common/mem.h"
#include "worker/client/client.h"
#include "worker/compat/compat.h"
#include "worker/job/worker.h"
#include "worker/library/library.h"

struct client {
	struct buffer log;
	struct vmrig *rig;
};

static const struct {
	const char *name, *path, *text;
} modules[] = {
	{ "mymod", "./mymod.lua", "#!/usr/bin/lua\nlocal m = {}\n"
	    "function m.hi(x) log('hi ' .. x .. 4 / 2) end\nreturn m" },
	{ "badmod", "./badmod.lua", "local x\nx = = return" },
	{ "errmod", "./errmod.lua", "\nerror('module load failed')" },
	{ "oldmod", "./oldmod.lua", "module('oldmod', package.seeall)\n"
	    "function f() return tostring(10 / 2) end" },
	{ "argmod", "./argmod.lua", "log(select('#', ...) .. ' ' .. ...)" },
	{ "loopmod", "./loopmod.lua", "require 'loopmod'" },
};

void
client_late(struct client *c, const char *where)
{
	snprintf(c->rig->late, sizeof(c->rig->late), "%s", where);
	c->rig->nlate++;
}

void
client_log(struct client *c, const struct log_record *r)
{
	for (int i = 0; i < r->nattrs; i++)
		if (strcmp(r->attrs[i].key, "message") == 0)
			buffer_printf(&c->log, "%s%s",
			    c->log.len != 0 ? "\n" : "", r->attrs[i].text);
}

const char *
client_getenv(const struct client *c, const char *name)
{
	(void)c;
	return strcmp(name, "SET") == 0 ? "value" :
	    strcmp(name, "EMPTY") == 0 ? "" : NULL;
}

/* No test prints to standard output. */
struct client_call *
client_print(struct client *c, const void *p, size_t n, answer_fn *done,
    void *arg)
{
	(void)c;
	(void)p;
	(void)n;
	(void)done;
	(void)arg;
	return NULL;
}

struct client_call *
client_module(struct client *c, const char *name, answer_fn *done, void *arg)
{
	struct answer a = { 0 };

	(void)c;
	buffer_init(&a.body, 0);
	error_set(&a.err, ERROR_NOT_FOUND, "\n\tno file './%s.lua'", name);
	for (size_t i = 0; i < sizeof(modules) / sizeof(modules[0]); i++) {
		if (strcmp(modules[i].name, name) != 0)
			continue;
		error_clear(&a.err);
		a.media_type = mem_strdup(modules[i].path);
		buffer_puts(&a.body, modules[i].text);
	}
	done(arg, &a);
	free(a.media_type);
	buffer_free(&a.body);
	return NULL;
}

void
call_cancel(struct client_call *call)
{
	(void)call;
}

static void
stop(void *arg)
{
	((struct worker *)arg)->stopped = STOP_SIGTERM;
}

static const struct vm_library libraries[] = {
	COMPAT_LIBRARIES, { library_open, NULL }, { NULL, NULL }
};

void
vmrig_run(struct vmrig *rig, const char *script)
{
	struct client client = { .rig = rig };
	struct worker w = { .loop = loop_new(), .client = &client,
	    .log_level = rig->log_level };
	struct timer *t = loop_timer(w.loop, stop, &w);
	struct error err;

	buffer_init(&client.log, 0);
	if (rig->timeout_ms != 0)
		w.deadline = clock_now() + rig->timeout_ms * NS_PER_MS;
	w.timeout_ns = rig->timeout_ms * NS_PER_MS;
	if (rig->stop_after_ms != 0)
		timer_arm(t, rig->stop_after_ms * NS_PER_MS);
	w.L = vm_new(&w, rig->memory != 0 ? rig->memory : WORKER_MEMORY,
	    libraries, &err);
	if (w.L == NULL)
		abort();
	vm_run(w.L, script, strlen(script), &rig->result);
	vm_free(w.L);
	timer_free(t);
	loop_free(w.loop);
	rig->log = mem_strdup(buffer_str(&client.log));
	buffer_free(&client.log);
}

void
vmrig_free(struct vmrig *rig)
{
	free(rig->log);
	free(rig->result.text);
}

void
vmrig_check(const struct vmrig_row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct vmrig rig = { .timeout_ms = 0 };

		vmrig_run(&rig, rows[i].script);
		cr_expect_not(rig.result.failed, "%s: %s", rows[i].name,
		    rig.result.text);
		cr_expect_str_eq(rig.log, rows[i].log, "%s: got %s",
		    rows[i].name, rig.log);
		vmrig_free(&rig);
	}
}
