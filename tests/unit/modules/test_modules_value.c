/* SPDX-License-Identifier: Apache-2.0 */
/* Manifests and configs as scripts see, edit and push them. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "tests/unit/modules/modrig.h"

static struct modrig rig;

static void
setup(void)
{
	modrig_init(&rig);
}

static void
teardown(void)
{
	cr_assert_eq(rig.left, 0);
	cr_assert_eq(rig.slots, 0);
	modrig_free(&rig);
}

TestSuite(value, .init = setup, .fini = teardown);

#define CONFIG "{\"created\":\"2021-01-01T00:00:00Z\",\"author\":\"me\"," \
	"\"architecture\":\"amd64\",\"os\":\"linux\",\"config\":{" \
	"\"ExposedPorts\":{\"80/tcp\":{}},\"Env\":[\"A=<b>\"]," \
	"\"Labels\":{\"k\":\"v\",\"a\":\"1\"},\"Novel\":7}," \
	"\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"sha256:1\"]}," \
	"\"history\":[{\"created\":\"2020-02-03T04:05:06.5+02:00\"," \
	"\"created_by\":\"x\"},{\"empty_layer\":true}],\"moby.x\":[1]}"

/* Runs log(EXPRESSION)s; their messages, joined by "|". */
static void
check(const char *script, const char *want)
{
	static const char prefix[] = "INFO User script message script=t "
	    "message=";
	char *got = mem_strdup(""), *line, *save, *more;

	modrig_run(&rig, script);
	cr_assert(!rig.result.failed, "%s", rig.result.text);
	for (line = strtok_r(rig.log, "\n", &save); line != NULL;
	    line = strtok_r(NULL, "\n", &save)) {
		if (strncmp(line, prefix, strlen(prefix)) != 0)
			continue;
		more = mem_printf("%s%s%s", got, *got != '\0' ? "|" : "",
		    line + strlen(prefix));
		free(got);
		got = more;
	}
	cr_assert_str_eq(got, want);
	free(got);
}

static void
check_error(const char *script, const char *want)
{
	char *nl;

	modrig_run(&rig, script);
	cr_assert(rig.result.failed, "%s did not fail", script);
	if ((nl = strstr(rig.result.text, "\nstack traceback:")) != NULL)
		*nl = '\0';
	cr_assert_str_eq(rig.result.text, want);
}

Test(value, manifest_fields)
{
	char *want;
	const char *digest = modrig_image(&rig, "r:1/x", "v", CONFIG);

	want = mem_printf("%s|%zu|5|nil|2||0|0|nil|true|nil|amd64|amd64",
	    digest, strlen(modrig_find(&rig, "r:1/x", "v")));
	check("m = manifest.get('r:1/x:v') d = m:descriptor()\n"
	    "log(d.digest) log(d.Size) log(m.layers[1].size)\n"
	    "log(tostring(m.schemaVersion)) log(m.Versioned.schemaVersion)\n"
	    "log(m.artifactType) log(#m.layers[1].urls)\n"
	    "log(#m.Config.Data) log(tostring(m.config.platform))\n"
	    "log(tostring(m.config == m.Config and m.layers == m.Layers))\n"
	    "log(tostring(m.nothing)) log(m:config().Platform.architecture)\n"
	    "log(image.config(m).Platform.Architecture)", want);
	free(want);
}

Test(value, config_fields)
{
	modrig_image(&rig, "r:1/x", "v", CONFIG);
	check("ic = image.config('r:1/x:v')\n"
	    "log(ic.created) log(ic.Created) log(ic.history[1].created)\n"
	    "log(tostring(ic.history[2].created))\n"
	    "log(tostring(ic.history[2].empty_layer))\n"
	    "log(ic.Config.Labels.k) log(ic.config.User)\n"
	    "log(tostring(ic.architecture)) log(ic.Platform.os)\n"
	    "log(tostring(ic.config.ExposedPorts['80/tcp']))\n"
	    "log(tostring(ic.Config.Healthcheck)) log(ic.rootfs.diff_ids[1])\n"
	    "log(ic.Config.Env[1]) log(tostring(ic.Config.Created))",
	    "2021-01-01 00:00:00 +0000 UTC|2021-01-01 00:00:00 +0000 UTC|"
	    "2020-02-03 04:05:06.5 +0200 +0200|nil|true|v||nil|linux|true|"
	    "nil|sha256:1|A=<b>|nil");
}

