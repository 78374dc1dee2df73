/* SPDX-License-Identifier: Apache-2.0 */
/* docker's logins, alone and under creds. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/mem.h"
#include "supervisor/config/config_private.h"
#include "tests/unit/supervisor/configrig.h"

static struct buffer warnings;

/* Whatever the environment of the test says, only this is read. */
static struct config *
with_docker(const char *json, const char *yaml)
{
	struct error err;
	struct config *c;

	setenv("DOCKER_CONFIG", "/nonexistent", 1);
	setenv("DOCKER_AUTH_CONFIG", json, 1);
	c = rig_parse(yaml, &warnings, &err);
	cr_assert_not_null(c, "%s", err.text);
	return c;
}

static void
finish(struct config *c)
{
	config_unref(c);
	buffer_free(&warnings);
}

static void
login(const char *json, const char *key, const char *expected)
{
	struct config *c = with_docker(json, "");
	const struct config_registry *r = config_registry(c, key);
	char *got;

	cr_expect_str_empty(buffer_str(&warnings), "%s: %s", json,
	    buffer_str(&warnings));
	got = r == NULL ? mem_strdup("none") : mem_printf(
	    "%s/%s/%s/%s/%s/%s", r->name, r->hostname, r->user, r->pass,
	    r->token, r->cred_helper);
	cr_expect_str_eq(got, expected, "%s: %s, expected %s", json, got,
	    expected);
	free(got);
	finish(c);
}

Test(dockerconfig, auths)
{
	login("{\"auths\":{\"h:5000\":{\"auth\":\"dTpw\"}}}", "h:5000",
	    "h:5000/h:5000/u/p//");
	login("{\"auths\":{\"h:5000\":{\"auth\":\"dTpwOng=\"}}}", "h:5000",
	    "h:5000/h:5000/u/p:x//");
	login("{\"auths\":{\"h:5000\":{\"auth\":\"dTpwcA==\"}}}", "h:5000",
	    "h:5000/h:5000/u/pp//");
	login("{\"auths\":{\"h:5000\":{\"auth\":\"dTpwAAA=\"}}}", "h:5000",
	    "h:5000/h:5000/u/p//");
	login("{\"auths\":{\"h:5000\":{\"username\":\"a\","
	    "\"password\":\"b\"}}}", "h:5000", "h:5000/h:5000/a/b//");
	login("{\"auths\":{\"h:5000\":{\"auth\":\"dTpw\",\"username\":\"a\","
	    "\"password\":\"b\"}}}", "h:5000", "h:5000/h:5000/u/p//");
	login("{\"auths\":{\"h:5000\":{\"identitytoken\":\"t\"}}}", "h:5000",
	    "h:5000/h:5000///t/");
	login("{\"auths\":{\"h:5000\":{}}}", "h:5000", "none");
	login("{\"auths\":{\"h:5000\":{\"username\":\"a\"}}}", "h:5000",
	    "none");
	login("{}", "h:5000", "none");
	login("{\"auths\":null}", "h:5000", "none");
}

Test(dockerconfig, keys)
{
	login("{\"auths\":{\"https://index.docker.io/v1/\":"
	    "{\"auth\":\"dTpw\"}}}", "docker.io", "docker.io/registry-1.docker.io/u/p//");
	login("{\"auths\":{\"docker.io\":{\"auth\":\"dTpw\"}}}",
	    "docker.io", "docker.io/registry-1.docker.io/u/p//");
	login("{\"auths\":{\"https://h.io/\":{\"auth\":\"dTpw\"}}}", "h.io",
	    "h.io/h.io/u/p//");
	login("{\"auths\":{\"https://h.io/v1/\":{\"auth\":\"dTpw\"}}}",
	    "h.io", "none");
	login("{\"auths\":{\"h.io/a\":{\"auth\":\"dTpw\"}}}", "h.io", "none");
	login("{\"auths\":{\"\":{\"auth\":\"dTpw\"}}}", "h.io", "none");
}

Test(dockerconfig, helpers)
{
	login("{\"credHelpers\":{\"h.io\":\"x\"}}", "h.io",
	    "h.io/h.io////docker-credential-x");
	login("{\"credHelpers\":{\"docker.io\":\"x\"}}", "docker.io",
	    "docker.io/registry-1.docker.io////docker-credential-x");
}

