/* SPDX-License-Identifier: Apache-2.0 */
/* Shapes: JSON to Lua tables and back, Go's texts. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>
#include <lualib.h>

#include "common/bounds.h"
#include "common/buffer.h"
#include "common/json.h"
#include "worker/lua/owned.h"
#include "worker/lua/shape.h"
#include "worker/oci/manifest.h"

static json_object *
read_json(const char *text)
{
	struct error err;
	json_object *o = json_parse(text, strlen(text), JSON_BYTES_MAX,
	    "the text", &err);

	cr_assert_not_null(o, "%s", err.text);
	return o;
}

/* To Lua, through a change, and back. */
static void
check_trip(const struct shape *s, const char *text, const char *change,
    const char *want)
{
	lua_State *L = luaL_newstate();
	json_object *o = read_json(text);
	struct buffer b;
	struct error err;

	cr_assert_eq(shape_check(s, o, &err), 0, "%s", err.text);
	luaL_openlibs(L);
	owned_open(L);
	lua_newtable(L);
	shape_push(L, s, o, 1);
	lua_pushvalue(L, 2);
	lua_setglobal(L, "t");
	cr_assert_eq(luaL_dostring(L, change), LUA_OK, "%s",
	    lua_tostring(L, -1));
	buffer_init(&b, 0);
	json_write(&b, shape_export(L, s, 2, 1, o));
	cr_assert_str_eq(buffer_str(&b), want);
	buffer_free(&b);
	lua_close(L);
	json_object_put(o);
}

Test(shape, descriptor)
{
	check_trip(&shape_descriptor, "{}", "assert(t.Size == 0 and "
	    "t.digest == '' and #t.urls == 0 and t.platform == nil and "
	    "math.type(t.size) == 'integer')",
	    "{\"mediaType\":\"\",\"digest\":\"\",\"size\":0}");
	check_trip(&shape_descriptor, "{\"size\":5,\"data\":\"aGk=\","
	    "\"annotations\":{\"b\":\"2\",\"a\":null},\"extra\":[1.50,{}],"
	    "\"platform\":{\"os\":\"linux\",\"os.version\":\"1\","
	    "\"more\":true}}",
	    "assert(#t.data == 2 and t.Data[1] == 104 and "
	    "t.annotations.a == '' and t.platform['os.version'] == '1' and "
	    "t.platform.OSVersion == '1') t.data[3] = 33",
	    "{\"size\":5,\"data\":\"aGkh\",\"annotations\":{"
	    "\"b\":\"2\",\"a\":\"\"},\"extra\":[1.50,{}],\"platform\":{"
	    "\"architecture\":\"\",\"os\":\"linux\",\"os.version\":\"1\","
	    "\"more\":true},\"mediaType\":\"\",\"digest\":\"\"}");
}

Test(shape, wrong_types_count_as_zero)
{
	check_trip(&shape_descriptor, "{\"size\":5,\"digest\":\"x\"}",
	    "t.size = 'a' t.digest = {} t.urls = 3 t.annotations = nil "
	    "t.platform = 7 t.mediaType = 8/2 t.Size = 9",
	    "{\"size\":0,\"digest\":\"\",\"mediaType\":\"4\"}");
	check_trip(&shape_descriptor, "{}", "t.size = 2^40 t.urls = {1, {}}",
	    "{\"mediaType\":\"\",\"digest\":\"\",\"size\":1099511627776,"
	    "\"urls\":[\"1\",\"\"]}");
}

Test(shape, times)
{
	check_trip(&shape_config, "{\"created\":\"2021-01-01T00:00:00Z\"}",
	    "assert(t.created == '2021-01-01 00:00:00 +0000 UTC') "
	    "t.created = 'whatever'",
	    "{\"created\":\"2021-01-01T00:00:00Z\",\"architecture\":\"\","
	    "\"os\":\"\",\"rootfs\":{\"type\":\"\",\"diff_ids\":[]}}");
	check_trip(&shape_config, "{\"created\":\"2021-01-01T00:00:00Z\"}",
	    "t.created = nil", "{\"architecture\":\"\",\"os\":\"\","
	    "\"rootfs\":{\"type\":\"\",\"diff_ids\":[]}}");
	/* A row moves with its time; a replaced one has its place's. */
	check_trip(&shape_config, "{\"history\":[{\"created\":"
	    "\"2021-01-01T00:00:00Z\"},{\"created\":\"2022-01-01T00:00:00Z\"}"
	    "]}", "t.history[1], t.history[2] = t.history[2], {created=1}",
	    "{\"architecture\":\"\",\"os\":\"\",\"rootfs\":{\"type\":\"\","
	    "\"diff_ids\":[]},\"history\":[{\"created\":"
	    "\"2022-01-01T00:00:00Z\"},{\"created\":\"2022-01-01T00:00:00Z\"}"
	    "]}");
}

