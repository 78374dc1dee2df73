/* SPDX-License-Identifier: Apache-2.0 */
#include "supervisor/credentials/dockerconfig.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/buffer.h"
#include "common/file.h"
#include "common/json.h"
#include "supervisor/credentials/credhelper.h"
#include "common/mem.h"
#include "common/reference.h"
#include "common/text.h"

#define HUB_URL "https://index.docker.io/v1/"
#define HELPER "docker-credential-"

/*
 * The registry that a key of docker's names, or NULL: http(s):// and a last
 * slash are fine, any other path is none of ours.
 */
static struct config_host *
host_of(struct config_hosts *out, const char *key)
{
	const char *host = strstr(key, "://"), *slash;
	struct config_host *h;
	char *id = reference_registry_key(key);

	if (id == NULL)
		return NULL;
	host = host != NULL ? host + 3 : key;
	slash = strchr(host, '/');
	if (slash != NULL && slash[1] != '\0' && strcmp(key, HUB_URL) != 0) {
		free(id);
		return NULL;
	}
	h = config_hosts_find(out, id);
	free(id);
	if (h != NULL)
		return h;
	h = config_hosts_add(out);
	config_host_name(h, key);
	if (strcmp(h->r.key, "docker.io") != 0 &&
	    strcmp(h->r.name, key) != 0)
		h->r.cred_host = mem_strdup(key);
	return h;
}

static void
set(char **where, const char *value)
{
	mem_wipe(*where);
	*where = mem_strdup(value);
}

/* NULs around a password do not belong to it. One within it would cut it
 * short: -1. */
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
read_auth(struct config_hosts *out, const char *key, struct json_object *v,
    const char *what, struct error *err)
{
	const char *auth = json_text(v, "auth");
	const char *token = json_text(v, "identitytoken");
	char *user = NULL, *pass = NULL;
	struct config_host *h;

	if (*auth == '\0') {
		user = mem_strdup(json_text(v, "username"));
		pass = mem_strdup(json_text(v, "password"));
	} else if (decode_auth(auth, &user, &pass) == -1) {
		mem_wipe(user);
		return error_set(err, ERROR_INPUT, "%s: \"auth\" of %.256s is "
		    "not the base64 of user:password", what, key);
	}
	if ((*user != '\0' && *pass != '\0') || *token != '\0') {
		h = host_of(out, key);
		if (h != NULL) {
			set(&h->r.user, user);
			set(&h->r.pass, pass);
			set(&h->r.token, token);
		}
	}
	mem_wipe(user);
	mem_wipe(pass);
	return 0;
}

static int
read_auths(struct config_hosts *out, struct json_object *auths,
    const char *what, struct error *err)
{
	json_object_object_foreach(auths, key, v) {
		if (!json_object_is_type(v, json_type_object))
			return error_set(err, ERROR_INPUT, "%s: \"auths\" of "
			    "%.256s is no object, expected {\"auth\": ...}",
			    what, key);
		if (read_auth(out, key, v, what, err) == -1)
			return -1;
	}
	return 0;
}

static void
use_helper(struct config_hosts *out, const char *key, const char *suffix)
{
	struct config_host *h = host_of(out, key);

	if (h == NULL)
		return;
	mem_wipe(h->r.cred_helper);
	h->r.cred_helper = mem_printf(HELPER "%s", suffix);
}

static int
read_helpers(struct config_hosts *out, struct json_object *helpers,
    const char *what, struct error *err)
{
	json_object_object_foreach(helpers, key, v) {
		(void)v;
		if (json_text(helpers, key)[0] == '\0')
			return error_set(err, ERROR_INPUT, "%s: "
			    "\"credHelpers\" of %.256s is no text, expected "
			    "the end of a program's name", what, key);
		use_helper(out, key, json_text(helpers, key));
	}
	return 0;
}

