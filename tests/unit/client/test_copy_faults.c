/* SPDX-License-Identifier: Apache-2.0 */
/* image.copy where a registry loses or corrupts what it was given. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "tests/unit/client/copyrig.h"

TestSuite(copy_faults, .init = rig_start, .fini = rig_stop);

#define EXPECT_OK(src, dst, o)						\
	cr_expect_eq(rig_copy(src, dst, o), 0, "%s\n%s", rig->err.text,	\
	    rig->trace)
#define EXPECT_ERROR(src, dst, o, want) do {				\
	cr_expect_eq(rig_copy(src, dst, o), -1);			\
	cr_expect_str_eq(rig->err.text, want, "%s", rig->err.text);	\
} while (0)

/* What the target said that it has is gone when the manifest comes. */
static void
copy_with_loss(bool index)
{
	const char *platforms[] = { "linux/amd64" };
	char *layer = rig_blob("s.io/a", "x-1"), *d, *top = NULL;

	d = rig_image("s.io/a", index ? "" : "v1", "x", 2);
	if (index)
		top = rig_index("s.io/a", "v1", 1, (char *[]){ d }, platforms);
	rig->lose = mem_printf("t.io/b@%s", index ? d : layer);
	EXPECT_OK("s.io/a:v1", "t.io/b:v1", NULL);
	cr_expect_str_eq(rig_tag("t.io/b:v1"), index ? top : d);
	cr_expect(rig_has_blob("t.io/b", layer));
	cr_expect_eq(rig_count("PUT t.io/b:v1"), 2u);
	cr_expect_eq(rig_count("PUT t.io/b@"), index ? 2u : 0u);
	cr_expect_eq(rig_count("COPY"), index ? 3u : 4u);
	free(top);
	free(d);
	free(layer);
}

Test(copy_faults, a_blob_that_is_gone_at_the_put_is_sent_again)
{
	copy_with_loss(false);
}

Test(copy_faults, a_child_that_is_gone_at_the_put_is_sent_again)
{
	copy_with_loss(true);
}

Test(copy_faults, a_put_is_repeated_once)
{
	char *digest = rig_image("s.io/a", "v1", "x", 1);

	error_set(&rig->failure, ERROR_HTTP, "request failed: {\"errors\":"
	    "[{\"code\":\"MANIFEST_BLOB_UNKNOWN\"}]}");
	rig->failure.http = 400;
	rig->fail = "PUT";
	EXPECT_ERROR("s.io/a:v1", "t.io/b:v1", NULL, "failed to put manifest "
	    "t.io/b:v1: request failed: {\"errors\":[{\"code\":"
	    "\"MANIFEST_BLOB_UNKNOWN\"}]}");
	cr_expect_eq(rig_count("PUT"), 2u);
	error_set(&rig->failure, ERROR_HTTP, "request failed: no space");
	rig->failure.http = 400;
	cr_expect_eq(rig_copy("s.io/a:v1", "t.io/b:v1", NULL), -1);
	cr_expect_eq(rig_count("PUT"), 1u);
	free(digest);
}

/* The broker has asked for it twice. */
Test(copy_faults, a_corrupted_manifest_is_an_error)
{
	const char *platforms[] = { "linux/amd64" };
	char *digest = rig_image("s.io/a", "v1", "x", 1);
	char *top = rig_index("s.io/a", "v2", 1, (char *[]){ digest },
	    platforms);

	rig->corrupt = 1;
	cr_expect_eq(rig_copy("s.io/a:v1", "t.io/b:v1", NULL), -1);
	cr_expect_eq(rig->err.kind, ERROR_DIGEST);
	cr_expect_eq(rig_count("GET"), 1u);
	rig->corrupt = 1;
	cr_expect_eq(rig_copy("s.io/a:v2", "t.io/c:v2", NULL), -1);
	cr_expect_eq(rig->err.kind, ERROR_DIGEST);
	cr_expect_eq(rig_count("GET"), 1u);
	free(digest);
	free(top);
}

Test(copy_faults, a_corrupted_child_is_an_error)
{
	const char *platforms[] = { "linux/amd64" };
	char *digest = rig_image("s.io/a", "v1", "x", 1);
	char *top = rig_index("s.io/a", "v2", 1, (char *[]){ digest },
	    platforms);
	struct copy *c = rig_begin("s.io/a:v2", "t.io/b:v2", NULL);

	while (rig_count("GET s.io/a:v2@") == 0)
		loop_step(rig->w.loop, 0);
	rig->corrupt = 1;	/* the next, that is, the child's */
	for (int i = 0; rig->done == 0 && i < 20000; i++)
		loop_step(rig->w.loop, 0);
	cr_expect_eq(rig->err.kind, ERROR_DIGEST, "%s", rig->err.text);
	cr_expect_eq(rig_count("GET"), 2u);
	copy_free(c);
	free(digest);
	free(top);
}
