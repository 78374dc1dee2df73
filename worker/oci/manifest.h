/* SPDX-License-Identifier: Apache-2.0 */
/*
 * manifest.h - manifests and indexes (OCI image-spec; Docker image manifest
 * v2 schema 2 and manifest list; schema 1 as far as it can be read). The
 * bytes are kept as they came: a manifest that was not changed is pushed byte
 * for byte.
 */
#ifndef REGBOT_MANIFEST_H
#define REGBOT_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <json-c/json.h>

#include "common/error.h"
#include "common/image/signed.h"

enum manifest_kind {
	MANIFEST_OCI_IMAGE, MANIFEST_OCI_INDEX, MANIFEST_OCI_ARTIFACT,
	MANIFEST_DOCKER_IMAGE, MANIFEST_DOCKER_LIST, MANIFEST_DOCKER_V1,
	MANIFEST_DOCKER_V1_SIGNED
};

#define MEDIA_OCI_INDEX "application/vnd.oci.image.index.v1+json"
#define MEDIA_OCI_IMAGE "application/vnd.oci.image.manifest.v1+json"
#define MEDIA_OCI_ARTIFACT "application/vnd.oci.artifact.manifest.v1+json"
#define MEDIA_DOCKER_LIST \
	"application/vnd.docker.distribution.manifest.list.v2+json"
#define MEDIA_DOCKER_IMAGE \
	"application/vnd.docker.distribution.manifest.v2+json"
#define MEDIA_DOCKER_V1 "application/vnd.docker.distribution.manifest.v1+json"

struct platform {
	char *os, *arch, *variant, *os_version;	/* "" when absent */
	bool fits;	/* named by one word, such as "local": the rest is this
			 * machine's, and what fits it is meant */
};

struct descriptor {
	char *media_type;	/* "" when absent */
	char *digest;		/* valid by digest_valid */
	int64_t size;
	bool has_urls;		/* a foreign layer */
	bool has_platform;
	struct platform platform;
	json_object *json;	/* the whole of it; borrowed from the manifest */
};

struct manifest {
	enum manifest_kind kind;
	char *media_type;
	char *digest;		/* of bytes, computed here */
	char *bytes;
	size_t len;
	json_object *json;	/* parsed, not to be changed */
	bool placeholder;	/* says that it stands for a tag that is being
				 * deleted (placeholder.h) */
	struct descriptor *config;	/* NULL for an index and schema 1 */
	struct descriptor *layers;	/* image: layers; artifact: blobs */
	size_t nlayers;
	struct descriptor *children;	/* index: its manifests */
	size_t nchildren;
};

/* Checks bytes against expected ("" for none), then the media type (header
 * value, or what the body says, or a guess as regclient does), then the
 * structure and bounds. Copies the bytes. The caller frees it. */
struct manifest *manifest_parse(const char *bytes, size_t len,
    const char *media_type, const char *expected, struct error *err);
void manifest_free(struct manifest *m);		/* NULL is fine */
bool manifest_is_index(const struct manifest *m);
/* By media type alone (a Content-Type with its parameters is fine), for
 * descriptors in an index and answers to HEAD. */
int manifest_kind_parse(const char *media_type, enum manifest_kind *kind,
    struct error *err);
bool manifest_media_type_known(const char *media_type);

/* Platforms, as regclient compares them. */
int platform_parse(const char *s, struct platform *out, struct error *err);
void platform_free(struct platform *p);		/* its strings */
void platform_host(struct platform *out);	/* computed at start-up */
bool platform_equal(const struct platform *a, const struct platform *b);
bool platform_compatible(const struct platform *host,
    const struct platform *target);
char *platform_string(const struct platform *p);	/* caller frees */
/* The best child of an index for p, or NULL and "platform not found: ...". */
const struct descriptor *platform_select(const struct manifest *index,
    const struct platform *p, struct error *err);

#endif
