/* SPDX-License-Identifier: Apache-2.0 */
/*
 * terminal.h - what a terminal is told besides text: colours, and a status
 * line that leaves nothing behind, however wide the terminal is or becomes.
 */
#ifndef REGBOT_TERMINAL_H
#define REGBOT_TERMINAL_H

#include <stdbool.h>

#include "common/buffer.h"

/* Whether fd is a terminal that knows the codes used here: TERM is set, and
 * is not "dumb". */
bool terminal_is(int fd);
/* Whether it may have colours: NO_COLOR is not set (https://no-color.org). */
bool terminal_is_colored(int fd);
/* Its width now; 80 where it does not say. */
unsigned terminal_columns(int fd);

/* Appends what removes a status line, wherever the cursor is on it. */
void terminal_clear(struct buffer *out);
/* Appends what shows text, UTF-8, as the status line of a terminal with so
 * many columns: text is cut, and what takes no column or two becomes "?". */
void terminal_status(struct buffer *out, const char *text, unsigned columns);

#endif
