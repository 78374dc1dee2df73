/* SPDX-License-Identifier: Apache-2.0 */
/* module.c - where require() finds a module. */
#include "supervisor/jobs/module.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "common/file.h"
#include "common/mem.h"

/* Dots are folders, as in Lua; nothing that leaves a directory. */
static bool
relative(const char *name, char *out, size_t size)
{
	size_t n = strlen(name);

	if (n == 0 || n >= size)
		return false;
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)name[i];

		if (!isalnum(c) && strchr("_-./", c) == NULL)
			return false;
		out[i] = c == '.' ? '/' : (char)c;
	}
	out[n] = '\0';
	return out[0] != '/' && out[n - 1] != '/' &&
	    strstr(out, "//") == NULL;
}

/* 1 read, 0 not there, -1 error. */
static int
try_file(const char *path, char **text, size_t *len, struct error *err)
{
	struct error why = { 0 };
	struct buffer b;

	buffer_init(&b, MODULE_MAX);
	if (file_read(path, FILE_REGULAR, &b, &why) == 0) {
		*len = b.len;
		*text = buffer_steal(&b);
		return 1;
	}
	buffer_free(&b);
	if (why.kind == ERROR_NOT_FOUND)
		return 0;
	return error_set(err, why.kind, "cannot load a module: %s", why.text);
}

static int
try_directory(const char *dir, const char *rel, char **path, char **text,
    size_t *len, struct buffer *tried, struct error *err)
{
	char *p;
	int r;

	for (int i = 0; i < 2; i++) {
		p = mem_printf(i == 0 ? "%s/%s.lua" : "%s/%s/init.lua", dir,
		    rel);
		r = try_file(p, text, len, err);
		if (r == 1) {
			*path = p;
			return 1;
		}
		if (r == 0)
			buffer_printf(tried, "\n\tno file '%s'", p);
		free(p);
		if (r == -1)
			return -1;
	}
	return 0;
}

int
module_read(const struct config *c, bool here, const char *name, char **path,
    char **text, size_t *len, struct error *err)
{
	char rel[MODULE_NAME_MAX + 1];
	struct buffer tried;
	int r;

	if (!relative(name, rel, sizeof(rel)))
		return error_set(err, ERROR_NOT_FOUND, "\n\tthe name may "
		    "only have letters, digits and _ - . /");
	buffer_init(&tried, ERROR_TEXT_MAX);
	r = try_directory(c->dir, rel, path, text, len, &tried, err);
	if (r == 0 && here && strcmp(c->dir, ".") != 0)
		r = try_directory(".", rel, path, text, len, &tried, err);
	for (char **m = c->modules; r == 0 && m != NULL &&
	    *m != NULL; m++)
		r = try_directory(*m, rel, path, text, len, &tried, err);
	if (r == 0)
		error_set(err, ERROR_NOT_FOUND, "%s", buffer_str(&tried));
	buffer_free(&tried);
	return r == 1 ? 0 : -1;
}

static void
refuse(uint32_t id, const struct error *why,
    void (*send)(void *arg, struct message_out *o), void *arg)
{
	struct message_out o;

	message_start(&o, MSG_REFUSED, id);
	message_put_u64(&o, why->kind);
	message_put_str(&o, why->text);
	send(arg, &o);
}

void
module_answer(const struct config *c, bool here, const struct message *m,
    void (*send)(void *arg, struct message_out *o), void *arg)
{
	struct message_out o;
	struct error why;
	char *path, *text;
	size_t len, n;

	if (module_read(c, here, message_str(m, 0), &path, &text, &len,
	    &why) == -1) {
		refuse(m->id, &why, send, arg);
		return;
	}
	message_start(&o, MSG_MODULE_INFO, m->id);
	message_put_str(&o, path);
	message_put_u64(&o, len);
	send(arg, &o);
	for (size_t at = 0; at < len; at += n) {
		n = len - at > CHUNK_MAX ? CHUNK_MAX : len - at;
		message_start(&o, MSG_MODULE_DATA, m->id);
		message_put_bytes(&o, text + at, n);
		send(arg, &o);
	}
	free(path);
	free(text);
}
