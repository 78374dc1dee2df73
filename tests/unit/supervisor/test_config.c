/* SPDX-License-Identifier: Apache-2.0 */
/* Configurations: what is read from them. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/mem.h"
#include "tests/unit/supervisor/configrig.h"

static struct buffer warnings;

static struct config *
parse(const char *text)
{
	struct error err;
	struct config *c = rig_parse(text, &warnings, &err);

	cr_assert_not_null(c, "%s\n%s", err.text, text);
	return c;
}

static void
finish(struct config *c)
{
	config_unref(c);
	buffer_free(&warnings);
}

TestSuite(config, .init = rig_no_docker);

Test(config, all_but_empty)
{
	struct config *c = parse("creds:\ndefaults: ~\n"
	    "scripts: [{name: a, script: x}]\n");

	cr_expect_eq(c->nregistries, 0);
	cr_expect_eq(c->nscripts, 1);
	cr_expect_not(c->has_parallel);
	cr_expect_str_empty(c->user_agent);
	cr_expect_str_eq(c->path, "f.yml");
	cr_expect_str_eq(c->dir, "/conf");
	cr_expect_null(c->modules);
	finish(c);
}

Test(config, every_field_of_a_registry)
{
	struct config *c = parse(
	    "version: 1.0\n"
	    "creds:\n"
	    "- registry: reg.example.com\n"
	    "  tls: InSecure\n"
	    "  hostname: other.example.com:5000\n"
	    "  user: '{{\"u\" | upper}}'\n"
	    "  pass: 12345\n"
	    "  token: t\n"
	    "  credHelper: docker-credential-x\n"
	    "  credHost: ask.example.com\n"
	    "  pathPrefix: /a/b//\n"
	    "  repoAuth: True\n"
	    "  apiOpts: {disableHead: t}\n"
	    "  reqPerSec: 2.5\n"
	    "  reqConcurrent: '7'\n"
	    "  realms: [auth.example.com, 'auth2.example.com:8443']\n");
	const struct config_registry *r;

	cr_assert_eq(c->nregistries, 1);
	r = config_registry(c, "reg.example.com");
	cr_assert_not_null(r);
	cr_expect_str_eq(r->name, "reg.example.com");
	cr_expect_str_eq(r->hostname, "other.example.com:5000");
	cr_expect_eq(r->tls, TLS_INSECURE);
	cr_expect_str_eq(r->user, "U");
	cr_expect_str_eq(r->pass, "12345");
	cr_expect_str_eq(r->token, "t");
	cr_expect_str_eq(r->cred_helper, "docker-credential-x");
	cr_expect_str_eq(r->cred_host, "ask.example.com");
	cr_expect_str_eq(r->path_prefix, "a/b");
	cr_expect(r->repo_auth);
	cr_expect(r->disable_head);
	cr_expect_float_eq(r->req_per_sec, 2.5, 1e-9);
	cr_expect_eq(r->req_concurrent, 7);
	cr_expect_str_eq(r->realms[0], "auth.example.com");
	cr_expect_str_eq(r->realms[1], "auth2.example.com:8443");
	cr_expect_null(r->realms[2]);
	cr_expect(r->named);
	cr_expect_str_empty(buffer_str(&warnings));
	finish(c);
}

Test(config, where_a_registry_is_in_the_file)
{
	struct config *c = parse(
	    "creds:\n"
	    "- registry: a\n"
	    "- registry: b\n"
	    "  user: u\n"
	    "- registry: b\n"
	    "  tls: disabled\n"
	    "- registry: a\n"
	    "  pass: p\n");
	struct config_registry *r = config_registry_default("h");

	cr_expect_str_eq(config_registry(c, "a")->position, "f.yml:7");
	cr_expect_str_eq(config_registry(c, "b")->position, "f.yml:3");
	cr_expect_null(r->position);
	config_registry_free(r);
	finish(c);
}

Test(config, every_field_of_a_script)
{
	struct config *c = parse(
	    "defaults:\n"
	    "  parallel: 0x10\n"
	    "  skipDockerConfig: false\n"
	    "  userAgent: me/1\n"
	    "  modules: [lib, /abs]\n"
	    "scripts:\n"
	    "- name: n\n"
	    "  script: |\n"
	    "    log 'x'\n"
	    "  interval: 90m\n"
	    "  timeout: 1m30s\n"
	    "  env: [HOME, A_1]\n");

	cr_expect(c->has_parallel);
	cr_expect_eq(c->parallel, 16);
	cr_expect_str_eq(c->user_agent, "me/1");
	cr_expect_str_eq(c->modules[0], "/conf/lib");
	cr_expect_str_eq(c->modules[1], "/abs");
	cr_expect_null(c->modules[2]);
	cr_assert_eq(c->nscripts, 1);
	cr_expect_str_eq(c->scripts[0].name, "n");
	cr_expect_str_eq(c->scripts[0].text, "log 'x'\n");
	cr_expect_eq(c->scripts[0].text_len, 8);
	cr_expect_eq(schedule_interval(c->scripts[0].schedule),
	    5400 * NS_PER_S);
	cr_expect_eq(c->scripts[0].timeout, 90 * NS_PER_S);
	cr_expect_str_eq(c->scripts[0].env[1], "A_1");
	cr_expect_null(c->scripts[0].refused);
	cr_expect_eq(c->scripts[0].line, 7);
	cr_expect_str_empty(buffer_str(&warnings));
	finish(c);
}

Test(config, defaults_of_a_registry)
{
	struct config *c = parse("creds: [{registry: x}]\n");
	struct config_registry *r = config_registry_default("h:5000");

	cr_expect_eq(c->registries[0].tls, TLS_ENABLED);
	cr_expect_str_eq(c->registries[0].hostname, "x");
	cr_expect_str_empty(c->registries[0].pass);
	cr_expect_eq(c->registries[0].cred_expire, 3600 * NS_PER_S);
	cr_expect_eq(c->registries[0].req_concurrent, 3);
	cr_expect_null(config_registry(c, "h:5000"));
	finish(c);
	cr_expect_str_eq(r->key, "h:5000");
	cr_expect_str_eq(r->hostname, "h:5000");
	cr_expect_str_empty(r->regcert);
	cr_expect_eq(r->req_concurrent, 3);
	cr_expect_not(r->named);
	config_registry_free(r);
	r = config_registry_default("docker.io");
	cr_expect_str_eq(r->hostname, "registry-1.docker.io");
	cr_expect_str_eq(r->cred_host, "https://index.docker.io/v1/");
	config_registry_free(r);
}

Test(config, names_of_registries)
{
	static const struct { const char *in, *key, *name, *hostname; } names[]
	    = {
		{ "docker.io", "docker.io", "docker.io",
		    "registry-1.docker.io" },
		{ "registry-1.docker.io", "docker.io", "docker.io",
		    "registry-1.docker.io" },
		{ "https://index.docker.io/v1/", "docker.io", "docker.io",
		    "registry-1.docker.io" },
		{ "Reg.Example.com:443", "reg.example.com",
		    "Reg.Example.com:443", "Reg.Example.com:443" },
		{ "https://h.example.com/v2/", "h.example.com",
		    "h.example.com", "h.example.com" },
		{ "localhost:5000", "localhost:5000", "localhost:5000",
		    "localhost:5000" },
		{ "h:05000", "h:5000", "h:05000", "h:05000" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char *text = mem_printf("creds: [{registry: '%s'}]\n",
		    names[i].in);
		struct config *c = parse(text);

		cr_expect_str_eq(c->registries[0].key, names[i].key);
		cr_expect_str_eq(c->registries[0].name, names[i].name);
		cr_expect_str_eq(c->registries[0].hostname,
		    names[i].hostname);
		finish(c);
		free(text);
	}
}

Test(config, http_in_a_name_is_no_tls)
{
	struct config *c = parse("creds: [{registry: 'http://h:5000/'}, "
	    "{registry: 'http://i:5000', tls: enabled}]\n");

	cr_expect_eq(config_registry(c, "h:5000")->tls, TLS_DISABLED);
	cr_expect_eq(config_registry(c, "i:5000")->tls, TLS_ENABLED);
	finish(c);
}

Test(config, hostname_of_docker_hub_wins)
{
	struct config *c = parse("creds:\n- registry: docker.io\n"
	    "  hostname: 127.0.0.1:5001\n  tls: disabled\n");

	cr_expect_str_eq(c->registries[0].key, "docker.io");
	cr_expect_str_eq(c->registries[0].hostname, "127.0.0.1:5001");
	cr_expect_eq(c->registries[0].tls, TLS_DISABLED);
	cr_expect_str_empty(buffer_str(&warnings));
	finish(c);
}

Test(config, intervals_and_schedules)
{
	struct config *c = parse("defaults: {schedule: '0 3 * * *', "
	    "interval: 1h, timeout: 10s}\nscripts:\n"
	    "- {name: a, script: x}\n"
	    "- {name: b, interval: 5m, timeout: 0s, script: x}\n"
	    "- {name: c, interval: 5m, schedule: '@daily', script: x}\n"
	    "- {name: d, schedule: '@every 90s', script: x}\n"
	    "- {name: e, interval: 1500ms, timeout: 0s, script: x}\n"
	    "- {name: f, interval: 5ms, script: x}\n"
	    "- {name: g, schedule: '', script: x}\n");
	const struct config_script *s = c->scripts;

	cr_expect_str_eq(schedule_text(s[0].schedule), "0 3 * * *");
	cr_expect_eq(s[0].timeout, 10 * NS_PER_S);
	cr_expect_eq(schedule_interval(s[1].schedule), 300 * NS_PER_S);
	cr_expect_eq(s[1].timeout, 10 * NS_PER_S);
	cr_expect_str_eq(schedule_text(s[2].schedule), "@daily");
	cr_expect_eq(schedule_interval(s[2].schedule), 0);
	cr_expect_eq(schedule_interval(s[3].schedule), 90 * NS_PER_S);
	cr_expect_eq(schedule_interval(s[4].schedule), NS_PER_S);
	cr_expect_eq(s[4].timeout, 10 * NS_PER_S);
	cr_expect_eq(schedule_interval(s[5].schedule), NS_PER_S);
	cr_expect_str_eq(schedule_text(s[6].schedule), "0 3 * * *");
	finish(c);
	c = parse("defaults: {interval: 1h}\nscripts:\n"
	    "- {name: a, script: x}\n");
	cr_expect_eq(schedule_interval(c->scripts[0].schedule),
	    3600 * NS_PER_S);
	finish(c);
	c = parse("scripts:\n- {name: a, script: x}\n");
	cr_expect_null(c->scripts[0].schedule);
	finish(c);
}

Test(config, env_of_defaults)
{
	struct config *c = parse("defaults: {env: [A]}\nscripts:\n"
	    "- {name: a, script: x}\n- {name: b, env: [], script: x}\n- {name: c, env: [B], script: x}\n");

	cr_expect_str_eq(c->scripts[0].env[0], "A");
	cr_expect_null(c->scripts[1].env);
	cr_expect_str_eq(c->scripts[2].env[0], "B");
	cr_expect_null(c->scripts[2].env[1]);
	finish(c);
}

Test(config, order_of_parts_does_not_matter)
{
	struct config *c = parse("scripts: [{name: a, script: x}]\n"
	    "defaults: {timeout: 5s}\nversion: 1\n");

	cr_expect_eq(c->scripts[0].timeout, 5 * NS_PER_S);
	finish(c);
}

Test(config, two_entries_of_one_registry)
{
	struct config *c = parse("creds:\n"
	    "- {registry: x.io, pass: s3cret, user: u, tls: disabled}\n"
	    "- {registry: X.io., pass: other1, tls: insecure}\n");

	cr_assert_eq(c->nregistries, 1);
	cr_expect_str_eq(c->registries[0].user, "u");
	cr_expect_str_eq(c->registries[0].pass, "other1");
	cr_expect_eq(c->registries[0].tls, TLS_INSECURE);
	cr_expect_str_eq(buffer_str(&warnings),
	    "Changing TLS settings for registry host=X.io. "
	    "position=f.yml:3:3\n"
	    "Changing login password for registry host=X.io. "
	    "position=f.yml:3:3\n");
	finish(c);
}

Test(config, a_later_entry_overrides_every_field)
{
	static const char *const what[] = {
		"TLS settings", "login user", "login password", "login token",
		"credential helper", "credential host", "credential expire",
		"certificate settings", "client certificate settings",
		"client certificate key settings", "hostname settings",
		"path prefix settings", "mirror settings", "realms",
		"priority settings", "reqConcurrent settings",
		"blobChunk settings", "blobMax settings",
		"reqPerSec settings", "APIOpts setting",
	};
	static const char entry[] = "- {registry: x, tls: %s, user: %s, "
	    "pass: %s, token: %s, credHelper: %s, credHost: %s, "
	    "credExpire: %d, regcert: '-----BEGIN %s', "
	    "clientCert: '-----BEGIN %s', clientKey: '-----BEGIN %s', "
	    "hostname: %s, pathPrefix: %s, mirrors: [%s], realms: [%s], "
	    "priority: %d, reqConcurrent: %d, blobChunk: %d, blobMax: %d, "
	    "reqPerSec: %d, apiOpts: {disableHead: %s}, repoAuth: %s}\n";
	char *a = mem_printf(entry, "disabled", "a", "a", "a", "a", "a", 1,
	    "a", "a", "a", "a", "a", "a", "a", 1, 1, 1, 1, 1, "true", "true");
	char *b = mem_printf(entry, "enabled", "b", "b", "b", "b", "b", 2,
	    "b", "b", "b", "b", "b", "b", "b", 2, 2, 2, 2, 2, "false",
	    "false");
	char *text = mem_printf("creds:\n%s%s", a, b);
	struct config *c = parse(text);
	const struct config_registry *r = &c->registries[0];
	const char *at = buffer_str(&warnings);

	for (size_t i = 0; i < sizeof(what) / sizeof(what[0]); i++) {
		char *line = mem_printf("Changing %s for registry host=x "
		    "position=f.yml:3:3\n", what[i]);

		at = strstr(at, line);
		cr_assert_not_null(at, "%s", line);
		free(line);
	}
	cr_expect_eq(r->tls, TLS_ENABLED);
	cr_expect_str_eq(r->pass, "b");
	cr_expect_str_eq(r->mirrors[0], "b");
	cr_expect_eq(r->blob_max, 2);
	cr_expect_float_eq(r->req_per_sec, 2, 1e-9);
	cr_expect_eq(r->disable_head, 0);
	cr_expect(r->repo_auth);	/* once true, it stays */
	finish(c);
	free(a);
	free(b);
	free(text);
}

