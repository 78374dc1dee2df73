/* SPDX-License-Identifier: Apache-2.0 */
/* Referrers: tags, descriptors, edits of a list, and copies of them. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "tests/unit/client/copyrig.h"
#include "worker/referrers/referrers_private.h"

#define HEX32 "0123456789abcdef0123456789abcdef"
#define A "sha256:" HEX32 HEX32
#define LONG "sha512:" HEX32 HEX32 HEX32 HEX32

static void
start(void)
{
	rig_start();
}

static void
stop(void)
{
	referrers_free(rig->w.referrers);
	rig->w.referrers = NULL;
	rig_stop();
}

TestSuite(referrers, .init = start, .fini = stop);

Test(referrers, the_tag_of_a_digest)
{
	char *tag = referrers_tag(A);

	cr_expect_str_eq(tag, "sha256-" HEX32 HEX32);
	cr_expect(referrers_is_tag(tag));
	free(tag);
	tag = referrers_tag(LONG);
	cr_expect_str_eq(tag, "sha512-" HEX32 HEX32);
	cr_expect(referrers_is_tag(tag));
	free(tag);
	cr_expect_not(referrers_is_tag("sha256-" HEX32 HEX32 ".sig"));
	cr_expect_not(referrers_is_tag("sha256-" HEX32));
	cr_expect_not(referrers_is_tag("sha256"));
	cr_expect_not(referrers_is_tag("latest"));
	cr_expect_not(referrers_is_tag(""));
}

static json_object *
described(const char *media_type, const char *text)
{
	struct error err;
	struct manifest *m = manifest_parse(text, strlen(text), media_type,
	    "", &err);
	json_object *d;

	cr_assert_not_null(m, "%s", err.text);
	d = referrers_descriptor(m);
	manifest_free(m);
	return d;
}

#define CONFIG "\"config\":{\"mediaType\":\"c/d\",\"size\":2,\"digest\":\"" A \
	"\"}"

Test(referrers, a_descriptor_has_type_and_annotations)
{
	json_object *d = described(MEDIA_OCI_IMAGE, "{\"schemaVersion\":2,"
	    CONFIG ",\"layers\":[],\"annotations\":{\"k\":\"v\"}}");

	cr_expect_str_eq(referrers_text(d, "artifactType"), "c/d");
	cr_expect_not_null(json_object_object_get(d, "annotations"));
	json_object_put(d);
	d = described(MEDIA_OCI_IMAGE, "{\"schemaVersion\":2," CONFIG ","
	    "\"layers\":[],\"artifactType\":\"e/f\",\"annotations\":{}}");
	cr_expect_str_eq(referrers_text(d, "artifactType"), "e/f");
	cr_expect_null(json_object_object_get(d, "annotations"));
	json_object_put(d);
	d = described(MEDIA_OCI_INDEX, "{\"schemaVersion\":2,\"manifests\":"
	    "[]}");
	cr_expect_null(json_object_object_get(d, "artifactType"));
	json_object_put(d);
}

static struct referrers_change *
change(struct referrers_changes *all, const char *digest, bool there)
{
	struct referrers_change *c = mem_alloc(sizeof(*c));

	c->digest = (char *)digest;
	if (there) {
		c->descriptor = json_object_new_object();
		json_object_object_add(c->descriptor, "mediaType",
		    json_object_new_string("a/b"));
		json_object_object_add(c->descriptor, "digest",
		    json_object_new_string(digest));
	}
	TAILQ_INSERT_TAIL(all, c, entry);
	return c;
}

Test(referrers, an_edit_keeps_what_is_there)
{
	static const char text[] = "{\"schemaVersion\":2,\"x\":[1],"
	    "\"manifests\":[{\"mediaType\":\"a/b\",\"digest\":\"" LONG
	    "\",\"size\":7,\"y\":1.5}]}";
	static const char image[] = "{\"schemaVersion\":2," CONFIG
	    ",\"layers\":[]}";
	struct referrers_changes add = TAILQ_HEAD_INITIALIZER(add),
	    drop = TAILQ_HEAD_INITIALIZER(drop);
	struct referrers_change *a = change(&add, A, true),
	    *b = change(&drop, LONG, false);
	struct buffer out;
	struct error err = { .kind = ERROR_NONE };
	bool differs;

	buffer_init(&out, 0);
	cr_assert_eq(referrers_index_edit(text, sizeof(text) - 1,
	    MEDIA_OCI_INDEX, &add, &out, &differs, &err), 0);
	cr_expect(differs);
	cr_expect_str_eq(buffer_str(&out), "{\"schemaVersion\":2,\"x\":[1],"
	    "\"manifests\":[{\"mediaType\":\"a/b\",\"digest\":\"" LONG
	    "\",\"size\":7,\"y\":1.5},{\"mediaType\":\"a/b\",\"digest\":\"" A
	    "\"}]}");
	buffer_clear(&out);
	cr_assert_eq(referrers_index_edit(text, sizeof(text) - 1,
	    MEDIA_OCI_INDEX, &drop, &out, &differs, &err), 0);
	cr_expect_str_eq(buffer_str(&out), "{\"schemaVersion\":2,\"x\":[1],"
	    "\"manifests\":[]}");
	buffer_clear(&out);
	/* Of nothing, and of something else. */
	cr_assert_eq(referrers_index_edit("", 0, "", &drop, &out, &differs,
	    &err), 0);
	cr_expect_not(differs);
	cr_assert_eq(referrers_index_edit(image, sizeof(image) - 1,
	    MEDIA_OCI_IMAGE, &drop, &out, &differs, &err), 0);
	cr_expect_not(differs);
	cr_assert_eq(referrers_index_edit(image, sizeof(image) - 1,
	    MEDIA_OCI_IMAGE, &add, &out, &differs, &err), -1);
	cr_expect_not_null(strstr(err.text, "not overwritten"), "%s",
	    err.text);
	json_object_put(a->descriptor);
	free(a);
	free(b);
	buffer_free(&out);
}

