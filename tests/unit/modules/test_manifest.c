/* SPDX-License-Identifier: Apache-2.0 */
/* Manifests: media types, digests, structure, bounds. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/bounds.h"
#include "common/buffer.h"
#include "common/digest.h"
#include "common/json.h"
#include "common/mem.h"
#include "common/text.h"
#include "worker/oci/manifest.h"
#include "worker/oci/manifest_private.h"

#define D "sha256:" \
	"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define IMAGE "{\"schemaVersion\":2,\"config\":{\"digest\":\"" D "\"," \
	"\"size\":2},\"layers\":[{\"mediaType\":\"a/b\",\"digest\":\"" D \
	"\",\"size\":7,\"urls\":[\"http://x\"]},{\"digest\":\"" D "\"}]}"
#define LIST "{\"manifests\":[{\"mediaType\":\"" MEDIA_DOCKER_IMAGE "\"," \
	"\"digest\":\"" D "\",\"size\":3,\"platform\":{\"os\":\"linux\"," \
	"\"architecture\":\"arm\",\"variant\":\"v6\"}}]}"

static struct manifest *
parse(const char *text, const char *type, struct error *err)
{
	return manifest_parse(text, strlen(text), type, "", err);
}

static void
check_refused(const char *text, const char *type, const char *want)
{
	struct error err;
	struct manifest *m = parse(text, type, &err);

	cr_assert_null(m, "%s", text);
	cr_assert_str_eq(err.text, want);
}

Test(manifest, image)
{
	struct error err;
	struct manifest *m = parse(IMAGE, MEDIA_OCI_IMAGE "; charset=utf-8",
	    &err);
	char digest[DIGEST_MAX + 1];

	cr_assert_not_null(m, "%s", err.text);
	cr_assert_eq(m->kind, MANIFEST_OCI_IMAGE);
	cr_assert_str_eq(m->media_type, MEDIA_OCI_IMAGE);
	digest_of(IMAGE, strlen(IMAGE), digest);
	cr_assert_str_eq(m->digest, digest);
	cr_assert_str_eq(m->config->digest, D);
	cr_assert_str_eq(m->config->media_type, "");
	cr_assert_eq(m->config->size, 2);
	cr_assert_eq(m->nlayers, 2);
	cr_assert(m->layers[0].has_urls && !m->layers[1].has_urls);
	cr_assert_str_eq(m->bytes, IMAGE);
	manifest_free(m);
}

Test(manifest, guesses)
{
	static const struct {
		const char *text, *type;
	} cases[] = {
		{ IMAGE, MEDIA_OCI_IMAGE },
		{ LIST, MEDIA_DOCKER_LIST },
		{ "{\"schemaVersion\":1,\"fsLayers\":[]}", MEDIA_DOCKER_V1 },
		{ "{\"mediaType\":\"" MEDIA_OCI_ARTIFACT "\",\"blobs\":null}",
		    MEDIA_OCI_ARTIFACT },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct error err;
		struct manifest *m = parse(cases[i].text, "", &err);

		cr_assert_not_null(m, "%s", err.text);
		cr_assert_str_eq(m->media_type, cases[i].type);
		manifest_free(m);
	}
	check_refused("{}", "", "unsupported media type: \"\"");
}

Test(manifest, index)
{
	struct error err;
	struct manifest *m = parse(LIST, "", &err);

	cr_assert(manifest_is_index(m));
	cr_assert_null(m->config);
	cr_assert_eq(m->nchildren, 1);
	cr_assert(m->children[0].has_platform);
	cr_assert_str_eq(m->children[0].platform.variant, "v6");
	cr_assert_str_eq(m->children[0].platform.os_version, "");
	manifest_free(m);
}

Test(manifest, digests)
{
	struct error err;
	struct manifest *m;
	struct digest *d = digest_new("sha512");
	char out[DIGEST_MAX + 1];

	digest_add(d, IMAGE, strlen(IMAGE));
	digest_final(d, out);
	digest_free(d);
	m = manifest_parse(IMAGE, strlen(IMAGE), MEDIA_OCI_IMAGE, out, &err);
	cr_assert_not_null(m);
	cr_assert_str_eq(m->digest, out);
	manifest_free(m);
	cr_assert_null(manifest_parse(IMAGE, strlen(IMAGE), MEDIA_OCI_IMAGE, D,
	    &err));
	cr_assert_eq(err.kind, ERROR_DIGEST);
	cr_assert_eq(strncmp(err.text, "manifest digest mismatch, expected "
	    D ", computed sha256:", 120), 0);
	/* Before the body is looked at. */
	cr_assert_null(manifest_parse("<", 1, MEDIA_OCI_IMAGE, D, &err));
	cr_assert_eq(err.kind, ERROR_DIGEST);
}

