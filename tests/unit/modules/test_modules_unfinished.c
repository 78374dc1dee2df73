/* SPDX-License-Identifier: Apache-2.0 */
/* What a script gets of a tag whose deletion was interrupted. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "common/image/placeholder.h"
#include "tests/unit/modules/modrig.h"

static struct modrig rig;

static void
setup(void)
{
	struct buffer b;
	const char *config, *media_type;

	modrig_init(&rig);
	config = modrig_blob(&rig, "r:1/x", "{}");
	buffer_init(&b, 0);
	media_type = placeholder_put(&b, false, config, 2, "x", "v1");
	modrig_manifest(&rig, "r:1/x", "v1", media_type, b.data);
	modrig_manifest(&rig, "r:1/x", "v2", media_type, b.data);
	buffer_free(&b);
}

static void
teardown(void)
{
	cr_assert_eq(rig.left, 0, "%d calls are left", rig.left);
	modrig_free(&rig);
}

TestSuite(unfinished, .init = setup, .fini = teardown);

static void
fails(const char *script, const char *sentence)
{
	modrig_run(&rig, script);
	cr_assert(rig.result.failed, "%s did not fail", script);
	cr_assert_not_null(strstr(rig.result.text, sentence), "%s",
	    rig.result.text);
}

Test(unfinished, a_manifest_is_not_there)
{
	fails("manifest.get('r:1/x:v1')", "the deletion is finished now");
	cr_expect_not_null(strstr(rig.requests, "DELETE r:1/x sha256:"), "%s",
	    rig.requests);
	cr_expect_null(modrig_find(&rig, "r:1/x", "v1"));
}

Test(unfinished, a_config_is_not_there)
{
	fails("image.config('r:1/x:v1')", "the deletion is finished now");
	cr_expect_null(modrig_find(&rig, "r:1/x", "v1"));
}

Test(unfinished, another_tag_is_not_deleted)
{
	fails("manifest.get('r:1/x:v2')", "delete the tag once more");
	cr_expect_not_null(modrig_find(&rig, "r:1/x", "v2"));
}

Test(unfinished, nothing_is_deleted_in_a_dry_run)
{
	rig.dry_run = true;
	fails("manifest.get('r:1/x:v1')", "delete the tag once more");
	cr_expect_null(strstr(rig.requests, "DELETE"));
	cr_expect_not_null(modrig_find(&rig, "r:1/x", "v1"));
}

Test(unfinished, it_is_listed_and_can_be_deleted)
{
	modrig_run(&rig, "assert(tag.ls('r:1/x')[1] == 'v1')\n"
	    "tag.delete('r:1/x:v1')");
	cr_assert(!rig.result.failed, "%s", rig.result.text);
}
