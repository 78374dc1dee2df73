/* SPDX-License-Identifier: Apache-2.0 */
/* Templates that are refused: each error names its cause, never a value. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "supervisor/template/template.h"

struct example {
	const char *text, *error;
};

static void
refuse(const struct example *e, size_t n, const struct template_data *with)
{
	for (size_t i = 0; i < n; i++) {
		struct error err = { 0 };
		char *s;

		s = template_expand(e[i].text, with, NULL, NULL, &err);
		cr_expect_null(s, "accepted: %s", e[i].text);
		cr_expect_str_eq(err.text, e[i].error, "%s: %s, expected %s",
		    e[i].text, err.text, e[i].error);
		mem_wipe(s);
	}
}
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

Test(template_bad, fields)
{
	static const struct template_field fields[] = {
		{ "VCSTag", "vcsTag", "v1.2" },
	};
	static const struct template_data data = { "version.Info", fields, 1 };
	static const struct example bad[] = {
		{ "{{.Nope}}", "template: out:1:2: executing \"out\" at "
		    "<.Nope>: can't evaluate field Nope in type version.Info" },
		{ "a\n {{json .Nope}}", "template: out:2:8: executing \"out\" "
		    "at <.Nope>: can't evaluate field Nope in type "
		    "version.Info" },
		{ "{{.VCSTag.X}}", "template: out:1:2: executing \"out\" at "
		    "<.VCSTag.X>: can't evaluate field VCSTag.X in type "
		    "version.Info" },
	};

	refuse(bad, COUNT(bad), &data);
}

Test(template_bad, malformed)
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
		{ "{{\"\\x00\"}}", "template: out:1: this escape is not "
		    "supported in templates, write \\\\ for a backslash" },
		{ "{{\"a\\", "template: out:1: unterminated quoted string" },
		{ "{{/* a", "template: out:1: unclosed comment" },
		{ "{{/* a */ b}}", "template: out:1: expected \"}}\" here" },
		{ "{{#}}", "template: out:1: unrecognized character in action: "
		    "U+0023, a string needs quotes" },
		{ "{{file /run/x}}", "template: out:1: unrecognized character "
		    "in action: U+002F, a string needs quotes" },
		{ "{{env HUB_USER}}", "template: out:1: function \"HUB_USER\" "
		    "not defined, a string needs quotes" },
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

Test(template_bad, malformed_blocks)
{
	static const struct example bad[] = {
		{ "{{if 1}}a", "template: out:1: unexpected EOF, "
		    "expected {{end}}" },
		{ "{{end}}", "template: out:1: unexpected {{end}}" },
		{ "{{else}}", "template: out:1: unexpected {{else}}" },
		{ "{{if 1}}{{else}}{{else}}{{end}}", "template: out:1: "
		    "expected end; found {{else}}" },
		{ "{{if 1}}{{else if 0}}", "template: out:1: unexpected EOF, "
		    "expected {{end}}" },
		{ "{{if 1}}{{else}}{{else if 1}}{{end}}", "template: out:1: "
		    "expected end; found {{else}}" },
		{ "{{end x}}", "template: out:1: expected \"}}\" here" },
		{ "{{if 0}}{{nofunc}}{{end}}", "template: out:1: function "
		    "\"nofunc\" not defined" },
		{ "{{\"a\"\"b\"}}", "template: out:1: unexpected character "
		    "after a value, expected a space, \"|\", \")\" or "
		    "\"}}\"" },
		{ "{{env\"b\"}}", "template: out:1: unexpected character "
		    "after a name, expected a space, \"|\", \")\" or "
		    "\"}}\"" },
		{ "{{\"a\" | 5}}", "template: out:1: non executable command in "
		    "pipeline" },
		{ "{{.A.}}", "template: out:1: a field's name is empty" },
		{ "{{.A..B}}", "template: out:1: a field's name is empty" },
		{ "{{1a}}", "template: out:1: bad number, expected a whole "
		    "decimal number such as 5" },
	};

	refuse(bad, COUNT(bad), NULL);
}

