/* SPDX-License-Identifier: Apache-2.0 */
/* shape.c - the shapes of manifests and configs; see shape.h. */
#include <errno.h>
#include <string.h>

#include "worker/lua/shape.h"
#include "worker/oci/manifest_private.h"

static const struct shape_field platform_fields[] = {
	{ "Architecture", "architecture", SHAPE_STRING, 0, NULL },
	{ "OS", "os", SHAPE_STRING, 0, NULL },
	{ "OSVersion", "os.version", SHAPE_STRING, SHAPE_OMIT, NULL },
	{ "OSFeatures", "os.features", SHAPE_STRINGS, SHAPE_OMIT, NULL },
	{ "Variant", "variant", SHAPE_STRING, SHAPE_OMIT, NULL },
	{ "Features", "features", SHAPE_STRINGS, SHAPE_OMIT, NULL },
	{ NULL, NULL, 0, 0, NULL }
};
static const struct shape shape_platform = { "platform", platform_fields };

static const struct shape_field descriptor_fields[] = {
	{ "MediaType", "mediaType", SHAPE_STRING, 0, NULL },
	{ "Digest", "digest", SHAPE_STRING, 0, NULL },
	{ "Size", "size", SHAPE_INT, 0, NULL },
	{ "URLs", "urls", SHAPE_STRINGS, SHAPE_OMIT, NULL },
	{ "Annotations", "annotations", SHAPE_MAP, SHAPE_OMIT, NULL },
	{ "Data", "data", SHAPE_BYTES, SHAPE_OMIT, NULL },
	{ "Platform", "platform", SHAPE_STRUCT, SHAPE_OMIT | SHAPE_POINTER,
	    &shape_platform },
	{ "ArtifactType", "artifactType", SHAPE_STRING, SHAPE_OMIT, NULL },
	{ NULL, NULL, 0, 0, NULL }
};
const struct shape shape_descriptor = { "descriptor", descriptor_fields };

static const struct shape_field oci_versioned_fields[] = {
	{ "SchemaVersion", "schemaVersion", SHAPE_INT, 0, NULL },
	{ NULL, NULL, 0, 0, NULL }
};
static const struct shape oci_versioned = { "manifest", oci_versioned_fields };

static const struct shape_field docker_versioned_fields[] = {
	{ "SchemaVersion", "schemaVersion", SHAPE_INT, 0, NULL },
	{ "MediaType", "mediaType", SHAPE_STRING, SHAPE_OMIT, NULL },
	{ NULL, NULL, 0, 0, NULL }
};
static const struct shape docker_versioned = { "manifest",
    docker_versioned_fields };

static const struct shape_field oci_image_fields[] = {
	{ "Versioned", NULL, SHAPE_STRUCT, SHAPE_EMBEDDED, &oci_versioned },
	{ "MediaType", "mediaType", SHAPE_STRING, SHAPE_OMIT, NULL },
	{ "ArtifactType", "artifactType", SHAPE_STRING, SHAPE_OMIT, NULL },
	{ "Config", "config", SHAPE_STRUCT, 0, &shape_descriptor },
	{ "Layers", "layers", SHAPE_STRUCTS, 0, &shape_descriptor },
	{ "Subject", "subject", SHAPE_STRUCT, SHAPE_OMIT | SHAPE_POINTER,
	    &shape_descriptor },
	{ "Annotations", "annotations", SHAPE_MAP, SHAPE_OMIT, NULL },
	{ NULL, NULL, 0, 0, NULL }
};

static const struct shape_field oci_index_fields[] = {
	{ "Versioned", NULL, SHAPE_STRUCT, SHAPE_EMBEDDED, &oci_versioned },
	{ "MediaType", "mediaType", SHAPE_STRING, SHAPE_OMIT, NULL },
	{ "ArtifactType", "artifactType", SHAPE_STRING, SHAPE_OMIT, NULL },
	{ "Manifests", "manifests", SHAPE_STRUCTS, 0, &shape_descriptor },
	{ "Subject", "subject", SHAPE_STRUCT, SHAPE_OMIT | SHAPE_POINTER,
	    &shape_descriptor },
	{ "Annotations", "annotations", SHAPE_MAP, SHAPE_OMIT, NULL },
	{ NULL, NULL, 0, 0, NULL }
};