Test(shape, sets_and_pointers)
{
	check_trip(&shape_config, "{\"config\":{\"Volumes\":{\"/b\":{},"
	    "\"/a\":{}},\"StopTimeout\":0,\"Healthcheck\":{\"Interval\":5}}}",
	    "assert(t.config.Volumes['/a'] and t.config.StopTimeout == 0 and "
	    "t.config.Healthcheck.Retries == 0) t.config.Volumes['/c'] = {} "
	    "t.config.Volumes['/a'] = nil t.config.Volumes['/d'] = false",
	    "{\"architecture\":\"\",\"os\":\"\",\"config\":{\"Volumes\":{"
	    "\"/b\":{},\"/c\":{}},\"StopTimeout\":0,\"Healthcheck\":{"
	    "\"Interval\":5}},\"rootfs\":{\"type\":\"\",\"diff_ids\":[]}}");
}

Test(shape, checks)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "{\"created\":\"yesterday\"}", "the image config's "
		    "\"created\" is not a time (RFC 3339)" },
		{ "{\"config\":{\"Labels\":[]}}",
		    "the config's \"Labels\" is not an object" },
		{ "{\"config\":{\"Labels\":{\"a\":1}}}",
		    "the config's \"Labels\" is not an object of strings" },
		{ "{\"config\":{\"Env\":\"a\"}}",
		    "the config's \"Env\" is not a list" },
		{ "{\"config\":{\"Env\":[1]}}",
		    "the config's \"Env\" is not a list of strings" },
		{ "{\"history\":[1]}", "the image config's \"history\" is "
		    "not a list of objects" },
		{ "{\"history\":[{\"empty_layer\":\"x\"}]}",
		    "the history's \"empty_layer\" is not true or false" },
		{ "{\"os\":1}", "the platform's \"os\" is not a string" },
		{ "{\"config\":{\"StopTimeout\":1.5}}",
		    "the config's \"StopTimeout\" is not a whole number" },
		{ "{\"config\":7}", "the image config's \"config\" is not an "
		    "object" },
		{ "[]", "the image config is not an object" },
	};
	struct error err;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_object *o = read_json(cases[i].text);

		cr_assert_eq(shape_check(&shape_config, o, &err), -1);
		cr_assert_str_eq(err.text, cases[i].want);
		json_object_put(o);
	}
}

Test(shape, go_times)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{ "2021-01-01T00:00:00Z", "2021-01-01 00:00:00 +0000 UTC" },
		{ "2020-02-29T23:59:59.120300Z",
		    "2020-02-29 23:59:59.1203 +0000 UTC" },
		{ "2020-01-01T00:00:00.000Z",
		    "2020-01-01 00:00:00 +0000 UTC" },
		{ "2020-01-01T00:00:00.123456789123-05:30",
		    "2020-01-01 00:00:00.123456789 -0530 -0530" },
		{ "2020-01-01T00:00:00+00:00",
		    "2020-01-01 00:00:00 +0000 UTC" },
		{ "0001-01-01T00:00:00Z", "0001-01-01 00:00:00 +0000 UTC" },
		{ "2021-02-29T00:00:00Z", NULL }, { "2021-01-01", NULL },
		{ "2021-01-01 00:00:00Z", NULL }, { "", NULL },
		{ "2021-13-01T00:00:00Z", NULL },
		{ "2021-01-01T24:00:00Z", NULL },
		{ "2021-01-01T00:00:00", NULL },
		{ "2021-01-01T00:00:00.Z", NULL },
		{ "2021-01-01T00:00:00+1:00", NULL },
		{ "2021-01-01T00:00:00Zx", NULL },
	};
	char out[GOTIME_MAX];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int rv = gotime(cases[i].in, out);

		cr_assert_eq(rv, cases[i].out != NULL ? 0 : -1, "%s",
		    cases[i].in);
		if (rv == 0)
			cr_assert_str_eq(out, cases[i].out);
	}
}


