/* SPDX-License-Identifier: Apache-2.0 */
/* inputs.c - reads the inputs of a run, one after the other; see inputs.h. */
#include "supervisor/exchange/inputs.h"

#include <stdlib.h>
#include <string.h>

#include "common/file.h"
#include "common/mem.h"
#include "supervisor/credentials/helper.h"

struct inputs {
	struct child_env *env;
	const struct config *config;
	const struct config_script *script;
	struct buffer *texts;	/* one for each input */
	size_t at;		/* the one that is read */
	size_t bytes;		/* of those before it */
	struct helper_run *run;
	struct timer *next;
	inputs_fn *done;
	void *arg;
};

static const struct config_input *
current(const struct inputs *in)
{
	return &in->script->inputs.list[in->at];
}

/* What to do about it. */
static const char *
advice(const struct config_input *input, const struct error *err)
{
	switch (err->kind) {
	case ERROR_LIMIT:
		return input->max_size < INPUT_BYTES_MAX ?
		    "; raise its maxSize if it may be larger" : "";
	case ERROR_DEADLINE:
		return "; raise its timeout if it may take longer";
	case ERROR_NOT_FOUND:
		return "; it must be there before the script runs";
	default:
		return "";
	}
}

static void
fail(struct inputs *in, const struct error *why)
{
	const struct config_input *input = current(in);
	char *place = config_place(in->config, input->line);
	struct error err = { .kind = ERROR_NONE };

	error_set(&err, why->kind, "the script was not started, since its "
	    "input \"%s\" (%s) failed: %s%s", input->name, place, why->text,
	    advice(input, why));
	free(place);
	in->done(in->arg, &err);
}

static void
write_log(struct inputs *in, int level, const char *message, const char *said)
{
	struct log_record r;

	log_record_init(&r, level, message);
	log_record_string(&r, "script", in->script->name);
	log_record_string(&r, "input", current(in)->name);
	if (said != NULL)
		log_record_string(&r, "message", said);
	else
		log_record_int(&r, "bytes",
		    (int64_t)in->texts[in->at].len);
	log_write(in->env->log, &r);
}

/* The current one is there. 0, or -1 after the failure was told. */
static int
taken(struct inputs *in)
{
	struct error err;

	in->bytes += in->texts[in->at].len;
	if (in->bytes > INPUT_BYTES_MAX) {
		error_set(&err, ERROR_INPUT, "the inputs of a script may have "
		    "%u bytes together, and these are more", INPUT_BYTES_MAX);
		fail(in, &err);
		return -1;
	}
	write_log(in, LOG_DEBUG, "Input read", NULL);
	in->at++;
	return 0;
}

static void
on_end(void *arg, const char *out, size_t len, const struct error *err)
{
	struct inputs *in = arg;
	const char *said = helper_run_said(in->run);
	struct error why = *err;

	in->run = NULL;		/* it frees itself */
	if (why.kind != ERROR_NONE) {
		if (*said != '\0')
			error_set(&why, err->kind, "%.1024s: %.2048s",
			    err->text, said);
		fail(in, &why);
		return;
	}
	if (*said != '\0')
		write_log(in, LOG_WARN, "Command of an input wrote to "
		    "standard error", said);
	buffer_put(&in->texts[in->at], out, len);
	if (taken(in) == 0)
		timer_arm(in->next, 0);
}

static void
add_variable(char ***env, size_t *n, const char *name)
{
	const char *value = getenv(name);

	if (value == NULL)
		return;
	*env = mem_resize(*env, *n + 2, sizeof(**env));
	(*env)[(*n)++] = mem_printf("%s=%s", name, value);
	(*env)[*n] = NULL;
}

/* What a program needs to run at all, and what the input names: the rest may
 * be secret. */
static char **
environment(const struct config_input *input)
{
	static const char *const usual[] = {
		"PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TZ",
		"TMPDIR",
	};
	char **env = mem_array(1, sizeof(*env));
	size_t n = 0;

	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++)
		add_variable(&env, &n, usual[i]);
	for (char **e = input->env; e != NULL && *e != NULL; e++)
		add_variable(&env, &n, *e);
	return env;
}

static void
run_command(struct inputs *in, const struct config_input *input)
{
	struct helper_command c = {
		.argv = input->command, .input = "", .strict = true,
		.max = (size_t)input->max_size, .timeout = input->timeout,
	};
	char **env = environment(input);

	c.env = env;
	in->run = helper_run_command(in->env->loop, &c, on_end, in);
	for (char **e = env; *e != NULL; e++)
		mem_wipe(*e);
	free(env);
}

static void
on_next(void *arg)
{
	struct inputs *in = arg;
	const struct config_input *input;
	struct error err;

	while (in->at < in->script->inputs.n) {
		input = current(in);
		if (input->command != NULL) {
			run_command(in, input);
			return;
		}
		if (file_read(input->file, FILE_REGULAR, &in->texts[in->at],
		    &err) == -1) {
			fail(in, &err);
			return;
		}
		if (taken(in) == -1)
			return;
	}
	in->done(in->arg, NULL);
}

struct inputs *
inputs_start(struct child_env *env, const struct config *c,
    const struct config_script *script, inputs_fn *done, void *arg)
{
	struct inputs *in = mem_alloc(sizeof(*in));

	in->env = env;
	in->config = c;
	in->script = script;
	in->done = done;
	in->arg = arg;
	in->texts = mem_array(script->inputs.n, sizeof(*in->texts));
	for (size_t i = 0; i < script->inputs.n; i++) {
		buffer_init(&in->texts[i],
		    (size_t)script->inputs.list[i].max_size);
		in->texts[i].secret = true;
	}
	in->next = loop_timer(env->loop, on_next, in);
	timer_arm(in->next, 0);
	return in;
}

void
inputs_free(struct inputs *in)
{
	if (in == NULL)
		return;
	helper_run_cancel(in->run);
	timer_free(in->next);
	for (size_t i = 0; i < in->script->inputs.n; i++)
		buffer_free(&in->texts[i]);
	free(in->texts);
	free(in);
}

static void
send_part(const struct inputs *in, size_t i, size_t at, size_t n,
    struct child *worker)
{
	const struct config_input *input = &in->script->inputs.list[i];
	char *place = config_place(in->config, input->line);
	struct message_out o;
	struct error err;

	message_start(&o, MSG_INPUT, 0);
	message_put_str(&o, input->name);
	message_put_str(&o, place);
	message_put_u64(&o, (uint64_t)input->format);
	message_put_bytes(&o, buffer_str(&in->texts[i]) + at, n);
	free(place);
	if (child_send(worker, &o, -1, &err) == -1)
		child_kill(worker, err.text);
}

void
inputs_send(const struct inputs *in, struct child *worker)
{
	size_t at, n;

	for (size_t i = 0; in != NULL && i < in->script->inputs.n; i++) {
		at = 0;
		do {		/* an empty one is sent as well */
			n = in->texts[i].len - at;
			n = n > CHUNK_MAX ? CHUNK_MAX : n;
			send_part(in, i, at, n, worker);
			at += n;
		} while (at < in->texts[i].len);
	}
}
