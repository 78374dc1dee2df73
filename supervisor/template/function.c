/* SPDX-License-Identifier: Apache-2.0 */
/* The functions that a template may call. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/mem.h"
#include "supervisor/template/template_private.h"

const struct template_function *
template_function(const char *name)
{
	const struct template_function *f;

	for (f = template_functions; f->name != NULL; f++)
		if (strcmp(f->name, name) == 0)
			return f;
	for (f = template_compare_functions; f->name != NULL; f++)
		if (strcmp(f->name, name) == 0)
			return f;
	return NULL;
}

/* The length of the white space at s, of n bytes; 0 when it is none. */
static size_t
space_length(const char *s, size_t n)
{
	/* The code points beyond ASCII that unicode.IsSpace knows. */
	static const char *const wide[] = {
		"\xc2\x85", "\xc2\xa0", "\xe1\x9a\x80", "\xe2\x80\x80",
		"\xe2\x80\x81", "\xe2\x80\x82", "\xe2\x80\x83",
		"\xe2\x80\x84", "\xe2\x80\x85", "\xe2\x80\x86",
		"\xe2\x80\x87", "\xe2\x80\x88", "\xe2\x80\x89",
		"\xe2\x80\x8a", "\xe2\x80\xa8", "\xe2\x80\xa9",
		"\xe2\x80\xaf", "\xe2\x81\x9f", "\xe3\x80\x80",
	};

	if (n != 0 && strchr(" \t\n\v\f\r", *s) != NULL && *s != '\0')
		return 1;
	for (size_t i = 0; i < sizeof(wide) / sizeof(wide[0]); i++) {
		size_t len = strlen(wide[i]);

		if (n >= len && memcmp(s, wide[i], len) == 0)
			return len;
	}
	return 0;
}

char *
template_trim(const char *s, size_t n)
{
	size_t k;

	while ((k = space_length(s, n)) != 0) {
		s += k;
		n -= k;
	}
	for (size_t len = 1; len <= 3 && len <= n; len++)
		if (space_length(s + n - len, len) == len) {
			n -= len;
			len = 0;	/* look again */
		}
	return mem_strndup(s, n);
}

static void
warn_file(const char *path, const char *why, config_warn_fn *warn, void *arg)
{
	struct log_record r;

	if (warn == NULL)
		return;
	log_record_init(&r, LOG_WARN, "Cannot read file of a template, "
	    "using an empty text");
	log_record_string(&r, "file", path);
	log_record_string(&r, "error", why);
	warn(arg, &r);
	log_record_free(&r);
}

/* NULL, or why not. */
static const char *
read_secret(const char *path, struct buffer *out)
{
	const char *why = NULL;
	struct stat st;
	char chunk[4096];
	ssize_t n = 1;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd == -1)
		return strerror(errno);
	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode))
		why = "it is no regular file";
	while (why == NULL && n != 0) {
		n = read(fd, chunk, sizeof(chunk));
		if (n == -1 && errno != EINTR)
			why = strerror(errno);
		else if (n > 0 && memchr(chunk, '\0', (size_t)n) != NULL)
			why = "it has a NUL character in it";
		else if (n > 0 && buffer_put(out, chunk, (size_t)n) == -1)
			why = "it is larger than 64 KiB";
	}
	explicit_bzero(chunk, sizeof(chunk));
	close(fd);
	return why;
}

char *
template_read_file(const char *path, config_warn_fn *warn, void *arg)
{
	struct buffer b;
	const char *why;
	char *s;

	buffer_init(&b, SECRET_FILE_MAX);
	b.secret = true;
	why = read_secret(path, &b);
	if (why != NULL) {
		warn_file(path, why, warn, arg);
		s = mem_strdup("");
	} else
		s = template_trim(buffer_str(&b), b.len);
	buffer_free(&b);
	return s;
}

static int
call_file(const struct call *c, struct value *out, struct error *err)
{
	(void)err;
	value_string(out, template_read_file(c->args[0].text, c->warn,
	    c->arg));
	return 0;
}

static int
call_env(const struct call *c, struct value *out, struct error *err)
{
	const char *s = getenv(c->args[0].text);

	if (s != NULL && strlen(s) > SECRET_MAX)
		return error_set(err, ERROR_LIMIT, "the variable is longer "
		    "than %u bytes", SECRET_MAX);
	value_string(out, mem_strdup(s != NULL ? s : ""));
	return 0;
}

static int
call_default(const struct call *c, struct value *out, struct error *err)
{
	(void)err;
	value_copy(out, &c->args[value_true(&c->args[1]) ? 1 : 0]);
	return 0;
}

