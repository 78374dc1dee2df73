/* SPDX-License-Identifier: Apache-2.0 */
/* Templates: results as Go's text/template has them, and limits. */
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
	{ "VCSTag", "vcsTag", "v1.2" },
	{ "Platform", "platform", "linux/\"x\"" },
};
static const struct template_data data = { "version.Info", fields, 2 };

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

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

Test(template, texts)
{
	static const struct example examples[] = {
		{ "", "" },
		{ "plain } text }}", "plain } text }}" },
		{ "a{{\"b\"}}c", "abc" },
		{ "{{`raw \\n`}}", "raw \\n" },
		{ "{{\"\xc3\xa9\\x41\\\\\\\"\\t\\n\"}}",
		    "\xc3\xa9" "A\\\"\t\n" },
		{ "{{`{{`}}p{{\"}}\"}}", "{{p}}" },
		{ "{{.}}", "<no value>" },
		{ "{{.A.B}}", "<no value>" },
		{ "a {{- \"b\" -}} \n c", "abc" },
		{ "a {{/* no */}} b", "a  b" },
		{ "a {{- /* no */ -}} b", "ab" },
		{ "{{5}} {{-5}} {{0}} {{true}} {{false}}", "5 -5 0 true "
		    "false" },
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
		{ "{{trimSpace \"\xc2\xa0\xe2\x80\x83x\xe3\x80\x80\\n\"}}|",
		    "x|" },
		{ "{{trimSpace \" \\xffx y\\xff \"}}|", "\xffx y\xff|" },
		{ "{{trimSpace \" \\n\"}}|{{trimSpace \"\"}}|", "||" },
		{ "{{split \"a,b,c\" \",\"}}", "[a b c]" },
		{ "{{index (split \"a,b,c\" \",\") 1}}", "b" },
		{ "{{join (split \"a,b\" \",\") \"-\"}}", "a-b" },
		{ "{{len (split \"a,b\" \",\")}}{{len \"abc\"}}", "23" },
		{ "{{json (split \"\" \",\")}}", "[\"\"]" },
		{ "{{default \"x\" \"\"}}{{default \"x\" \"y\"}}", "xy" },
		{ "{{\"\" | default \"x\"}}{{default 5 0}}", "x5" },
		{ "{{json \"a\\\"<\\n\"}}", "\"a\\\"<\\n\"" },
		{ "{{json (split \"a,b\" \",\")}}", "[\"a\",\"b\"]" },
		{ "{{jsonPretty (split \"a,b\" \",\")}}",
		    "[\n  \"a\",\n  \"b\"\n]" },
		{ "{{json .}}{{json 5}}{{json true}}", "null5true" },
		{ "{{print \"a\" 1 2 \"b\" .}}", "a1 2b<nil>" },
		{ "{{println \"a\" 1}}", "a 1\n" },
		{ "{{printf \"%s-%d-%v-%t-%v%%\" \"a\" 1 \"v\" true 7}}",
		    "a-1-v-true-7%" },
		{ "{{\"a\" | printf \"%s%s\" \"b\"}}", "ba" },
		{ "{{and 1 0}}{{and 1 \"x\"}}{{or 0 \"y\"}}{{or \"\" 0}}",
		    "0xy0" },
		{ "{{not 0}}{{not \"x\"}}", "truefalse" },
		{ "{{eq 1 1}}{{eq \"a\" \"b\" \"a\"}}{{ne 1 2}}",
		    "truetruetrue" },
		{ "{{eq . .}}{{eq . \"a\"}}{{ne true false}}",
		    "truefalsetrue" },
		{ "{{ne time.Now.Unix 0}}", "true" },
		{ "{{len (time.Now.Format \"2006-01-02\")}}", "10" },
		{ "{{time.Now.UTC.Format \"at MST -0700 Z07:00\"}}",
		    "at UTC +0000 Z" },
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
		{ "{{if 0}}{{file \"/nonexistent\"}}{{lower 5}}{{else}}y"
		    "{{end}}", "y" },
		{ "{{if 1}}a{{if 0}}b{{else}}c{{end}}{{else}}{{if 1}}d{{end}}"
		    "e{{end}}f", "acf" },
		{ "{{if 1 -}} a {{- else -}} b {{- end}}", "a" },
		{ "{{and 0 (lower 5)}}{{or 1 (lower 5)}}", "01" },
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
		{ "{{.VCSTag | upper}} {{ .Platform }}", "V1.2 linux/\"x\"" },
		{ "{{json .}}", "{\"vcsTag\":\"v1.2\",\"platform\":"
		    "\"linux/\\\"x\\\"\"}" },
		{ "{{jsonPretty .}}", "{\n  \"vcsTag\": \"v1.2\",\n  "
		    "\"platform\": \"linux/\\\"x\\\"\"\n}" },
		{ "{{printPretty .}}", "VCSTag:   v1.2\n"
		    "Platform: linux/\"x\"\n" },
		{ "{{.}}", "{v1.2 linux/\"x\"}" },
		{ "{{if 0}}{{.Nope}}{{end}}", "" },
	};

	check(examples, COUNT(examples), &data);
}

