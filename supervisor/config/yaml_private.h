/* SPDX-License-Identifier: Apache-2.0 */
/* yaml_private.h - what the files that read YAML share: libyaml's types. */
#ifndef REGBOT_YAML_PRIVATE_H
#define REGBOT_YAML_PRIVATE_H

#include <yaml.h>

#include "supervisor/config/yaml_tree.h"

/* yaml_text.c: -1 unless all of text is UTF-8 that YAML allows, with the place
 * of what is not. */
int yaml_text_check(const char *text, size_t len, const char *name,
    struct error *err);
/* The length of what may stand before a document and libyaml refuses: a byte
 * order mark, and lines that end a document. *lines: how many lines it has. */
size_t yaml_text_prefix(const char *text, size_t len, size_t *lines);

/* The last string in quotes that was read; end is behind its quote. */
struct yaml_quoted {
	yaml_mark_t start, end;
	char quote;		/* 0: there was none */
};

/* yaml_syntax.c: what is wrong with the text, and where. Returns -1. */
int yaml_syntax_error(const yaml_parser_t *p, const struct yaml_quoted *last,
    const char *name, struct error *err);
/* The same for a document after the first, which e starts. */
int yaml_document_error(const yaml_event_t *e, const char *name,
    struct error *err);

#endif