static int
call_lower(const struct call *c, struct value *out, struct error *err)
{
	(void)err;
	value_string(out, mem_strdup(c->args[0].text));
	for (char *p = out->text; *p != '\0'; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
	return 0;
}

static int
call_upper(const struct call *c, struct value *out, struct error *err)
{
	(void)err;
	value_string(out, mem_strdup(c->args[0].text));
	for (char *p = out->text; *p != '\0'; p++)
		if (*p >= 'a' && *p <= 'z')
			*p = (char)(*p - 'a' + 'A');
	return 0;
}

static int
call_trim(const struct call *c, struct value *out, struct error *err)
{
	(void)err;
	value_string(out, template_trim(c->args[0].text,
	    strlen(c->args[0].text)));
	return 0;
}

static void
push(struct value *v, const char *s, size_t n)
{
	if ((v->nlist & (v->nlist - 1)) == 0)	/* full at powers of two */
		v->list = mem_resize(v->list, v->nlist != 0 ? v->nlist * 2 :
		    1, sizeof(*v->list));
	v->list[v->nlist++] = mem_strndup(s, n);
}

static size_t
rune_length(const char *s)
{
	size_t n = 1;

	while (n < 4 && (s[n] & 0xc0) == 0x80)
		n++;
	return n;
}

static int
call_split(const struct call *c, struct value *out, struct error *err)
{
	const char *s = c->args[0].text, *sep = c->args[1].text, *at;
	size_t n;

	(void)err;
	out->kind = VALUE_LIST;
	if (*sep == '\0') {
		for (; *s != '\0'; s += n) {
			n = rune_length(s);
			push(out, s, n);
		}
		return 0;
	}
	while ((at = strstr(s, sep)) != NULL) {
		push(out, s, (size_t)(at - s));
		s = at + strlen(sep);
	}
	push(out, s, strlen(s));
	return 0;
}

/* Ends a function that wrote into b. */
static int
finish(struct buffer *b, int r, struct value *out, struct error *err)
{
	if (r == -1) {
		buffer_free(b);
		return error_set(err, ERROR_LIMIT, "the result is longer than "
		    "%u bytes", SECRET_MAX);
	}
	value_string(out, buffer_steal(b));
	return 0;
}

static void
begin(struct buffer *b)
{
	buffer_init(b, SECRET_MAX);
	b->secret = true;
	buffer_puts(b, "");
}

static int
call_join(const struct call *c, struct value *out, struct error *err)
{
	const struct value *v = &c->args[0];
	struct buffer b;
	int r = 0;

	begin(&b);
	for (size_t i = 0; r == 0 && i < v->nlist; i++) {
		if (i != 0)
			r = buffer_puts(&b, c->args[1].text);
		if (r == 0)
			r = buffer_puts(&b, v->list[i]);
	}
	return finish(&b, r, out, err);
}

static int
call_json(const struct call *c, struct value *out, struct error *err)
{
	struct buffer b;

	begin(&b);
	return finish(&b, value_json(&c->args[0], false, &b), out, err);
}

static int
call_json_pretty(const struct call *c, struct value *out, struct error *err)
{
	struct buffer b;

	begin(&b);
	return finish(&b, value_json(&c->args[0], true, &b), out, err);
}

static int
call_print_pretty(const struct call *c, struct value *out, struct error *err)
{
	struct buffer b;

	begin(&b);
	return finish(&b, value_pretty(&c->args[0], &b), out, err);
}

/* fmt.Sprint: a space between two that are both no text. */
static int
call_print(const struct call *c, struct value *out, struct error *err)
{
	struct buffer b;
	int r = 0;

	begin(&b);
	for (size_t i = 0; r == 0 && i < c->nargs; i++) {
		if (i != 0 && c->args[i].kind != VALUE_STRING &&
		    c->args[i - 1].kind != VALUE_STRING)
			r = buffer_putc(&b, ' ');
		if (r == 0)
			r = value_print(&c->args[i], &b);
	}
	return finish(&b, r, out, err);
}

static int
call_println(const struct call *c, struct value *out, struct error *err)
{
	struct buffer b;
	int r = 0;

	begin(&b);
	for (size_t i = 0; r == 0 && i < c->nargs; i++) {
		if (i != 0)
			r = buffer_putc(&b, ' ');
		if (r == 0)
			r = value_print(&c->args[i], &b);
	}
	if (r == 0)
		r = buffer_putc(&b, '\n');
	return finish(&b, r, out, err);
}

static int
call_printf(const struct call *c, struct value *out, struct error *err)
{
	struct buffer b;

	begin(&b);
	return finish(&b, value_printf(c->args[0].text, c->args + 1,
	    c->nargs - 1, &b), out, err);
}

/* What a query of an URL may hold. */
static int
call_urlquery(const struct call *c, struct value *out, struct error *err)
{
	struct value joined;
	struct buffer b;
	int r = 0;

	if (call_print(c, &joined, err) == -1)
		return -1;
	begin(&b);
	for (const char *p = joined.text; r == 0 && *p != '\0'; p++) {
		if (isalnum((unsigned char)*p) || strchr("-_.~", *p) != NULL)
			r = buffer_putc(&b, *p);
		else if (*p == ' ')
			r = buffer_putc(&b, '+');
		else
			r = buffer_printf(&b, "%%%02X", (unsigned char)*p);
	}
	value_free(&joined);
	return finish(&b, r, out, err);
}

static int
call_time(const struct call *c, struct value *out, struct error *err)
{
	(void)c;
	(void)err;
	out->kind = VALUE_CLOCK;
	return 0;
}

const struct template_function template_functions[] = {
	{ "env", call_env, 1, 1, "s" },
	{ "file", call_file, 1, 1, "s" },
	{ "default", call_default, 2, 2, "*" },
	{ "lower", call_lower, 1, 1, "s" },
	{ "upper", call_upper, 1, 1, "s" },
	{ "trimSpace", call_trim, 1, 1, "s" },
	{ "split", call_split, 2, 2, "s" },
	{ "join", call_join, 2, 2, "as" },
	{ "json", call_json, 1, 1, "*" },
	{ "jsonPretty", call_json_pretty, 1, 1, "*" },
	{ "printPretty", call_print_pretty, 1, 1, "*" },
	{ "print", call_print, 0, -1, "*" },
	{ "println", call_println, 0, -1, "*" },
	{ "printf", call_printf, 1, -1, "s*" },
	{ "urlquery", call_urlquery, 0, -1, "*" },
	{ "time", call_time, 0, 0, "*" },
	{ NULL, NULL, 0, 0, NULL }
};
