/* SPDX-License-Identifier: Apache-2.0 */
/* manifest.c - manifests and indexes; see manifest.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "common/bounds.h"
#include "common/buffer.h"
#include "common/digest.h"
#include "common/image/placeholder.h"
#include "common/json.h"
#include "common/mem.h"
#include "common/image/signed.h"
#include "worker/oci/manifest.h"
#include "worker/oci/manifest_private.h"

bool
manifest_is_index(const struct manifest *m)
{
	return m->kind == MANIFEST_OCI_INDEX ||
	    m->kind == MANIFEST_DOCKER_LIST;
}

static int
get_size(json_object *o, const char *what, int64_t *out, struct error *err)
{
	json_object *v = NULL;

	json_object_object_get_ex(o, "size", &v);
	if (v == NULL)
		return 0;
	if (!json_object_is_type(v, json_type_int))
		return error_set(err, ERROR_INPUT, "%s: \"size\" is not a "
		    "whole number", what);
	errno = 0;
	*out = json_object_get_int64(v);
	if (errno != 0 || *out < 0 || *out == INT64_MAX)
		return error_set(err, ERROR_INPUT, "%s: \"size\" is not a "
		    "possible size", what);
	return 0;
}

static int
platform_read(json_object *o, const char *what, struct platform *p,
    struct error *err)
{
	if (!json_object_is_type(o, json_type_object))
		return error_set(err, ERROR_INPUT, "%s: \"platform\" is not "
		    "an object", what);
	if (manifest_string(o, "os", PLATFORM_PART_MAX, what, &p->os, err) == -1 ||
	    manifest_string(o, "architecture", PLATFORM_PART_MAX, what, &p->arch,
	    err) == -1 ||
	    manifest_string(o, "variant", PLATFORM_PART_MAX, what, &p->variant,
	    err) == -1 ||
	    manifest_string(o, "os.version", PLATFORM_PART_MAX, what,
	    &p->os_version, err) == -1)
		return -1;
	return 0;
}

static void
descriptor_clear(struct descriptor *d)
{
	free(d->media_type);
	free(d->digest);
	platform_free(&d->platform);
}

/* Fills d; what has been filled is the caller's to clear, also on failure. */
static int
descriptor_read(json_object *o, const char *what, struct descriptor *d,
    struct error *err)
{
	json_object *v = NULL;

	if (!json_object_is_type(o, json_type_object))
		return error_set(err, ERROR_INPUT, "%s is not an object", what);
	d->json = o;
	if (manifest_string(o, "mediaType", MEDIA_TYPE_MAX, what, &d->media_type,
	    err) == -1 ||
	    manifest_string(o, "digest", DIGEST_MAX, what, &d->digest, err) == -1 ||
	    get_size(o, what, &d->size, err) == -1)
		return -1;
	if (!digest_valid(d->digest))
		return error_set(err, ERROR_INPUT, "%s: \"%s\" is not a "
		    "digest", what, d->digest);
	if (json_object_object_get_ex(o, "urls", &v) && v != NULL) {
		if (!json_object_is_type(v, json_type_array))
			return error_set(err, ERROR_INPUT, "%s: \"urls\" is "
			    "not a list", what);
		d->has_urls = json_object_array_length(v) > 0;
	}
	if (json_object_object_get_ex(o, "platform", &v) && v != NULL) {
		d->has_platform = true;
		return platform_read(v, what, &d->platform, err);
	}
	return 0;
}

/* In messages entries are counted from 1, as in Lua. */
static int
list_read(json_object *o, const char *key, size_t max,
    struct descriptor **list, size_t *n, struct error *err)
{
	json_object *v = NULL;
	char what[64];
	size_t len, i;

