/* SPDX-License-Identifier: Apache-2.0 */
/*
 * format.c - lines as Go's log/slog writes them: TextHandler's quoting
 * (strconv.Quote) and JSONHandler's escaping.
 */
#include <inttypes.h>
#include <string.h>

#include "common/json.h"
#include "common/text.h"
#include "supervisor/log/log.h"

/* Go's unicode.IsPrint, as far as a log needs it: no controls, no spaces but
 * U+0020, no direction marks and the like. */
static bool
printable(uint32_t cp)
{
	static const struct { uint32_t from, to; } hidden[] = {
		{ 0x00, 0x1f }, { 0x7f, 0xa0 }, { 0xad, 0xad },
		{ 0x600, 0x605 }, { 0x61c, 0x61c }, { 0x1680, 0x1680 },
		{ 0x180e, 0x180e }, { 0x2000, 0x200f }, { 0x2028, 0x202f },
		{ 0x205f, 0x206f }, { 0x3000, 0x3000 }, { 0xe000, 0xf8ff },
		{ 0xfeff, 0xfeff }, { 0xfff0, 0xfffb }, { 0xfffe, 0xffff },
		{ 0xe0000, 0x10ffff },
	};

	for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++)
		if (cp >= hidden[i].from && cp <= hidden[i].to)
			return false;
	return true;
}

static bool
needs_quotes(const char *s)
{
	size_t n = strlen(s), len;
	uint32_t cp;

	if (n == 0)
		return true;
	for (; n != 0; s += len, n -= len) {
		len = text_utf8(s, n, &cp);
		if (len == 0 || cp == ' ' || cp == '=' || cp == '"' ||
		    !printable(cp))
			return true;
	}
	return false;
}

/* A character of len bytes, or with 0 a byte that is no character. */
static void
put_char(struct buffer *out, const char *s, size_t len, uint32_t cp)
{
	if (len == 0)
		buffer_printf(out, "\\x%02x", (unsigned char)*s);
	else if (printable(cp))
		buffer_put(out, s, len);
	else if (cp < 0x80)
		buffer_printf(out, "\\x%02x", cp);
	else
		buffer_printf(out, cp < 0x10000 ? "\\u%04x" : "\\U%08x", cp);
}

static void
quote(struct buffer *out, const char *s)
{
	static const char plain[] = "\a\b\f\n\r\t\v\\\"", name[] =
	    "abfnrtv\\\"";
	size_t n = strlen(s), len;
	const char *at;
	uint32_t cp;

	buffer_putc(out, '"');
	for (; n != 0; s += len, n -= len) {
		len = text_utf8(s, n, &cp);
		if (len == 1 && (at = strchr(plain, (int)cp)) != NULL)
			buffer_printf(out, "\\%c", name[at - plain]);
		else
			put_char(out, s, len, cp);
		len = len != 0 ? len : 1;
	}
	buffer_putc(out, '"');
}

static void
put_value(struct buffer *out, const struct attr *a, bool json)
{
	if (a->kind == ATTR_BOOL)
		buffer_puts(out, a->number != 0 ? "true" : "false");
	else if (a->kind == ATTR_INT)
		buffer_printf(out, "%" PRId64, a->number);
	else if (json)
		json_write_string(out, a->text, strlen(a->text),
		    JSON_CONTROLS);
	else if (needs_quotes(a->text))
		quote(out, a->text);
	else
		buffer_puts(out, a->text);
}

/* A terminal's code for a level: red, yellow, green, or faint. */
static const char *
color(int level)
{
	if (level >= LOG_ERROR)
		return "\033[31m";
	if (level >= LOG_WARN)
		return "\033[33m";
	return level >= LOG_INFO ? "\033[32m" : "\033[2m";
}

static void
put_level(struct buffer *out, int level, enum log_style style)
{
	char name[24];

	log_level_name(level, name);
	if (style == LOG_STYLE_JSON)
		buffer_printf(out, "\",\"level\":\"%s\",\"msg\":", name);
	else if (style == LOG_STYLE_COLOR)
		buffer_printf(out, " level=%s%s\033[m msg=", color(level), name);
	else
		buffer_printf(out, " level=%s msg=", name);
}

static void
put_key(struct buffer *out, const char *key, bool json)
{
	buffer_putc(out, json ? ',' : ' ');
	if (json)
		json_write_string(out, key, strlen(key), JSON_CONTROLS);
	else if (needs_quotes(key))
		quote(out, key);
	else
		buffer_puts(out, key);
	buffer_putc(out, json ? ':' : '=');
}

void
log_format(const struct log_record *r, int64_t wall, enum log_style style,
    struct buffer *out)
{
	struct attr message = { .kind = ATTR_STRING, .text = r->message };
	bool json = style == LOG_STYLE_JSON;

	buffer_puts(out, json ? "{\"time\":\"" : "time=");
	/* Milliseconds, or in JSON all significant digits. */
	text_time(out, wall, json ? 9 : 3, json, false);
	put_level(out, r->level, style);
	put_value(out, &message, json);
	for (int i = 0; i < r->nattrs; i++) {
		put_key(out, r->attrs[i].key, json);
		put_value(out, &r->attrs[i], json);
	}
	buffer_puts(out, json ? "}\n" : "\n");
}

void
log_escape(const char *text, struct buffer *out)
{
	size_t n = strlen(text), len;
	bool ended = n != 0 && text[n - 1] == '\n';
	uint32_t cp;

	for (; n != 0; text += len, n -= len) {
		len = text_utf8(text, n, &cp);
		if (len == 1 && (cp == '\n' || cp == '\t'))
			buffer_putc(out, (char)cp);
		else
			put_char(out, text, len, cp);
		len = len != 0 ? len : 1;
	}
	if (!ended)
		buffer_putc(out, '\n');
}
