/* SPDX-License-Identifier: Apache-2.0 */
/* The YAML tree: places, anchors, merges, limits, and what is refused. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buffer.h"
#include "common/mem.h"
#include "supervisor/config/yaml_tree.h"

static char warned[256];

static void
on_warn(void *arg, const struct yaml_node *at, const char *message,
    const char *key)
{
	(void)arg;
	snprintf(warned, sizeof(warned), "%d:%d %s: %s", at->line, at->column,
	    message, key);
}

static struct yaml_tree
read_ok(const char *text)
{
	struct yaml_tree t;
	struct error err = { 0 };

	warned[0] = '\0';
	cr_assert_eq(yaml_tree_read(&t, text, strlen(text), "f.yml", on_warn,
	    NULL, &err), 0, "%s", err.text);
	return t;
}

static void
read_bad(const char *text, const char *expected)
{
	struct yaml_tree t;
	struct error err = { 0 };

	cr_assert_eq(yaml_tree_read(&t, text, strlen(text), "f.yml", NULL,
	    NULL, &err), -1, "accepted: %s", text);
	cr_assert_str_eq(err.text, expected);
	yaml_tree_free(&t);
}

static const struct yaml_node *
get(const struct yaml_node *map, const char *key)
{
	for (size_t i = 0; i < map->nitems; i += 2)
		if (strcmp(map->items[i]->text, key) == 0)
			return map->items[i + 1];
	return NULL;
}

Test(yaml, empty_texts)
{
	static const char *const texts[] = {
		"", "\n", "# only this\n", "---\n"
	};

	for (size_t i = 0; i < 4; i++) {
		struct yaml_tree t = read_ok(texts[i]);

		cr_assert_null(t.root);
		yaml_tree_free(&t);
	}
}

Test(yaml, places)
{
	struct yaml_tree t = read_ok("a: 1\nb:\n  - c: \"x\"\n");
	const struct yaml_node *c;

	cr_assert_eq(get(t.root, "a")->line, 1);
	cr_assert_eq(get(t.root, "a")->column, 4);
	c = get(get(t.root, "b")->items[0], "c");
	cr_assert_eq(c->line, 3);
	cr_assert_eq(c->column, 8);
	cr_assert_not(c->plain);
	cr_assert(get(t.root, "a")->plain);
	yaml_tree_free(&t);
}

Test(yaml, json_is_yaml)
{
	struct yaml_tree t = read_ok("{\"a\": [1, {\"b\": null}], "
	    "\"c\": \"\"}");

	cr_assert_eq(get(t.root, "a")->nitems, 2);
	cr_assert(yaml_is_null(get(get(t.root, "a")->items[1], "b")));
	cr_assert_not(yaml_is_null(get(t.root, "c")));
	yaml_tree_free(&t);
}

Test(yaml, a_second_document)
{
	static const char *const texts[] = {
		"a: 1\n---\n", "a: 1\n...\n", "a: 1\n...\n# c\n---\n",
		"--- {a: 1}\n---\n...\n---\n",
	};
	static const char explicit[] = "f.yml:2:1: a second document begins "
	    "here, expected one in the file: remove the line \"---\", or "
	    "indent it where it belongs to a script";

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct yaml_tree t = read_ok(texts[i]);

		cr_assert_str_eq(get(t.root, "a")->text, "1");
		yaml_tree_free(&t);
	}
	read_bad("a: 1\n---\nb: 2\n", explicit);
	read_bad("a: 1\n---\n] not yaml\n", explicit);
	read_bad("---\n---\na: 1\n", explicit);
	read_bad("a: |\n--- a comment of Lua\n  x = 1\n", explicit);
	read_bad("a: |\n  x = 1\n...\n  y = 2\n", "f.yml:4:3: did not "
	    "find expected <document start>: expected nothing after the end "
	    "of the document; a line \"...\" ends it: remove it, or "
	    "indent it where it belongs to a script");
}

/* Dots of Lua, and what YAML takes for the end of a document. */
Test(yaml, dots)
{
	static const char *const texts[] = {
		"a: |\n  ...\n", "a: |\n  ... \n  b\n", "a: >\n  ...\n",
		"a:\n  ...\n", "a: ...\n", "a: |1\n ...\n",
		"...\na: '...'\n", "\n# c\n... # c\n\n...\n---\na: ...\n",
		"\xef\xbb\xbf...\na: ...",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct yaml_tree t = read_ok(texts[i]);

		cr_expect_eq(strncmp(get(t.root, "a")->text, "...", 3), 0,
		    "%s", texts[i]);
		yaml_tree_free(&t);
	}
	read_bad("# c\n...\na: [\n", "f.yml:4:1: while parsing a flow node, "
	    "which begins at 4:1, did not find expected node content");
	read_bad("a: 'x\n...\ny'\n", "f.yml:2:1: while scanning a quoted "
	    "scalar, found unexpected document indicator: a line that begins "
	    "with \"---\" or \"...\" ends the document: indent it, or close "
	    "the quotes above it");
}

