/* SPDX-License-Identifier: Apache-2.0 */
/* copyrig.c - image.copy between two registries in memory. */
#include "tests/unit/client/copyrig.h"

#include <criterion/criterion.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/digest.h"
#include "common/mem.h"
#include "worker/copy/known.h"
#include "worker/oci/manifest.h"

struct rig *rig;

void
rig_append(char **where, const char *fmt, ...)
{
	char line[4096], *all;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	all = mem_printf("%s%s\n", *where, line);
	free(*where);
	*where = all;
}

struct rig_manifest *
rig_find(const char *repository, const char *tag, const char *digest)
{
	struct rig_manifest *m;

	for (m = rig->manifests; m != NULL; m = m->next)
		if (strcmp(m->repository, repository) == 0 &&
		    (digest[0] != '\0' ? strcmp(m->digest, digest) == 0 :
		    strcmp(m->tag, tag) == 0))
			return m;
	return NULL;
}

void
rig_add_blob(const char *repository, const char *digest, int64_t size)
{
	struct rig_blob *b;

	if (rig_has_blob(repository, digest))
		return;
	b = mem_alloc(sizeof(*b));
	b->repository = mem_strdup(repository);
	b->digest = mem_strdup(digest);
	b->size = size;
	b->next = rig->blobs;
	rig->blobs = b;
}

void
rig_start(void)
{
	rig = mem_alloc(sizeof(*rig));
	rig->w.loop = loop_new();
	rig->trace = mem_strdup("");
	rig->logs = mem_strdup("");
	rig_calls_start();
}

void
rig_stop(void)
{
	struct rig_manifest *m;
	struct rig_blob *b;

	cr_expect_eq(rig->calls_now, 0u, "%u calls are left",
	    rig->calls_now);
	cr_expect(!rig->slot_held);
	while ((m = rig->manifests) != NULL) {
		rig->manifests = m->next;
		free(m->repository);
		free(m->tag);
		free(m->digest);
		free(m->media_type);
		free(m->bytes);
		free(m);
	}
	while ((b = rig->blobs) != NULL) {
		rig->blobs = b->next;
		free(b->repository);
		free(b->digest);
		free(b);
	}
	known_free(rig->w.known);
	overlay_free(rig->w.overlay);
	loop_free(rig->w.loop);
	free(rig->trace);
	free(rig->logs);
	free(rig);
	rig = NULL;
}

char *
rig_blob(const char *repository, const char *content)
{
	char digest[DIGEST_MAX + 1];

	digest_of(content, strlen(content), digest);
	rig_add_blob(repository, digest, (int64_t)strlen(content));
	return mem_strdup(digest);
}

char *
rig_manifest(const char *repository, const char *tag, const char *media_type,
    const char *bytes)
{
	struct rig_manifest *m = mem_alloc(sizeof(*m)), *old;
	char digest[DIGEST_MAX + 1];

	digest_of(bytes, strlen(bytes), digest);
	if (tag[0] != '\0' && (old = rig_find(repository, tag, "")) != NULL)
		old->tag[0] = '\0';
	m->repository = mem_strdup(repository);
	m->tag = mem_strdup(tag);
	m->digest = mem_strdup(digest);
	m->media_type = mem_strdup(media_type);
	m->bytes = mem_strdup(bytes);
	m->next = rig->manifests;
	rig->manifests = m;
	return mem_strdup(digest);
}

char *
rig_image(const char *repository, const char *tag, const char *seed,
    int layers)
{
	char *json, *next, *name, *digest;

	name = mem_printf("config of %s", seed);
	digest = rig_blob(repository, name);
	json = mem_printf("{\"schemaVersion\":2,\"mediaType\":\"%s\","
	    "\"config\":{\"mediaType\":"
	    "\"application/vnd.oci.image.config.v1+json\","
	    "\"digest\":\"%s\",\"size\":%zu},\"layers\":[", MEDIA_OCI_IMAGE,
	    digest, strlen(name));
	for (int i = 1; i <= layers; i++) {
		free(name);
		free(digest);
		name = mem_printf("%s-%d", seed, i);
		digest = rig_blob(repository, name);
		next = mem_printf("%s%s{\"mediaType\":"
		    "\"application/vnd.oci.image.layer.v1.tar+gzip\","
		    "\"digest\":\"%s\",\"size\":%zu}", json,
		    i > 1 ? "," : "", digest, strlen(name));
		free(json);
		json = next;
	}
	next = mem_printf("%s]}", json);
	free(json);
	free(name);
	free(digest);
	digest = rig_manifest(repository, tag, MEDIA_OCI_IMAGE, next);
	free(next);
	return digest;
}

