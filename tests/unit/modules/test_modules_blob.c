/* SPDX-License-Identifier: Apache-2.0 */
/* The table "blob": what is read, checked, pushed and pretended. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "common/bounds.h"
#include "common/mem.h"
#include "tests/unit/modules/modrig.h"

static struct modrig rig;
static const char *hello;	/* the digest of "hello world" in r:1/x */

static void
setup(void)
{
	modrig_init(&rig);
	hello = modrig_blob(&rig, "r:1/x", "hello world");
}

static void
teardown(void)
{
	cr_assert_eq(rig.left, 0);
	cr_assert_eq(rig.slots, 0);
	modrig_free(&rig);
}

TestSuite(blob, .init = setup, .fini = teardown);

/* Runs the script, in which D is the digest, and which asserts. */
static void
run(const char *text)
{
	char *script = mem_printf("local D = '%s' %s", hello, text);

	modrig_run(&rig, script);
	free(script);
}

static void
check(const char *text)
{
	run(text);
	cr_assert(!rig.result.failed, "%s", rig.result.text);
}

static void
fails(const char *text, const char *want)
{
	run(text);
	cr_assert(rig.result.failed, "%s", text);
	cr_assert_not_null(strstr(rig.result.text, want), "%s",
	    rig.result.text);
}

static unsigned
asked(const char *what)
{
	unsigned n = 0;

	for (const char *p = rig.requests; (p = strstr(p, what)) != NULL; p++)
		n++;
	return n;
}

Test(blob, reads_in_parts)
{
	check("local b = blob.get('r:1/x', D) assert(b.size == 11)"
	    "assert(b.Digest == D and b.digest == D and b.Size == 11)"
	    "assert(b:read(5) == 'hello') assert(b:read(0) == '')"
	    "assert(b:read(1) == ' ') assert(b:read() == 'world')"
	    "assert(b:read() == nil and b:read(3) == nil and "
	    "b:read(0) == nil)"
	    "assert(tostring(b) == 'r:1/x@' .. D)"
	    "b = blob.get('r:1/x@' .. D) assert(b:read(100) == 'hello world')"
	    "assert(b:read(1) == nil)"
	    "assert(b:get():read() == 'hello world')"
	    "assert(b:head().size == 11)"
	    "assert(blob.get(reference.new('r:1/x@' .. D)):read() == "
	    "'hello world')");
	cr_assert_eq(asked("BLOB r:1/x"), 4, "%s", rig.requests);
}

Test(blob, an_empty_one)
{
	const char *empty = modrig_blob(&rig, "r:1/x", "");
	char *script = mem_printf("local b = blob.get('r:1/x', '%s') "
	    "assert(b.size == 0) assert(b:read() == '') "
	    "assert(b:read() == nil) "
	    "assert(blob.get('r:1/x', '%s'):read(1) == nil)", empty, empty);

	check(script);
	free(script);
}

#define LARGE (2 * BLOB_PART_MAX + 7)

Test(blob, large_ones_come_by_range)
{
	char *bytes = mem_alloc(LARGE + 1);

	for (size_t i = 0; i < LARGE; i++)
		bytes[i] = (char)('0' + i % 10);
	hello = modrig_blob(&rig, "r:1/x", bytes);
	free(bytes);
	check("local b, n, s = blob.get('r:1/x', D), 0 repeat s = b:read(99991)"
	    "if s then assert(s:byte(1) == 48 + n % 10) n = n + #s end "
	    "until not s assert(n == b.size and n == 2097159)"
	    "b = blob.get('r:1/x', D) assert(b:read(10) == '0123456789')"
	    "assert(#b:read() == 2097149) assert(b:read() == nil)");
	cr_assert_eq(asked("PART r:1/x sha256:"), 6, "%s", rig.requests);
	cr_assert_eq(asked(" 0+1048576"), 2, "%s", rig.requests);
	cr_assert_eq(asked(" 1048576+1048576"), 2, "%s", rig.requests);
	cr_assert_eq(asked(" 2097152+7"), 2, "%s", rig.requests);
}

