/* SPDX-License-Identifier: Apache-2.0 */
/* fetch.c - a manifest as a script asks for it; see fetch.h. */
#include <stdlib.h>
#include <string.h>

#include "common/buffer.h"
#include "common/digest.h"
#include "common/mem.h"
#include "common/wire/log_record.h"
#include "worker/job/overlay.h"
#include "worker/job/unfinished.h"
#include "worker/job/unread.h"
#include "worker/lua/shape.h"
#include "worker/values/fetch.h"

static void fetch_begin(void *arg);
static void fetch_get(struct fetch *f);

static void
fetch_release(struct task *t)
{
	struct fetch *f = (struct fetch *)t;

	call_cancel(f->call);
	f->call = NULL;
	unread_free(f->unread);
	f->unread = NULL;
	free(f->platform);
	reference_free(&f->ref);
	value_clear_manifest(&f->value);
}

int
fetch_askable(const struct reference *ref, struct error *err)
{
	char *s;

	if (ref->ocidir) {
		s = reference_string(ref);
		error_set(err, ERROR_DENIED, "%s: this regbot works with "
		    "registries only, not with directories (ocidir://)", s);
		free(s);
		return -1;
	}
	if (*ref->digest != '\0' && !digest_valid(ref->digest))
		return error_set(err, ERROR_INPUT, "\"%.160s\" is not a "
		    "digest", ref->digest);
	if (*ref->digest == '\0' && !reference_valid_tag(ref->tag))
		return error_set(err, ERROR_INPUT, "\"%.160s\" is not a tag",
		    ref->tag);
	return 0;
}

int
fetch_deleted(struct error *err)
{
	error_set(err, ERROR_NOT_FOUND, "request failed: not found "
	    "[http 404]: deleted earlier in this dry run");
	err->http = 404;
	return -1;
}

int
fetch_place(const struct worker *w, const struct reference *ref,
    struct reference *at, struct error *err)
{
	if (fetch_askable(ref, err) == -1)
		return -1;
	if (w->overlay == NULL) {
		reference_copy(at, ref);
		return 0;
	}
	switch (overlay_find(w->overlay, ref, at)) {
	case OVERLAY_DELETED:
		return fetch_deleted(err);
	case OVERLAY_MOVED:
		return 0;
	case OVERLAY_UNKNOWN:
		reference_copy(at, ref);
		return 0;
	}
	return 0;
}

/* With a manifest, all its tags would be gone: -1 for a tag that turns out to
 * be one of these. */
static int
fetch_still_there(const struct fetch *f, const char *digest,
    struct error *err)
{
	struct overlay *o = f->task.w->overlay;
	struct reference real = { .ocidir = false };
	enum overlay_state state;

	if (o == NULL || *f->value.at.digest != '\0')
		return 0;
	overlay_seen(o, &f->value.at, digest);
	state = overlay_find(o, &f->value.at, &real);
	reference_free(&real);
	return state == OVERLAY_DELETED ? fetch_deleted(err) : 0;
}

static void
keep_rate(struct fetch *f, struct answer *a)
{
	struct manifest_value *v = &f->value;

	if (!a->rate.set)
		return;
	free(v->rate.policies);
	v->rate = a->rate;
	v->rate.policies = mem_strdup(a->rate.policies);
}

static void
warn_platform(struct fetch *f, const char *why)
{
	struct log_record r;

	log_record_init(&r, LOG_WARN, "Could not parse platform");
	log_record_string(&r, "platform", f->platform);
	log_record_string(&r, "err", why);
	worker_log(f->task.w, &r);
}

/* A dry run has deleted it, and nothing brought it back. */
static bool
fetch_child_deleted(const struct fetch *f)
{
	const struct overlay *o = f->task.w->overlay;
	struct reference real = { .ocidir = false };
	enum overlay_state state;

	if (o == NULL || overlay_unread(o, &f->ref, false) != NULL)
		return false;
	state = overlay_find(o, &f->ref, &real);
	reference_free(&real);
	return state == OVERLAY_DELETED;
}

/* The caller frees it. */
static char *
fetch_getting(const struct fetch *f)
{
	char *name = reference_string(&f->ref);
	char *text = mem_printf("failed to get manifest %s", name);

	free(name);
	return text;
}

/* Goes on with the platform's manifest; only one level is resolved. */
static void
fetch_resolve(struct fetch *f)
{
	struct manifest_value *v = &f->value;
	const struct descriptor *d;
	struct platform p;
	struct error err;

	if (*f->platform == '\0')
		platform_host(&p);
	else if (platform_parse(f->platform, &p, &err) == -1) {
		warn_platform(f, err.text);
		platform_host(&p);
	}
	d = platform_select(v->m, &p, &err);
	platform_free(&p);
	if (d == NULL) {
		task_doing(&f->task, NULL);
		task_done(&f->task, &err);
		return;
	}
	f->resolved = true;
	v->guessed = *f->platform == '\0';
	reference_add_digest(&v->at, d->digest);
	reference_add_digest(&f->ref, d->digest);
	if (fetch_child_deleted(f)) {
		(void)fetch_deleted(&err);
		task_doing(&f->task, fetch_getting(f));
		task_done(&f->task, &err);
		return;
	}
	manifest_free(v->m);
	v->m = NULL;
	fetch_get(f);
}

static void
fetch_finished(void *arg, struct answer *a)
{
	struct fetch *f = arg;
	struct error err;

	f->call = NULL;
	unfinished_error(&a->err, &err);
	task_done(&f->task, &err);
}

