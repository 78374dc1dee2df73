/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config_private.h - inside the configuration code: reading a YAML tree by
 * tables. A table has a row per key: how it is read, and where to.
 */
#ifndef REGBOT_CONFIG_PRIVATE_H
#define REGBOT_CONFIG_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "supervisor/config/config.h"
#include "supervisor/config/yaml_tree.h"

/* errors.c: the first CONFIG_ERRORS_MAX, in the order of the file. */
struct config_errors {
	struct config_problem {
		int line, column;
		char *text;
	} list[CONFIG_ERRORS_MAX];
	size_t n, more;
};
void config_errors_add(struct config_errors *e, const struct yaml_node *at,
    const char *text);
/* The first into *err, all of them to sink (which may be NULL). */
void config_errors_tell(const struct config_errors *e, const char *name,
    const struct config_sink *sink, struct error *err);
void config_errors_free(struct config_errors *e);

struct config_reader {
	const char *name;	/* of the file, for errors */
	const char *dir;	/* what modules are relative to */
	config_warn_fn *warn;
	void *arg;
	struct config_errors errors;
	struct config_options options;
	bool strict;		/* an unknown key is an error */
	const char *idle[16];	/* keys without effect that were already warned
				 * about */
	int nidle;
};

struct config_field;
typedef int config_read_fn(struct config_reader *r,
    const struct yaml_node *v, const struct config_field *f, void *out);

struct config_field {
	const char *key;
	config_read_fn *read;	/* out points to the field itself */
	size_t offset;
	unsigned flags;
	size_t max;		/* bytes or entries; 0: the reader's own */
};
#define FIELD_IDLE 1u		/* no effect in this version: one warning */
#define FIELD_NOT_NULL 2u	/* a restriction: must not be left empty */
#define FIELD_WRITTEN 8u	/* a warning where nothing is written */
#define FIELD_REQUIRED 4u	/* without it, an unknown key is an error */

#define CONFIG_FIELD(type, member, key, read, flags, max) \
	{ key, read, offsetof(type, member), flags, max }
#define CONFIG_END { NULL, NULL, 0, 0, 0 }

/* Reads a map by its table, on behind errors. where names it in sentences:
 * "creds". An unknown key is a warning, or an error in a strict file and in a
 * map that lacks a required key, for which it may have been meant. */
int config_read_map(struct config_reader *r, const struct yaml_node *map,
    const char *where, const struct config_field *fields, void *out);

/* True when the file restricts its scripts anywhere. */
bool config_is_strict(const struct yaml_node *root);

/* The value of a key, or NULL where it is missing or nothing. */
const struct yaml_node *config_value(const struct yaml_node *map,
    const char *key);

