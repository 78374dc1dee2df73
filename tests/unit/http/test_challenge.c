/* SPDX-License-Identifier: Apache-2.0 */
/* WWW-Authenticate as registries send it, and as they should not. */
#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include "common/buffer.h"
#include "common/mem.h"
#include "supervisor/broker/auth/challenge.h"

/* "scheme realm|service|scope ..." of what was parsed. */
static char *
parse(const char *value, int want)
{
	struct challenges c = { .n = 0 };
	struct error err;
	char *s = mem_strdup(""), *t;

	error_clear(&err);
	cr_assert_eq(challenge_parse(&c, value, &err), want, "%s", value);
	if (want == -1)
		cr_assert_neq(err.kind, ERROR_NONE);
	for (int i = 0; i < c.n; i++) {
		t = mem_printf("%s[%s %s|%s|%s]", s, c.list[i].scheme,
		    c.list[i].realm ? c.list[i].realm : "-",
		    c.list[i].service ? c.list[i].service : "-",
		    c.list[i].scope ? c.list[i].scope : "-");
		free(s);
		s = t;
	}
	challenge_free(&c);
	return s;
}

static void
same(const char *value, const char *want)
{
	char *s = parse(value, 0);

	cr_assert_str_eq(s, want, "%s: %s", value, s);
	free(s);
}

static void
broken(const char *value, const char *want)
{
	char *s = parse(value, -1);

	cr_assert_str_eq(s, want, "%s: %s", value, s);
	free(s);
}

Test(challenge, what_registries_send)
{
	same("Basic realm=\"Registry Realm\"", "[basic Registry Realm|-|-]");
	same("Bearer realm=\"https://auth.docker.io/token\",service="
	    "\"registry.docker.io\",scope=\"repository:library/x:pull\"",
	    "[bearer https://auth.docker.io/token|registry.docker.io|"
	    "repository:library/x:pull]");
	same("bearer REALM=a , Service=b", "[bearer a|b|-]");
	same("Basic", "[basic -|-|-]");
	same("", "");
}

Test(challenge, several_in_one_header)
{
	same("Negotiate, NTLM , Basic realm=\"a, b=c\", Bearer realm=d",
	    "[negotiate -|-|-][ntlm -|-|-][basic a, b=c|-|-][bearer d|-|-]");
	same("Negotiate YII=, Basic realm=x", "[negotiate -|-|-]"
	    "[basic x|-|-]");
	same(", ,Basic realm=x,,charset=\"UTF-8\",", "[basic x|-|-]");
}

Test(challenge, quoting)
{
	same("Basic realm=\"a\\\"b\\\\c\"", "[basic a\"b\\c|-|-]");
	same("Basic realm = \"\"", "[basic |-|-]");
	same("Basic realm=one, realm=two", "[basic one|-|-]");
}

Test(challenge, malformed)
{
	broken("Basic realm=\"open", "[basic -|-|-]");
	broken("Basic realm=\"open\\", "[basic -|-|-]");
	broken("Basic realm=\"a\001b\"", "[basic -|-|-]");
	broken("Basic realm=a b=c", "[basic a|-|-]");
	broken("Bearer realm=x, Basic realm=\"", "[bearer x|-|-]"
	    "[basic -|-|-]");
	broken("=", "");
	broken("\"Basic\"", "");
}

Test(challenge, limits)
{
	struct buffer b;
	char *s;

	buffer_init(&b, 0);
	for (int i = 0; i < CHALLENGES_MAX; i++)
		buffer_printf(&b, "%sX%d", i > 0 ? "," : "", i);
	s = parse(buffer_str(&b), 0);
	free(s);
	buffer_puts(&b, ",Y");
	s = parse(buffer_str(&b), -1);
	free(s);
	buffer_clear(&b);
	buffer_puts(&b, "A a=b");
	for (int i = 1; i < CHALLENGE_PARAMS_MAX; i++)
		buffer_puts(&b, ",a=b");
	s = parse(buffer_str(&b), 0);
	free(s);
	buffer_puts(&b, ",a=b");
	s = parse(buffer_str(&b), -1);
	free(s);
	buffer_clear(&b);
	buffer_puts(&b, "A a=\"");
	while (b.len < CHALLENGE_MAX - 1)
		buffer_putc(&b, 'x');
	buffer_putc(&b, '"');
	s = parse(buffer_str(&b), 0);
	free(s);
	buffer_putc(&b, ' ');
	s = parse(buffer_str(&b), -1);
	free(s);
	buffer_free(&b);
}
