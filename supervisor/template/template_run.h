/* SPDX-License-Identifier: Apache-2.0 */
/* template_run.h - what the parts that carry out a template share. */
#ifndef REGBOT_TEMPLATE_RUN_H
#define REGBOT_TEMPLATE_RUN_H

#include "supervisor/template/template_private.h"

struct variable {
	const char *name;
	struct value value;
};

struct run {
	const char *text;
	config_warn_fn *warn;
	void *arg;
	struct error *err;
	struct value dot;	/* borrowed */
	struct value root;	/* what $ is */
	struct variable variables[TEMPLATE_VARIABLES_MAX];
	int nvariables;
	struct buffer out;
};

/* The pipe's value into *out, which the caller frees. */
int template_run_pipe(struct run *r, const struct pipe *pipe,
    struct value *out);

#endif
