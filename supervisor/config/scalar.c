/* SPDX-License-Identifier: Apache-2.0 */
/* scalar.c - single values and lists of strings, converted as regbot does. */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/duration.h"
#include "common/mem.h"
#include "supervisor/config/config_private.h"

#define FLOAT_MIN 0.001
#define FLOAT_MAX 1000000.0

/* What is there instead, for an error: the first 40 bytes. */
static const char *
shown(const struct yaml_node *v, char out[48])
{
	if (v->kind != YAML_SCALAR)
		return yaml_kind_name(v);
	snprintf(out, 48, "\"%.40s\"%s", v->text, v->len > 40 ? "..." : "");
	return out;
}

static int
mismatch(struct config_reader *r, const struct yaml_node *v, const char *key,
    const char *expected)
{
	char buf[48];

	return config_error(r, v, "key \"%s\" is %s, expected %s", key,
	    shown(v, buf), expected);
}

char *
config_text(struct config_reader *r, const struct yaml_node *v,
    const char *key, size_t max)
{
	if (v->kind != YAML_SCALAR) {
		config_error(r, v, "key \"%s\" is %s, expected a string", key,
		    yaml_kind_name(v));
		return NULL;
	}
	if (strlen(v->text) != v->len) {
		config_error(r, v, "key \"%s\" has a NUL character in it, "
		    "expected a string without one", key);
		return NULL;
	}
	if (v->len > max) {
		config_error(r, v, "key \"%s\" is longer than %zu bytes, "
		    "which is the limit", key, max);
		return NULL;
	}
	return mem_strndup(v->text, v->len);
}

int
config_read_string(struct config_reader *r, const struct yaml_node *v,
    const struct config_field *f, void *out)
{
	char **where = out, *s;

	s = config_text(r, v, f->key, f->max != 0 ? f->max : SECRET_MAX);
	if (s == NULL)
		return -1;
	mem_wipe(*where);
	*where = s;
	return 0;
}

/* Go's forms: a sign, then decimal digits, or 0x, 0o or 0b and digits. */
static bool
parse_integer(const char *s, int64_t *out)
{
	const char *digits = s;
	char clean[72], *end;
	int base = 10;
	size_t n = 0;

	if (strlen(s) >= sizeof(clean))
		return false;
	if (*digits == '-' || *digits == '+') {
		if (*digits == '-')
			clean[n++] = '-';
		digits++;
	}
	if (digits[0] == '0' && digits[1] != '\0') {
		base = tolower((unsigned char)digits[1]) == 'x' ? 16 :
		    tolower((unsigned char)digits[1]) == 'b' ? 2 : 8;
		if (base == 8 && tolower((unsigned char)digits[1]) != 'o')
			return false;	/* 010: eight or ten? */
		digits += 2;
	}
	if (!isxdigit((unsigned char)*digits))
		return false;
	for (; *digits != '\0'; digits++)
		if (*digits != '_')
			clean[n++] = *digits;
	clean[n] = '\0';
	errno = 0;
	*out = strtoll(clean, &end, base);
	return *end == '\0' && errno == 0;
}

/* "12.00" is 12, "1.5" is refused. */
static bool
parse_whole(const char *s, int64_t *out)
{
	const char *dot = strchr(s, '.');
	char whole[32];

	if (dot == NULL)
		return parse_integer(s, out);
	if ((size_t)(dot - s) >= sizeof(whole) || dot[1] == '\0' ||
	    dot[1 + strspn(dot + 1, "0")] != '\0')
		return false;
	snprintf(whole, sizeof(whole), "%.*s", (int)(dot - s), s);
	return parse_integer(whole, out);
}

int
config_number(struct config_reader *r, const struct yaml_node *v,
    const char *key, int64_t *out)
{
	if (v->kind != YAML_SCALAR || !parse_whole(v->text, out))
		return mismatch(r, v, key, "a whole number");
	return 0;
}

static int
read_range(struct config_reader *r, const struct yaml_node *v,
    const char *key, int64_t min, int64_t max, const char *expected,
    int64_t *out)
{
	int64_t n;

	if (config_number(r, v, key, &n) == -1)
		return -1;
	if (n < min || n > max)
		return mismatch(r, v, key, expected);
	*out = n;
	return 0;
}

int
config_read_int64(struct config_reader *r, const struct yaml_node *v,
    const struct config_field *f, void *out)
{
	return config_number(r, v, f->key, out);
}

int
config_read_int(struct config_reader *r, const struct yaml_node *v,
    const struct config_field *f, void *out)
{
	return read_range(r, v, f->key, INT_MIN, INT_MAX,
	    "a number that fits in 32 bits", out);
}

