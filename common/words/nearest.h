/* SPDX-License-Identifier: Apache-2.0 */
/* nearest.h - which known word an unknown one was probably meant to be. */
#ifndef REGBOT_NEAREST_H
#define REGBOT_NEAREST_H

#include <stddef.h>

/* The closest word to one that is unknown, ignoring case; NULL when none is
 * close enough for a hint. first is the first element of an array whose
 * elements of size bytes begin with a const char *, the last with NULL. */
const char *nearest_word(const char *word, const void *first, size_t size);

#endif
