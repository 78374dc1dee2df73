/* SPDX-License-Identifier: Apache-2.0 */
/* nearest.h - which known word an unknown one was probably meant to be. */
#ifndef REGBOT_NEAREST_H
#define REGBOT_NEAREST_H

#define NEAREST_NONE 1000

/* Letters to insert, drop, replace or swap until a is b, in any case of
 * letters. NEAREST_NONE when the two have too little in common for a hint. */
int nearest_distance(const char *a, const char *b);

#endif
