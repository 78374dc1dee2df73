/* SPDX-License-Identifier: Apache-2.0 */
/*
 * template.h - the part of Go's text/template that credentials and "version
 * --format" use: quoted strings, whole numbers, pipes, parentheses, if and
 * else, fields, comments, trims ({{- -}}), and the functions of function.c.
 * Any other construct is refused with an error that names it.
 */
#ifndef REGBOT_TEMPLATE_H
#define REGBOT_TEMPLATE_H

#include <stddef.h>

#include "common/error.h"
#include "common/wire/log_record.h"

/* What "." is: a flat struct of strings. */
struct template_field {
	const char *name;	/* "VCSTag", for {{.VCSTag}} */
	const char *json;	/* "vcsTag", for {{json .}} */
	const char *value;
};

struct template_data {
	const char *type;	/* in errors: "version.Info" */
	const struct template_field *fields;
	size_t nfields;
};

/* Is told about files that {{file}} cannot read, and about variables of
 * {{env}} and fields that are not there. Borrows its argument. */
typedef void template_warn_fn(void *arg, const struct log_record *r);

/* The text with its actions carried out. data may be NULL: "." is nil then.
 * A file that {{file}} cannot read counts as empty; warn (unless NULL) is told.
 * The result is a secret, the caller frees it with mem_wipe(). NULL and *err
 * (Go's words, never a value: template: out:1: function "x" not defined) when
 * the text is malformed or its result is longer than SECRET_MAX. */
char *template_expand(const char *text, const struct template_data *data,
    template_warn_fn *warn, void *arg, struct error *err);

#endif