char *
rig_index(const char *repository, const char *tag, int n, char **digests,
    const char **platforms)
{
	char *json, *next, *digest, os[32], arch[32];
	struct rig_manifest *m;

	json = mem_printf("{\"schemaVersion\":2,\"mediaType\":\"%s\","
	    "\"manifests\":[", MEDIA_OCI_INDEX);
	for (int i = 0; i < n; i++) {
		m = rig_find(repository, "", digests[i]);
		cr_assert_not_null(m);
		next = mem_printf("%s%s{\"mediaType\":\"%s\",\"digest\":"
		    "\"%s\",\"size\":%zu", json, i > 0 ? "," : "",
		    m->media_type, digests[i], strlen(m->bytes));
		free(json);
		json = next;
		if (platforms != NULL && platforms[i] != NULL) {
			cr_assert_eq(sscanf(platforms[i], "%31[^/]/%31s", os,
			    arch), 2);
			next = mem_printf("%s,\"platform\":{\"os\":\"%s\","
			    "\"architecture\":\"%s\"}", json, os, arch);
			free(json);
			json = next;
		}
		next = mem_printf("%s}", json);
		free(json);
		json = next;
	}
	next = mem_printf("%s]}", json);
	free(json);
	digest = rig_manifest(repository, tag, MEDIA_OCI_INDEX, next);
	free(next);
	return digest;
}

const char *
rig_tag(const char *s)
{
	struct reference ref;
	struct error err;
	struct rig_manifest *m;
	char *repository;

	cr_assert_eq(reference_parse(s, &ref, &err), 0, "%s", err.text);
	repository = reference_repository(&ref);
	m = rig_find(repository, ref.tag, ref.digest);
	free(repository);
	reference_free(&ref);
	return m != NULL ? m->digest : "";
}

bool
rig_has_blob(const char *repository, const char *digest)
{
	struct rig_blob *b;

	for (b = rig->blobs; b != NULL; b = b->next)
		if (strcmp(b->repository, repository) == 0 &&
		    strcmp(b->digest, digest) == 0)
			return true;
	return false;
}

static void
copy_done(void *arg, const struct error *err)
{
	(void)arg;
	rig->done++;
	rig->err = *err;
}

struct copy *
rig_begin(const char *src, const char *dst, const struct copy_options *o)
{
	struct reference s, d;
	struct error err;
	struct copy *c;

	free(rig->trace);
	free(rig->logs);
	rig->trace = mem_strdup("");
	rig->logs = mem_strdup("");
	rig->done = 0;
	cr_assert_eq(reference_parse(src, &s, &err), 0, "%s", err.text);
	cr_assert_eq(reference_parse(dst, &d, &err), 0, "%s", err.text);
	c = copy_start(&rig->w, &s, &d, o, copy_done, NULL);
	reference_free(&s);
	reference_free(&d);
	return c;
}

int
rig_copy(const char *src, const char *dst, const struct copy_options *o)
{
	struct copy *c = rig_begin(src, dst, o);

	cr_assert_eq(rig->done, 0u);
	for (int i = 0; rig->done == 0 && i < 20000; i++)
		loop_step(rig->w.loop, 0);
	cr_assert_eq(rig->done, 1u, "the copy does not end:\n%s", rig->trace);
	rig->result = *copy_result(c);
	copy_free(c);
	return rig->err.kind == ERROR_NONE ? 0 : -1;
}

static int
scan(const char *operation, unsigned *count)
{
	const char *p = rig->trace;
	int first = -1, line = 0;

	*count = 0;
	for (; *p != '\0'; p = strchr(p, '\n') + 1, line++)
		if (strncmp(p, operation, strlen(operation)) == 0) {
			if ((*count)++ == 0)
				first = line;
		}
	return first;
}

unsigned
rig_count(const char *operation)
{
	unsigned n;

	(void)scan(operation, &n);
	return n;
}

int
rig_line(const char *operation)
{
	unsigned n;

	return scan(operation, &n);
}
