/* SPDX-License-Identifier: Apache-2.0 */
/* manifest_refer.c - see manifest_refer.h. */
#include "worker/modules/manifest_refer.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"

static void
listed(void *request, const struct error *err)
{
	struct binding_request *q = request;

	q->edit = NULL;
	task_done(&q->task, err->kind != ERROR_NONE ? err : NULL);
}

/* The manifest's place in its subject's list, unless told says that the
 * registry has seen to that. */
static void
put_done(void *request, struct answer *a)
{
	struct binding_request *q = request;
	struct error err = { .kind = ERROR_NONE };

	if (a->err.kind != ERROR_NONE || q->subject == NULL ||
	    (a->subject != NULL && strcmp(a->subject, q->subject) == 0)) {
		binding_request_done(q, a);
		return;
	}
	q->call = NULL;
	q->digest = mem_strdup(a->digest);
	q->edit = referrers_add(q->task.w, &q->ref, q->subject,
	    q->descriptor, listed, q, &err);
	if (q->edit == NULL)
		task_done(&q->task, &err);
}

void
manifest_refer_put(struct binding_request *q, const struct manifest_value *v,
    const struct reference *ref)
{
	const char *subject = referrers_subject(v->m);

	reference_copy(&q->ref, ref);
	q->subject = mem_strdup(subject);
	q->descriptor = subject != NULL ? referrers_descriptor(v->m) : NULL;
	q->call = client_manifest_put(q->task.w->client, ref, v->media_type,
	    v->digest, v->m->bytes, v->m->len, put_done, q);
}

void
manifest_refer_pretend(struct worker *w, const struct manifest_value *v,
    const struct reference *ref)
{
	const char *subject = referrers_subject(v->m);
	json_object *d;

	if (subject == NULL)
		return;
	d = referrers_descriptor(v->m);
	referrers_pretend(w, ref, subject, d);
	json_object_put(d);
}

static void
delete_done(void *request, struct answer *a)
{
	struct binding_request *q = request;
	struct error err = { .kind = ERROR_NONE };

	if (a->err.kind != ERROR_NONE || q->subject == NULL ||
	    referrers_offered(q->task.w, &q->ref)) {
		binding_request_done(q, a);
		return;
	}
	q->call = NULL;
	task_doing(&q->task, mem_strdup("it is deleted, but not taken out of "
	    "the list of what refers to its subject"));
	q->edit = referrers_remove(q->task.w, &q->ref, q->subject,
	    q->ref.digest, listed, q, &err);
	if (q->edit == NULL)
		task_done(&q->task, &err);
}

static void
delete_it(struct binding_request *q)
{
	q->call = client_manifest_delete(q->task.w->client, &q->ref,
	    q->ref.digest, delete_done, q);
}

static void
take_subject(struct binding_request *q, const struct manifest *m)
{
	if (m != NULL)
		q->subject = mem_strdup(referrers_subject(m));
}

/* If it cannot be read, the answer to the DELETE will say why. */
static void
subject_got(void *request, struct answer *a)
{
	struct binding_request *q = request;
	struct manifest *m = NULL;
	struct error err;

	if (a->err.kind == ERROR_NONE)
		m = manifest_parse(buffer_str(&a->body), a->body.len,
		    a->media_type, q->ref.digest, &err);
	take_subject(q, m);
	manifest_free(m);
	delete_it(q);
}

static bool
may_refer(enum manifest_kind kind)
{
	return kind == MANIFEST_OCI_IMAGE || kind == MANIFEST_OCI_INDEX ||
	    kind == MANIFEST_OCI_ARTIFACT;
}

void
manifest_refer_delete(struct binding_request *q,
    const struct manifest_value *v, const struct reference *ref)
{
	reference_copy(&q->ref, ref);
	reference_set_digest(&q->ref, v->digest);
	take_subject(q, v->m);
	if (v->m == NULL && may_refer(v->kind) &&
	    !referrers_offered(q->task.w, ref))
		q->call = client_manifest_get(q->task.w->client, &q->ref,
		    subject_got, q);
	else
		delete_it(q);
}
