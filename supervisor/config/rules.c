/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rules.c - what restricts a script: allow, protect, limits, files, sandbox,
 * env. Their form is checked here. A script with a rule that this version
 * cannot enforce is refused: a restriction that is silently ignored is worse
 * than none.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/words/nearest.h"
#include "supervisor/config/config_private.h"

static const char *const verbs[] = {
	"pull", "push", "add", "delete", "list", NULL
};

static const char allow_expected[] = "expected verbs and a pattern, such as "
    "\"pull,push registry:5000/library/**\"";

static int
check_verb(struct config_reader *r, const struct yaml_node *e,
    const char *word)
{
	const char *near = nearest_word(word, verbs, sizeof(verbs[0]));

	if (near != NULL && strcmp(near, word) == 0)
		return 0;
	return config_error(r, e, "unknown verb \"%.32s\" in \"allow\"%s%s%s, "
	    "expected pull, push, add, delete or list", word,
	    near != NULL ? " (did you mean " : "", near != NULL ? near : "",
	    near != NULL ? "?)" : "");
}

/* Many take a tag's pattern for more than it is. */
static void
note_pull(struct config_reader *r, const struct yaml_node *e,
    const char *pattern)
{
	const char *last = strrchr(pattern, '/');

	if (r->options.notes && last != NULL && strchr(last, ':') != NULL)
		config_warn(r, e, "A tag pattern does not restrict what is "
		    "pulled by digest: all of the repository can be read",
		    "allow", pattern);
}

/* One "pull,push PATTERN"; text is changed. */
static int
check_grant(struct config_reader *r, const struct yaml_node *e, char *text)
{
	char *pattern, *verb = text, *next;
	bool list = false, other = false, pulls = false;

	pattern = text + strcspn(text, " \t");
	if (*pattern == '\0')
		return config_error(r, e, "this entry of \"allow\" has no "
		    "pattern, %s", allow_expected);
	*pattern++ = '\0';
	pattern += strspn(pattern, " \t");
	if (*pattern == '\0' || strpbrk(pattern, " \t\r\n") != NULL)
		return config_error(r, e, "this entry of \"allow\" has %s, %s",
		    *pattern == '\0' ? "no pattern" : "more than one pattern",
		    allow_expected);
	for (; verb != NULL; verb = next) {
		next = strchr(verb, ',');
		if (next != NULL)
			*next++ = '\0';
		if (check_verb(r, e, verb) == -1)
			return -1;
		pulls = pulls || strcmp(verb, "pull") == 0;
		if (strcmp(verb, "list") == 0)
			list = true;
		else
			other = true;
	}
	if (pulls)
		note_pull(r, e, pattern);
	if (!other && list && strchr(pattern, '/') != NULL)
		return config_error(r, e, "\"list\" applies to a whole "
		    "registry, expected its name without a repository");
	return 0;
}

/* A list of strings, each of which passes check. */
typedef int check_fn(struct config_reader *r, const struct yaml_node *e,
    char *text);

static int
check_list(struct config_reader *r, const struct yaml_node *v,
    const struct config_field *f, check_fn *check)
{
	char **list = NULL;
	int result;

	result = config_read_strings(r, v, f, &list);
	for (size_t i = 0; list != NULL && list[i] != NULL; i++)
		if (check(r, v->items[i], list[i]) == -1)
			result = -1;
	config_strings_free(list);
	return result;
}

/* The same, and keeps the node for later. */
static int
read_list(struct config_reader *r, const struct yaml_node *v,
    const struct config_field *f, void *out, check_fn *check)
{
	if (check_list(r, v, f, check) == -1)
		return -1;
	return config_read_node(r, v, f, out);
}

int
config_read_allow(struct config_reader *r, const struct yaml_node *v,
    const struct config_field *f, void *out)
{
	return read_list(r, v, f, out, check_grant);
}

static int
check_pattern(struct config_reader *r, const struct yaml_node *e, char *text)
{
	if (strpbrk(text, " \t\r\n") != NULL)
		return config_error(r, e, "this entry of \"protect\" has a "
		    "space in it, expected one pattern, such as "
		    "\"registry:5000/library/debian:stable\"");
	return 0;
}