/* All bytes are there but one: only the digest tells. */
Test(blob, a_spoiled_one_fails_at_its_end)
{
	rig.blob_size = LARGE;
	check("local b, n = blob.get('r:1/x', D), 0 "
	    "local ok, e = pcall(function() "
	    "while true do n = n + #b:read(100000) end end) "
	    "assert(n >= 1000000 and not ok and e:find('Failed reading blob "
	    "\"r:1/x@' .. D .. '\": blob digest mismatch, expected ' .. D .. "
	    "', received sha256:', 1, true), e) "
	    "ok, e = pcall(b.read, b) assert(not ok and "
	    "e:find('an earlier read of it failed'), e) "
	    "ok, e = pcall(b.read, b, 1) assert(not ok) "
	    "ok, e = pcall(b:get().read, b:get()) "
	    "assert(not ok and e:find('mismatch'), e)");
	rig.blob_size = 12;
	fails("blob.get('r:1/x', D):read(5)",
	    "the registry sent 11 of its 12 bytes");
}

Test(blob, what_cannot_be_read)
{
	rig.blob_size = BLOB_READ_MAX + 1;
	fails("blob.get('r:1/x', D):read()", "<string>:1: Failed reading "
	    "blob: 33554433 bytes are left, at most 33554432 are read at "
	    "once: use b:read(n)");
	fails("blob.get('r:1/x', D):read(33554433)", "bad argument #2 to "
	    "'blob.read' (from 0 to 33554432 bytes are read at once)");
	fails("blob.get('r:1/x', D):read(-1)", "bad argument #2");
	fails("blob.get('r:1/x', D):read(0/0)", "bad argument #2");
	fails("blob.get('r:1/x', D):read('a')", "bad argument #2 to "
	    "'blob.read' (number of bytes expected)");
	fails("blob.get('r:1/x', D).read(D)", "blob expected");
	rig.blob_cut = true;
	fails("blob.get('r:1/x', D):read(5)", "the registry sent 524288 of "
	    "its 33554433 bytes");
	rig.blob_fail = true;
	check("local b = blob.get('r:1/x', D) local ok, e = pcall(b.read, b, 5)"
	    "assert(not ok and e:find('cut')) ok, e = pcall(b.read, b, 5)"
	    "assert(not ok and e:find('cut'), e)");
	rig.blob_size = -1;
	fails("blob.get('r:1/x', D)", "Failed retrieving \"r:1/x:latest\" "
	    "blob \"sha256:");
	fails("blob.get('r:1/x', D)", "the registry does not report its size");
	rig.blob_size = 0;
	fails("blob.get('r:1/x')", "bad argument #2 to 'blob.get' (digest "
	    "expected, the reference has none)");
	fails("blob.get('r:1/x', 'sha256:abc')", "\"sha256:abc\" is not a "
	    "digest");
	fails("blob.get('r:1/z', D)", "not found [http 404]");
	fails("blob.get()", "reference expected");
	fails("blob.get('ocidir://x', D)", "ocidir");
}

Test(blob, puts_a_text)
{
	check("local d, n = blob.put('r:1/y', 'some\\0text') assert(n == 9)"
	    "assert(d:find('^sha256:%x+$'))"
	    "d, n = blob.put('r:1/y', 'r:1/x') assert(n == 5)"
	    "assert(blob.get('r:1/y', d):read() == 'r:1/x')"
	    "d, n = blob.put('r:1/y:v1', '') assert(n == 0)");
	cr_assert_eq(asked("BLOBPUT r:1/y sha256:"), 3);
	fails("blob.put('r:1/y')", "bad argument #2 to 'blob.put' (blob content "
	    "expected)");
	fails("blob.put('r:1/y', reference.new('r:1/x'))",
	    "blob content expected");
	fails("blob.put('r:1/y', 7)", "blob content expected");
	fails("blob.put(nil, 'x')", "reference expected");
	fails("blob.put('r:1/y', ('x'):rep(8388609))", "<string>:1: Failed to "
	    "put blob: it has 8388609 bytes, a script can put at most "
	    "8388608");
	cr_assert_eq(rig.tally.failed, 1);
}