int
config_read_unsigned(struct config_reader *r, const struct yaml_node *v,
    const struct config_field *f, void *out)
{
	return read_range(r, v, f->key, 0, UINT_MAX,
	    "a number from 0 to 4294967295", out);
}

int
config_read_bool(struct config_reader *r, const struct yaml_node *v,
    const struct config_field *f, void *out)
{
	static const char *const words[] = {
		"false", "False", "FALSE", "true", "True", "TRUE"
	};

	if (v->kind == YAML_SCALAR && v->plain)
		for (size_t i = 0; i < 6; i++)
			if (strcmp(v->text, words[i]) == 0) {
				*(bool *)out = i >= 3;
				return 0;
			}
	return mismatch(r, v, f->key, "true or false, without quotes");
}

int
config_read_duration(struct config_reader *r, const struct yaml_node *v,
    const struct config_field *f, void *out)
{
	struct error why;
	int64_t n;

	if (v->kind != YAML_SCALAR)
		return mismatch(r, v, f->key, "a duration such as \"90s\", "
		    "\"5m\" or \"1h30m\"");
	if (v->plain && parse_whole(v->text, &n))
		return mismatch(r, v, f->key, "a unit after the number, "
		    "such as \"90s\", \"5m\" or \"1h30m\"");
	if (duration_parse(v->text, &n, &why) == -1)
		return config_error(r, v, "key \"%s\": %s", f->key, why.text);
	if (n < 0)
		return mismatch(r, v, f->key, "a duration that is not "
		    "negative");
	if (n == 0)
		config_warn(r, v, "Duration of zero counts as absent", "key",
		    f->key);
	*(int64_t *)out = n;
	return 0;
}

int
config_read_float(struct config_reader *r, const struct yaml_node *v,
    const struct config_field *f, void *out)
{
	double d;
	char *end;

	if (v->kind != YAML_SCALAR || v->len == 0 ||
	    v->text[strspn(v->text, "0123456789.eE+-")] != '\0')
		return mismatch(r, v, f->key, "a number such as 0.5 or 10");
	d = strtod(v->text, &end);
	/* The broker is told thousandths. */
	if (*end != '\0' || !(d >= 0 && d <= FLOAT_MAX) ||
	    (d > 0 && d < FLOAT_MIN))
		return mismatch(r, v, f->key, "0, or a number from 0.001 to "
		    "1000000");
	*(double *)out = d > 0 ? d : 0;	/* not -0 */
	return 0;
}

int
config_check_list(struct config_reader *r, const struct yaml_node *v,
    const char *key, const char *expected, size_t max)
{
	if (v->kind != YAML_LIST)
		return config_error(r, v, "key \"%s\" is %s, expected %s", key,
		    yaml_kind_name(v), expected);
	if (v->nitems > max)
		return config_error(r, v, "key \"%s\" has more than %zu "
		    "entries, which is the limit", key, max);
	return 0;
}

/* An entry of a list, or NULL after config_error. */
static char *
read_string(struct config_reader *r, const struct yaml_node *e,
    const char *key)
{
	if (e->kind == YAML_SCALAR && e->len != 0 && !yaml_is_null(e))
		return config_text(r, e, key, REFERENCE_MAX);
	config_error(r, e, "an entry of \"%s\" is %s, expected a string", key,
	    yaml_kind_name(e));
	return NULL;
}

int
config_read_strings(struct config_reader *r, const struct yaml_node *v,
    const struct config_field *f, void *out)
{
	char **list, ***where = out;
	size_t n = 0;

	if (v->kind != YAML_LIST)
		return mismatch(r, v, f->key, "a list of strings, such as "
		    "[a, b]");
	if (config_check_list(r, v, f->key, "a list",
	    f->max != 0 ? f->max : CONFIG_LIST_MAX) == -1)
		return -1;
	list = mem_array(v->nitems + 1, sizeof(*list));
	for (size_t i = 0; i < v->nitems; i++)
		if ((list[n] = read_string(r, v->items[i], f->key)) != NULL)
			n++;
	if (n != v->nitems) {
		config_strings_free(list);
		return -1;
	}
	config_strings_free(*where);
	*where = list;
	return 0;
}

/* The node itself, to be interpreted later. */
int
config_read_node(struct config_reader *r, const struct yaml_node *v,
    const struct config_field *f, void *out)
{
	(void)r;
	(void)f;
	*(const struct yaml_node **)out = v;
	return 0;
}

void
config_strings_free(char **list)
{
	for (char **s = list; s != NULL && *s != NULL; s++)
		free(*s);
	free(list);
}

size_t
config_strings_count(char *const *list)
{
	size_t n = 0;

	while (list != NULL && list[n] != NULL)
		n++;
	return n;
}