Test(config, what_is_said_of_a_registry)
{
	struct config *c = parse("creds: [{registry: x, user: u, pass: s3cret,"
	    " token: s3cret, clientKey: '-----BEGIN s3cret', mirrors: [a, b],"
	    " tls: disabled, credHelper: h, hostname: x}]\n");
	struct log_record r;
	struct buffer b;

	log_record_init(&r, LOG_DEBUG, "m");
	config_registry_describe(&c->registries[0], &r);
	buffer_init(&b, 0);
	for (int i = 0; i < r.nattrs; i++)
		if (r.attrs[i].kind == ATTR_STRING)
			buffer_printf(&b, "%s=%s ", r.attrs[i].key,
			    r.attrs[i].text);
		else
			buffer_printf(&b, "%s=%d ", r.attrs[i].key,
			    (int)r.attrs[i].number);
	cr_expect_str_eq(buffer_str(&b), "blobChunk=0 blobMax=0 helper=h "
	    "hostname= mirrors=[a b] name=x pathPrefix= repoAuth=0 "
	    "source=host tls=disabled user=u ");
	buffer_free(&b);
	log_record_free(&r);
	finish(c);
}

Test(config, lives_as_long_as_somebody_holds_it)
{
	struct config *c = parse("scripts: [{name: a, script: x = 1}]\n");
	struct config *held = config_ref(c);
	const struct config_script *s = &held->scripts[0];

	finish(c);
	cr_expect_str_eq(s->text, "x = 1");
	config_unref(held);
}