/* Adds "FILE:LINE:COL: ..." to the errors; returns -1. */
int config_error(struct config_reader *r, const struct yaml_node *at,
    const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Sends a warning with the position of at (NULL: without) and frees it. */
void config_warn_record(struct config_reader *r, const struct yaml_node *at,
    struct log_record *rec);
/* A warning of a sentence and one attribute (key and value may be NULL).
 * Never pass a secret. */
void config_warn(struct config_reader *r, const struct yaml_node *at,
    const char *message, const char *key, const char *value);
/* The key has no effect: one warning for each key. */
void config_warn_idle(struct config_reader *r, const struct yaml_node *at,
    const char *key);

/* Readers of single values. out is a char **, an int64_t * (all numbers), a
 * bool *, a double *, a char *** or a struct yaml_node **. Strings and lists
 * replace what was there; strings are wiped. */
config_read_fn config_read_string, config_read_int, config_read_int64,
    config_read_unsigned, config_read_bool, config_read_duration,
    config_read_float, config_read_strings, config_read_node;

/* A scalar as a string, or NULL after config_error. The caller wipes it
 * (mem_wipe) where it may be a secret, and frees it. */
char *config_text(struct config_reader *r, const struct yaml_node *v,
    const char *key, size_t max);
int config_number(struct config_reader *r, const struct yaml_node *v,
    const char *key, int64_t *out);

/* An error unless v is a list of at most max entries. */
int config_check_list(struct config_reader *r, const struct yaml_node *v,
    const char *key, const char *expected, size_t max);

/* A NULL-terminated list of strings; NULL is fine. */
void config_strings_free(char **list);
size_t config_strings_count(char *const *list);

/* Set and not "". */
static inline bool
config_is_set(const char *s)
{
	return s != NULL && *s != '\0';
}

/* A row of registry.def. */
struct config_registry_field {
	enum config_registry_kind kind;
	size_t offset, size;	/* in struct config_registry */
	const char *shown, *changed;
};
extern const struct config_registry_field config_registry_fields[];

static inline void *
config_registry_member(const struct config_registry_field *f,
    struct config_registry *r)
{
	return (char *)r + f->offset;
}

/* Wipes and frees the field's value; it is not set then. */
void config_registry_clear(const struct config_registry_field *f,
    struct config_registry *r);
void config_registry_wipe(struct config_registry *r);
/* Defaults for what no source has set; key and name must be set. */
void config_registry_finish(struct config_registry *r);
const char *config_tls_name(enum config_tls tls);

/* A registry as one source describes it: what is not set is NULL or 0. */
struct config_host {
	struct config_registry r;
	char *scheme, *api;	/* deprecated */
	const struct yaml_node *at; /* NULL: docker's configuration */
};
struct config_hosts {
	struct config_host *list;
	size_t n;
};
/* A new, empty one at the end; valid until the next is added. */
struct config_host *config_hosts_add(struct config_hosts *h);
void config_hosts_free(struct config_hosts *h);

/* creds.c */
int config_read_creds(struct config_reader *r, const struct yaml_node *list,
    struct config_hosts *out);
/* Sets key, name, and what the name says about TLS and Docker Hub. -1 when it
 * is not the name of a registry. */
int config_host_name(struct config_host *h, const char *name);

/* merge.c: what src sets wins over dst and is moved there; a difference is
 * warned of. */
void config_merge(struct config_reader *r, struct config_host *dst,
    struct config_host *src);
/* The one of that key (reference_registry_key), or NULL; valid until one is
 * added. */
struct config_host *config_hosts_find(struct config_hosts *h,
    const char *key);

/* logins.c: adds docker's logins. After an error in them there is a warning,
 * and out is empty. */
void config_read_logins(struct config_reader *r, struct config_hosts *out);
/* Adds docker's certificates for reg->hostname (DOCKERCERTS_DIR) to
 * reg->regcert. */
void config_read_certificates(struct config_reader *r, const char *dir,
    struct config_registry *reg);

/* scripts.c. The rules' nodes are checked when they are read, and interpreted
 * where they apply. */
struct config_rules {
	const struct yaml_node *allow, *protect, *limits, *files, *sandbox;
};
/* Not in the file: parallel(n) gives a script n slots then. */
#define PARALLEL_UNSET INT64_MIN
struct config_defaults {
	int64_t interval, jitter, timeout, blob_limit;
	int64_t parallel;	/* or PARALLEL_UNSET */
	struct schedule *schedule;
	bool run_at_start;
	bool skip_docker_config;
	char *user_agent;
	char **modules, **env;
	struct config_inputs inputs;
	struct config_copy copy;
	struct config_rules rules;
};
int config_read_defaults(struct config_reader *r, const struct yaml_node *v,
    struct config_defaults *d);
void config_defaults_free(struct config_defaults *d);
void config_script_clear(struct config_script *s);	/* frees what it has */
/* The script of a command, with the defaults. */
void config_add_command(struct config_reader *r,
    const struct config_command *command, const struct config_defaults *d,
    struct config *c);
int config_read_scripts(struct config_reader *r, const struct yaml_node *v,
    const struct config_defaults *d, struct config *c);

/* copy.c: out is a struct config_copy *. */
config_read_fn config_read_copy;
/* The defaults, to be read over. */
void config_copy_inherit(struct config_copy *own,
    const struct config_copy *defaults);

/* inputs.c: out is a struct config_inputs * or config_outputs *. */
config_read_fn config_read_inputs, config_read_outputs;
/* Adds copies of those of defaults whose names the script does not use. */
void config_add_inputs(struct config_inputs *own,
    const struct config_inputs *defaults);
/* An error where two outputs of the file have one name for their file. */
int config_check_outputs(struct config_reader *r, const struct yaml_node *at,
    const struct config *c, const struct config_outputs *o);
void config_inputs_free(struct config_inputs *in);
void config_outputs_free(struct config_outputs *o);

/* rules.c: the rows of a table for the member rules of a type. */
#define CONFIG_RULE_FIELDS(type) \
	CONFIG_FIELD(type, rules.allow, "allow", config_read_allow, \
	    FIELD_NOT_NULL, 0), \
	CONFIG_FIELD(type, rules.protect, "protect", config_read_protect, \
	    FIELD_NOT_NULL, 0), \
	CONFIG_FIELD(type, rules.limits, "limits", config_read_limits, \
	    FIELD_NOT_NULL, 0), \
	CONFIG_FIELD(type, rules.files, "files", config_read_files, \
	    FIELD_NOT_NULL | FIELD_IDLE, 0), \
	CONFIG_FIELD(type, rules.sandbox, "sandbox", config_read_sandbox, \
	    FIELD_NOT_NULL, 0)
config_read_fn config_read_allow, config_read_protect, config_read_limits,
    config_read_files, config_read_sandbox, config_read_env;
/* Sets s->refused where a rule applies that cannot be enforced. */
void config_apply_rules(struct config_reader *r, struct config_script *s,
    const struct config_rules *own, const struct config_rules *defaults);

#endif