int
config_read_protect(struct config_reader *r, const struct yaml_node *v,
    const struct config_field *f, void *out)
{
	return read_list(r, v, f, out, check_pattern);
}

int
config_read_limits(struct config_reader *r, const struct yaml_node *v,
    const struct config_field *f, void *out)
{
	int result = 0;

	if (v->kind != YAML_MAP)
		return config_error(r, v, "key \"limits\" is %s, expected a "
		    "map of names and numbers", yaml_kind_name(v));
	for (size_t i = 0; i < v->nitems; i += 2) {
		const struct yaml_node *key = v->items[i];
		const struct yaml_node *n = v->items[i + 1];

		if (key->len == 0 || n->kind != YAML_SCALAR ||
		    !isdigit((unsigned char)n->text[0]))
			result = config_error(r, n, "the limit \"%.64s\" is "
			    "%s, expected a number, at least 0, with a unit "
			    "if it needs one", key->text, yaml_kind_name(n));
	}
	return result == -1 ? -1 : config_read_node(r, v, f, out);
}

static int
check_directory(struct config_reader *r, const struct yaml_node *e,
    char *text)
{
	if (text[0] != '/')
		return config_error(r, e, "\"%.256s\" in \"files\" is "
		    "relative, expected an absolute path, such as "
		    "/srv/backup", text);
	return 0;
}

int
config_read_files(struct config_reader *r, const struct yaml_node *v,
    const struct config_field *f, void *out)
{
	return read_list(r, v, f, out, check_directory);
}

int
config_read_sandbox(struct config_reader *r, const struct yaml_node *v,
    const struct config_field *f, void *out)
{
	char *s = config_text(r, v, f->key, SECRET_MAX);
	int result = 0;

	if (s == NULL)
		return -1;
	if (strcmp(s, "strict") == 0)
		result = config_error(r, v, "\"sandbox: strict\" requires "
		    "Landlock and namespaces, which this version of regbot "
		    "does not use, expected \"auto\"");
	else if (strcmp(s, "auto") != 0)
		result = config_error(r, v, "key \"sandbox\" is \"%.40s\", "
		    "expected auto or strict", s);
	free(s);
	return result == -1 ? -1 : config_read_node(r, v, f, out);
}

static int
check_variable(struct config_reader *r, const struct yaml_node *e,
    char *text)
{
	size_t n = 0;

	while (isalnum((unsigned char)text[n]) || text[n] == '_')
		n++;
	if (text[n] != '\0' || isdigit((unsigned char)text[0]))
		return config_error(r, e, "\"%.64s\" in \"env\" is not the name "
		    "of a variable, expected letters, digits and _", text);
	return 0;
}

int
config_read_env(struct config_reader *r, const struct yaml_node *v,
    const struct config_field *f, void *out)
{
	if (check_list(r, v, f, check_variable) == -1)
		return -1;
	return config_read_strings(r, v, f, out);
}

static void
refuse(struct config_reader *r, struct config_script *s, const char *key,
    const struct yaml_node *at)
{
	s->refused = mem_printf("the script is not run: \"%s\" (%s:%d) "
	    "restricts what it may do, and this version of regbot cannot "
	    "enforce that; without the key the script runs unrestricted",
	    key, r->name, at->line);
}

/* protect rules add up and limits override each other one by one, so they
 * count when either map or list has something in it; allow replaces the
 * defaults' even when it is []. */
static const struct yaml_node *
either(const struct yaml_node *own, const struct yaml_node *other)
{
	if (own != NULL && own->nitems != 0)
		return own;
	return other != NULL && other->nitems != 0 ? other : NULL;
}

void
config_apply_rules(struct config_reader *r, struct config_script *s,
    const struct config_rules *own, const struct config_rules *defaults)
{
	const struct yaml_node *at;

	if ((at = own->allow != NULL ? own->allow : defaults->allow) != NULL)
		refuse(r, s, "allow", at);
	else if ((at = either(own->protect, defaults->protect)) != NULL)
		refuse(r, s, "protect", at);
	else if ((at = either(own->limits, defaults->limits)) != NULL)
		refuse(r, s, "limits", at);
}
