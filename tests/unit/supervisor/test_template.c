/* SPDX-License-Identifier: Apache-2.0 */
/* Templates: results and errors as Go's text/template has them. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/buffer.h"
#include "common/mem.h"
#include "supervisor/template/template.h"

static const struct template_field fields[] = {
	{ "VCSTag", "vcsTag", "v1.2", false },
	{ "Platform", "platform", "linux/\"x\"", false },
	{ "Debug", "debug", "d", true },
};
static const struct template_data data = { "version.Info", fields, 3 };

struct example {
	const char *text, *result;
};

static void
check(const struct example *e, size_t n, const struct template_data *with)
{
	for (size_t i = 0; i < n; i++) {
		struct error err = { 0 };
		char *s;

		s = template_expand(e[i].text, with, NULL, NULL, &err);
		cr_expect_not_null(s, "%s: %s", e[i].text, err.text);
		if (s != NULL)
			cr_expect_str_eq(s, e[i].result, "%s: %s, expected %s",
			    e[i].text, s, e[i].result);
		mem_wipe(s);
	}
}

static void
refuse(const struct example *e, size_t n, const struct template_data *with)
{
	for (size_t i = 0; i < n; i++) {
		struct error err = { 0 };
		char *s;

		s = template_expand(e[i].text, with, NULL, NULL, &err);
		cr_expect_null(s, "accepted: %s", e[i].text);
		cr_expect_str_eq(err.text, e[i].result, "%s: %s, expected %s",
		    e[i].text, err.text, e[i].result);
		mem_wipe(s);
	}
}
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

Test(template, texts)
{
	static const struct example examples[] = {
		{ "", "" },
		{ "plain } text }}", "plain } text }}" },
		{ "a{{\"b\"}}c", "abc" },
		{ "{{`raw \\n`}}", "raw \\n" },
		{ "{{\"\\u00e9\\x41\\101\\n\"}}", "\xc3\xa9" "AA\n" },
		{ "{{.}}", "<no value>" },
		{ "{{.A.B}}", "<no value>" },
		{ "a {{- \"b\" -}} \n c", "abc" },
		{ "a {{/* no */}} b", "a  b" },
		{ "a {{- /* no */ -}} b", "ab" },
		{ "{{5}} {{-5}} {{0x10}} {{1.5}} {{true}} {{'a'}}",
		    "5 -5 16 1.5 true 97" },
		{ "{{\n\"a\"\n}}", "a" },
		{ "{{(\"a\")}}", "a" },
	};

	check(examples, COUNT(examples), NULL);
}

Test(template, functions)
{
	static const struct example examples[] = {
		{ "{{lower \"AbC\"}}{{upper \"AbC\"}}", "abcABC" },
		{ "{{\" x \" | trimSpace}}|", "x|" },
		{ "{{trimSpace \"\\u00a0\\u2003x\\u3000\\n\"}}|", "x|" },
		{ "{{split \"a,b,c\" \",\"}}", "[a b c]" },
		{ "{{index (split \"a,b,c\" \",\") 1}}", "b" },
		{ "{{join (split \"a,b\" \",\") \"-\"}}", "a-b" },
		{ "{{len (split \"ab\\u00e9\" \"\")}}{{len \"abc\"}}", "33" },
		{ "{{default \"x\" \"\"}}{{default \"x\" \"y\"}}", "xy" },
		{ "{{\"\" | default \"x\"}}{{default 5 0}}", "x5" },
		{ "{{json \"a\\\"<\\n\"}}", "\"a\\\"<\\n\"" },
		{ "{{json (split \"a,b\" \",\")}}", "[\"a\",\"b\"]" },
		{ "{{jsonPretty (split \"a,b\" \",\")}}",
		    "[\n  \"a\",\n  \"b\"\n]" },
		{ "{{json nil}}{{json 5}}{{json true}}", "null5true" },
		{ "{{print \"a\" 1 2 \"b\" nil}}", "a1 2b<nil>" },
		{ "{{println \"a\" 1}}", "a 1\n" },
		{ "{{printf \"%s-%d-%v-%q-%5d|%-5s|%05d|%x\" \"a\" 1 true "
		    "\"q\" 7 \"l\" 42 255}}", "a-1-true-\"q\"-    7|l    |00042|ff" },
		{ "{{printf \"%d %s\" \"x\"}}", "%!d(string=x) %!s(MISSING)" },
		{ "{{printf \"%d%%\" 5 6}}", "5%%!(EXTRA int=6)" },
		{ "{{printf \"%.2s %x\" \"abc\" \"az\"}}", "ab 617a" },
		{ "{{urlquery \"a b&c\"}}", "a+b%26c" },
		{ "{{\"a\" | printf \"%s%s\" \"b\"}}", "ba" },
		{ "{{and 1 0}}{{and 1 \"x\"}}{{or 0 \"y\"}}{{or \"\" 0}}",
		    "0xy0" },
		{ "{{not 0}}{{not \"x\"}}", "truefalse" },
		{ "{{eq 1 1}}{{eq \"a\" \"b\" \"a\"}}{{ne 1 2}}",
		    "truetruetrue" },
		{ "{{lt 1 2}}{{le 2 2}}{{gt \"b\" \"a\"}}{{ge 1 2}}",
		    "truetruetruefalse" },
		{ "{{eq nil nil}}", "true" },
		{ "{{gt time.Now.Unix 1700000000}}", "true" },
		{ "{{len (time.Now.Format \"2006-01-02\")}}", "10" },
	};

	check(examples, COUNT(examples), NULL);
}