static void
fetch_unfinished(struct fetch *f)
{
	struct manifest_value *v = &f->value;
	struct error err;

	if (unfinished_deletable(f->task.w, v->m, &v->at)) {
		f->call = unfinished_delete(f->task.w, v->m, &v->at,
		    fetch_finished, f);
		return;
	}
	unfinished_error(NULL, &err);
	task_done(&f->task, &err);
}

/* The manifest is there: v->m. */
static void
fetch_take(struct fetch *f)
{
	struct manifest_value *v = &f->value;
	struct error err;

	if (fetch_still_there(f, v->m->digest, &err) == -1) {
		task_done(&f->task, &err);
		return;
	}
	if (v->m->placeholder) {
		fetch_unfinished(f);
		return;
	}
	if (f->how == FETCH_IMAGE && !f->resolved &&
	    manifest_is_index(v->m)) {
		fetch_resolve(f);
		return;
	}
	v->kind = v->m->kind;
	if (shape_check(shape_of_kind(v->kind), v->m->json, &err) == -1) {
		task_done(&f->task, &err);
		return;
	}
	v->media_type = mem_strdup(v->m->media_type);
	v->digest = mem_strdup(v->m->digest);
	v->size = (int64_t)v->m->len;
	task_done(&f->task, NULL);
}

static void
fetch_got(void *arg, struct answer *a)
{
	struct fetch *f = arg;
	struct manifest_value *v = &f->value;
	const char *expected;
	struct error err;

	f->call = NULL;
	if (a->err.kind != ERROR_NONE) {
		task_done(&f->task, &a->err);
		return;
	}
	keep_rate(f, a);
	expected = *v->at.digest != '\0' ? v->at.digest :
	    digest_valid(a->digest) ? a->digest : "";
	v->m = manifest_parse(buffer_str(&a->body), a->body.len,
	    a->media_type, expected, &err);
	if (v->m != NULL)
		fetch_take(f);
	else
		task_done(&f->task, &err);
}

/* What a script changed and a dry run pretends to have put. */
static bool
fetch_kept(struct fetch *f)
{
	const struct overlay *o = f->task.w->overlay;
	struct manifest_value *v = &f->value;
	const struct overlay_content *c;
	struct error err;

	if (o == NULL || (c = overlay_kept(o, v->at.digest)) == NULL)
		return false;
	v->m = manifest_parse(c->bytes, c->len, c->media_type, c->digest,
	    &err);
	if (v->m == NULL)
		task_done(&f->task, &err);
	else
		fetch_take(f);
	if (f->how == FETCH_HEAD) {
		manifest_free(v->m);
		v->m = NULL;
	}
	return true;
}

static void
fetch_get(struct fetch *f)
{
	task_doing(&f->task, fetch_getting(f));
	if (!fetch_kept(f))
		f->call = client_manifest_get(f->task.w->client,
		    &f->value.at, fetch_got, f);
}

static void
fetch_head_done(void *arg, struct answer *a)
{
	struct fetch *f = arg;
	struct manifest_value *v = &f->value;
	struct error err;

	f->call = NULL;
	if (a->err.kind != ERROR_NONE) {
		task_done(&f->task, &a->err);
		return;
	}
	keep_rate(f, a);
	if (!digest_valid(a->digest)) {
		fetch_get(f);
		return;
	}
	if (*v->at.digest != '\0' && strcmp(v->at.digest, a->digest) != 0) {
		error_set(&err, ERROR_DIGEST, "manifest digest mismatch, "
		    "expected %s, received %s", v->at.digest, a->digest);
		task_done(&f->task, &err);
		return;
	}
	if (fetch_still_there(f, a->digest, &err) == -1 ||
	    manifest_kind_parse(a->media_type, &v->kind, &err) == -1) {
		task_done(&f->task, &err);
		return;
	}
	v->media_type = mem_strdup(a->media_type);
	v->media_type[strcspn(v->media_type, "; ")] = '\0';
	v->digest = mem_strdup(a->digest);
	v->size = a->size >= 0 ? a->size : 0;
	task_done(&f->task, NULL);
}

/* What a dry run pretends is known as far as it matters. */
static void
fetch_begin(void *arg)
{
	struct fetch *f = arg;
	struct error err;

	if (fetch_place(f->task.w, &f->value.ref, &f->value.at, &err) == -1)
		task_done(&f->task, &err);
	else if (f->how != FETCH_HEAD)
		fetch_get(f);
	else if (!fetch_kept(f))
		f->call = client_manifest_head(f->task.w->client,
		    &f->value.at, fetch_head_done, f);
}

struct fetch *
fetch_new(lua_State *L, const struct reference *ref, enum fetch_how how,
    const char *platform)
{
	struct fetch *f = task_new(L, sizeof(*f), fetch_release);
	struct error err;
	char *name;

	f->how = how;
	f->platform = mem_strdup(platform);
	reference_copy(&f->ref, ref);
	reference_copy(&f->value.ref, ref);
	name = reference_string(ref);
	task_doing(&f->task, mem_printf("failed to %s %s", how == FETCH_HEAD ?
	    "request manifest head" : "get manifest", name));
	free(name);
	if (fetch_askable(ref, &err) == -1)
		task_done(&f->task, &err);
	else if ((f->unread = unread_start(f->task.w, ref, false, fetch_begin,
	    f)) == NULL)
		fetch_begin(f);
	return f;
}
