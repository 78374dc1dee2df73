/* SPDX-License-Identifier: Apache-2.0 */
/* credhelper.c - the protocol of docker's credential helpers. */
#include "common/json.h"
#include "supervisor/credentials/credhelper.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "supervisor/credentials/helper.h"

struct credhelper {
	struct helper_run *run;
	char *program, *host;
	credhelper_fn *done;
	void *arg;
};

static void
release(struct credhelper *h)
{
	free(h->program);
	free(h->host);
	free(h);
}

/* The one failure that helpers explain on their standard output. */
static bool
is_unknown_host(const char *out)
{
	return strncmp(out, "credentials not found", 21) == 0;
}

static int
read_answer(struct credhelper *h, const char *out, size_t len,
    struct json_object **answer, struct error *err)
{
	char *what = mem_printf("the answer of %.256s", h->program);

	*answer = json_parse_secret(out, len, DOCKER_CONFIG_MAX, what, err);
	free(what);
	if (*answer == NULL)
		return -1;
	if (json_text(*answer, "Secret")[0] == '\0')
		return error_set(err, ERROR_INPUT, "%.256s has no secret in "
		    "its answer for %.256s, expected Username and Secret",
		    h->program, h->host);
	return 0;
}

static void
on_done(void *arg, const char *out, size_t len, const struct error *why)
{
	struct credhelper *h = arg;
	struct json_object *answer = NULL;
	const char *user = "", *secret = "";
	struct error err = *why;
	bool token;

	if (err.kind != ERROR_NONE && is_unknown_host(out))
		error_set(&err, ERROR_NOT_FOUND, "%.256s has no credentials "
		    "for %.256s", h->program, h->host);
	if (err.kind == ERROR_NONE &&
	    read_answer(h, out, len, &answer, &err) == 0) {
		user = json_text(answer, "Username");
		secret = json_text(answer, "Secret");
	}
	token = strcmp(user, "<token>") == 0;
	h->done(h->arg, token ? "" : user, token ? "" : secret,
	    token ? secret : "", &err);
	json_secret_free(answer);
	release(h);
}

struct credhelper *
credhelper_start(struct loop *l, const char *program, const char *host,
    credhelper_fn *done, void *arg)
{
	struct credhelper *h = mem_alloc(sizeof(*h));

	h->program = mem_strdup(program);
	h->host = mem_strdup(host);
	h->done = done;
	h->arg = arg;
	h->run = helper_run_start(l, program, "get", host, SECRET_MAX,
	    on_done, h);
	return h;
}

void
credhelper_cancel(struct credhelper *h)
{
	if (h == NULL)
		return;
	helper_run_cancel(h->run);
	release(h);
}

struct host_list {
	struct loop *loop;
	const char *program;
	char **hosts;
	struct error *err;
};

static void
on_list(void *arg, const char *out, size_t len, const struct error *why)
{
	struct host_list *l = arg;
	struct json_object *o;
	size_t n = 0;

	loop_stop(l->loop);
	if (why->kind != ERROR_NONE) {
		*l->err = *why;
		return;
	}
	o = json_parse_secret(out, len, DOCKER_CONFIG_MAX, l->program, l->err);
	if (o == NULL)
		return;
	if (json_object_object_length(o) > CONFIG_CREDS_MAX) {
		error_set(l->err, ERROR_LIMIT, "%.256s lists more than %d "
		    "hosts, which is the limit", l->program,
		    CONFIG_CREDS_MAX);
	} else {
		l->hosts = mem_array((size_t)json_object_object_length(o) + 1,
		    sizeof(*l->hosts));
		json_object_object_foreach(o, host, user) {
			(void)user;
			l->hosts[n++] = mem_strdup(host);
		}
	}
	json_secret_free(o);
}

char **
credhelper_list(const char *program, struct error *err)
{
	struct error own;
	struct host_list l = { loop_new(), program, NULL,
	    err != NULL ? err : &own };

	helper_run_start(l.loop, program, "list", "", DOCKER_CONFIG_MAX,
	    on_list, &l);
	loop_run(l.loop);
	loop_free(l.loop);
	return l.hosts;
}

void
credhelper_hosts_free(char **hosts)
{
	for (char **h = hosts; h != NULL && *h != NULL; h++)
		free(*h);
	free(hosts);
}