static const struct shape_field oci_artifact_fields[] = {
	{ "MediaType", "mediaType", SHAPE_STRING, 0, NULL },
	{ "ArtifactType", "artifactType", SHAPE_STRING, SHAPE_OMIT, NULL },
	{ "Blobs", "blobs", SHAPE_STRUCTS, SHAPE_OMIT, &shape_descriptor },
	{ "Subject", "subject", SHAPE_STRUCT, SHAPE_OMIT | SHAPE_POINTER,
	    &shape_descriptor },
	{ "Annotations", "annotations", SHAPE_MAP, SHAPE_OMIT, NULL },
	{ NULL, NULL, 0, 0, NULL }
};

static const struct shape_field docker_image_fields[] = {
	{ "Versioned", NULL, SHAPE_STRUCT, SHAPE_EMBEDDED,
	    &docker_versioned },
	{ "Config", "config", SHAPE_STRUCT, 0, &shape_descriptor },
	{ "Layers", "layers", SHAPE_STRUCTS, 0, &shape_descriptor },
	{ "Annotations", "annotations", SHAPE_MAP, SHAPE_OMIT, NULL },
	{ NULL, NULL, 0, 0, NULL }
};

static const struct shape_field docker_list_fields[] = {
	{ "Versioned", NULL, SHAPE_STRUCT, SHAPE_EMBEDDED,
	    &docker_versioned },
	{ "Manifests", "manifests", SHAPE_STRUCTS, 0, &shape_descriptor },
	{ "Annotations", "annotations", SHAPE_MAP, SHAPE_OMIT, NULL },
	{ NULL, NULL, 0, 0, NULL }
};

static const struct shape_field fslayer_fields[] = {
	{ "BlobSum", "blobSum", SHAPE_STRING, 0, NULL },
	{ NULL, NULL, 0, 0, NULL }
};
static const struct shape shape_fslayer = { "fsLayer", fslayer_fields };

static const struct shape_field v1_history_fields[] = {
	{ "V1Compatibility", "v1Compatibility", SHAPE_STRING, 0, NULL },
	{ NULL, NULL, 0, 0, NULL }
};
static const struct shape shape_v1_history = { "history", v1_history_fields };

static const struct shape_field docker_v1_fields[] = {
	{ "Versioned", NULL, SHAPE_STRUCT, SHAPE_EMBEDDED,
	    &docker_versioned },
	{ "Name", "name", SHAPE_STRING, 0, NULL },
	{ "Tag", "tag", SHAPE_STRING, 0, NULL },
	{ "Architecture", "architecture", SHAPE_STRING, 0, NULL },
	{ "FSLayers", "fsLayers", SHAPE_STRUCTS, 0, &shape_fslayer },
	{ "History", "history", SHAPE_STRUCTS, 0, &shape_v1_history },
	{ NULL, NULL, 0, 0, NULL }
};
static const struct shape docker_v1 = { "manifest", docker_v1_fields };

static const struct shape_field docker_v1_signed_fields[] = {
	{ "Manifest", NULL, SHAPE_STRUCT, SHAPE_EMBEDDED, &docker_v1 },
	{ "Canonical", NULL, SHAPE_BYTES, SHAPE_LUA_ONLY, NULL },
	{ NULL, NULL, 0, 0, NULL }
};

static const struct shape_field health_fields[] = {
	{ "Test", NULL, SHAPE_STRINGS, SHAPE_OMIT, NULL },
	{ "Interval", NULL, SHAPE_INT, SHAPE_OMIT, NULL },
	{ "Timeout", NULL, SHAPE_INT, SHAPE_OMIT, NULL },
	{ "StartPeriod", NULL, SHAPE_INT, SHAPE_OMIT, NULL },
	{ "Retries", NULL, SHAPE_INT, SHAPE_OMIT, NULL },
	{ NULL, NULL, 0, 0, NULL }
};
static const struct shape shape_health = { "Healthcheck", health_fields };