/* Each host that the store knows and nothing else was said of. */
static void
read_store(struct config_reader *r, struct config_hosts *out,
    const char *suffix)
{
	char *program = mem_printf(HELPER "%s", suffix);
	struct error err;
	char **hosts = credhelper_list(program, &err);

	if (hosts == NULL)
		config_warn(r, NULL, "Cannot list docker's credentials store",
		    "error", err.text);
	for (char **h = hosts; h != NULL && *h != NULL; h++) {
		char *key = reference_registry_key(*h);
		struct config_host *known = key != NULL ?
		    config_hosts_find(out, key) : NULL;

		if (known == NULL || known->r.cred_helper == NULL)
			use_helper(out, *h, suffix);
		free(key);
	}
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
		return error_set(err, ERROR_INPUT, "%s: \"%s\" is no object, "
		    "expected {...}", what, key);
	return 0;
}

int
dockerconfig_parse(struct config_reader *r, const char *text, size_t len,
    const char *what, struct config_hosts *out, struct error *err)
{
	struct json_object *o, *v;
	int result = -1;

	o = json_parse_secret(text, len, DOCKER_CONFIG_MAX, what, err);
	if (o == NULL)
		return -1;
	if (check_kind(o, "auths", what, err) == -1 ||
	    check_kind(o, "credHelpers", what, err) == -1)
		goto out;
	v = json_member(o, "auths", json_type_object);
	if (v != NULL && read_auths(out, v, what, err) == -1)
		goto out;
	v = json_member(o, "credHelpers", json_type_object);
	if (v != NULL && read_helpers(out, v, what, err) == -1)
		goto out;
	if (json_text(o, "credsStore")[0] != '\0')
		read_store(r, out, json_text(o, "credsStore"));
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
load_file(struct config_reader *r, struct config_hosts *out,
    struct error *err)
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
		result = dockerconfig_parse(r, buffer_str(&text), text.len,
		    path, out, err);
	else if (err->kind == ERROR_NOT_FOUND)
		result = 0;
	buffer_free(&text);
	free(path);
	return result;
}

void
dockerconfig_load(struct config_reader *r, struct config_hosts *out)
{
	const char *auth = getenv("DOCKER_AUTH_CONFIG");
	struct error err;

	if (load_file(r, out, &err) == 0 && (auth == NULL || *auth == '\0' ||
	    dockerconfig_parse(r, auth, strlen(auth), "DOCKER_AUTH_CONFIG",
	    out, &err) == 0))
		return;
	config_hosts_free(out);
	config_warn(r, NULL, "Failed to load docker creds", "error",
	    err.text);
}

static void
add_certificate(struct config_reader *r, const char *path,
    struct buffer *pems)
{
	struct buffer one;
	struct error err;

	buffer_init(&one, SECRET_MAX);
	if (file_read(path, 0, &one, &err) == -1)
		config_warn(r, NULL, "Failed to load docker certificate",
		    "error", err.text);
	else if (strstr(buffer_str(&one), "-----BEGIN CERT") == NULL ||
	    strlen(buffer_str(&one)) != one.len)
		config_warn(r, NULL, "Docker certificate is no PEM text",
		    "file", path);
	else if (buffer_puts(pems, pems->len != 0 ? "\n" : "") == -1 ||
	    buffer_put(pems, one.data, one.len) == -1)
		config_warn(r, NULL, "Docker certificate is left out, "
		    "together they are larger than 64 KiB", "file", path);
	buffer_free(&one);
}

static int
is_certificate(const struct dirent *d)
{
	size_t n = strlen(d->d_name);

	return n > 4 && strcmp(d->d_name + n - 4, ".crt") == 0;
}

void
dockerconfig_certs(struct config_reader *r, const char *dir,
    struct config_registry *reg)
{
	struct dirent **names;
	struct buffer pems;
	char *host, *path;
	int n;

	if (strchr(reg->hostname, '/') != NULL || reg->hostname[0] == '.')
		return;
	host = mem_printf("%s/%s", dir, reg->hostname);
	n = scandir(host, &names, is_certificate, alphasort);
	if (n < 0) {
		free(host);
		return;
	}
	buffer_init(&pems, SECRET_MAX);
	buffer_puts(&pems, reg->regcert);
	for (int i = 0; i < n; i++) {
		path = mem_printf("%s/%s", host, names[i]->d_name);
		add_certificate(r, path, &pems);
		free(path);
		free(names[i]);
	}
	free(names);
	free(host);
	mem_wipe(reg->regcert);
	reg->regcert = buffer_steal(&pems);
}
