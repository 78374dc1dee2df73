/* SPDX-License-Identifier: Apache-2.0 */
/* Templates: the text around actions, if and else. */
#include "supervisor/template/template.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "supervisor/template/template_private.h"

/* What ended a list of texts and actions. */
enum ending { ENDING_EOF, ENDING_END, ENDING_ELSE, ENDING_ELSE_IF };

static int run_list(struct template_run *r, enum ending *ending);

static int
too_long(struct template_run *r)
{
	return error_set(r->err, ERROR_LIMIT, "template: out: the result is "
	    "longer than %u bytes, which is the limit", SECRET_MAX);
}

/* Skips the word if it is next. */
static bool
keyword(struct template_run *r, const char *word)
{
	size_t n = strlen(word);

	if (template_word(r->p) != n || memcmp(r->p, word, n) != 0)
		return false;
	r->p += n;
	template_skip_space(r);
	return true;
}

static int
run_comment(struct template_run *r)
{
	const char *end = strstr(r->p + 2, "*/");

	if (end == NULL)
		return template_fail(r, r->p, NULL, "unclosed comment");
	r->p = end + 2;
	return template_close(r);
}

/* Only where nothing comes of it: conditions and defaults are fine. */
static void
warn_value(struct template_run *r, const struct template_value *v)
{
	struct log_record rec;
	bool unset = r->unset != NULL && v->kind == TEMPLATE_STRING &&
	    v->text[0] == '\0';

	if (r->warn == NULL || r->skip || (!unset && v->kind != TEMPLATE_NIL))
		return;
	log_record_init(&rec, LOG_WARN, unset ? "Environment variable of a "
	    "template is not set, using an empty string" : "Field of a "
	    "template does not exist, using \"<no value>\"");
	if (unset)
		log_record_string(&rec, "variable", r->unset);
	r->warn(r->arg, &rec);
	log_record_free(&rec);
}

static int
run_pipe(struct template_run *r)
{
	struct template_value v;
	int result;

	free(r->unset);
	r->unset = NULL;
	if (template_pipe(r, "command", &v) == -1)
		return -1;
	warn_value(r, &v);
	result = template_close(r);
	if (result == 0 && !r->skip &&
	    (v.kind == TEMPLATE_NIL ? buffer_puts(&r->out, "<no value>") :
	    template_value_print(&v, &r->out)) == -1)
		result = too_long(r);
	template_value_free(&v);
	return result;
}

/* The condition behind "if", and whether it holds. */
static int
run_condition(struct template_run *r, bool *holds)
{
	struct template_value v;
	int result;

	if (template_pipe(r, "if", &v) == -1)
		return -1;
	*holds = template_value_true(&v);
	result = template_close(r);
	template_value_free(&v);
	return result;
}

/* From behind "if" past the end of its block. */
static int
run_if(struct template_run *r)
{
	bool outer = r->skip, done = outer, holds;
	enum ending ending = ENDING_ELSE_IF;

	if (++r->depth > TEMPLATE_DEPTH)
		return template_fail(r, r->p, NULL, "blocks are nested too "
		    "deep");
	while (ending != ENDING_END) {
		bool last = ending == ENDING_ELSE;

		holds = true;
		r->skip = done;
		if (!last && run_condition(r, &holds) == -1)
			return -1;
		r->skip = done || !holds;
		done = done || holds;
		if (run_list(r, &ending) == -1)
			return -1;
		if (ending == ENDING_EOF)
			return template_fail(r, r->p, NULL, "unexpected EOF, "
			    "expected {{end}}");
		if (last && ending != ENDING_END)
			return template_fail(r, r->p, NULL, "expected end; "
			    "found {{else}}");
	}
	r->skip = outer;
	r->depth--;
	return 0;
}

/* From behind {{ past }}, or past the whole block of an if. */
static int
run_action(struct template_run *r, enum ending *ending)
{
	if (strncmp(r->p, "/*", 2) == 0)
		return run_comment(r);
	if (keyword(r, "if"))
		return run_if(r);
	if (keyword(r, "end")) {
		*ending = ENDING_END;
		return template_close(r);
	}
	if (keyword(r, "else")) {
		*ending = keyword(r, "if") ? ENDING_ELSE_IF : ENDING_ELSE;
		return *ending == ENDING_ELSE ? template_close(r) : 0;
	}
	return run_pipe(r);
}

/* Up to the end of the text, or past an {{else}} or {{end}}. */
static int
run_list(struct template_run *r, enum ending *ending)
{
	*ending = ENDING_EOF;
	while (*r->p != '\0') {
		const char *open = strstr(r->p, "{{"), *end;
		bool trim;

		if (open == NULL)
			open = r->p + strlen(r->p);
		trim = *open != '\0' && open[2] == '-' &&
		    template_is_space(open[3]);
		for (end = open; trim && end != r->p &&
		    template_is_space(end[-1]); end--)
			;
		if (!r->skip && buffer_put(&r->out, r->p,
		    (size_t)(end - r->p)) == -1)
			return too_long(r);
		r->p = open;
		if (*open == '\0')
			break;
		r->p += trim ? 3 : 2;
		template_skip_space(r);
		if (run_action(r, ending) == -1)
			return -1;
		if (*ending != ENDING_EOF)
			break;
	}
	return 0;
}

char *
template_expand(const char *text, const struct template_data *data,
    template_warn_fn *warn, void *arg, struct error *err)
{
	struct error own;
	struct template_run r = {
		.text = text, .p = text, .data = data, .warn = warn,
		.arg = arg, .err = err != NULL ? err : &own,
	};
	enum ending ending;
	char *s = NULL;

	if (strlen(text) > SECRET_MAX) {
		error_set(err, ERROR_LIMIT, "template: out: the text is "
		    "longer than %u bytes, which is the limit", SECRET_MAX);
		return NULL;
	}
	buffer_init(&r.out, SECRET_MAX);
	r.out.secret = true;
	if (run_list(&r, &ending) == 0) {
		if (ending == ENDING_EOF)
			s = buffer_steal(&r.out);
		else
			template_fail(&r, r.p, NULL, "unexpected {{%s}}",
			    ending == ENDING_END ? "end" : "else");
	}
	buffer_free(&r.out);
	free(r.unset);
	return s;
}