Test(value, values_are_read_only)
{
	modrig_image(&rig, "r:1/x", "v", CONFIG);
	check_error("m = manifest.get('r:1/x:v') m.layers = {}",
	    "<string>:1: attempt to index a non-table object(userdata) with "
	    "key 'layers'");
	check_error("r = reference.new('x') r.x = 1",
	    "<string>:1: attempt to index a non-table object(userdata) with "
	    "key 'x'");
	modrig_run(&rig, "for k in pairs(manifest.get('r:1/x:v')) do end");
	cr_assert(rig.result.failed);
	check("log(tostring(getmetatable(reference.new('x'))))"
	    "log(tostring(pcall(setmetatable, manifest.get('r:1/x:v').config,"
	    "{})))", "false|false");
}

Test(value, unchanged_is_byte_for_byte)
{
	const char *digest = modrig_image(&rig, "r:1/x", "v", CONFIG);
	const char *orig = modrig_find(&rig, "r:1/x", "v");

	check("m = manifest.get('r:1/x:v') m:put('r:1/y:a')\n"
	    "manifest.put(m:export(), 'r:1/y:b')\n"
	    "manifest.put('r:1/x:v', reference.new('r:1/y:c'))\n"
	    "manifest.put(image.config('r:1/x:v'), 'r:1/y:d')\n"
	    "log(m:export():descriptor().digest)", digest);
	cr_assert_str_eq(modrig_find(&rig, "r:1/y", "a"), orig);
	cr_assert_str_eq(modrig_find(&rig, "r:1/y", "b"), orig);
	cr_assert_str_eq(modrig_find(&rig, "r:1/y", "c"), orig);
	cr_assert_str_eq(modrig_find(&rig, "r:1/y", "d"), orig);
}

#define D1 "sha256:" \
	"1111111111111111111111111111111111111111111111111111111111111111"
#define D2 "sha256:" \
	"2222222222222222222222222222222222222222222222222222222222222222"
#define INDEX "application/vnd.oci.image.index.v1+json"

Test(value, changed_keeps_the_order_of_its_keys)
{
	modrig_manifest(&rig, "r:1/x", "v", INDEX, "{\"mediaType\":\"" INDEX
	    "\", \"schemaVersion\":2,\"novel\":{\"a\":1.50},\"manifests\":["
	    "{\"digest\":\"" D1 "\",\"size\":1,\"mediaType\":\"x\",\"u\":1},"
	    "{\"digest\":\"" D2 "\",\"size\":2,\"mediaType\":\"y\",\"u\":2}"
	    "]}");
	check("m = manifest.getList('r:1/x:v') table.remove(m.manifests, 1)\n"
	    "m.annotations['b'] = '<&>' m.annotations.a = 4/2\n"
	    "m:export():put('r:1/x:w')", "");
	cr_assert_str_eq(modrig_find(&rig, "r:1/x", "w"),
	    "{\"mediaType\":\"" INDEX "\",\"schemaVersion\":2,"
	    "\"novel\":{\"a\":1.50},\"manifests\":[{\"digest\":\"" D2
	    "\",\"size\":2,\"mediaType\":\"y\",\"u\":2}],"
	    "\"annotations\":{\"a\":\"2\",\"b\":\"\\u003c\\u0026\\u003e\"}}");
}

Test(value, config_export)
{
	modrig_image(&rig, "r:1/x", "v", CONFIG);
	check("ic = image.config('r:1/x:v')\n"
	    "log(tostring(tostring(ic:export()) == tostring(ic)))\n"
	    "table.insert(ic.history, {created = 'x', created_by = 'new'})\n"
	    "table.remove(ic.history, 2) ic.config.Volumes['/v'] = true\n"
	    "ic.config.Labels.k = nil ic.config.Labels[1] = 'x'\n"
	    "ic.Config.User = 'u' ic.config.ArgsEscaped = 'yes'\n"
	    "log((tostring(ic:export()):gsub('%s', '')))", "true|"
	    "{\"created\":\"2021-01-01T00:00:00Z\",\"author\":\"me\","
	    "\"architecture\":\"amd64\",\"os\":\"linux\",\"config\":{"
	    "\"User\":\"u\",\"ExposedPorts\":{\"80/tcp\":{}},"
	    "\"Env\":[\"A=\\u003cb\\u003e\"],\"Volumes\":{\"/v\":{}},"
	    "\"Labels\":{\"a\":\"1\"},\"Novel\":7},"
	    "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"sha256:1\"]},"
	    "\"history\":[{\"created\":\"2020-02-03T04:05:06.5+02:00\","
	    "\"created_by\":\"x\"},{\"created\":\"0001-01-01T00:00:00Z\","
	    "\"created_by\":\"new\"}],\"moby.x\":[1]}");
}

