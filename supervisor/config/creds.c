/* SPDX-License-Identifier: Apache-2.0 */
/* creds.c - reading creds, a list of registries. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/mem.h"
#include "common/reference.h"
#include "supervisor/config/config_private.h"
#include "supervisor/template/template.h"

static config_read_fn read_registry, read_template, read_tls, read_hostname,
    read_options, read_prefix, read_realms;

static const struct config_field fields[] = {
#define REGISTRY_FIELD(kind, member, key, read, flags, shown, changed) \
	CONFIG_FIELD(struct config_host, r.member, key, read, flags, 0),
#include "supervisor/config/registry.def"
#undef REGISTRY_FIELD
	CONFIG_FIELD(struct config_host, scheme, "scheme",
	    config_read_string, 0, 0),
	CONFIG_FIELD(struct config_host, api, "api", config_read_string, 0, 0),
	CONFIG_END
};

/* A template's warning gets the position of its string. */
struct position {
	struct config_reader *r;
	const struct yaml_node *at;
};

static void
warn_at(void *arg, const struct log_record *rec)
{
	const struct position *p = arg;
	struct log_record out;

	log_record_init(&out, rec->level, rec->message);
	for (int i = 0; i < rec->nattrs; i++)
		log_record_string(&out, rec->attrs[i].key,
		    rec->attrs[i].text);
	config_warn_record(p->r, p->at, &out);
}