/* What grows is stopped at the limit, however it grows. */
Test(template, limits)
{
	struct buffer b;
	struct error err = { 0 };
	char fill[40001] = "";

	memset(fill, 'x', sizeof(fill) - 1);
	buffer_init(&b, 0);
	setenv("T_LONG", fill, 1);
	buffer_puts(&b, "{{print (env \"T_LONG\") (env \"T_LONG\")}}");
	cr_assert_null(template_expand(buffer_str(&b), NULL, NULL, NULL,
	    &err));
	cr_assert_str_eq(err.text, "template: out:1:2: executing \"out\" at "
	    "<print>: error calling print: the result is longer than 65536 "
	    "bytes");
	buffer_clear(&b);
	buffer_puts(&b, "{{env \"T_LONG\"}}{{env \"T_LONG\"}}");
	cr_assert_null(template_expand(buffer_str(&b), NULL, NULL, NULL,
	    &err));
	cr_assert_str_eq(err.text, "template: out: the result is longer than "
	    "65536 bytes, which is the limit");
	buffer_clear(&b);
	buffer_puts(&b, "{{print");
	for (int i = 0; i < 17; i++)
		buffer_puts(&b, " 1");
	buffer_puts(&b, "}}");
	cr_assert_null(template_expand(buffer_str(&b), NULL, NULL, NULL,
	    &err));
	cr_assert_str_eq(err.text, "template: out:1: too many arguments in "
	    "one command");
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
	    "empty string file=%s error=it has a NUL character in it", path);
	cr_expect_str_eq(warned, expected);
	free(expected);
	mem_wipe(s);

	big = mem_alloc(70000);
	memset(big, 'x', 70000);
	write_file(fd, big, 70000);
	free(big);
	s = with_file(path);
	cr_expect_str_empty(s);
	cr_expect_not_null(strstr(warned, "is larger than 65536 bytes"));
	mem_wipe(s);
	close(fd);
	unlink(path);

	s = with_file(path);
	cr_expect_str_empty(s);
	cr_expect_not_null(strstr(warned, ": no such file or directory"));
	mem_wipe(s);
	s = with_file("/dev/zero");
	cr_expect_str_empty(s);
	cr_expect_not_null(strstr(warned, "is not a regular file"));
	mem_wipe(s);
}

Test(template, variables_that_are_not_set)
{
	static const struct {
		const char *text, *variable;
	} rows[] = {
		{ "{{env \"NOT_SET_A\"}}", "NOT_SET_A" },
		{ "a{{env \"NOT_SET_A\" | lower}}b", "NOT_SET_A" },
		{ "{{env \"SET\"}}{{env \"EMPTY\"}}", NULL },
		{ "{{env \"NOT_SET_A\" | default \"\"}}", NULL },
		{ "{{default \"x\" (env \"NOT_SET_A\")}}", NULL },
		{ "{{or (env \"NOT_SET_A\") \"x\"}}", NULL },
		{ "{{if env \"NOT_SET_A\"}}{{env \"NOT_SET_A\"}}{{end}}",
		    NULL },
		{ "{{eq (env \"NOT_SET_A\") \"x\"}}{{\"\"}}", NULL },
	};

	setenv("SET", "s3cret", 1);
	setenv("EMPTY", "", 1);
	for (size_t i = 0; i < COUNT(rows); i++) {
		char *expected = rows[i].variable == NULL ? mem_strdup("") :
		    mem_printf("%d Environment variable of a template is not "
		    "set, using an empty string variable=%s", LOG_WARN,
		    rows[i].variable);
		struct error err = { 0 };
		char *s;

		warned[0] = '\0';
		s = template_expand(rows[i].text, NULL, on_warn, NULL, &err);
		cr_expect_not_null(s, "%s", err.text);
		cr_expect_str_eq(warned, expected, "%s", rows[i].text);
		mem_wipe(s);
		free(expected);
	}
}