Test(value, tostring_is_indented)
{
	modrig_manifest(&rig, "r:1/x", "v", INDEX,
	    "{\"schemaVersion\":2, \"manifests\":[], \"a\":{},\"b\":[1,\"<\"]"
	    "}");
	modrig_run(&rig, "log(tostring(manifest.getList('r:1/x:v')))");
	cr_assert_not_null(strstr(rig.log, "message={\n  \"schemaVersion\": "
	    "2,\n  \"manifests\": [],\n  \"a\": {},\n  \"b\": [\n    1,\n    "
	    "\"\\u003c\"\n  ]\n}"));
}

Test(value, heads)
{
	char *want;
	const char *digest = modrig_image(&rig, "r:1/x", "v", CONFIG);

	want = mem_printf("table|nil|0|%s|application/vnd.oci.image.manifest."
	    "v1+json", digest);
	check("m = manifest.head('r:1/x:v') log(type(m.Manifest))\n"
	    "log(tostring(m.layers)) log(m.Manifest.config.size)\n"
	    "log(m:descriptor().digest) log(m:descriptor().mediaType)", want);
	free(want);
	check_error("manifest.put(manifest.head('r:1/x:v'), 'r:1/y')",
	    "<string>:1: Failed to put manifest: it was only looked up with "
	    "head and has no content to push; write manifest.get or "
	    "manifest.getList instead of head");
	check_error("tostring(manifest.head('r:1/x:v'))", "<string>:1: Failed "
	    "outputing manifest: it was only looked up with head and has no "
	    "content");
	check_error("manifest.head('r:1/x:v'):config()", "<string>:1: Failed "
	    "looking up \"r:1/x:v\" config digest: the manifest was only "
	    "looked up with head and has no content");
	rig.no_head_digest = true;
	check("log(#manifest.head('r:1/x:v').layers)", "1");
	cr_assert_str_eq(rig.requests, "HEAD r:1/x v\nGET r:1/x v");
}

/* An index of two images; what local is depends on the machine. */
static const char *
fill_index(const char **amd64, const char **arm64)
{
	const char *digest;
	char *index;

	*amd64 = modrig_image(&rig, "r:1/x", "",
	    "{\"architecture\":\"amd64\",\"os\":\"linux\"}");
	*arm64 = modrig_image(&rig, "r:1/x", "",
	    "{\"architecture\":\"arm64\",\"os\":\"linux\"}");
	index = mem_printf("{\"schemaVersion\":2,\"manifests\":["
	    "{\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\","
	    "\"digest\":\"%s\",\"size\":1,\"platform\":{\"os\":\"linux\","
	    "\"architecture\":\"amd64\"}},{\"mediaType\":"
	    "\"application/vnd.oci.image.manifest.v1+json\",\"digest\":\"%s\","
	    "\"size\":1,\"platform\":{\"os\":\"linux\",\"architecture\":"
	    "\"arm64\"}}]}", *amd64, *arm64);
	digest = modrig_manifest(&rig, "r:1/x", "v", INDEX, index);
	free(index);
	return digest;
}