Test(manifest, signed_schema1)
{
	/* The payload is the first 35 bytes and "\n}". */
	static const char payload[] = "{\"schemaVersion\":1,\"fsLayers\":[]\n}";
	char digest[DIGEST_MAX + 1], *text, *prot;
	struct buffer b;
	struct error err;
	struct manifest *m;

	prot = mem_printf("{\"formatLength\":%zu,\"formatTail\":\"Cn0\"}",
	    strlen(payload) - 2);
	buffer_init(&b, 0);
	text_base64(&b, prot, strlen(prot));
	text = mem_printf("%.*s,\"signatures\":[{\"protected\":\"%s\"}]}",
	    (int)strlen(payload) - 2, payload, buffer_str(&b));
	digest_of(payload, strlen(payload), digest);
	m = manifest_parse(text, strlen(text), MEDIA_DOCKER_V1_SIGNED, digest,
	    &err);
	cr_assert_not_null(m, "%s", err.text);
	cr_assert_str_eq(m->digest, digest);
	manifest_free(m);
	check_refused("{\"schemaVersion\":1,\"fsLayers\":[],\"signatures\":["
	    "{\"protected\":\"!\"}]}", "",
	    "the manifest's signature cannot be read");
	free(text);
	free(prot);
	buffer_free(&b);
}

Test(manifest, refusals)
{
	check_refused("[]", MEDIA_OCI_IMAGE,
	    "the manifest is not a JSON object");
	check_refused("{}", "text/html; charset=utf-8",
	    "unsupported media type: \"text/html\"");
	check_refused("{}", MEDIA_OCI_IMAGE, "the manifest has no \"config\"");
	check_refused("{\"config\":[]}", MEDIA_OCI_IMAGE,
	    "the manifest's config is not an object");
	check_refused("{\"config\":{\"digest\":\"sha256:1\"}}",
	    MEDIA_OCI_IMAGE,
	    "the manifest's config: \"sha256:1\" is not a digest");
	check_refused("{\"manifests\":{}}", MEDIA_OCI_INDEX,
	    "the manifest's \"manifests\" is not a list");
	check_refused("{\"manifests\":[{\"digest\":\"" D "\",\"size\":-1}]}",
	    MEDIA_OCI_INDEX,
	    "the manifest's manifests[1]: \"size\" is not a possible size");
	check_refused("{\"manifests\":[{\"digest\":\"" D "\",\"size\":1.5}]}",
	    MEDIA_OCI_INDEX,
	    "the manifest's manifests[1]: \"size\" is not a whole number");
	check_refused("{\"manifests\":[{\"digest\":\"" D "\",\"size\":"
	    "99999999999999999999}]}", MEDIA_OCI_INDEX,
	    "the manifest's manifests[1]: \"size\" is not a possible size");
	check_refused("{\"mediaType\":\"" MEDIA_OCI_IMAGE "\"}",
	    MEDIA_OCI_INDEX, "manifest contains an unexpected media type: "
	    "expected " MEDIA_OCI_INDEX ", received " MEDIA_OCI_IMAGE);
	check_refused("{\"mediaType\":3}", MEDIA_OCI_INDEX,
	    "the manifest: \"mediaType\" is not a string");
}

Test(manifest, bounds)
{
	struct buffer b;
	struct error err;
	int i;

	buffer_init(&b, 0);
	buffer_puts(&b, "{\"manifests\":[");
	for (i = 0; i <= 4096; i++)
		buffer_printf(&b, "%s{\"digest\":\"" D "\"}", i > 0 ? "," :
		    "");
	buffer_puts(&b, "]}");
	cr_assert_null(manifest_parse(buffer_str(&b), b.len, MEDIA_OCI_INDEX,
	    "", &err));
	cr_assert_eq(err.kind, ERROR_LIMIT);
	/* A small text that would take much memory. */
	buffer_clear(&b);
	buffer_puts(&b, "{\"a\":[");
	for (i = 0; i < 70000; i++)
		buffer_puts(&b, "[],");
	buffer_puts(&b, "1]}");
	cr_assert_null(manifest_parse(buffer_str(&b), b.len, MEDIA_OCI_INDEX,
	    "", &err));
	cr_assert_eq(err.kind, ERROR_LIMIT);
	buffer_free(&b);
}