Test(template, control)
{
	static const struct example examples[] = {
		{ "{{if 1}}a{{end}}", "a" },
		{ "{{if \"\"}}a{{else}}b{{end}}", "b" },
		{ "{{if 0}}a{{else if eq 1 2}}b{{else if true}}c{{else}}d"
		    "{{end}}e", "ce" },
		{ "{{if and (eq 1 1) (not 0)}}y{{end}}", "y" },
		{ "{{with \"x\"}}<{{.}}>{{end}}{{.}}", "<x><no value>" },
		{ "{{with \"\"}}a{{else with \"z\"}}{{.}}{{end}}", "z" },
		{ "{{$x := \"a\"}}{{$x}}{{$x = \"b\"}}{{$x}}", "ab" },
		{ "{{$x := \"a\"}}{{if 1}}{{$x := \"b\"}}{{$x}}{{end}}{{$x}}",
		    "ba" },
		{ "{{$x := \"a\"}}{{if 1}}{{$x = \"b\"}}{{end}}{{$x}}", "b" },
		{ "{{with $x := \"v\"}}{{$x}}{{$}}{{end}}", "v<no value>" },
		{ "{{if (or 0 ($y := 1))}}{{$y}}{{end}}", "1" },
		{ "{{if (or 1 ($y := 1))}}{{$y}}{{end}}", "<no value>" },
	};

	check(examples, COUNT(examples), NULL);
}

Test(template, environment)
{
	static const struct example examples[] = {
		{ "{{env \"T_USER\"}}", "joe" },
		{ "{{ env `T_USER` | upper }}", "JOE" },
		{ "{{env \"T_NOT_THERE\"}}|", "|" },
		{ "{{default \"anon\" (env \"T_NOT_THERE\")}}", "anon" },
		{ "{{if env \"T_USER\"}}{{env \"T_USER\"}}{{else}}none{{end}}",
		    "joe" },
	};

	setenv("T_USER", "joe", 1);
	unsetenv("T_NOT_THERE");
	check(examples, COUNT(examples), NULL);
}

Test(template, fields_of_data)
{
	static const struct example examples[] = {
		{ "{{.VCSTag}}", "v1.2" },
		{ "{{.VCSTag | upper}} {{$.Platform}}", "V1.2 linux/\"x\"" },
		{ "{{json .}}", "{\"vcsTag\":\"v1.2\",\"platform\":"
		    "\"linux/\\\"x\\\"\",\"debug\":\"d\"}" },
		{ "{{jsonPretty .}}", "{\n  \"vcsTag\": \"v1.2\",\n  "
		    "\"platform\": \"linux/\\\"x\\\"\",\n  "
		    "\"debug\": \"d\"\n}" },
		{ "{{printPretty .}}", "VCSTag:   v1.2\n"
		    "Platform: linux/\"x\"\n" },
		{ "{{.}}", "{v1.2 linux/\"x\" d}" },
	};
	static const struct example bad[] = {
		{ "{{.Nope}}", "template: out:1:2: executing \"out\" at "
		    "<.Nope>: can't evaluate field Nope in type version.Info" },
		{ "a\n {{json .Nope}}", "template: out:2:8: executing \"out\" "
		    "at <.Nope>: can't evaluate field Nope in type "
		    "version.Info" },
		{ "{{.VCSTag.X}}", "template: out:1:9: executing \"out\" at "
		    "<.X>: can't evaluate field X in type string" },
	};

	check(examples, COUNT(examples), &data);
	refuse(bad, COUNT(bad), &data);
}