Test(shape, either_spelling_of_a_field_counts)
{
	check_trip(&shape_descriptor, "{\"mediaType\":\"a\",\"digest\":\"b\","
	    "\"size\":5}", "t.MediaType = 'x' t.digest = 'y' t.Size = 7 "
	    "t.size = 6 t.Annotations = {k = 'v'} t.urls = {'u'}",
	    "{\"mediaType\":\"x\",\"digest\":\"y\",\"size\":6,\"urls\":[\"u\"],"
	    "\"annotations\":{\"k\":\"v\"}}");
	/* What is taken away counts as well, and new tables have one name. */
	check_trip(&shape_descriptor, "{\"mediaType\":\"a\",\"digest\":\"b\","
	    "\"size\":5,\"annotations\":{\"k\":\"v\"},\"platform\":{"
	    "\"architecture\":\"amd64\",\"os\":\"linux\"}}",
	    "t.Annotations = nil t.Platform = {OS = 'plan9', "
	    "architecture = 'arm'}",
	    "{\"mediaType\":\"a\",\"digest\":\"b\",\"size\":5,\"platform\":{"
	    "\"architecture\":\"arm\",\"os\":\"plan9\"}}");
	check_trip(&shape_config, "{\"created\":\"2021-01-01T00:00:00Z\","
	    "\"os\":\"linux\"}", "t.Created = nil t.Platform.OS = 'x' "
	    "t.RootFS = {DiffIDs = {'d'}}",
	    "{\"architecture\":\"\",\"os\":\"x\",\"rootfs\":{\"type\":\"\","
	    "\"diff_ids\":[\"d\"]}}");
}

Test(shape, keys_keep_their_order)
{
	/* In Go's order but for the unknown ones: new keys go where Go would
	 * write them. */
	check_trip(&shape_descriptor, "{\"mediaType\":\"a\",\"x\":1,"
	    "\"digest\":\"b\",\"size\":5,\"y\":{\"b\":1,\"a\":2},"
	    "\"platform\":{\"architecture\":\"a\",\"os\":\"l\"},\"z\":null}",
	    "t.urls = {'u'} t.artifactType = 't'",
	    "{\"mediaType\":\"a\",\"x\":1,\"digest\":\"b\",\"size\":5,"
	    "\"urls\":[\"u\"],\"y\":{\"b\":1,\"a\":2},\"platform\":{"
	    "\"architecture\":\"a\",\"os\":\"l\"},\"artifactType\":\"t\","
	    "\"z\":null}");
	/* In another order: at the end. */
	check_trip(&shape_descriptor, "{\"size\":5,\"digest\":\"b\","
	    "\"mediaType\":\"a\"}", "t.urls = {'u'} t.size = 6",
	    "{\"size\":6,\"digest\":\"b\",\"mediaType\":\"a\","
	    "\"urls\":[\"u\"]}");
	check_trip(&shape_descriptor, "{\"mediaType\":\"\",\"digest\":\"\","
	    "\"size\":1,\"annotations\":{\"b\":\"1\",\"a\":\"2\",\"c\":\"3\"}}",
	    "t.annotations.aa = '4' t.annotations.A = '5' "
	    "t.annotations.c = nil",
	    "{\"mediaType\":\"\",\"digest\":\"\",\"size\":1,\"annotations\":{"
	    "\"b\":\"1\",\"a\":\"2\",\"A\":\"5\",\"aa\":\"4\"}}");
	check_trip(&shape_descriptor, "{\"mediaType\":\"\",\"digest\":\"\","
	    "\"size\":1,\"annotations\":{\"a\":\"1\",\"c\":\"2\"}}",
	    "t.annotations.d = '4' t.annotations.b = '5'",
	    "{\"mediaType\":\"\",\"digest\":\"\",\"size\":1,\"annotations\":{"
	    "\"a\":\"1\",\"b\":\"5\",\"c\":\"2\",\"d\":\"4\"}}");
}