Test(blob, puts_what_a_registry_has_without_reading_it)
{
	check("local b = blob.get('r:1/x', D) local d, n = b:put('r:1/y')"
	    "assert(d == D and n == 11) blob.put('q:1/z', b)"
	    "b:read(3) blob.put('r:1/x:other', b) blob.put('r:1/y', b)");
	cr_assert_eq(asked("COPY r:1/y"), 1);
	cr_assert_eq(asked("COPY q:1/z"), 1);
	cr_assert_eq(asked("COPY"), 2, "%s", rig.requests);
	cr_assert_eq(asked("BLOBPUT"), 0);
	cr_assert_eq(rig.tally.bytes, 11);
}

Test(blob, puts_configs_and_manifests)
{
	modrig_image(&rig, "r:1/x", "v", "{\"architecture\":\"amd64\","
	    "\"os\":\"linux\",\"config\":{\"Labels\":{\"a\":\"1\"}}}");
	check("local ic = image.config('r:1/x:v') "
	    "ic.config.Labels.a = '2' ic = ic:export() "
	    "local d, n = blob.put('r:1/y', ic) "
	    "assert(blob.get('r:1/y', d):read():find('\"a\":\"2\"', 1, true))"
	    "local m = manifest.get('r:1/x:v') d = blob.put('r:1/y', m) "
	    "assert(d == m:descriptor().digest)");
	fails("blob.put('r:1/y', manifest.head('r:1/x:v'))",
	    "the manifest was only looked up with head and has no content, "
	    "use manifest.get");
}

Test(blob, a_dry_run_pretends)
{
	modrig_image(&rig, "r:1/x", "v", "{\"architecture\":\"amd64\","
	    "\"os\":\"linux\",\"config\":{\"Labels\":{\"a\":\"1\"}}}");
	rig.dry_run = true;
	check("local d, n = blob.put('r:1/y', 'a\\0text') assert(n == 6)"
	    "assert(blob.head('r:1/y', d).size == 6)"
	    "local b = blob.get('r:1/y', d) assert(b:read(2) == 'a\\0')"
	    "assert(b:read() == 'text' and b:read() == nil)"
	    "assert(not pcall(blob.get, 'r:1/other', d))"
	    "b:put('q:1/z') assert(blob.get('q:1/z', d):read() == 'a\\0text')"
	    "blob.put('r:1/y', blob.get('r:1/x', D))"
	    "assert(blob.get('r:1/y', D):read() == 'hello world')"
	    "local m, ic = manifest.get('r:1/x:v'), image.config('r:1/x:v') "
	    "ic.config.Labels.a = '2' ic = ic:export() "
	    "m.config.digest, m.config.size = blob.put('r:1/x', ic) "
	    "m:export():put('r:1/x:v') "
	    "assert(image.config('r:1/x:v').config.Labels.a == '2')"
	    "m.config.digest, m.config.size = blob.put('r:1/n', "
	    "blob.get('r:1/x', manifest.get('r:1/x:v').config.digest)) "
	    /* It has the config now, and lacks the layer. */
	    "assert(not pcall(m.put, m:export(), 'r:1/n:v')) "
	    "image.copy('r:1/x:v', 'r:1/n:w') "
	    "m:export():put('r:1/n:v') "
	    "assert(image.config('r:1/n:v').config.Labels.a == '2')");
	cr_assert_eq(asked("PUT"), 0, "%s", rig.requests);
	cr_assert_eq(asked("COPY"), 0);
	cr_assert_not_null(strstr(rig.log, "INFO Put blob script=t "
	    "ref=r:1/y:latest digest=sha256:"), "%s", rig.log);
	cr_assert_not_null(strstr(rig.log, " size=6 dry-run=true"));
}

Test(blob, waiting_ends_with_the_job)
{
	rig.hang = true;
	rig.timeout_ms = 50;
	fails("blob.get('r:1/x', D)", "timeout of 50ms reached");
	fails("blob.put('r:1/x', 'x')", "timeout of 50ms reached");
}
