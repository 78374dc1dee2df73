/* SPDX-License-Identifier: Apache-2.0 */
/* prepass.c - rewrites what lex.c and chains.c found in the source. */
#include "worker/prepass/prepass.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/buffer.h"
#include "worker/prepass/chains.h"
#include "worker/prepass/lex.h"
#include "worker/prepass/varargs.h"

bool
prepass_operand(const char *src, size_t len, int line, int count,
    int operand, char *out, size_t outlen, bool *field)
{
	struct chain_find f = { .line = line, .count = count,
	    .operand = operand };
	struct lua_token *t;
	size_t n;
	bool whole, ok = false;

	t = lex(src, len, &n, &whole);
	if (whole && chains_mark(src, t, &f) && f.matches == 1 &&
	    t[f.last].type == LEX_NAME) {
		*field = f.last >= f.first + 2 &&
		    src[t[f.last - 1].start] == '.';
		n = t[f.last].end - t[f.last].start;
		ok = (f.last == f.first || *field) && n < outlen;
	}
	/* Only names and fields: "-x.y" and "1 + x.y" have no name. */
	for (size_t i = f.first; ok && i < f.last; i += 2)
		ok = t[i].type == LEX_NAME &&
		    src[t[i + 1].start] == '.';
	if (ok) {
		memcpy(out, src + t[f.last].start, n);
		out[n] = '\0';
	}
	free(t);
	return ok;
}

/* Whether Lua 5.3 knows the escape whose letter is s[1]; 5.1 drops the
 * backslash of unknown ones. */
static bool
escape_known(const char *s, size_t n)
{
	if (n < 2)
		return true;
	if (s[1] == 'x')
		return n >= 4 && strspn(s + 2,
		    "0123456789abcdefABCDEF") >= 2;
	if (s[1] == 'u')
		return n >= 3 && s[2] == '{';
	return s[1] != '\0' &&
	    strchr("abfnrtvz\\\"'\n\r0123456789", s[1]) != NULL;
}

/* The offset of the first backslash in a string that will be dropped, or n. */
static size_t
needless(const char *s, size_t n)
{
	if (*s == '[')
		return n;
	for (size_t i = 0; i < n; i++)
		if (s[i] == '\\') {
			if (!escape_known(s + i, n - i) && s[i + 1] > ' ' &&
			    s[i + 1] < 0x7f)
				return i;
			i++;
		}
	return n;
}

int
prepass_needless(const char *src, size_t len, char *letter)
{
	struct lua_token *t;
	size_t n, at = len;
	bool whole;
	int line = 1;

	t = lex(src, len, &n, &whole);
	for (size_t i = 0; i < n && at == len; i++)
		if (t[i].type == LEX_STRING) {
			size_t size = t[i].end - t[i].start;
			size_t off = needless(src + t[i].start, size);

			if (off < size)
				at = t[i].start + off;
		}
	free(t);
	if (at == len)
		return 0;
	*letter = src[at + 1];
	for (size_t i = 0; i < at; i++)
		line += src[i] == '\n';
	return line;
}

static void
put_string(struct buffer *b, const char *s, size_t n)
{
	size_t from = 0;

	if (*s == '[') {
		buffer_put(b, s, n);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		if (s[i] != '\\')
			continue;
		if (!escape_known(s + i, n - i)) {
			buffer_put(b, s + from, i - from);
			from = i + 1;
		}
		i++;
	}
	buffer_put(b, s + from, n - from);
}

static char *
rewrite(const char *src, size_t len, size_t *outlen, bool all)
{
	struct buffer b;
	struct lua_token *t;
	size_t n, at = 0;
	bool whole, chains;

	buffer_init(&b, 0);
	t = lex(src, len, &n, &whole);
	all = all && whole;
	chains = all && chains_mark(src, t, NULL);
	if (all)
		varargs_mark(src, t);
	for (size_t i = 0; i < n; i++) {
		buffer_put(&b, src + at, t[i].start - at);
		/* "x = a .. 1" and then "(f)()": a literal is not called,
		 * but the bracket that closes our call would be. */
		if (chains && i > 0 && t[i].begins && t[i - 1].closes)
			buffer_putc(&b, ';');
		if (chains && t[i].opens)
			buffer_puts(&b, "((" PREPASS_NUMBER_TEXT ")(");
		if (chains && t[i].chain != CHAIN_NONE)
			/* The last one's brackets limit a call to one value. */
			buffer_puts(&b, t[i].chain == CHAIN_LAST ? ",(" : ",");
		else if (t[i].type == LEX_STRING)
			put_string(&b, src + t[i].start,
			    t[i].end - t[i].start);
		else
			buffer_put(&b, src + t[i].start,
			    t[i].end - t[i].start);
		if (chains && t[i].closes)
			buffer_puts(&b, ")))");
		if (t[i].vararg)
			buffer_puts(&b, " local arg=((" PREPASS_VARARG_TEXT
			    ")(...));");
		at = t[i].end;
	}
	buffer_put(&b, src + at, len - at);
	free(t);
	*outlen = b.len;
	return buffer_steal(&b);
}

char *
prepass(const char *src, size_t len, size_t *outlen)
{
	return rewrite(src, len, outlen, true);
}

char *
prepass_escapes(const char *src, size_t len, size_t *outlen)
{
	return rewrite(src, len, outlen, false);
}
