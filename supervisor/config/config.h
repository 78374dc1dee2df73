/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config.h - a configuration file, parsed and checked, with defaults applied.
 * The keys are those of regclient's regbot, and some more (regbot.yml(5)).
 * Every error names file, line, column, what is wrong and what was expected;
 * no error shows a secret.
 */
#ifndef REGBOT_CONFIG_H
#define REGBOT_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "common/wire/log_record.h"
#include "supervisor/schedule/schedule.h"

/* TLS_UNSET only while sources are merged. */
enum config_tls { TLS_UNSET, TLS_ENABLED, TLS_INSECURE, TLS_DISABLED };

/* The kinds of a registry's fields in registry.def, and their types. */
enum config_registry_kind {
	REGISTRY_END, REGISTRY_TEXT, REGISTRY_LIST, REGISTRY_NUMBER,
	REGISTRY_FLOAT, REGISTRY_BOOL, REGISTRY_TLS
};
#define REGISTRY_TYPE_TEXT char *	/* never NULL, "" when absent */
#define REGISTRY_TYPE_LIST char **	/* NULL-terminated; NULL when empty */
#define REGISTRY_TYPE_NUMBER int64_t
#define REGISTRY_TYPE_FLOAT double
#define REGISTRY_TYPE_BOOL bool
#define REGISTRY_TYPE_TLS enum config_tls

/* One registry, after templates, docker's configuration and the defaults were
 * merged. */
struct config_registry {
	char *key;		/* reference_registry_key() of its name */
	bool elastic;		/* reqConcurrent is not configured */
	bool named;		/* in creds: loopback hosts are allowed */
	/* "FILE:LINE" of its creds entry, of the one with the login where there
	 * are several; NULL: none. */
	char *position;
#define REGISTRY_FIELD(kind, member, key, read, flags, shown, changed) \
	REGISTRY_TYPE_##kind member;
#include "supervisor/config/registry.def"
#undef REGISTRY_FIELD
};

/* What a script gets: the text of a file or what a command prints. */
struct config_input {
	char *name;
	char *file;		/* NULL: command, NULL-terminated */
	char **command;
	char **env;		/* variables that the command gets; NULL: the
				 * usual ones alone */
	int64_t format;		/* enum input_format */
	int64_t timeout;	/* ns, of the command */
	int64_t max_size;	/* bytes */
	int line;		/* of the file, where it is configured */
};

/* What a script gives: a file. */
struct config_output {
	char *name, *file;
	bool always;		/* also when the script failed */
	int line;
};

/* In the order of the file; an input of defaults comes after those of the
 * script. */
struct config_inputs {
	struct config_input *list;
	size_t n;
};
struct config_outputs {
	struct config_output *list;
	size_t n;
};

/* What image.copy does where a script does not say. */
struct config_copy {
	bool referrers, digest_tags, include_external, force_recursive;
	char **platforms;	/* NULL or empty: all */
};

/* What "regbot lua" runs in place of the scripts of a file. */
struct config_command {
	const char *name;	/* of the script, in the log */
	const char *chunk;	/* its name in errors, as Lua takes it */
	const char *text;
	size_t len;
	const char *dir;	/* where its modules are */
	const char *const *args;	/* from arg[0] on */
	size_t nargs;
	int64_t timeout;	/* ns; 0: that of the defaults */
	bool log_all;		/* what it logs is shown at any level */
};

struct config_script {
	const struct config_command *command;	/* NULL: of a file */
	char *name;
	char *text;
	size_t text_len;
	int text_line;		/* of the file, where text begins */
	bool text_literal;	/* and its lines follow each other there */
	struct schedule *schedule;	/* or its interval; NULL: none */
	int64_t jitter;		/* ns, 0: none */
	bool run_at_start;
	int64_t timeout;	/* ns, 0: none */
	char **env;		/* what os.getenv may read; NULL: nothing */
	struct config_copy copy;
	struct config_inputs inputs;
	struct config_outputs outputs;
	/* Why this script must not run: a restriction (allow, protect,
	 * limits) that this version cannot enforce. The job fails with this
	 * sentence. NULL: it may run. */
	char *refused;
	int line;		/* of the file, where the script begins */
};