Test(yaml, quotes)
{
	read_bad("a: \"x\n", "f.yml:1:4: the quote that opens here is never "
	    "closed, expected a closing quote");
	read_bad("a: 1\nb: 'x\nc: 1\n", "f.yml:2:4: the quote that opens here "
	    "is never closed, expected a closing quote");
	read_bad("a: \"x\nb: 1\nc: \"y\"\n", "f.yml:1:4: the quote that opens "
	    "here is closed only by the one at 3:4, which is not the end of "
	    "the value: expected a closing quote before");
	read_bad("a: 'it's'\n", "f.yml:1:8: the string in quotes ends before "
	    "this: to have ' in it, write '', or put it into double quotes");
	read_bad("a: \"{{env \"X\"}}\"\n", "f.yml:1:12: the string in quotes "
	    "ends before this: to have \" in it, write \\\", or put it into "
	    "single quotes");
}

Test(yaml, templates_without_quotes)
{
	static const char expected[] = "f.yml:1:4: a template begins here "
	    "without quotes, expected the whole value in single quotes, such "
	    "as '{{env \"X\"}}'";

	read_bad("a: {{env \"X\"}}\n", expected);
	read_bad("a: {{ file \"/x\" | lower }}/b\n", expected);
	read_bad("a: {{if env \"X\"}}b{{end}}\n", expected);
}

Test(yaml, nulls)
{
	struct yaml_tree t = read_ok("a:\nb: ~\nc: Null\nd: 'null'\n"
	    "e: !!str null\n");

	cr_assert(yaml_is_null(get(t.root, "a")));
	cr_assert(yaml_is_null(get(t.root, "b")));
	cr_assert(yaml_is_null(get(t.root, "c")));
	cr_assert_not(yaml_is_null(get(t.root, "d")));
	cr_assert_not(yaml_is_null(get(t.root, "e")));
	yaml_tree_free(&t);
}

Test(yaml, tags)
{
	struct yaml_tree t = read_ok("a: !!int '5'\nb: !own x\n"
	    "c: !!binary x\n");

	cr_assert(get(t.root, "a")->plain);
	cr_assert_str_eq(get(t.root, "b")->tag, "!own");
	cr_assert_str_eq(get(t.root, "c")->tag, "tag:yaml.org,2002:binary");
	yaml_tree_free(&t);
}

Test(yaml, aliases_are_the_same_node)
{
	struct yaml_tree t = read_ok("a: &x [1, 2]\nb: *x\n");

	cr_assert_eq(get(t.root, "a"), get(t.root, "b"));
	yaml_tree_free(&t);
}

Test(yaml, an_anchor_may_be_set_anew)
{
	struct yaml_tree t = read_ok("a: &x 1\nb: *x\nc: &x 2\nd: *x\n");

	cr_assert_str_eq(get(t.root, "b")->text, "1");
	cr_assert_str_eq(get(t.root, "d")->text, "2");
	yaml_tree_free(&t);
}

Test(yaml, an_alias_may_be_a_key)
{
	struct yaml_tree t = read_ok("a: &x k\n*x : 5\n");

	cr_assert_str_eq(get(t.root, "k")->text, "5");
	yaml_tree_free(&t);
	read_bad("a: &x [1]\n*x : 5\n", "f.yml:2:1: a list cannot be a key, "
	    "expected a string");
}

