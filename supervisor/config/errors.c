/* SPDX-License-Identifier: Apache-2.0 */
/* errors.c - the errors of a file, in its order, the first of them only. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "supervisor/config/config_private.h"

static bool
before(const struct config_problem *a, const struct config_problem *b)
{
	return a->line != b->line ? a->line < b->line : a->column < b->column;
}

/* What is wrong with an anchor is found again at each of its aliases. */
static bool
is_known(const struct config_errors *e, const char *text)
{
	for (size_t i = 0; i < e->n; i++)
		if (strcmp(e->list[i].text, text) == 0)
			return true;
	return false;
}

void
config_errors_add(struct config_errors *e, const struct yaml_node *at,
    const char *text)
{
	struct config_problem p = { at->line, at->column, NULL };
	size_t i = e->n;

	if (is_known(e, text))
		return;
	if (e->n == CONFIG_ERRORS_MAX) {
		e->more++;
		if (!before(&p, &e->list[--i]))
			return;
		free(e->list[i].text);
	} else
		e->n++;
	for (; i > 0 && before(&p, &e->list[i - 1]); i--)
		e->list[i] = e->list[i - 1];
	p.text = mem_strdup(text);
	e->list[i] = p;
}

void
config_errors_tell(const struct config_errors *e, const char *name,
    const struct config_sink *sink, struct error *err)
{
	char *more;

	if (e->n != 0)
		error_set(err, ERROR_INPUT, "%s", e->list[0].text);
	if (sink == NULL || sink->error == NULL)
		return;
	for (size_t i = 0; i < e->n; i++)
		sink->error(sink->arg, e->list[i].text);
	if (e->more == 0)
		return;
	more = mem_printf("%s: and %zu more error%s", name, e->more,
	    e->more == 1 ? "" : "s");
	sink->error(sink->arg, more);
	free(more);
}

void
config_errors_free(struct config_errors *e)
{
	for (size_t i = 0; i < e->n; i++)
		free(e->list[i].text);
	memset(e, 0, sizeof(*e));
}