/* What Go's templates have and these lack is named, never passed over. */
Test(template_bad, unsupported)
{
	static const char *const words[] = {
		"range .", "with \"x\"", "define \"x\"", "template \"x\"",
		"block \"x\" .", "break", "continue", "eq nil nil",
		"html \"x\"", "js \"x\"", "slice \"x\" 1", "urlquery \"x\"",
		"call .", "lt 1 2", "le 1 2", "gt 1 2", "ge 1 2",
		"time", "time.Now", "time.Now.UnixNano",
	};
	static const struct example bad[] = {
		{ "{{range .}}{{end}}", "template: out:1: range is not "
		    "supported in templates, expected if, a value or a "
		    "function such as env" },
		{ "{{$x := env \"secret\"}}{{$x}}", "template: out:1: "
		    "variables ($x) are not supported in templates" },
		{ "{{$.secret}}", "template: out:1: variables ($x) are not "
		    "supported in templates" },
		{ "{{print 'a'}}", "template: out:1: character constants "
		    "('a') are not supported in templates, write \"a\" for a "
		    "string" },
		{ "{{1.5}}", "template: out:1: bad number, expected a whole "
		    "decimal number such as 5" },
		{ "{{0x10}}", "template: out:1: bad number, expected a whole "
		    "decimal number such as 5" },
		{ "{{010}}", "template: out:1: bad number, expected a whole "
		    "decimal number such as 5" },
		{ "{{.5}}", "template: out:1: bad number, expected a whole "
		    "decimal number such as 5" },
		{ "{{\"\\u00e9\"}}", "template: out:1: this escape is not "
		    "supported in templates, write \\\\ for a backslash" },
		{ "{{\"\\101\"}}", "template: out:1: this escape is not "
		    "supported in templates, write \\\\ for a backslash" },
		{ "{{(env \"secret\").B}}", "template: out:1: unexpected "
		    "character after a value, expected a space, \"|\", \")\" "
		    "or \"}}\"" },
		{ "{{split \"secret\" \"\"}}", "template: out:1:2: executing "
		    "\"out\" at <split>: error calling split: an empty "
		    "separator is not supported in templates" },
		{ "{{time.Now.Format \"Jan 2\"}}", "template: out:1:2: "
		    "executing \"out\" at <time.Now.Format>: error calling "
		    "time.Now.Format: a part of the layout is not supported "
		    "in templates" },
	};
	static const char *const verbs[] = { "%5d", "%q", "%x", "%-5s", "%" };

	for (size_t i = 0; i < COUNT(words); i++) {
		char *text = mem_printf("{{ %s }}", words[i]);
		const char *name = strncmp(words[i], "eq ", 3) == 0 ? "nil" :
		    words[i];
		struct error err = { 0 };
		char *expected = mem_printf("template: out:1: %.*s is not "
		    "supported in templates", (int)strcspn(name, " "), name);

		cr_expect_null(template_expand(text, NULL, NULL, NULL, &err));
		cr_expect_eq(strncmp(err.text, expected, strlen(expected)), 0,
		    "%s: %s", text, err.text);
		free(expected);
		free(text);
	}
	for (size_t i = 0; i < COUNT(verbs); i++) {
		char *text = mem_printf("{{printf \"secret%s\" 1}}", verbs[i]);
		struct error err = { 0 };

		cr_expect_null(template_expand(text, NULL, NULL, NULL, &err));
		cr_expect_str_eq(err.text, "template: out:1:2: executing "
		    "\"out\" at <printf>: error calling printf: a verb is not "
		    "supported in templates, expected %s, %v, %d, %t or %%");
		free(text);
	}
	refuse(bad, COUNT(bad), NULL);
}

/* Where Go would write %!d(string=secret) into a password. */
Test(template_bad, printf_that_does_not_fit)
{
	static const struct example bad[] = {
		{ "{{printf \"%d\" \"secret\"}}", "template: out:1:2: "
		    "executing \"out\" at <printf>: error calling printf: "
		    "wrong type for %d: string" },
		{ "{{printf \"%s\" 5}}", "template: out:1:2: executing "
		    "\"out\" at <printf>: error calling printf: wrong type "
		    "for %s: int" },
		{ "{{printf \"%s%s\" \"secret\"}}", "template: out:1:2: "
		    "executing \"out\" at <printf>: error calling printf: "
		    "fewer values than verbs" },
		{ "{{printf \"%s\" \"secret\" 5}}", "template: out:1:2: "
		    "executing \"out\" at <printf>: error calling printf: "
		    "more values than verbs" },
	};

	refuse(bad, COUNT(bad), NULL);
}

Test(template_bad, failing)
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
		{ "{{lower 5}}", "template: out:1:2: executing \"out\" at "
		    "<lower>: wrong type for value; expected string; got int" },
		{ "{{lower (split \"secret\" \",\")}}", "template: out:1:2: "
		    "executing \"out\" at <lower>: wrong type for value; "
		    "expected string; got []string" },
		{ "{{lower .}}", "template: out:1:2: executing \"out\" at "
		    "<lower>: wrong type for value; expected string; got nil" },
		{ "{{join \"secret\" \",\"}}", "template: out:1:2: executing "
		    "\"out\" at <join>: wrong type for value; expected "
		    "[]string; got string" },
		{ "{{index \"secret\" 0}}", "template: out:1:2: executing "
		    "\"out\" at <index>: wrong type for value; expected "
		    "[]string; got string" },
		{ "{{index (split \"a\" \",\") -1}}", "template: out:1:2: "
		    "executing \"out\" at <index>: error calling index: index "
		    "out of range: -1" },
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
	};

	refuse(bad, COUNT(bad), NULL);
}
