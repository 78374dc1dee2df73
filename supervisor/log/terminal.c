/* SPDX-License-Identifier: Apache-2.0 */
/* terminal.c - what is sent to a terminal besides text; see terminal.h. */
#include "supervisor/log/terminal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common/text.h"

#define COLUMNS 80	/* of a terminal that does not say */

bool
terminal_is(int fd)
{
	const char *term = getenv("TERM");

	return isatty(fd) == 1 && term != NULL && *term != '\0' &&
	    strcmp(term, "dumb") != 0;
}

bool
terminal_is_colored(int fd)
{
	const char *no = getenv("NO_COLOR");

	return (no == NULL || *no == '\0') && terminal_is(fd);
}

unsigned
terminal_columns(int fd)
{
	struct winsize w;

	if (ioctl(fd, TIOCGWINSZ, &w) == -1 || w.ws_col == 0)
		return COLUMNS;
	return w.ws_col;
}

void
terminal_clear(struct buffer *out)
{
	buffer_puts(out, "\r\033[J");
}

/* Surely one column wide, in every terminal. */
static bool
is_narrow(uint32_t cp)
{
	static const struct { uint32_t from, to; } narrow[] = {
		{ 0x20, 0x7e }, { 0xa1, 0xac }, { 0xae, 0x2ff },
		{ 0x370, 0x482 }, { 0x48a, 0x52f },
	};

	for (size_t i = 0; i < sizeof(narrow) / sizeof(narrow[0]); i++)
		if (cp >= narrow[i].from && cp <= narrow[i].to)
			return true;
	return false;
}

/* The cursor goes back to the first column: if the terminal becomes narrower
 * and breaks the line, all of it is still behind the cursor. The last column
 * stays empty, since some terminals break the line there. */
void
terminal_status(struct buffer *out, const char *text, unsigned columns)
{
	size_t n = strlen(text), len;
	uint32_t cp;

	terminal_clear(out);
	for (unsigned i = 1; n != 0 && i < columns; i++) {
		len = text_utf8(text, n, &cp);
		if (len != 0 && is_narrow(cp))
			buffer_put(out, text, len);
		else
			buffer_putc(out, '?');
		len = len != 0 ? len : 1;
		text += len;
		n -= len;
	}
	buffer_putc(out, '\r');
}