Test(template, malformed)
{
	static const struct example bad[] = {
		{ "{{nofunc}}", "template: out:1: function \"nofunc\" not "
		    "defined" },
		{ "{{ nofunc }}", "template: out:1: function \"nofunc\" not "
		    "defined" },
		{ "\n\n{{nofunc \"x\"}}", "template: out:3: function "
		    "\"nofunc\" not defined" },
		{ "secret{{", "template: out:1: unclosed action" },
		{ "a{{secret", "template: out:1: unclosed action" },
		{ "{{\"secret}}", "template: out:1: unterminated quoted "
		    "string" },
		{ "{{`secret}}", "template: out:1: unterminated raw quoted "
		    "string" },
		{ "{{\"\\q\"}}", "template: out:1: invalid syntax" },
		{ "{{\"\\000\"}}", "template: out:1: invalid syntax" },
		{ "{{/* a", "template: out:1: unclosed comment" },
		{ "{{/* a */ b}}", "template: out:1: comment ends before "
		    "closing delimiter" },
		{ "{{#}}", "template: out:1: unrecognized character in action: "
		    "U+0023" },
		{ "{{}}", "template: out:1: missing value for command" },
		{ "{{if}}a{{end}}", "template: out:1: missing value for if" },
		{ "{{env \"a\" |}}", "template: out:1: missing value for "
		    "command" },
		{ "{{()}}", "template: out:1: missing value for parenthesized "
		    "pipeline" },
		{ "{{(\"a\"}}", "template: out:1: unclosed left paren" },
		{ "{{\"a\")}}", "template: out:1: unexpected right paren" },
	};

	refuse(bad, COUNT(bad), NULL);
}

Test(template, malformed_blocks)
{
	static const struct example bad[] = {
		{ "{{if 1}}a", "template: out:1: unexpected EOF" },
		{ "{{end}}", "template: out:1: unexpected {{end}}" },
		{ "{{else}}", "template: out:1: unexpected {{else}}" },
		{ "{{if 1}}{{else}}{{else}}{{end}}", "template: out:1: "
		    "expected end; found {{else}}" },
		{ "{{$x}}", "template: out:1: undefined variable \"$x\"" },
		{ "{{if 1}}{{$x := 1}}{{end}}{{$x}}", "template: out:1: "
		    "undefined variable \"$x\"" },
		{ "{{$ = 1}}", "template: out:1: cannot assign to \"$\"" },
		{ "{{\"a\"\"b\"}}", "template: out:1: unexpected string in "
		    "operand" },
		{ "{{\"a\" | 5}}", "template: out:1: non executable command in "
		    "pipeline" },
		{ "{{1a}}", "template: out:1: bad number syntax" },
		{ "{{\"a\".B}}", "template: out:1: unexpected . after term" },
		{ "{{range .}}{{end}}", "template: out:1: {{range}} is not "
		    "supported, expected if, with or a value" },
		{ "{{template \"x\"}}", "template: out:1: {{template}} is not "
		    "supported, expected if, with or a value" },
	};

	refuse(bad, COUNT(bad), NULL);
}

Test(template, failing)
{
	static const struct example bad[] = {
		{ "{{file}}", "template: out:1:2: executing \"out\" at <file>: "
		    "wrong number of args for file: want 1 got 0" },
		{ "{{print (lower \"a\" \"b\")}}", "template: out:1:9: "
		    "executing \"out\" at <lower>: wrong number of args for "
		    "lower: want 1 got 2" },
		{ "{{printf}}", "template: out:1:2: executing \"out\" at "
		    "<printf>: wrong number of args for printf: want at least "
		    "1 got 0" },
		{ "{{lower 5}}", "template: out:1:8: executing \"out\" at "
		    "<lower>: expected string" },
		{ "{{lower (split \"secret\" \"\")}}", "template: out:1:8: "
		    "executing \"out\" at <lower>: wrong type for value; "
		    "expected string; got []string" },
		{ "{{lower .}}", "template: out:1:8: executing \"out\" at "
		    "<lower>: invalid value; expected string" },
		{ "{{join \"secret\" \",\"}}", "template: out:1:7: executing "
		    "\"out\" at <join>: expected []string" },
		{ "{{index (split \"a\" \",\") 3}}", "template: out:1:2: "
		    "executing \"out\" at <index>: error calling index: index "
		    "out of range: 3" },
		{ "{{eq 1 \"secret\"}}", "template: out:1:2: executing \"out\" "
		    "at <eq>: error calling eq: incompatible types for "
		    "comparison" },
		{ "{{len 5}}", "template: out:1:2: executing \"out\" at <len>: "
		    "error calling len: len of type int" },
		{ "{{\"secret\" 5}}", "template: out:1:2: executing \"out\" at "
		    "<...>: can't give argument to non-function ..." },
		{ "{{nil}}", "template: out:1:2: executing \"out\" at <nil>: "
		    "nil is not a command" },
	};

	refuse(bad, COUNT(bad), NULL);
}