static void
load_fails(const char *path, const char *expected)
{
	struct error err = { 0 };

	cr_expect_null(config_load(path, NULL, &err));
	cr_expect_str_eq(err.text, expected);
}

Test(config, files)
{
	char dir[] = "/tmp/regbot-config-XXXXXX", *path;
	struct error err = { 0 };
	struct config *c;
	int fd;

	load_fails("", "required input missing");
	load_fails("nofile.yml", "open nofile.yml: no such file or directory");
	cr_assert_not_null(mkdtemp(dir));
	path = mem_printf("read %s: is a directory", dir);
	load_fails(dir, path);
	free(path);
	path = mem_printf("%s/r.yml", dir);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	cr_assert_eq(write(fd, "scripts: [{name: x, script: x}]\n", 32),
	    32);
	c = config_load(path, NULL, &err);
	cr_assert_not_null(c, "%s", err.text);
	cr_expect_str_eq(c->path, path);
	cr_expect_str_eq(c->dir, dir);
	cr_expect_str_eq(c->scripts[0].name, "x");
	config_unref(c);
	cr_assert_eq(ftruncate(fd, CONFIG_FILE_MAX + 1), 0);
	close(fd);
	cr_expect_null(config_load(path, NULL, &err));
	cr_expect_not_null(strstr(err.text, "is larger than 16777216 bytes, "
	    "which is the limit"), "%s", err.text);
	unlink(path);
	rmdir(dir);
	free(path);
}

Test(config, standard_input)
{
	static const char text[] = "defaults: {parallel: y}\n"
	    "scripts: [{name: a, script: x}]\n";
	struct error err = { 0 };
	int p[2];

	cr_assert_eq(pipe(p), 0);
	cr_assert_eq(write(p[1], text, sizeof(text) - 1),
	    (ssize_t)sizeof(text) - 1);
	close(p[1]);
	cr_assert_neq(dup2(p[0], STDIN_FILENO), -1);
	close(p[0]);
	cr_expect_null(config_load("-", NULL, &err));
	cr_expect_str_eq(err.text, "<stdin>:1:22: key \"parallel\" is \"y\", "
	    "expected a whole number");
}
