/* SPDX-License-Identifier: Apache-2.0 */
/* image.copy of layers that are stored elsewhere: the order of places, and
 * which URLs are followed. The rig's repository of the URL's name has what is
 * there. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "tests/unit/client/copyrig.h"
#include "worker/oci/manifest.h"

TestSuite(copy_external, .init = rig_start, .fini = rig_stop);

static const struct copy_options external = { .include_external = true };

#define EXPECT_OK(src, dst, o)						\
	cr_expect_eq(rig_copy(src, dst, o), 0, "%s\n%s", rig->err.text,	\
	    rig->trace)

/* "windows" is its layer. */
static char *
foreign_image(const char *urls)
{
	char *config = rig_blob("s.io/a", "config"), *digest, *json;
	char *layer = rig_blob("s.io/a", "windows");

	json = mem_printf("{\"schemaVersion\":2,\"mediaType\":\"%s\","
	    "\"config\":{\"mediaType\":"
	    "\"application/vnd.docker.container.image.v1+json\","
	    "\"digest\":\"%s\",\"size\":6},\"layers\":[{\"mediaType\":"
	    "\"application/vnd.docker.image.rootfs.foreign.diff.tar.gzip\","
	    "\"digest\":\"%s\",\"size\":7,%s}]}", MEDIA_DOCKER_IMAGE, config,
	    layer, urls);
	digest = rig_manifest("s.io/a", "win", MEDIA_DOCKER_IMAGE, json);
	free(json);
	free(config);
	free(digest);
	return layer;
}

Test(copy_external, foreign_layers_only_when_asked_for)
{
	char *layer = foreign_image("\"urls\":[\"https://x.io/y\"]");

	EXPECT_OK("s.io/a:win", "t.io/b:win", NULL);
	cr_expect(!rig_has_blob("t.io/b", layer));
	EXPECT_OK("s.io/a:win", "t.io/c:win", &external);
	cr_expect(rig_has_blob("t.io/c", layer));
	free(layer);
}


/* The source registry has the config only. */
static char *
elsewhere(const char *urls)
{
	char *layer = foreign_image(urls);

	rig->blobs->digest[0] = '\0';
	return layer;
}

static void
expect_error(const char *want)
{
	cr_expect_eq(rig_copy("s.io/a:win", "t.io/b:win", &external), -1);
	cr_expect(strstr(rig->err.text, want) != NULL, "%s", rig->err.text);
	cr_expect_eq(rig_count("PUT"), 0u);
}

Test(copy_external, a_url_is_read_when_the_source_has_it_not)
{
	char *layer = elsewhere("\"urls\":[\"https://x.io/y?sig=1\"]");

	rig_add_blob("https://x.io/y?sig=1", layer, 7);
	EXPECT_OK("s.io/a:win", "t.io/b:win", &external);
	cr_expect(rig_has_blob("t.io/b", layer));
	cr_expect_eq(rig_count("URL "), 1u);
	cr_expect_eq(rig_count("URL x.io https://x.io/y?sig=1"), 1u);
	cr_expect_lt(rig_line("COPY"), rig_line("URL "));
	cr_expect(strstr(rig->logs, "Copy layer from its URL layer=sha256:") !=
	    NULL, "%s", rig->logs);
	cr_expect(strstr(rig->logs, "sig=1") == NULL, "%s", rig->logs);
	EXPECT_OK("s.io/a:win", "t.io/c:win", NULL);
	cr_expect(!rig_has_blob("t.io/c", layer));
	cr_expect_eq(rig_count("URL "), 0u);
	free(layer);
}

Test(copy_external, a_dry_run_reads_no_url)
{
	char *layer = elsewhere("\"urls\":[\"https://x.io/y\"]");

	rig->w.dry_run = true;
	EXPECT_OK("s.io/a:win", "t.io/b:win", &external);
	cr_expect_eq(rig_count("URL "), 0u);
	free(layer);
}

Test(copy_external, every_url_in_turn)
{
	char *layer = elsewhere("\"urls\":[\"https://x.io/1\","
	    "\"http://y.io/2\",\"http://z.io:81/3\",\"https://z.io/4\"]");

	rig_add_blob("http://z.io:81/3", layer, 7);
	EXPECT_OK("s.io/a:win", "t.io/b:win", &external);
	cr_expect_eq(rig_count("URL "), 3u, "%s", rig->trace);
	cr_expect_eq(rig_count("URL y.io:80 http://y.io/2"), 1u);
	cr_expect_eq(rig_count("URL z.io:81 http://z.io:81/3"), 1u);
	free(layer);
}

