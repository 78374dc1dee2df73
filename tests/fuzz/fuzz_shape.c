/* SPDX-License-Identifier: Apache-2.0 */
/* JSON through Lua and back: valid, of its shape, and the same once more. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>
#include <lua.h>

#include "common/bounds.h"
#include "common/buffer.h"
#include "common/json.h"
#include "worker/lua/owned.h"
#include "worker/lua/shape.h"
#include "worker/oci/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

const char *const fuzz_seeds[] = {
	"\x01{\"created\":\"2021-01-01T00:00:00.5+02:00\",\"author\":\"<a>\","
	"\"architecture\":\"amd64\",\"os\":\"linux\",\"os.features\":[\"x\"],"
	"\"config\":{\"ExposedPorts\":{\"80/tcp\":{}},\"Env\":[\"A=b\"],"
	"\"Labels\":{\"k\":\"v\",\"a\":null},\"StopTimeout\":3,"
	"\"Healthcheck\":{\"Test\":[\"NONE\"],\"Interval\":5}},\"rootfs\":"
	"{\"type\":\"layers\",\"diff_ids\":[\"x\"]},\"history\":[{\"created\":"
	"\"2020-01-01T00:00:00Z\",\"empty_layer\":true}],\"more\":[1.5,{}]}",
	"\x02{\"mediaType\":\"m\",\"digest\":\"d\",\"size\":-7,\"urls\":[\"u\"],"
	"\"annotations\":{\"b\":\"1\",\"a\":\"\\u2028\"},\"data\":\"aGk=\","
	"\"platform\":{\"os\":\"o\",\"os.version\":\"1\"},\"x\":null}",
	"\x03{\"schemaVersion\":2,\"config\":{},\"layers\":[{},null],"
	"\"subject\":{\"size\":1},\"annotations\":{}}",
	"\x04{\"schemaVersion\":1,\"name\":\"n\",\"fsLayers\":[{\"blobSum\":"
	"\"b\"}],\"history\":[{\"v1Compatibility\":\"{}\"}],\"signatures\":[]}",
	NULL
};

static const struct shape *
shape_for(uint8_t c)
{
	switch (c % 10) {
	case 1:
		return &shape_config;
	case 2:
		return &shape_descriptor;
	case 3:
		return shape_of_kind(MANIFEST_OCI_IMAGE);
	case 4:
		return shape_of_kind(MANIFEST_DOCKER_V1_SIGNED);
	case 5:
		return shape_of_kind(MANIFEST_OCI_INDEX);
	case 6:
		return shape_of_kind(MANIFEST_OCI_ARTIFACT);
	case 7:
		return shape_of_kind(MANIFEST_DOCKER_IMAGE);
	case 8:
		return shape_of_kind(MANIFEST_DOCKER_LIST);
	default:
		return shape_of_kind(MANIFEST_DOCKER_V1);
	}
}

static json_object *
parse(const char *p, size_t n)
{
	return json_parse(p, n, JSON_BYTES_MAX, "the text", NULL);
}

/* One trip; what Go would write for it. Frees o; NULL when o has not the
 * shape. */
static char *
trip(const struct shape *s, json_object *o)
{
	struct buffer out;
	lua_State *L;

	if (o == NULL || shape_check(s, o, NULL) == -1) {
		json_object_put(o);
		return NULL;
	}
	if ((L = luaL_newstate()) == NULL)
		abort();
	owned_open(L);
	lua_newtable(L);
	shape_push(L, s, o, 1);
	buffer_init(&out, 0);
	json_write(&out, shape_export(L, s, 2, 1, o));
	lua_close(L);
	json_object_put(o);
	return buffer_steal(&out);
}

/* Indenting keeps valid what is valid. */
static void
check_indent(const char *p, size_t n)
{
	struct buffer b;
	json_object *o;

	buffer_init(&b, 0);
	json_indent(&b, p, n);
	if ((o = parse(buffer_str(&b), b.len)) == NULL)
		abort();
	json_object_put(o);
	buffer_free(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text[3] = { NULL, NULL, NULL };
	const struct shape *s;
	json_object *o;
	int i;

	if (size == 0)
		return 0;
	s = shape_for(data[0]);
	o = parse((const char *)data + 1, size - 1);
	if (o == NULL)
		return 0;
	check_indent((const char *)data + 1, size - 1);
	text[0] = trip(s, o);
	/* Bytes that are no UTF-8 become an escape, then a character: what
	 * the second trip gives must not change any more. */
	for (i = 1; text[0] != NULL && i < 3; i++) {
		o = parse(text[i - 1], strlen(text[i - 1]));
		if ((text[i] = trip(s, o)) == NULL)
			abort();
	}
	if (text[0] != NULL && strcmp(text[1], text[2]) != 0)
		abort();
	for (i = 0; i < 3; i++)
		free(text[i]);
	return 0;
}