static char *
referrer(const char *repository, const char *subject, const char *type)
{
	char *config = rig_blob(repository, type), *text = mem_printf(
	    "{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_OCI_IMAGE "\","
	    "\"config\":{\"mediaType\":\"%s\",\"size\":%zu,\"digest\":\"%s\"}"
	    ",\"layers\":[],\"subject\":{\"mediaType\":\"" MEDIA_OCI_IMAGE
	    "\",\"digest\":\"%s\",\"size\":1}}", type, strlen(type), config,
	    subject), *digest = rig_manifest(repository, "",
	    MEDIA_OCI_IMAGE, text);

	free(config);
	free(text);
	return digest;
}

static const struct copy_options options = { .referrers = true };

Test(referrers, the_subject_comes_before_and_the_tag_after)
{
	char *image = rig_image("h.io/a", "1", "a", 1), *sig, *put;
	int at;

	sig = referrer("h.io/a", image, "s/g");
	rig->api[0] = "h.io/a";
	rig->api[1] = "t.io/b";
	cr_assert_eq(rig_copy("h.io/a:1", "t.io/b:1", &options), 0, "%s",
	    rig->err.text);
	put = mem_printf("PUT t.io/b@%s", sig);
	at = rig_line(put);
	free(put);
	put = mem_printf("PUT t.io/b@%s", image);
	cr_expect_geq(rig_line(put), 0, "%s", rig->trace);
	cr_expect_lt(rig_line(put), at);
	cr_expect_gt(rig_line("PUT t.io/b:1"), at);
	cr_expect_eq(rig_count("SWAP"), 0u);
	/* Again: one list on either side, and the one of the referrer. */
	cr_assert_eq(rig_copy("h.io/a:1", "t.io/b:1", &options), 0);
	cr_expect_eq(rig_count("REFERRERS h.io/a"), 2u, "%s", rig->trace);
	cr_expect_eq(rig_count("REFERRERS t.io/b"), 1u, "%s", rig->trace);
	cr_expect_eq(rig_count("HEAD"), 2u, "%s", rig->trace);
	cr_expect_eq(rig_count("GET") + rig_count("PUT"), 0u);
	free(put);
	free(sig);
	free(image);
}

Test(referrers, without_the_option_nothing_is_asked)
{
	char *image = rig_image("h.io/a", "1", "a", 1);

	free(referrer("h.io/a", image, "s/g"));
	cr_assert_eq(rig_copy("h.io/a:1", "t.io/b:1", NULL), 0);
	cr_expect_eq(rig_count("REFERRERS"), 0u);
	free(image);
}

Test(referrers, what_has_a_subject_is_listed_with_any_copy)
{
	char *image = rig_image("h.io/a", "1", "a", 1),
	    *sig = referrer("h.io/a", image, "s/g"),
	    *from = mem_printf("h.io/a@%s", sig), *tag = referrers_tag(image),
	    *list = mem_printf("t.io/b:%s", tag);

	cr_assert_eq(rig_copy(from, "t.io/b:sig", NULL), 0, "%s",
	    rig->err.text);
	cr_expect_eq(rig_count("SWAP t.io/b:sha256-"), 1u, "%s", rig->trace);
	cr_expect_str_neq(rig_tag(list), "");
	free(list);
	free(tag);
	free(from);
	free(sig);
	free(image);
}

Test(referrers, a_cancelled_copy_leaves_nothing)
{
	char *image = rig_image("h.io/a", "1", "a", 1);
	struct copy *c;

	free(referrer("h.io/a", image, "s/g"));
	rig->api[0] = "h.io/a";
	for (int steps = 0; steps < 40; steps++) {
		c = rig_begin("h.io/a:1", "t.io/b:1", &options);
		for (int i = 0; i < steps && rig->done == 0; i++)
			loop_step(rig->w.loop, 0);
		copy_free(c);
	}
	free(image);
}
