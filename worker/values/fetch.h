/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fetch.h - a manifest as a script asks for it: by HEAD, or by GET with the
 * platform of an index chosen; where a dry run moved it, from where it really
 * is.
 */
#ifndef REGBOT_FETCH_H
#define REGBOT_FETCH_H

#include <stdbool.h>

#include "worker/client/client.h"
#include "worker/lua/task.h"
#include "worker/values/value.h"

enum fetch_how {
	FETCH_HEAD,	/* without a body, unless no digest is told */
	FETCH_LIST,	/* an index stays one */
	FETCH_IMAGE	/* of an index, the platform's manifest */
};

struct fetch {
	struct task task;
	enum fetch_how how;
	bool resolved;		/* the second request, for a platform */
	char *platform;		/* as the script wrote it, "" for local */
	struct reference ref;
	struct client_call *call;
	struct unread *unread;	/* before anything else, or NULL */
	struct manifest_value value; /* the result */
	int arg;		/* for binding_with_manifest */
	lua_KFunction next;
};

/* Pushes the task and starts it. */
struct fetch *fetch_new(lua_State *L, const struct reference *ref,
    enum fetch_how how, const char *platform);

/* Where ref is to be read: itself, or what a dry run would have made of it.
 * ERROR_NOT_FOUND when a dry run would have deleted it; fails also for what
 * no registry can be asked. The caller frees *at on success. */
int fetch_place(const struct worker *w, const struct reference *ref,
    struct reference *at, struct error *err);
/* -1: a dry run would have deleted it. */
int fetch_deleted(struct error *err);
/* 0 when a registry can be asked about ref: no directory, a proper name. */
int fetch_askable(const struct reference *ref, struct error *err);

#endif