static const struct shape_field image_config_fields[] = {
	{ "User", NULL, SHAPE_STRING, SHAPE_OMIT, NULL },
	{ "ExposedPorts", NULL, SHAPE_SET, SHAPE_OMIT, NULL },
	{ "Env", NULL, SHAPE_STRINGS, SHAPE_OMIT, NULL },
	{ "Entrypoint", NULL, SHAPE_STRINGS, SHAPE_OMIT, NULL },
	{ "Cmd", NULL, SHAPE_STRINGS, SHAPE_OMIT, NULL },
	{ "Volumes", NULL, SHAPE_SET, SHAPE_OMIT, NULL },
	{ "WorkingDir", NULL, SHAPE_STRING, SHAPE_OMIT, NULL },
	{ "Labels", NULL, SHAPE_MAP, SHAPE_OMIT, NULL },
	{ "StopSignal", NULL, SHAPE_STRING, SHAPE_OMIT, NULL },
	{ "StopTimeout", NULL, SHAPE_INT, SHAPE_OMIT | SHAPE_POINTER, NULL },
	{ "ArgsEscaped", NULL, SHAPE_BOOL, SHAPE_OMIT, NULL },
	{ "Healthcheck", NULL, SHAPE_STRUCT, SHAPE_OMIT | SHAPE_POINTER,
	    &shape_health },
	{ "OnBuild", NULL, SHAPE_STRINGS, SHAPE_OMIT, NULL },
	{ "Shell", NULL, SHAPE_STRINGS, SHAPE_OMIT, NULL },
	{ NULL, NULL, 0, 0, NULL }
};
static const struct shape shape_image_config = { "config",
    image_config_fields };

static const struct shape_field rootfs_fields[] = {
	{ "Type", "type", SHAPE_STRING, 0, NULL },
	{ "DiffIDs", "diff_ids", SHAPE_STRINGS, 0, NULL },
	{ NULL, NULL, 0, 0, NULL }
};
static const struct shape shape_rootfs = { "rootfs", rootfs_fields };

static const struct shape_field history_fields[] = {
	{ "Created", "created", SHAPE_TIME, SHAPE_OMIT | SHAPE_POINTER,
	    NULL },
	{ "CreatedBy", "created_by", SHAPE_STRING, SHAPE_OMIT, NULL },
	{ "Author", "author", SHAPE_STRING, SHAPE_OMIT, NULL },
	{ "Comment", "comment", SHAPE_STRING, SHAPE_OMIT, NULL },
	{ "EmptyLayer", "empty_layer", SHAPE_BOOL, SHAPE_OMIT, NULL },
	{ NULL, NULL, 0, 0, NULL }
};
static const struct shape shape_history = { "history", history_fields };

static const struct shape_field config_fields[] = {
	{ "Created", "created", SHAPE_TIME, SHAPE_OMIT | SHAPE_POINTER,
	    NULL },
	{ "Author", "author", SHAPE_STRING, SHAPE_OMIT, NULL },
	{ "Platform", NULL, SHAPE_STRUCT, SHAPE_EMBEDDED, &shape_platform },
	{ "Config", "config", SHAPE_STRUCT, SHAPE_OMIT, &shape_image_config },
	{ "RootFS", "rootfs", SHAPE_STRUCT, 0, &shape_rootfs },
	{ "History", "history", SHAPE_STRUCTS, SHAPE_OMIT, &shape_history },
	{ NULL, NULL, 0, 0, NULL }
};
const struct shape shape_config = { "image config", config_fields };

static const struct {
	struct shape shape;
	const char *head_key;
} by_kind[] = {
	[MANIFEST_OCI_IMAGE] = { { "manifest", oci_image_fields },
	    "Manifest" },
	[MANIFEST_OCI_INDEX] = { { "manifest", oci_index_fields }, "Index" },
	[MANIFEST_OCI_ARTIFACT] = { { "manifest", oci_artifact_fields },
	    "ArtifactManifest" },
	[MANIFEST_DOCKER_IMAGE] = { { "manifest", docker_image_fields },
	    "Manifest" },
	[MANIFEST_DOCKER_LIST] = { { "manifest", docker_list_fields },
	    "ManifestList" },
	[MANIFEST_DOCKER_V1] = { { "manifest", docker_v1_fields },
	    "Manifest" },
	[MANIFEST_DOCKER_V1_SIGNED] = { { "manifest",
	    docker_v1_signed_fields }, "SignedManifest" },
};

const struct shape *
shape_of_kind(enum manifest_kind kind)
{
	return &by_kind[kind].shape;
}

const char *
shape_head_key(enum manifest_kind kind)
{
	return by_kind[kind].head_key;
}
