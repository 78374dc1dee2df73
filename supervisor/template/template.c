/* SPDX-License-Identifier: Apache-2.0 */
#include "supervisor/template/template.h"

#include <string.h>

#include "common/mem.h"
#include "supervisor/template/template_run.h"

static int
too_long(struct run *r)
{
	return error_set(r->err, ERROR_LIMIT, "template: out: the result is "
	    "longer than %u bytes, which is the limit", SECRET_MAX);
}

static int
run_action(struct run *r, const struct node *n)
{
	struct value v;
	int result;

	if (template_run_pipe(r, n->pipe, &v) == -1)
		return -1;
	if (n->pipe->variable != NULL)
		result = 0;	/* a declaration prints nothing */
	else if (v.kind == VALUE_NIL)
		result = buffer_puts(&r->out, "<no value>");
	else
		result = value_print(&v, &r->out);
	value_free(&v);
	return result == 0 ? 0 : too_long(r);
}

static int run_nodes(struct run *r, const struct node *n);

static int
run_block(struct run *r, const struct node *n)
{
	struct value v, dot = r->dot;
	int variables = r->nvariables, result = -1;

	if (template_run_pipe(r, n->pipe, &v) == -1)
		return -1;
	if (!value_true(&v)) {
		result = run_nodes(r, n->other);
	} else {
		if (n->kind == NODE_WITH)
			r->dot = v;
		result = run_nodes(r, n->body);
		r->dot = dot;
	}
	value_free(&v);
	while (r->nvariables > variables)
		value_free(&r->variables[--r->nvariables].value);
	return result;
}

static int
run_nodes(struct run *r, const struct node *n)
{
	int result = 0;

	for (; n != NULL && result == 0; n = n->next) {
		if (n->kind == NODE_ACTION)
			result = run_action(r, n);
		else if (n->kind != NODE_TEXT)
			result = run_block(r, n);
		else if (buffer_puts(&r->out, n->text) == -1)
			result = too_long(r);
	}
	return result;
}

char *
template_expand(const char *text, const struct template_data *data,
    config_warn_fn *warn, void *arg, struct error *err)
{
	struct error own;
	struct run r = {
		.text = text, .warn = warn, .arg = arg,
		.err = err != NULL ? err : &own,
	};
	struct node *tree;
	char *s = NULL;

	if (strlen(text) > SECRET_MAX) {
		error_set(err, ERROR_LIMIT, "template: out: the text is "
		    "longer than %u bytes, which is the limit", SECRET_MAX);
		return NULL;
	}
	tree = template_parse(text, r.err);
	if (tree == NULL)
		return NULL;
	if (data != NULL) {
		r.root.kind = VALUE_DATA;
		r.root.data = data;
	}
	r.dot = r.root;
	buffer_init(&r.out, SECRET_MAX);
	r.out.secret = true;
	if (run_nodes(&r, tree) == 0)
		s = buffer_steal(&r.out);
	buffer_free(&r.out);
	while (r.nvariables > 0)
		value_free(&r.variables[--r.nvariables].value);
	template_node_free(tree);
	return s;
}