Test(dockerconfig, http_and_ask_for_the_key)
{
	struct config *c = with_docker("{\"auths\":{\"http://h.io:5000\":"
	    "{\"auth\":\"dTpw\"}}}", "");
	const struct config_registry *r = config_registry(c, "h.io:5000");

	cr_assert_not_null(r);
	cr_expect_eq(r->tls, TLS_DISABLED);
	cr_expect_str_eq(r->cred_host, "http://h.io:5000");
	cr_expect_not(r->named);
	finish(c);
}

static void
dropped(const char *json, const char *why)
{
	struct config *c = with_docker(json, "");
	char *expected = mem_printf("Failed to load docker creds error="
	    "DOCKER_AUTH_CONFIG%s\n", why);

	cr_expect_eq(c->nregistries, 0);
	cr_expect_str_eq(buffer_str(&warnings), expected, "%s: %s", json,
	    buffer_str(&warnings));
	free(expected);
	finish(c);
}

Test(dockerconfig, malformed)
{
	dropped("{", " is not valid JSON: it is truncated");
	dropped("[]", " is not a JSON object, expected {...}");
	dropped("{} x", " is not valid JSON: unexpected data after it at "
	    "byte 4");
	dropped("{\"auths\":[]}", ": \"auths\" is not an object, expected {...}");
	dropped("{\"auths\":{\"h.io\":\"s3cret\"}}", ": \"auths\" of h.io is "
	    "not an object, expected {\"auth\": ...}");
	dropped("{\"auths\":{\"a.io\":{\"auth\":\"dTpw\"},\"h.io\":{\"auth\":"
	    "\"s3cret!!\"}}}", ": \"auth\" of h.io is not the base64 of "
	    "user:password");
	dropped("{\"auths\":{\"h.io\":{\"auth\":\"dTp\"}}}", ": \"auth\" of "
	    "h.io is not the base64 of user:password");
	dropped("{\"auths\":{\"h.io\":{\"auth\":\"d===\"}}}", ": \"auth\" of "
	    "h.io is not the base64 of user:password");
	dropped("{\"auths\":{\"h.io\":{\"auth\":\"====\"}}}", ": \"auth\" of "
	    "h.io is not the base64 of user:password");
	dropped("{\"auths\":{\"h.io\":{\"auth\":\"bm9jb2xvbg==\"}}}", ": "
	    "\"auth\" of h.io is not the base64 of user:password");
	dropped("{\"auths\":{\"h.io\":{\"auth\":\"dTphAGI=\"}}}", ": \"auth\" "
	    "of h.io is not the base64 of user:password");
	dropped("{\"credHelpers\":{\"h.io\":5}}", ": \"credHelpers\" of h.io "
	    "is not a string, expected the end of a program's name");
}

Test(dockerconfig, nesting)
{
	struct buffer b;

	buffer_init(&b, 0);
	buffer_puts(&b, "{\"x\":");
	for (int i = 0; i < 40; i++)
		buffer_putc(&b, '[');
	dropped(buffer_str(&b), " is nested deeper than 32 levels");
	buffer_free(&b);
}

Test(dockerconfig, creds_win)
{
	static const char json[] = "{\"auths\":{\"h.io\":{\"auth\":\"dTpw\"}},"
	    "\"credHelpers\":{\"i.io\":\"x\"}}";
	struct config *c;

	c = with_docker(json, "creds:\n- {registry: h.io, tls: disabled}\n"
	    "- {registry: i.io, user: a, pass: b}\n");
	cr_expect_str_eq(config_registry(c, "h.io")->user, "u");
	cr_expect_eq(config_registry(c, "h.io")->tls, TLS_DISABLED);
	cr_expect(config_registry(c, "h.io")->named);
	cr_expect_str_eq(config_registry(c, "i.io")->pass, "b");
	cr_expect_str_empty(config_registry(c, "i.io")->cred_helper);
	cr_expect_str_empty(buffer_str(&warnings));
	finish(c);
	c = with_docker(json, "creds:\n- {registry: h.io, pass: q}\n"
	    "- {registry: i.io, token: t}\n");
	cr_expect_str_eq(config_registry(c, "h.io")->pass, "q");
	cr_expect_str_empty(config_registry(c, "i.io")->cred_helper);
	cr_expect_str_eq(buffer_str(&warnings), "Changing login password for "
	    "registry host=h.io position=f.yml:2:3\n");
	finish(c);
	c = with_docker(json, "creds: [{registry: h.io, credHelper: y}]\n");
	cr_expect_str_empty(config_registry(c, "h.io")->pass);
	cr_expect_str_eq(config_registry(c, "h.io")->cred_helper, "y");
	finish(c);
	c = with_docker(json, "defaults: {skipDockerConfig: true}\n");
	cr_expect_eq(c->nregistries, 0);
	finish(c);
}