Test(value, platforms)
{
	const char *amd64, *arm64, *index = fill_index(&amd64, &arm64);
	char *want;

	want = mem_printf("%s|%s|arm64|2", arm64, amd64);
	check("log(manifest.get('r:1/x:v', 'linux/arm64'):descriptor().digest)"
	    "log(manifest.get('r:1/x:v', 'linux/amd64'):descriptor().digest)\n"
	    "log(image.config(manifest.get('r:1/x:v','linux/arm64'))."
	    "Platform.architecture) log(#manifest.getList('r:1/x:v')."
	    "manifests)", want);
	free(want);
	check_error("manifest.get('r:1/x:v', 'linux/s390x')", "<string>:1: "
	    "Failed retrieving \"r:1/x:v\" manifest: platform not found: "
	    "linux/s390x");
	check("log(image.config('r:1/x:v', 'linux/arm64').Platform.os .. '/'"
	    " .. image.config('r:1/x:v', 'linux/arm64').Platform.architecture)"
	    "log(image.config(manifest.get('r:1/x:v', 'linux/amd64'), "
	    "'linux/arm64').Platform.architecture)"
	    "log(image.config(manifest.getList('r:1/x:v'), 'linux/arm64')"
	    ".Platform.architecture)"
	    "log(image.config('r:1/x:v', nil).Platform.os)",
	    "linux/arm64|arm64|arm64|linux");
	check_error("image.config('r:1/x:v', 'linux/s390x')", "<string>:1: "
	    "manifest pull failed: platform "
	    "not found: linux/s390x");
	check_error("image.config('r:1/x:v', 'li nux')", "<string>:1: bad "
	    "argument #2 to 'image.config' (invalid platform component li nux in "
	    "li nux)");
	check_error("image.config('r:1/x:v', {})", "<string>:1: bad argument "
	    "#2 to 'image.config' (string expected, got table)");
	check_error("image.config(manifest.getList('r:1/x:v'))", "<string>:1: "
	    "Image methods are not available for manifest");
	check_error("manifest.getList('r:1/x:v'):config()", "<string>:1: "
	    "Image methods are not available for manifest");
	modrig_run(&rig, "manifest.get('r:1/x:v', 'no such/*')");
	cr_assert_not_null(strstr(rig.log, "WARN Could not parse platform "
	    "script=t platform=no such/* err=invalid platform component"));
	/* What is deleted is the resolved manifest, not the index. */
	want = mem_printf("manifest.get('r:1/x@%s','linux/arm64'):delete()",
	    index);
	check(want, "");
	free(want);
	cr_assert_null(modrig_find(&rig, "r:1/x", arm64));
	cr_assert_not_null(modrig_find(&rig, "r:1/x", "v"));
}

Test(value, delete_by_digest)
{
	const char *digest = modrig_image(&rig, "r:1/x", "v", CONFIG);
	char *want;

	modrig_run(&rig, "m = manifest.head('r:1/x:v') m:delete() m:delete()");
	want = mem_printf("<string>:1: Failed deleting \"r:1/x:v@%s\": failed "
	    "to delete manifest r:1/x:v@%s: request failed: not found [http "
	    "404]: {\"errors\":[]}\n", digest, digest);
	cr_assert_eq(strncmp(rig.result.text, want, strlen(want)), 0, "%s",
	    rig.result.text);
	free(want);
	want = mem_printf("INFO Delete manifest script=t image=r:1/x:v@%s "
	    "dry-run=false\n", digest);
	cr_assert_not_null(strstr(rig.log, want));
	free(want);
}

Test(value, hostile_content)
{
	modrig_manifest(&rig, "r:1/x", "html", INDEX, "<html>");
	modrig_manifest(&rig, "r:1/x", "cut", INDEX, "{\"manifests\":[");
	modrig_manifest(&rig, "r:1/x", "type", "application/json", "{}");
	modrig_manifest(&rig, "r:1/x", "other", INDEX,
	    "{\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\"}");
	modrig_manifest(&rig, "r:1/x", "shape", INDEX,
	    "{\"manifests\":[],\"annotations\":[]}");
#define FAILED "<string>:1: manifest pull failed: failed to get manifest r:1/x:"
	check_error("image.config('r:1/x:html')",
	    FAILED "html: the manifest is HTML, not JSON");
	check_error("image.config('r:1/x:cut')",
	    FAILED "cut: the manifest is not valid JSON: it is truncated");
	check_error("image.config('r:1/x:type')",
	    FAILED "type: unsupported media type: \"application/json\"");
	check_error("image.config('r:1/x:other')", FAILED "other: manifest "
	    "contains an unexpected media type: expected " INDEX ", received "
	    "application/vnd.oci.image.manifest.v1+json");
	check_error("manifest.put('r:1/x:shape', 'r:1/y')", FAILED "shape: "
	    "the manifest's \"annotations\" is not an object");
	modrig_image(&rig, "r:1/x", "labels",
	    "{\"config\":{\"Labels\":[\"a\"]}}");
	check_error("image.config('r:1/x:labels')", "<string>:1: Failed "
	    "retrieving \"r:1/x:labels\" config: the config's \"Labels\" is not an "
	    "object");
}