/* Shared: whoever keeps a pointer into it holds a reference, since a reload
 * replaces it while jobs still run. Nothing in it changes once it is read. */
struct config {
	unsigned refs;
	bool broken;		/* it has errors and was kept for a look */
	char *path;		/* as given; "-" is standard input */
	char *dir;		/* directory of the file, "." for stdin */
	bool has_parallel;
	int parallel;		/* as written; <= 0 counts as 1 slot */
	int64_t blob_limit;
	bool skip_docker_config;
	char *user_agent;	/* "" for the default */
	char **modules;		/* defaults.modules: directories, or NULL */
	struct config_registry *registries;
	size_t nregistries;
	struct config_script *scripts;
	size_t nscripts;
};

/* Where warnings go as they are found: unknown keys, deprecated ones, fields
 * without effect in this version. The record is borrowed. */
typedef void config_warn_fn(void *arg, const struct log_record *r);

/* Both may be NULL. error is told all that is wrong, a sentence each, in the
 * order of the file, at the end; of more than CONFIG_ERRORS_MAX the number. */
struct config_sink {
	config_warn_fn *warn;
	void (*error)(void *arg, const char *text);
	void *arg;
};

/* Reads and checks path ("-": standard input), applies templates and, unless
 * it is skipped, docker's config. A file with nothing to run is an error. The
 * caller holds the one reference to what is returned; NULL and the first
 * error in *err (which may be NULL) on failure. sink may be NULL. */
struct config *config_load(const char *path, const struct config_sink *sink,
    struct error *err);

/* What else config_load can do. */
struct config_options {
	bool keep;	/* also after errors, except those of YAML: what could
			 * be read, as a configuration that is broken */
	/* This alone instead of the file's scripts, which need not be there;
	 * it must outlive the configuration. path may be NULL then. */
	const struct config_command *command;
	bool notes;	/* warns of what is only worth knowing, too */
};
struct config *config_load_with(const char *path,
    const struct config_options *options, const struct config_sink *sink,
    struct error *err);

/* The same as config_load from memory; name is for errors, dir for modules. */
struct config *config_parse(const char *text, size_t len, const char *name,
    const char *dir, const struct config_sink *sink, struct error *err);

/* Keeps the scripts of these names, in the order of the file; where several
 * have a name, all of them. Before anything else has a reference. -1 when a
 * name is no script's. */
int config_select(struct config *c, const char *const *names, size_t n,
    struct error *err);

/* Adds a reference; returns c. */
struct config *config_ref(struct config *c);
/* Gives a reference back. The last one wipes the secrets and frees c. NULL is
 * fine. */
void config_unref(struct config *c);

/* The registry with that key (reference_registry_key), or NULL. */
const struct config_registry *config_registry(const struct config *c,
    const char *key);

/* "FILE:LINE": where the script's text has that line (from 1), or begins if
 * its form in the file does not tell that. NULL when it has no such line. The
 * caller frees it. */
char *config_script_place(const struct config *c,
    const struct config_script *s, uint64_t line);

/* "FILE:LINE" of a line of the file; the caller frees it. */
char *config_place(const struct config *c, int line);

/* A registry that no creds entry names: defaults for key. The caller frees
 * it with config_registry_free. */
struct config_registry *config_registry_default(const char *key);
void config_registry_free(struct config_registry *r);

/* Adds the fields that a debug line shows, sorted by name. No secret is
 * among them. */
void config_registry_describe(const struct config_registry *r,
    struct log_record *out);

/* Adds the certificates that docker has for its host (certs.d) to regcert,
 * unless docker's configuration is skipped. config_load has done it for the
 * registries of c; this is for one of config_registry_default. */
void config_registry_certs(const struct config *c, struct config_registry *r,
    config_warn_fn *warn, void *arg);

#endif
