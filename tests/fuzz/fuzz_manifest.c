/* SPDX-License-Identifier: Apache-2.0 */
/* A manifest that parses keeps its bytes and holds what it claims. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/bounds.h"
#include "common/digest.h"
#include "worker/oci/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define D "sha256:" \
	"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

const char *const fuzz_seeds[] = {
	"\x01{\"schemaVersion\":2,\"config\":{\"digest\":\"" D "\",\"size\":2},"
	"\"layers\":[{\"digest\":\"" D "\",\"urls\":[\"http://x\"]}]}",
	"\x02{\"manifests\":[{\"digest\":\"" D "\",\"size\":3,\"platform\":"
	"{\"os\":\"linux\",\"architecture\":\"amd64\",\"variant\":\"v1\"}},"
	"{\"digest\":\"" D "\",\"platform\":{\"os\":\"windows\","
	"\"architecture\":\"arm\",\"os.version\":\"10.0.1.2\"}}]}",
	"\x07{\"schemaVersion\":1,\"fsLayers\":[{\"blobSum\":\"" D "\"}],"
	"\"signatures\":[{\"protected\":\"eyJmb3JtYXRMZW5ndGgiOjEwLCJmb3JtYXR"
	"UYWlsIjoiQ24wIn0\"}]}",
	"\x03{\"mediaType\":\"application/vnd.oci.artifact.manifest.v1+json\","
	"\"blobs\":null,\"subject\":{}}",
	"\x08<html>", "\x08{\"layers\":[{\"mediaType\":"
	"\"application/vnd.docker.x\",\"digest\":\"" D "\"}],\"config\":"
	"{\"digest\":\"" D "\"}}", NULL
};

static const char *const types[] = { "", MEDIA_OCI_IMAGE, MEDIA_OCI_INDEX,
	MEDIA_OCI_ARTIFACT, MEDIA_DOCKER_IMAGE, MEDIA_DOCKER_LIST,
	MEDIA_DOCKER_V1, MEDIA_DOCKER_V1_SIGNED, "" };

static void
check_descriptor(const struct descriptor *d)
{
	char *s;

	if (!digest_valid(d->digest) || d->media_type == NULL || d->size < 0)
		abort();
	if (d->has_platform) {
		s = platform_string(&d->platform);
		if (!platform_equal(&d->platform, &d->platform))
			abort();
		free(s);
	}
}

static void
check(const struct manifest *m, const uint8_t *data, size_t size)
{
	struct platform host;
	struct error err;
	size_t i;

	if (m->len != size || memcmp(m->bytes, data, size) != 0 ||
	    !digest_valid(m->digest))
		abort();
	if (m->config != NULL)
		check_descriptor(m->config);
	for (i = 0; i < m->nlayers; i++)
		check_descriptor(&m->layers[i]);
	for (i = 0; i < m->nchildren; i++)
		check_descriptor(&m->children[i]);
	if (manifest_is_index(m)) {
		platform_host(&host);
		(void)platform_select(m, &host, &err);
		platform_free(&host);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error err = { .kind = ERROR_NONE };
	struct manifest *m;

	if (size == 0)
		return 0;
	m = manifest_parse((const char *)data + 1, size - 1,
	    types[data[0] % (sizeof(types) / sizeof(types[0]))], "", &err);
	if (m != NULL)
		check(m, data + 1, size - 1);
	else if (err.kind == ERROR_NONE || err.text[0] == '\0')
		abort();
	manifest_free(m);
	return 0;
}