Test(value, wrong_digests)
{
	const char *digest = modrig_image(&rig, "r:1/x", "v", CONFIG);
	char *want;

	rig.put_digest = D1;
	want = mem_printf("<string>:1: Failed to put manifest: failed to put "
	    "manifest, unexpected digest returned, expected %s, received "
	    D1, digest);
	check_error("manifest.put('r:1/x:v', 'r:1/y:v')", want);
	free(want);
	want = mem_printf("<string>:1: Failed to put manifest: manifest digest "
	    "mismatch, expected " D1 ", computed %s", digest);
	check_error("manifest.put('r:1/x:v', 'r:1/y@" D1 "')", want);
	free(want);
}

/* A state that cannot be built, with whatever library is under way, is an
 * error, not an abort. */
Test(value, too_little_memory_to_begin)
{
	int failed = 0;

	for (rig.memory = 1000; modrig_run(&rig, "") == -1;
	    rig.memory += 500) {
		cr_assert(strstr(rig.err.text, "cannot set up Lua: ") ==
		    rig.err.text, "%s", rig.err.text);
		failed++;
	}
	cr_assert_gt(failed, 20);
}

/* Wherever Lua runs out of memory, nothing leaks (the address sanitizer
 * looks) and nothing stays under way. */
Test(value, little_memory)
{
	static const char script[] = "for i = 1, 3 do\n"
	    "ic = image.config('r:1/x:v') m = manifest.get('r:1/x:v')\n"
	    "m.annotations.a = 'b' s = tostring(m:export()) .. tostring(ic)\n"
	    "ic.config.Labels.b = 'c' t = tostring(ic:export())\n"
	    "l = tag.ls('r:1/x') m:export():put('r:1/y:a')\n"
	    "image.copy('r:1/x:v', 'r:1/y', {platforms={'a', 'b'}}) end";
	int failed = 0, ok = 0;

	modrig_image(&rig, "r:1/x", "v", CONFIG);
	for (rig.memory = 60000; ok < 3 && rig.memory < 1000000;
	    rig.memory += 97) {
		if (modrig_run(&rig, script) == -1)
			continue;
		cr_assert_eq(rig.left, 0);
		cr_assert_eq(rig.slots, 0);
		if (rig.result.failed)
			failed++;
		else
			ok++;
	}
	cr_assert_gt(failed, 20);
	cr_assert_eq(ok, 3);
}

/* Nor is there stack left for finalizers when a script uses it all. */
Test(value, little_stack)
{
	static const char script[] = "local function make()\n"
	    "local r = reference.new('r:1/x') tag.ls(r)\n"
	    "tostring(manifest.get('r:1/x:v'):export()) end\n"
	    "local function at(depth)\n"
	    "if depth > 0 then pcall(at, depth - 1) return end\n"
	    "for i = 1, 50 do pcall(make) end end\n"
	    "for depth = 180, 200 do at(depth) end";

	modrig_image(&rig, "r:1/x", "v", CONFIG);
	modrig_run(&rig, script);
	cr_assert(!rig.result.failed, "%s", rig.result.text);
	cr_assert_eq(rig.left, 0);
}

/* What calls leave behind goes about as fast as it comes: a script that makes
 * thousands of them does not grow. */
Test(value, garbage)
{
	static const char *const calls[] = {
		"image.copy('r:1/x:v', 'r:1/z:v')", "tag.ls('r:1/x')",
		"pcall(manifest.get, 'r:1/x:none')", "reference.new('r:1/x')",
		"manifest.head('r:1/x:v')",
	};
	char *script;

	modrig_image(&rig, "r:1/x", "v", CONFIG);
	modrig_image(&rig, "r:1/z", "v", CONFIG);
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		script = mem_printf("for i = 1, 1500 do %s end\n"
		    "assert(collectgarbage('count') < 256, "
		    "collectgarbage('count'))", calls[i]);
		modrig_run(&rig, script);
		cr_expect(!rig.result.failed, "%s: %s", calls[i],
		    rig.result.text);
		free(script);
	}
}

/* The broker has asked for it twice. */
Test(value, a_corrupted_manifest)
{
	modrig_image(&rig, "r:1/x", "v", CONFIG);
	rig.corrupt = 1;
	modrig_run(&rig, "manifest.get('r:1/x:v')");
	cr_assert(rig.result.failed);
	cr_assert_not_null(strstr(rig.result.text, "digest mismatch"), "%s",
	    rig.result.text);
}
