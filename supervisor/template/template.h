/* SPDX-License-Identifier: Apache-2.0 */
/*
 * template.h - the part of Go's text/template that stands in credentials
 * and in "version --format": texts, numbers, pipes, parentheses, if, with,
 * variables, comments, trims, Go's functions for comparing and printing, and
 * regbot's env, file, default, lower, upper, trimSpace, split, join, json,
 * jsonPretty, printPretty, time. Not there: range, define, template, block.
 */
#ifndef REGBOT_TEMPLATE_H
#define REGBOT_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>

#include "supervisor/config/config.h"
#include "common/error.h"

/* What "." is: a flat struct of texts. */
struct template_field {
	const char *name;	/* "VCSTag", for {{.VCSTag}} */
	const char *json;	/* "vcsTag", for {{json .}} */
	const char *value;
	bool extra;		/* left out by printPretty */
};

struct template_data {
	const char *type;	/* in errors: "version.Info" */
	const struct template_field *fields;
	size_t nfields;
};

/* The text with its actions carried out. data may be NULL: "." is nil then.
 * warn (or NULL) hears of files that {{file}} cannot read; those are "". The
 * result is a secret, the caller ends it with mem_wipe(). NULL and *err (Go's
 * words, never a value: template: out:1: function "x" not defined) when the
 * text is malformed or its result is longer than SECRET_MAX. */
char *template_expand(const char *text, const struct template_data *data,
    config_warn_fn *warn, void *arg, struct error *err);

#endif