/* Local keys win wherever << stands. */
Test(yaml, merge)
{
	static const char *const texts[] = {
		"x: &x {a: 1, b: 1}\nm: {<<: *x, b: 2, c: 3}\n",
		"x: &x {a: 1, b: 1}\nm: {b: 2, c: 3, <<: *x}\n",
		"x: &x {a: 1, b: 1}\ny: &y {a: 9, c: 3}\n"
		    "m: {<<: [*x, *y], b: 2}\n",
		"x: &x {a: 1}\nm: {<<: {<<: *x, b: 2}, c: 3}\n",
		"x: &x {a: 1, b: 1}\nm: {<<: *x, b: 2, <<: {a: 9, c: 3}}\n",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct yaml_tree t = read_ok(texts[i]);
		const struct yaml_node *m = get(t.root, "m");

		cr_assert_eq(m->nitems, 6, "%s", texts[i]);
		cr_assert_str_eq(get(m, "a")->text, "1", "%s", texts[i]);
		cr_assert_str_eq(get(m, "b")->text, "2", "%s", texts[i]);
		cr_assert_str_eq(get(m, "c")->text, "3", "%s", texts[i]);
		cr_assert_str_empty(warned);
		yaml_tree_free(&t);
	}
}

Test(yaml, quoted_merge_is_a_key)
{
	struct yaml_tree t = read_ok("'<<': {a: 1}\n");

	cr_assert_not_null(get(t.root, "<<"));
	yaml_tree_free(&t);
}

Test(yaml, duplicate_key_last_wins)
{
	struct yaml_tree t = read_ok("a: 1\nb: 2\na: 3\n");

	cr_assert_eq(t.root->nitems, 4);
	cr_assert_str_eq(get(t.root, "a")->text, "3");
	cr_assert_str_eq(warned, "3:1 Duplicate key, the last one counts: a");
	yaml_tree_free(&t);
}

Test(yaml, refused)
{
	read_bad("- a\n- b\n", "f.yml:1:1: the file holds a list, expected a "
	    "map with keys such as version, creds, defaults and scripts");
	read_bad("~\n", "f.yml:1:1: the file holds nothing, expected a map "
	    "with keys such as version, creds, defaults and scripts");
	read_bad("hello", "f.yml:1:1: the file holds a string or number, "
	    "expected a map with keys such as version, creds, defaults and "
	    "scripts");
	read_bad("a: *nope\n", "f.yml:1:4: this alias has no anchor, "
	    "expected one with & before it: quote a string that begins with "
	    "*");
	read_bad("a: &x [*x]\n", "f.yml:1:8: the alias *x is inside what "
	    "it names, expected it after the end of &x");
	read_bad("<<: 5\n", "f.yml:1:5: \"<<\" merges a string or number, "
	    "expected a map or a list of maps");
	read_bad("<<: [{a: 1}, b]\n", "f.yml:1:14: \"<<\" merges a string or "
	    "number, expected a map or a list of maps");
	read_bad("? [a]\n: b\n", "f.yml:1:3: a list cannot be a key, "
	    "expected a string");
	read_bad("{a: 1}: b\n", "f.yml:1:1: a map cannot be a key, expected "
	    "a string");
}

Test(yaml, not_yaml)
{
	read_bad("version: 1\nscripts:\n\t- name: x\n", "f.yml:3:1: while "
	    "scanning for the next token, found character that cannot start "
	    "any token: expected spaces for indentation, never tabs");
	read_bad("a: @x\n", "f.yml:1:4: while scanning for the next token, "
	    "found character that cannot start any token: quote a string "
	    "that begins with @, ` or %");
	read_bad("a: |\n\tx\n", "f.yml:2:1: while scanning a block scalar, "
	    "found a tab character where an indentation space is expected: "
	    "expected spaces for indentation, never tabs");
	read_bad("a:\n  b: |\n  x = 1\nc: 1\n", "f.yml:3:3: while scanning a "
	    "simple key, could not find expected ':': expected \"key: value\", "
	    "and the lines of a text deeper than its key");
	read_bad("a: [*]\n", "f.yml:1:6: while scanning an alias, did not find "
	    "expected alphabetic or numeric character: quote a string that "
	    "begins with * or &");
	read_bad("version: 1\nscripts:\n  - name: x\n   script: |\n"
	    "      log(\"x\")\n", "f.yml:4:4: while parsing a block "
	    "collection, did not find expected '-' indicator: expected \"- \" "
	    "at the indentation of the entries above");
	read_bad("cat > regbot.yml << 'EOF'\ncreds:\n", "f.yml:2:6: mapping "
	    "values are not allowed in this context: expected a key at the "
	    "indentation of the lines above, and one \"key: value\" per "
	    "line, with a space after \"-\" and \":\"; quote a string that "
	    "has \": \" in it, or write \"|\" and put it below");
	read_bad("a: [1, 2\n", "f.yml:2:1: while parsing a flow sequence, "
	    "which begins at 1:4, did not find expected ',' or ']': expected a "
	    "comma between entries, and quotes around a string that begins "
	    "with [");
}

