/* SPDX-License-Identifier: Apache-2.0 */
/* dockerconfig.c - reading docker's JSON; nothing here knows registries. */
#include "supervisor/credentials/dockerconfig.h"

#include <stdlib.h>
#include <string.h>

#include "common/bounds.h"
#include "common/buffer.h"
#include "common/file.h"
#include "common/json.h"
#include "common/mem.h"
#include "common/text.h"
#include "supervisor/credentials/credhelper.h"

#define HELPER "docker-credential-"

/* Whom to tell, and the name of the source in errors. */
struct source {
	const struct dockerconfig_ops *ops;
	void *arg;
	const char *what;
};

/* NULs around a password are not part of it. One inside would truncate it:
 * -1. */
static int
trim_password(const char *p, const char *end, char **pass)
{
	while (p < end && *p == '\0')
		p++;
	while (end > p && end[-1] == '\0')
		end--;
	if (memchr(p, '\0', (size_t)(end - p)) != NULL)
		return -1;
	*pass = mem_strndup(p, (size_t)(end - p));
	return 0;
}

/* Base64 (the standard alphabet, padded) of user:pass; both are the caller's
 * even on failure. */
static int
decode_auth(const char *auth, char **user, char **pass)
{
	size_t n = strlen(auth);
	struct buffer plain;
	const char *colon;
	int result = -1;

	if (n == 0 || n % 4 != 0 || n > SECRET_MAX ||
	    strpbrk(auth, "-_") != NULL)
		return -1;
	buffer_init(&plain, SECRET_MAX);
	plain.secret = true;
	if (text_base64_decode(&plain, auth, n) == -1)
		goto out;
	colon = strchr(buffer_str(&plain), ':');
	if (colon == NULL)
		goto out;
	*user = mem_strndup(plain.data, (size_t)(colon - plain.data));
	result = trim_password(colon + 1, plain.data + plain.len, pass);
out:
	buffer_free(&plain);
	return result;
}

static int
read_auth(const struct source *from, const char *key, struct json_object *v,
    struct error *err)
{
	const char *auth = json_text(v, "auth");
	const char *token = json_text(v, "identitytoken");
	char *user = NULL, *pass = NULL;

	if (*auth == '\0') {
		user = mem_strdup(json_text(v, "username"));
		pass = mem_strdup(json_text(v, "password"));
	} else if (decode_auth(auth, &user, &pass) == -1) {
		mem_wipe(user);
		return error_set(err, ERROR_INPUT, "%s: \"auth\" of %.256s is "
		    "not the base64 of user:password", from->what, key);
	}
	if ((*user != '\0' && *pass != '\0') || *token != '\0')
		from->ops->login(from->arg, key, user, pass, token);
	mem_wipe(user);
	mem_wipe(pass);
	return 0;
}

static int
read_auths(const struct source *from, struct json_object *auths,
    struct error *err)
{
	json_object_object_foreach(auths, key, v) {
		if (!json_object_is_type(v, json_type_object))
			return error_set(err, ERROR_INPUT, "%s: \"auths\" of "
			    "%.256s is not an object, expected "
			    "{\"auth\": ...}", from->what, key);
		if (read_auth(from, key, v, err) == -1)
			return -1;
	}
	return 0;
}

static int
read_helpers(const struct source *from, struct json_object *helpers,
    struct error *err)
{
	char *program;

	json_object_object_foreach(helpers, key, v) {
		(void)v;
		if (json_text(helpers, key)[0] == '\0')
			return error_set(err, ERROR_INPUT, "%s: "
			    "\"credHelpers\" of %.256s is not a string, "
			    "expected the end of a program's name",
			    from->what, key);
		program = mem_printf(HELPER "%s", json_text(helpers, key));
		from->ops->helper(from->arg, key, program, false);
		free(program);
	}
	return 0;
}

/* Every host that the store knows. */
static void
read_store(const struct source *from, const char *suffix)
{
	char *program = mem_printf(HELPER "%s", suffix);
	struct error err;
	char **hosts = credhelper_list(program, &err);

	if (hosts == NULL)
		from->ops->warn(from->arg, "Cannot list docker's credentials "
		    "store", err.text);
	for (char **h = hosts; h != NULL && *h != NULL; h++)
		from->ops->helper(from->arg, *h, program, true);
	credhelper_hosts_free(hosts);
	free(program);
}

static int
check_kind(struct json_object *o, const char *key, const char *what,
    struct error *err)
{
	struct json_object *v;

	if (json_object_object_get_ex(o, key, &v) && v != NULL &&
	    !json_object_is_type(v, json_type_object))
		return error_set(err, ERROR_INPUT, "%s: \"%s\" is not an "
		    "object, expected {...}", what, key);
	return 0;
}

int
dockerconfig_parse(const char *text, size_t len, const char *what,
    const struct dockerconfig_ops *ops, void *arg, struct error *err)
{
	const struct source from = { ops, arg, what };
	struct json_object *o, *v;
	int result = -1;

	o = json_parse_secret(text, len, DOCKER_CONFIG_MAX, what, err);
	if (o == NULL)
		return -1;
	if (check_kind(o, "auths", what, err) == -1 ||
	    check_kind(o, "credHelpers", what, err) == -1)
		goto out;
	v = json_member(o, "auths", json_type_object);
	if (v != NULL && read_auths(&from, v, err) == -1)
		goto out;
	v = json_member(o, "credHelpers", json_type_object);
	if (v != NULL && read_helpers(&from, v, err) == -1)
		goto out;
	if (json_text(o, "credsStore")[0] != '\0')
		read_store(&from, json_text(o, "credsStore"));
	result = 0;
out:
	json_secret_free(o);
	return result;
}

static char *
config_path(void)
{
	const char *dir = getenv("DOCKER_CONFIG"), *home = getenv("HOME");

	if (dir != NULL && *dir != '\0')
		return mem_printf("%s/config.json", dir);
	if (home != NULL && *home != '\0')
		return mem_printf("%s/.docker/config.json", home);
	return NULL;
}

static int
load_file(const struct dockerconfig_ops *ops, void *arg, struct error *err)
{
	char *path = config_path();
	struct buffer text;
	int result;

	if (path == NULL)
		return 0;
	buffer_init(&text, DOCKER_CONFIG_MAX);
	text.secret = true;
	result = file_read(path, 0, &text, err);
	if (result == 0)
		result = dockerconfig_parse(buffer_str(&text), text.len, path,
		    ops, arg, err);
	else if (err->kind == ERROR_NOT_FOUND)
		result = 0;
	buffer_free(&text);
	free(path);
	return result;
}

int
dockerconfig_load(const struct dockerconfig_ops *ops, void *arg,
    struct error *err)
{
	const char *auth = getenv("DOCKER_AUTH_CONFIG");

	if (load_file(ops, arg, err) == -1)
		return -1;
	if (auth == NULL || *auth == '\0')
		return 0;
	return dockerconfig_parse(auth, strlen(auth), "DOCKER_AUTH_CONFIG",
	    ops, arg, err);
}
