/* SPDX-License-Identifier: Apache-2.0 */
/* position.c - "<string>:3" in the words of a worker, as a line of the file. */
#include "supervisor/jobs/position.h"

#include <stdlib.h>
#include <string.h>

#define CHUNK "<string>:"

/* The line that s names at its beginning, or 0. */
static uint64_t
line_at(const char *s)
{
	uint64_t line = 0;
	size_t n;

	if (strncmp(s, CHUNK, strlen(CHUNK)) != 0)
		return 0;
	s += strlen(CHUNK);
	n = strspn(s, "0123456789");
	if (n == 0 || n > 9 || s[n] != ':')
		return 0;
	while (n-- != 0)
		line = line * 10 + (uint64_t)(*s++ - '0');
	return line;
}

char *
position_of(const struct config *c, const struct config_script *s,
    const char *text)
{
	uint64_t line = line_at(text);

	while (line == 0 && (text = strstr(text, "\n\t" CHUNK)) != NULL) {
		text += 2;
		line = line_at(text);
	}
	return line != 0 ? config_script_place(c, s, line) : NULL;
}

void
position_add(const struct config *c, const struct config_script *s,
    const char *text, struct log_record *r)
{
	char *position = position_of(c, s, text);

	if (position != NULL)
		log_record_string(r, "position", position);
	free(position);
}
