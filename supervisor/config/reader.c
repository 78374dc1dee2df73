/* SPDX-License-Identifier: Apache-2.0 */
/* Reads maps by tables, and warns about keys. */
#include "supervisor/config/config_private.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/words/nearest.h"

int
config_error(struct config_reader *r, const struct yaml_node *at,
    const char *fmt, ...)
{
	char text[ERROR_TEXT_MAX + 1];
	struct error err;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	yaml_error(r->name, at, &err, "%s", text);
	config_errors_add(&r->errors, at, err.text);
	return -1;
}

void
config_warn_record(struct config_reader *r, const struct yaml_node *at,
    struct log_record *rec)
{
	char position[REFERENCE_MAX];

	if (at != NULL) {
		snprintf(position, sizeof(position), "%s:%d:%d", r->name,
		    at->line, at->column);
		log_record_string(rec, "position", position);
	}
	if (r->warn != NULL)
		r->warn(r->arg, rec);
	log_record_free(rec);
}

void
config_warn(struct config_reader *r, const struct yaml_node *at,
    const char *message, const char *key, const char *value)
{
	struct log_record rec;

	log_record_init(&rec, LOG_WARN, message);
	if (key != NULL)
		log_record_string(&rec, key, value);
	config_warn_record(r, at, &rec);
}

void
config_warn_idle(struct config_reader *r, const struct yaml_node *at,
    const char *key)
{
	for (int i = 0; i < r->nidle; i++)
		if (strcmp(r->idle[i], key) == 0)
			return;
	if (r->nidle < (int)(sizeof(r->idle) / sizeof(r->idle[0])))
		r->idle[r->nidle++] = key;
	config_warn(r, at, "Key has no effect in this version", "key", key);
}

static void
warn_unknown(struct config_reader *r, const struct yaml_node *key,
    const char *word, const char *where, const char *near)
{
	struct log_record rec;

	log_record_init(&rec, LOG_WARN, "Unknown key in configuration is "
	    "ignored");
	log_record_string(&rec, "key", word);
	log_record_string(&rec, "in", where);
	if (near != NULL)
		log_record_string(&rec, "nearest", near);
	config_warn_record(r, key, &rec);
}

/* lacking: the required key that the map has not got, or NULL. */
static int
unknown_key(struct config_reader *r, const struct yaml_node *key,
    const char *where, const struct config_field *fields, const char *lacking)
{
	const char *near = nearest_word(key->text, fields, sizeof(fields[0]));
	char word[65], hint[80] = "";

	snprintf(word, sizeof(word), "%s", key->text);
	if (near != NULL)
		snprintf(hint, sizeof(hint), ", did you mean \"%s\"?", near);
	if (lacking != NULL && !r->strict)
		return config_error(r, key, "unknown key \"%s\" in %s, which "
		    "has no \"%s\"%s", word, where, lacking, hint);
	if (r->strict)
		return config_error(r, key, "unknown key \"%s\" in "
		    "%s%s; in a file that uses allow, files, limits, "
		    "protect or sandbox, only known keys and x-* are expected",
		    word, where, hint);
	warn_unknown(r, key, word, where, near);
	return 0;
}

static bool
is_private(const struct yaml_node *key)
{
	return strncmp(key->text, "x-", 2) == 0;
}

/* 0, "" or []: not worth a warning that the key has no effect. */
static bool
is_zero(const struct yaml_node *v)
{
	if (v->kind != YAML_SCALAR)
		return v->nitems == 0;
	return v->len == 0 || strcmp(v->text, "0") == 0;
}

static int
read_field(struct config_reader *r, const struct yaml_node *key,
    const struct yaml_node *v, const struct config_field *f, void *out)
{
	if (v->tag != NULL)
		return config_error(r, v, "key \"%s\" has a tag, expected a "
		    "value without: quote one that begins with !", f->key);
	if (yaml_is_null(v)) {
		if (f->flags & FIELD_NOT_NULL)
			return config_error(r, v, "key \"%s\" has no value, "
			    "expected one: leave the key out to restrict "
			    "nothing", f->key);
		if ((f->flags & FIELD_WRITTEN) && v->len == 0)
			config_warn(r, key, "Key has no value, quote one that "
			    "begins with # or &", "key", f->key);
		return 0;
	}
	if (f->read(r, v, f, (char *)out + f->offset) == -1)
		return -1;
	if ((f->flags & FIELD_IDLE) && !is_zero(v))
		config_warn_idle(r, key, f->key);
	return 0;
}

static bool
is_key(const struct yaml_node *n, const char *key)
{
	return strcmp(n->text, key) == 0 && strlen(key) == n->len;
}

const struct yaml_node *
config_value(const struct yaml_node *map, const char *key)
{
	for (size_t i = 0; map->kind == YAML_MAP && i < map->nitems; i += 2)
		if (is_key(map->items[i], key))
			return yaml_is_null(map->items[i + 1]) ? NULL :
			    map->items[i + 1];
	return NULL;
}

/* The required key that is not there, or NULL. */
static const char *
lacks(const struct yaml_node *map, const struct config_field *f)
{
	for (; f->key != NULL; f++) {
		size_t i = 0;

		if ((f->flags & FIELD_REQUIRED) == 0)
			continue;
		while (i < map->nitems && !is_key(map->items[i], f->key))
			i += 2;
		if (i == map->nitems)
			return f->key;
	}
	return NULL;
}

int
config_read_map(struct config_reader *r, const struct yaml_node *map,
    const char *where, const struct config_field *fields, void *out)
{
	const char *lacking;
	int result = 0;

	if (map->kind != YAML_MAP)
		return config_error(r, map, "%s is %s, expected a map with "
		    "keys such as \"%s\"", where, yaml_kind_name(map),
		    fields[0].key);
	lacking = lacks(map, fields);
	for (size_t i = 0; i < map->nitems; i += 2) {
		const struct yaml_node *key = map->items[i];
		const struct config_field *f = fields;

		while (f->key != NULL && !is_key(key, f->key))
			f++;
		if (f->key != NULL) {
			if (read_field(r, key, map->items[i + 1], f,
			    out) == -1)
				result = -1;
		} else if (!is_private(key) &&
		    unknown_key(r, key, where, fields, lacking) == -1)
			result = -1;
	}
	return result;
}

/* Anywhere in the file: such a key in the wrong place must not be ignored
 * either. */
bool
config_is_strict(const struct yaml_node *n)
{
	static const char *const keys[] = {
		"allow", "files", "limits", "protect", "sandbox"
	};

	if (n == NULL || n->kind == YAML_SCALAR)
		return false;
	for (size_t i = 0; i < n->nitems; i++) {
		if (n->kind == YAML_MAP && i % 2 == 0) {
			for (size_t k = 0; k < 5; k++)
				if (strcmp(n->items[i]->text, keys[k]) == 0)
					return true;
			if (is_private(n->items[i]))
				i++;	/* its value is ignored */
			continue;
		}
		if (config_is_strict(n->items[i]))
			return true;
	}
	return false;
}