	if (!json_object_object_get_ex(o, key, &v) || v == NULL)
		return 0;
	if (!json_object_is_type(v, json_type_array))
		return error_set(err, ERROR_INPUT, "the manifest's \"%s\" is "
		    "not a list", key);
	len = json_object_array_length(v);
	if (len > max)
		return error_set(err, ERROR_LIMIT, "the manifest's \"%s\" has "
		    "%zu entries, at most %zu are read", key, len, max);
	*list = mem_array(len > 0 ? len : 1, sizeof(**list));
	for (i = 0; i < len; i++) {
		*n = i + 1;
		snprintf(what, sizeof(what), "the manifest's %s[%zu]", key,
		    i + 1);
		if (descriptor_read(json_object_array_get_idx(v, i), what,
		    &(*list)[i], err) == -1)
			return -1;
	}
	return 0;
}

static int
image_read(struct manifest *m, struct error *err)
{
	json_object *v = NULL;

	json_object_object_get_ex(m->json, "config", &v);
	if (v == NULL)
		return error_set(err, ERROR_INPUT, "the manifest has no "
		    "\"config\"");
	m->config = mem_alloc(sizeof(*m->config));
	if (descriptor_read(v, "the manifest's config", m->config, err) == -1)
		return -1;
	return list_read(m->json, "layers", IMAGE_LAYERS_MAX, &m->layers,
	    &m->nlayers, err);
}

/* Schema 1 has digests only, once for each layer. */
static int
schema1_read(struct manifest *m, struct error *err)
{
	json_object *list = NULL, *o;
	char what[64];
	size_t n, i;

	json_object_object_get_ex(m->json, "fsLayers", &list);
	if (!json_object_is_type(list, json_type_array))
		return error_set(err, ERROR_INPUT, "the manifest's "
		    "\"fsLayers\" is not a list");
	if ((n = json_object_array_length(list)) > IMAGE_LAYERS_MAX)
		return error_set(err, ERROR_LIMIT, "the manifest has %zu "
		    "layers, at most %d are read", n, IMAGE_LAYERS_MAX);
	m->layers = mem_array(n > 0 ? n : 1, sizeof(*m->layers));
	for (i = 0; i < n; i++) {
		struct descriptor *d = &m->layers[i];

		m->nlayers = i + 1;
		snprintf(what, sizeof(what), "the manifest's fsLayers[%zu]",
		    i + 1);
		o = json_object_array_get_idx(list, i);
		if (!json_object_is_type(o, json_type_object))
			return error_set(err, ERROR_INPUT, "%s is not an "
			    "object", what);
		d->json = o;
		d->media_type = mem_strdup("");
		if (manifest_string(o, "blobSum", DIGEST_MAX, what, &d->digest,
		    err) == -1)
			return -1;
		if (!digest_valid(d->digest))
			return error_set(err, ERROR_INPUT, "%s: \"%s\" is not "
			    "a digest", what, d->digest);
	}
	return 0;
}

static int
structure_read(struct manifest *m, struct error *err)
{
	switch (m->kind) {
	case MANIFEST_OCI_IMAGE:
	case MANIFEST_DOCKER_IMAGE:
		return image_read(m, err);
	case MANIFEST_OCI_INDEX:
	case MANIFEST_DOCKER_LIST:
		return list_read(m->json, "manifests", INDEX_MANIFESTS_MAX,
		    &m->children, &m->nchildren, err);
	case MANIFEST_OCI_ARTIFACT:
		return list_read(m->json, "blobs", IMAGE_LAYERS_MAX,
		    &m->layers, &m->nlayers, err);
	case MANIFEST_DOCKER_V1:
	case MANIFEST_DOCKER_V1_SIGNED:
		return schema1_read(m, err);
	}
	return error_set(err, ERROR_INPUT, "unsupported manifest");
}

/*
 * The digest is over the bytes; of signed schema 1 over what was signed. It
 * is looked at before anything is parsed, except where only the signed
 * payload can match.
 */