/* What grows is stopped at the limit, however it grows. */
Test(template, limits)
{
	struct buffer b;
	struct error err = { 0 };

	buffer_init(&b, 0);
	buffer_puts(&b, "{{$x := \"aaaaaaaaaaaaaaaa\"}}");
	for (int i = 0; i < 40; i++)
		buffer_puts(&b, "{{$x = print $x $x}}");
	cr_assert_null(template_expand(buffer_str(&b), NULL, NULL, NULL,
	    &err));
	cr_assert_eq(err.kind, ERROR_INPUT);
	cr_assert_not_null(strstr(err.text, "longer than 65536 bytes"), "%s",
	    err.text);
	buffer_clear(&b);
	for (int i = 0; i < 30; i++)
		buffer_puts(&b, "{{if 1}}");
	cr_assert_null(template_expand(buffer_str(&b), NULL, NULL, NULL,
	    &err));
	cr_assert_str_eq(err.text, "template: out:1: blocks are nested too "
	    "deep");
	buffer_clear(&b);
	buffer_puts(&b, "{{");
	for (int i = 0; i < 30; i++)
		buffer_putc(&b, '(');
	buffer_puts(&b, "}}");
	cr_assert_null(template_expand(buffer_str(&b), NULL, NULL, NULL,
	    &err));
	cr_assert_str_eq(err.text, "template: out:1: parentheses are nested "
	    "too deep");
	buffer_clear(&b);
	for (int i = 0; i < 70000; i++)
		buffer_putc(&b, 'x');
	cr_assert_null(template_expand(buffer_str(&b), NULL, NULL, NULL,
	    &err));
	cr_assert_eq(err.kind, ERROR_LIMIT);
	buffer_free(&b);
}

static char warned[512];

static void
on_warn(void *arg, const struct log_record *r)
{
	(void)arg;
	snprintf(warned, sizeof(warned), "%d %s", r->level, r->message);
	for (int i = 0; i < r->nattrs; i++) {
		size_t n = strlen(warned);

		snprintf(warned + n, sizeof(warned) - n, " %s=%s",
		    r->attrs[i].key, r->attrs[i].text);
	}
}

static char *
with_file(const char *path)
{
	char *text = mem_printf("{{file \"%s\"}}", path), *s;
	struct error err = { 0 };

	warned[0] = '\0';
	s = template_expand(text, NULL, on_warn, NULL, &err);
	cr_assert_not_null(s, "%s", err.text);
	free(text);
	return s;
}

static void
write_file(int fd, const char *p, size_t n)
{
	cr_assert_eq(ftruncate(fd, 0), 0);
	cr_assert_eq(pwrite(fd, p, n, 0), (ssize_t)n);
}

Test(template, files)
{
	char path[] = "/tmp/regbot-template-XXXXXX", *s, *big, *expected;
	int fd = mkstemp(path);

	cr_assert_neq(fd, -1);
	write_file(fd, " s3cret \n\n", 10);
	s = with_file(path);
	cr_expect_str_eq(s, "s3cret");
	cr_expect_str_empty(warned);
	mem_wipe(s);

	write_file(fd, "s3cret\0x", 8);
	s = with_file(path);
	cr_expect_str_empty(s);
	expected = mem_printf("4 Cannot read file of a template, using an "
	    "empty text file=%s error=it has a NUL character in it", path);
	cr_expect_str_eq(warned, expected);
	free(expected);
	mem_wipe(s);

	big = mem_alloc(70000);
	memset(big, 'x', 70000);
	write_file(fd, big, 70000);
	free(big);
	s = with_file(path);
	cr_expect_str_empty(s);
	cr_expect_not_null(strstr(warned, "it is larger than 64 KiB"));
	mem_wipe(s);
	close(fd);
	unlink(path);

	s = with_file(path);
	cr_expect_str_empty(s);
	cr_expect_not_null(strstr(warned, "error=No such file or directory"));
	mem_wipe(s);
	s = with_file("/dev/zero");
	cr_expect_str_empty(s);
	cr_expect_not_null(strstr(warned, "error=it is no regular file"));
	mem_wipe(s);
}