Test(copy_external, no_url_has_it)
{
	char *layer = elsewhere("\"urls\":[\"https://x.io/1\","
	    "\"https://x.io/2?sig=1\"]");

	expect_error(" from s.io/a to t.io/b: layer 1 is not in the source "
	    "registry, and cannot be read from URL 2 of 2 in the manifest, "
	    "https://x.io/2: request failed: not found");
	free(layer);
}

Test(copy_external, wrong_bytes_at_one_url)
{
	char *layer = elsewhere("\"urls\":[\"https://x.io/1\","
	    "\"https://x.io/2\"]");

	rig_add_blob("https://x.io/1", layer, 7);
	rig_add_blob("https://x.io/2", layer, 7);
	rig->fail = "URL x.io https://x.io/1";
	error_set(&rig->failure, ERROR_DIGEST, "request failed: other bytes");
	EXPECT_OK("s.io/a:win", "t.io/b:win", &external);
	cr_expect_eq(rig_count("URL "), 2u);
	free(layer);
}

/* A source that cannot be asked may have it, and a target that refuses would
 * refuse again. */
Test(copy_external, only_after_a_404_of_the_source)
{
	char *layer = foreign_image("\"urls\":[\"https://x.io/1\"]");
	char *copy = mem_printf("COPY t.io/b@%s", layer);
	struct rig_blob *source = rig->blobs;

	rig_add_blob("https://x.io/1", layer, 7);
	rig->fail = copy;
	error_set(&rig->failure, ERROR_NOT_FOUND, "the target has no such "
	    "repository");
	expect_error(" to t.io/b: the target has no such repository");
	cr_expect_eq(rig_count("URL "), 0u);
	/* Now it is the source that fails. */
	source->digest[0] = '\0';
	error_set(&rig->failure, ERROR_NETWORK, "the source is down");
	expect_error(" to t.io/b: the source is down");
	cr_expect_eq(rig_count("URL "), 0u);
	free(layer);
	free(copy);
}

Test(copy_external, urls_that_are_not_fetched)
{
	static const struct {
		const char *url, *why;
	} bad[] = {
		{ "\"ftp://x.io/y\"", "it is not an http or https URL" },
		{ "\"file:///etc/passwd\"", "it is not an http or https URL" },
		{ "\"x.io/y\"", "it is not an http or https URL" },
		{ "\"\"", "it is not an http or https URL" },
		{ "\"https://me:pw@x.io/y\"", "it has a user name" },
		{ "\"https://x.io/y#z\"", "it has a fragment" },
		{ "\"https://x.io/y z\"", "it has characters" },
		{ "\"https://x.io/\\n\"", "it has characters" },
		{ "\"https://x.io/\\u0000\"", "it has characters" },
		{ "\"https://x.io/\\u00e4\"", "it has characters" },
		{ "\"https:///y\"", "its host is not valid" },
		{ "\"https://x..io/y\"", "its host is not valid" },
		{ "\"https://x.io:/y\"", "its host is not valid" },
		{ "7", "it is not a text" },
		{ "null", "it is not a text" },
	};
	char *urls, *layer, *want;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		urls = mem_printf("\"urls\":[%s]", bad[i].url);
		layer = elsewhere(urls);
		want = mem_printf("layer 1 is not in the source registry, and "
		    "cannot be read from URL 1 of 1 in the manifest: %s",
		    bad[i].why);
		expect_error(want);
		cr_expect_eq(rig_count("URL "), 0u);
		free(urls);
		free(layer);
		free(want);
	}
}

/* Its text is a TOKEN(URL_MAX), and no more than so many are asked for. */
Test(copy_external, limits)
{
	char *path = mem_alloc(URL_MAX + 1), *urls, *layer;
	struct buffer b;

	memset(path, 'x', URL_MAX);
	urls = mem_printf("\"urls\":[\"https://x.io/%s\"]", path);
	layer = elsewhere(urls);
	expect_error("URL 1 of 1 in the manifest: it is too long");
	free(layer);
	free(urls);
	free(path);
	buffer_init(&b, 0);
	buffer_puts(&b, "\"urls\":[\"https://x.io/y\"");
	for (int i = 0; i < LAYER_URLS_MAX; i++)
		buffer_puts(&b, ",\"https://x.io/y\"");
	buffer_puts(&b, "]");
	layer = elsewhere(buffer_str(&b));
	expect_error("URL 8 of 9 in the manifest");
	cr_expect_eq(rig_count("URL "), (unsigned)LAYER_URLS_MAX);
	free(layer);
	buffer_free(&b);
}