/* A file under a directory of the test's own. */
static void
put(const char *dir, const char *name, const char *text, mode_t mode)
{
	char *path = mem_printf("%s/%s", dir, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);

	cr_assert_neq(fd, -1);
	cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	free(path);
}

static void
drop(const char *dir, const char *name)
{
	char *path = mem_printf("%s/%s", dir, name);

	unlink(path);
	free(path);
}

Test(dockerconfig, file_and_store)
{
	char dir[] = "/tmp/regbot-docker-XXXXXX", *path;
	struct error err;
	struct config *c;

	cr_assert_not_null(mkdtemp(dir));
	put(dir, "config.json", "{\"auths\":{\"h.io\":{\"auth\":\"dTpw\"}},"
	    "\"credsStore\":\"rig\",\"credHelpers\":{\"j.io\":\"own\"}}", 0600);
	put(dir, "docker-credential-rig", "#!/bin/sh\n[ $1 = list ] && echo "
	    "'{\"https://i.io/\":\"u\",\"j.io\":\"u\"}'\n", 0700);
	path = mem_printf("%s:%s", dir, getenv("PATH"));
	setenv("PATH", path, 1);
	free(path);
	setenv("DOCKER_CONFIG", dir, 1);
	unsetenv("DOCKER_AUTH_CONFIG");
	c = rig_parse("", &warnings, &err);
	cr_assert_not_null(c);
	cr_expect_str_empty(buffer_str(&warnings), "%s",
	    buffer_str(&warnings));
	cr_expect_str_eq(config_registry(c, "h.io")->pass, "p");
	cr_expect_str_eq(config_registry(c, "i.io")->cred_helper,
	    "docker-credential-rig");
	cr_expect_str_eq(config_registry(c, "i.io")->cred_host,
	    "https://i.io/");
	cr_expect_str_eq(config_registry(c, "j.io")->cred_helper,
	    "docker-credential-own");
	finish(c);
	drop(dir, "docker-credential-rig");
	c = rig_parse("", &warnings, &err);
	cr_assert_not_null(c);
	cr_expect_str_eq(buffer_str(&warnings), "Cannot list docker's "
	    "credentials store error=cannot run docker-credential-rig: No "
	    "such file or directory\n");
	cr_expect_str_eq(config_registry(c, "h.io")->pass, "p");
	finish(c);
	drop(dir, "config.json");
	c = rig_parse("", &warnings, &err);
	cr_expect_eq(c->nregistries, 0);
	cr_expect_str_empty(buffer_str(&warnings));
	finish(c);
	rmdir(dir);
}

Test(dockerconfig, certificates)
{
	char dir[] = "/tmp/regbot-certs-XXXXXX", *host;
	struct config_registry *r = config_registry_default("h.io:5000");
	struct config_reader reader = { .name = "f.yml", .warn = rig_warn,
	    .arg = &warnings };

	buffer_init(&warnings, 0);
	cr_assert_not_null(mkdtemp(dir));
	config_read_certificates(&reader, dir, r);	/* none is there */
	cr_expect_str_empty(r->regcert);
	host = mem_printf("%s/h.io:5000", dir);
	cr_assert_eq(mkdir(host, 0700), 0);
	put(host, "b.crt", "-----BEGIN CERTIFICATE-----\nb\n", 0600);
	put(host, "a.crt", "-----BEGIN CERTIFICATE-----\na\n", 0600);
	put(host, "c.crt", "nonsense", 0600);
	put(host, "d.key", "-----BEGIN CERTIFICATE-----\nd\n", 0600);
	config_read_certificates(&reader, dir, r);
	cr_expect_str_eq(r->regcert, "-----BEGIN CERTIFICATE-----\na\n\n"
	    "-----BEGIN CERTIFICATE-----\nb\n");
	cr_expect_not_null(strstr(buffer_str(&warnings), "Docker certificate "
	    "is not in PEM format file="));
	drop(host, "a.crt");
	drop(host, "b.crt");
	drop(host, "c.crt");
	drop(host, "d.key");
	rmdir(host);
	rmdir(dir);
	free(host);
	buffer_free(&warnings);
	config_registry_free(r);
}
