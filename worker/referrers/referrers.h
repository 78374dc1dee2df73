/* SPDX-License-Identifier: Apache-2.0 */
/*
 * referrers.h - manifests that name another as their subject: how they are
 * listed, and how the list under the fallback tag is kept where a registry
 * has none of its own. Asynchronous, on the client; state per job.
 */
#ifndef REGBOT_REFERRERS_H
#define REGBOT_REFERRERS_H

#include <stdbool.h>
#include <stddef.h>

#include <json-c/json.h>

#include "common/buffer.h"
#include "common/error.h"
#include "common/reference.h"
#include "worker/job/worker.h"
#include "worker/oci/manifest.h"

/* descriptor.c */
/* The fallback tag of a subject's digest. The caller frees it. */
char *referrers_tag(const char *digest);
/* Whether tag has the form of one. */
bool referrers_is_tag(const char *tag);
/* The digest that m names as its subject, borrowed from m; NULL: none that is
 * valid. */
const char *referrers_subject(const struct manifest *m);
/* m as an index lists it, with its type and annotations. The caller puts
 * it. */
json_object *referrers_descriptor(const struct manifest *m);
/* "" when the descriptor has none; borrowed. */
const char *referrers_text(json_object *descriptor, const char *key);

/* lookup.c: what refers to a digest in ref's repository. */
struct referrers_lookup;
struct referrers_found {
	json_object *list;	/* array of descriptors, each digest once */
	bool api;		/* the registry's own list */
	bool foreign;		/* the fallback tag is no list of referrers */
};
/* type "" is any. done is called once, from the loop; *found is borrowed, and
 * empty where err->kind is not ERROR_NONE. In a dry run with what that would
 * have changed. */
struct referrers_lookup *referrers_lookup_new(struct worker *w,
    const struct reference *ref, const char *digest, const char *type,
    void (*done)(void *arg, const struct referrers_found *found,
    const struct error *err), void *arg);
/* Cancels it, or frees it after done. NULL is fine. */
void referrers_lookup_free(struct referrers_lookup *l);

/* This job knows that ref's registry has no list of its own. */
bool referrers_missing(struct worker *w, const struct reference *ref);

/* It has one, as an answer has shown. */
void referrers_registry_offers(struct worker *w,
    const struct reference *ref);
/* It knows that it has one. */
bool referrers_offered(struct worker *w, const struct reference *ref);

/* update.c: the list under the fallback tag. */
struct referrers_edit;
typedef void referrers_done(void *arg, const struct error *err);
/* Adds descriptor (which is kept alive) to the list of subject in ref's
 * repository, unless it is there. done is called from the loop once it is
 * written, or why not; then the edit no longer exists. NULL and *err when it
 * cannot even begin. */
struct referrers_edit *referrers_add(struct worker *w,
    const struct reference *ref, const char *subject,
    json_object *descriptor, referrers_done *done, void *arg,
    struct error *err);
/* Takes digest out, if there is such a list and it is there. */
struct referrers_edit *referrers_remove(struct worker *w,
    const struct reference *ref, const char *subject, const char *digest,
    referrers_done *done, void *arg, struct error *err);
/* done is not called; the edit is made all the same. NULL is fine. */
void referrers_forget(struct referrers_edit *e);

/* settle.c: at the end of a job. Waits until nothing that was written can be
 * lost any more, or with a warning until the job must stop. -1: something was
 * lost and could not be written again. */
int referrers_settle(struct worker *w, struct error *err);

/* pretend.c: in a dry run descriptor would be listed from now on. */
void referrers_pretend(struct worker *w, const struct reference *ref,
    const char *subject, json_object *descriptor);

void referrers_free(struct referrers *r);	/* NULL is fine */

#endif