static void
bad_bytes(const char *text, size_t len, const char *expected)
{
	struct yaml_tree t;
	struct error err = { 0 };

	cr_assert_eq(yaml_tree_read(&t, text, len, "f.yml", NULL, NULL, &err),
	    -1);
	cr_expect_str_eq(err.text, expected);
	yaml_tree_free(&t);
}

Test(yaml, bytes_that_are_no_text)
{
	static const char utf16[] = "f.yml:1:1: the file is in UTF-16, "
	    "expected UTF-8: convert it with iconv -f UTF-16 -t UTF-8";
	struct yaml_tree t;

	bad_bytes("a: 1\r\nb: \xc3\xbc\xfc\n", 12, "f.yml:2:5: there is a "
	    "character here that is not UTF-8, expected a file in UTF-8: "
	    "convert it, from Latin-1 with iconv -f LATIN1 -t UTF-8");
	bad_bytes("a: 1\nb: \0x", 10, "f.yml:2:4: there is a NUL character "
	    "here, expected text");
	bad_bytes("\xef\xbb\xbfx: \x1b[0m", 10, "f.yml:1:4: there is a "
	    "control character here (U+001B), expected text");
	bad_bytes("a: \xc2\x80", 5, "f.yml:1:4: there is a control character "
	    "here (U+0080), expected text");
	bad_bytes("\xff\xfe" "a\0:\0", 6, utf16);
	bad_bytes("\xfe\xff\0a\0:", 6, utf16);
	bad_bytes("a\0:\0 \0", 6, utf16);
	bad_bytes("\0a\0:\0 ", 6, utf16);
	t = read_ok("\xef\xbb\xbfg: \xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80\n");
	cr_expect_eq(get(t.root, "g")->column, 4);
	yaml_tree_free(&t);
}

Test(yaml, billion_laughs)
{
	struct buffer b;

	buffer_init(&b, 0);
	buffer_puts(&b, "a: &a [x, x, x, x, x, x, x, x, x, x]\n");
	for (int i = 0; i < 9; i++) {
		char from = (char)('a' + i), to = (char)('b' + i);

		buffer_printf(&b, "%c: &%c [", to, to);
		for (int j = 0; j < 10; j++)
			buffer_printf(&b, "*%c,", from);
		buffer_puts(&b, "]\n");
	}
	read_bad(buffer_str(&b), "f.yml:6:14: this is more than 400000 values "
	    "once aliases are expanded, which is the limit");
	buffer_free(&b);
}

Test(yaml, nesting)
{
	char text[400] = "a: ";
	struct yaml_tree t;

	memset(text + 3, '[', 31);
	memset(text + 3 + 31, ']', 31);
	read_bad("a: [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", "f.yml:1:35: "
	    "lists and maps are nested more than 32 deep, which is the limit");
	t = read_ok(text);
	yaml_tree_free(&t);
}

Test(yaml, too_many_keys)
{
	struct buffer b;

	buffer_init(&b, 0);
	for (int i = 0; i <= 1024; i++)
		buffer_printf(&b, "k%d: 1\n", i);
	read_bad(buffer_str(&b), "f.yml:1:1: this map has more than 1024 keys, "
	    "which is the limit");
	buffer_free(&b);
}