/* $NAME or ${NAME}. */
static bool
is_variable(const char *s)
{
	static const char name[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
	size_t n;

	if (s[0] != '$')
		return false;
	n = strspn(s + 1, name);
	if (s[1] != '{')
		return n > 1 && s[1 + n] == '\0';
	n = strspn(s + 2, name);
	return n > 1 && strcmp(s + 2 + n, "}") == 0;
}

static int
read_template(struct config_reader *r, const struct yaml_node *v,
    const struct config_field *f, void *out)
{
	struct position p = { r, v };
	char **where = out, *text, *s;
	struct error why;

	text = config_text(r, v, f->key, SECRET_MAX);
	if (text == NULL)
		return -1;
	if (is_variable(text))
		config_warn(r, v, "A shell variable is not replaced here, "
		    "expected '{{env \"NAME\"}}'", "key", f->key);
	s = template_expand(text, NULL, warn_at, &p, &why);
	mem_wipe(text);
	if (s == NULL)
		return config_error(r, v, "key \"%s\": %s", f->key, why.text);
	mem_wipe(*where);
	*where = s;
	return 0;
}

static int
read_tls(struct config_reader *r, const struct yaml_node *v,
    const struct config_field *f, void *out)
{
	static const enum config_tls all[] = {
		TLS_ENABLED, TLS_INSECURE, TLS_DISABLED
	};
	char *s = config_text(r, v, f->key, SECRET_MAX);
	int result = -1;

	if (s == NULL)
		return -1;
	if (*s == '\0')
		result = 0;
	for (size_t i = 0; i < 3; i++)
		if (strcasecmp(s, config_tls_name(all[i])) == 0) {
			*(enum config_tls *)out = all[i];
			result = 0;
		}
	if (result == -1)
		config_error(r, v, "unknown TLS value \"%.40s\", expected "
		    "enabled, insecure (certificates are not checked) or "
		    "disabled (plain HTTP)", s);
	free(s);
	return result;
}

static bool
is_host(const char *s)
{
	char *key = reference_registry_key(s);
	bool ok = key != NULL && strchr(s, '/') == NULL;

	free(key);
	return ok;
}

/* These errors do not show the name: a URL may have a password in it. */
static int
read_registry(struct config_reader *r, const struct yaml_node *v,
    const struct config_field *f, void *out)
{
	char **where = out, *key;

	if (config_read_string(r, v, f, out) == -1)
		return -1;
	key = reference_registry_key(*where);
	if (**where != '\0' && key == NULL)
		return config_error(r, v, "key \"registry\" is not the name "
		    "of a registry, expected a host with or without a port, "
		    "such as registry.example.com or localhost:5000");
	free(key);
	return 0;
}

static int
read_hostname(struct config_reader *r, const struct yaml_node *v,
    const struct config_field *f, void *out)
{
	char **where = out;

	if (config_read_string(r, v, f, out) == -1)
		return -1;
	if (**where != '\0' && !is_host(*where))
		return config_error(r, v, "key \"hostname\" is not a host, "
		    "expected one with or without a port, such as "
		    "registry.example.com:5000");
	return 0;
}

/* It becomes a part of URLs unchanged. */
static int
read_prefix(struct config_reader *r, const struct yaml_node *v,
    const struct config_field *f, void *out)
{
	char **where = out;
	size_t n;

	if (config_read_string(r, v, f, out) == -1)
		return -1;
	n = strspn(*where, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvw"
	    "xyz0123456789-._~/");
	if ((*where)[n] != '\0' || n > REPOSITORY_MAX)
		return config_error(r, v, "key \"pathPrefix\" is not a path, "
		    "expected at most %d letters, digits and - . _ ~ /",
		    REPOSITORY_MAX);
	return 0;
}

static int
read_realms(struct config_reader *r, const struct yaml_node *v,
    const struct config_field *f, void *out)
{
	char ***where = out;
	int result = 0;

	if (config_read_strings(r, v, f, out) == -1 || config_check_list(r, v,
	    f->key, "a list of hosts", REALMS_MAX) == -1)
		return -1;
	for (size_t i = 0; (*where)[i] != NULL; i++)
		if (!is_host((*where)[i]))
			result = config_error(r, v->items[i], "an entry of "
			    "\"realms\" is not a host, expected the host of a "
			    "token server, such as auth.example.com");
	return result;
}

/* Like Go's strconv.ParseBool, which regbot uses here. */
static int
parse_bool(const char *s, bool *out)
{
	static const char *const words[] = {
		"0", "f", "F", "false", "False", "FALSE",
		"1", "t", "T", "true", "True", "TRUE",
	};

	for (size_t i = 0; i < 12; i++)
		if (strcmp(s, words[i]) == 0) {
			*out = i >= 6;
			return 0;
		}
	return -1;
}

static int
read_disable_head(struct config_reader *r, const struct yaml_node *v,
    const struct config_field *f, void *out)
{
	char *s = config_text(r, v, f->key, SECRET_MAX);
	bool disable;
	int result;

	if (s == NULL)
		return -1;
	result = parse_bool(s, &disable);
	free(s);
	if (result == -1)
		return config_error(r, v, "option \"disableHead\" is neither "
		    "true nor false");
	*(int64_t *)out = disable ? 1 : -1;
	return 0;
}

static int
read_options(struct config_reader *r, const struct yaml_node *v,
    const struct config_field *f, void *out)
{
	static const struct config_field options[] = {
		{ "disableHead", read_disable_head, 0, 0, 0 },
		CONFIG_END
	};

	return config_read_map(r, v, f->key, options, out);
}

int
config_host_name(struct config_host *h, const char *name)
{
	const char *host = strstr(name, "://");
	char *key = reference_registry_key(name);

	if (key == NULL)
		return -1;
	if (strncasecmp(name, "http://", 7) == 0 && h->r.tls == TLS_UNSET)
		h->r.tls = TLS_DISABLED;
	host = host != NULL ? host + 3 : name;
	free(h->r.key);
	h->r.key = key;
	free(h->r.name);
	if (strcmp(key, "docker.io") == 0)
		h->r.name = mem_strdup(key);
	else
		h->r.name = mem_strndup(host, strcspn(host, "/"));
	return 0;
}

static void
warn_deprecated(struct config_reader *r, const struct config_host *h)
{
	if (h->scheme != NULL && h->scheme[0] != '\0')
		config_warn(r, config_value(h->at, "scheme"), "Scheme is "
		    "deprecated, for http set TLS to disabled", "name",
		    h->r.name);
	if (h->api != NULL && h->api[0] != '\0')
		config_warn(r, config_value(h->at, "api"), "API is deprecated "
		    "and has no effect", "name", h->r.name);
}

static bool
is_path(const char *s)
{
	size_t n = strlen(s);

	return n < 256 && strchr(s, '\n') == NULL && (s[0] == '/' ||
	    strncmp(s, "./", 2) == 0 || strncmp(s, "../", 3) == 0 ||
	    (n > 4 && strcmp(s + n - 4, ".pem") == 0) ||
	    (n > 4 && strcmp(s + n - 4, ".crt") == 0));
}

static void
warn_pem(struct config_reader *r, const struct config_host *h,
    const char *key, const char *text)
{
	const struct yaml_node *at = config_value(h->at, key);
	struct log_record rec;
	char *instead;

	if (!is_path(text)) {
		config_warn(r, at, "Not in PEM format, expected text that "
		    "begins with -----BEGIN", "key", key);
		return;
	}
	instead = mem_printf("'{{file \"%s\"}}'", text);
	log_record_init(&rec, LOG_WARN, "A path is not a certificate, expected "
	    "the contents of the file");
	log_record_string(&rec, "key", key);
	log_record_string(&rec, "instead", instead);
	config_warn_record(r, at, &rec);
	free(instead);
}

/* Mistakes that would otherwise show up as failing requests, hours later. */
static void
warn_certificates(struct config_reader *r, const struct config_host *h)
{
	const struct { const char *key, *text; } pem[] = {
		{ "regcert", h->r.regcert },
		{ "clientCert", h->r.client_cert },
		{ "clientKey", h->r.client_key },
	};
	bool cert = h->r.client_cert != NULL && *h->r.client_cert != '\0';
	bool key = h->r.client_key != NULL && *h->r.client_key != '\0';

	for (size_t i = 0; i < 3; i++)
		if (pem[i].text != NULL && pem[i].text[0] != '\0' &&
		    strstr(pem[i].text, "-----BEGIN ") == NULL)
			warn_pem(r, h, pem[i].key, pem[i].text);
	if (cert != key)
		config_warn(r, h->at, "Client certificate is not used, "
		    "expected both clientCert and clientKey", "name",
		    h->r.name);
}

static void
warn_name(struct config_reader *r, const struct config_host *h,
    const char *name)
{
	const char *host = strstr(name, "://"), *path;

	path = strchr(host != NULL ? host + 3 : name, '/');
	if (path != NULL && path[1] != '\0' && strcmp(h->r.key, "docker.io") !=
	    0)
		config_warn(r, config_value(h->at, "registry"), "Path after "
		    "the name of a registry is ignored", "registry", name);
}

static int
read_entry(struct config_reader *r, const struct yaml_node *v,
    struct config_hosts *out)
{
	struct config_host *h = config_hosts_add(out);
	char *name;

	h->at = v;
	if (v->kind != YAML_MAP)
		return config_error(r, v, "an entry of \"creds\" is %s, expected "
		    "\"registry:\" and its other keys", yaml_kind_name(v));
	if (config_read_map(r, v, "creds", fields, h) == -1)
		return -1;
	if (h->r.name == NULL || h->r.name[0] == '\0') {
		config_warn(r, v, "Ignoring registry config without a name",
		    "expected", "registry");
		return 0;
	}
	name = mem_strdup(h->r.name);
	config_host_name(h, name);	/* read_registry checked it */
	warn_name(r, h, name);
	free(name);
	h->r.named = true;
	warn_deprecated(r, h);
	warn_certificates(r, h);
	return 0;
}

int
config_read_creds(struct config_reader *r, const struct yaml_node *list,
    struct config_hosts *out)
{
	int result = 0;

	if (list == NULL)
		return 0;
	if (config_check_list(r, list, "creds", "a list, each entry of "
	    "which begins with \"- registry:\"", CONFIG_CREDS_MAX) == -1)
		return -1;
	for (size_t i = 0; i < list->nitems; i++)
		if (read_entry(r, list->items[i], out) == -1)
			result = -1;
	return result;
}