static int
digest_check(struct manifest *m, const char *expected, struct error *err)
{
	char out[DIGEST_MAX + 1];
	struct digest *d;

	if ((d = digest_new(expected[0] != '\0' ? expected : "sha256")) ==
	    NULL)
		return error_set(err, ERROR_INPUT, "\"%.160s\" is not a "
		    "digest", expected);
	digest_add(d, m->bytes, m->len);
	digest_final(d, out);
	digest_free(d);
	if (expected[0] != '\0' && strcmp(expected, out) != 0)
		return error_set(err, ERROR_DIGEST, "manifest digest "
		    "mismatch, expected %.160s, computed %s", expected, out);
	m->digest = mem_strdup(out);
	return 0;
}

static int
signed_digest_check(struct manifest *m, const char *expected,
    struct error *err)
{
	char out[DIGEST_MAX + 1];
	struct buffer payload;
	struct digest *d;
	int rv;

	buffer_init(&payload, 0);
	if (signed_payload(m->json, m->bytes, m->len, &payload,
	    err) == -1) {
		buffer_free(&payload);
		return -1;
	}
	d = digest_new(expected[0] != '\0' ? expected : "sha256");
	digest_add(d, buffer_str(&payload), payload.len);
	digest_final(d, out);
	digest_free(d);
	buffer_free(&payload);
	free(m->digest);
	m->digest = mem_strdup(out);
	rv = expected[0] == '\0' || strcmp(expected, out) == 0 ? 0 : -1;
	if (rv == -1)
		error_set(err, ERROR_DIGEST, "manifest digest mismatch, "
		    "expected %.160s, computed %s", expected, out);
	return rv;
}

static bool
says_placeholder(const struct manifest *m)
{
	json_object *v = NULL;

	return json_object_object_get_ex(m->json, "annotations", &v) &&
	    json_object_is_type(v, json_type_object) &&
	    json_object_object_get_ex(v, PLACEHOLDER_ANNOTATION, NULL);
}

struct manifest *
manifest_parse(const char *bytes, size_t len, const char *media_type,
    const char *expected, struct error *err)
{
	struct manifest *m;
	bool may_be_signed;

	if (len > MANIFEST_GET_MAX) {
		error_set(err, ERROR_LIMIT, "the manifest is larger than %u "
		    "bytes", MANIFEST_GET_MAX);
		return NULL;
	}
	m = mem_alloc(sizeof(*m));
	m->bytes = mem_alloc(len + 1);
	if (len > 0)
		memcpy(m->bytes, bytes, len);
	m->len = len;
	may_be_signed = manifest_may_be_signed(media_type);
	if (!may_be_signed && digest_check(m, expected, err) == -1)
		goto fail;
	m->json = json_parse(m->bytes, len, JSON_BYTES_MAX, "the manifest",
	    err);
	if (m->json == NULL)
		goto fail;
	if (!json_object_is_type(m->json, json_type_object)) {
		error_set(err, ERROR_INPUT, "the manifest is not a JSON "
		    "object");
		goto fail;
	}
	if (manifest_type_decide(m, media_type, err) == -1)
		goto fail;
	if (m->kind == MANIFEST_DOCKER_V1_SIGNED) {
		if (signed_digest_check(m, expected, err) == -1)
			goto fail;
	} else if (may_be_signed && digest_check(m, expected, err) == -1)
		goto fail;
	if (structure_read(m, err) == -1)
		goto fail;
	m->placeholder = says_placeholder(m);
	return m;
fail:
	manifest_free(m);
	return NULL;
}

void
manifest_free(struct manifest *m)
{
	size_t i;

	if (m == NULL)
		return;
	if (m->config != NULL)
		descriptor_clear(m->config);
	free(m->config);
	for (i = 0; i < m->nlayers; i++)
		descriptor_clear(&m->layers[i]);
	free(m->layers);
	for (i = 0; i < m->nchildren; i++)
		descriptor_clear(&m->children[i]);
	free(m->children);
	json_object_put(m->json);
	free(m->media_type);
	free(m->digest);
	free(m->bytes);
	free(m);
}
