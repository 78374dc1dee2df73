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
		if (len == 0) {
			buffer_printf(out, "\\x%02x", (unsigned char)*s);
			len = 1;
		} else if (cp < 0x80 && (at = strchr(plain, (int)cp)) != NULL)
			buffer_printf(out, "\\%c", name[at - plain]);
		else if (printable(cp))
			buffer_put(out, s, len);
		else if (cp < 0x80)
			buffer_printf(out, "\\x%02x", cp);
		else
			buffer_printf(out, cp < 0x10000 ? "\\u%04x" :
			    "\\U%08x", cp);
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

void
log_format(const struct log_record *r, int64_t wall, bool json,
    struct buffer *out)
{
	struct attr message = { .kind = ATTR_STRING, .text = r->message };
	char level[24];

	log_level_name(r->level, level);
	buffer_puts(out, json ? "{\"time\":\"" : "time=");
	/* Milliseconds, or in JSON all significant digits. */
	text_time(out, wall, json ? 9 : 3, json, false);
	buffer_printf(out, json ? "\",\"level\":\"%s\",\"msg\":" :
	    " level=%s msg=", level);
	put_value(out, &message, json);
	for (int i = 0; i < r->nattrs; i++) {
		if (json) {
			buffer_putc(out, ',');
			json_write_string(out, r->attrs[i].key,
			    strlen(r->attrs[i].key), JSON_CONTROLS);
			buffer_putc(out, ':');
		} else {
			buffer_putc(out, ' ');
			if (needs_quotes(r->attrs[i].key))
				quote(out, r->attrs[i].key);
			else
				buffer_puts(out, r->attrs[i].key);
			buffer_putc(out, '=');
		}
		put_value(out, &r->attrs[i], json);
	}
	buffer_puts(out, json ? "}\n" : "\n");
}
