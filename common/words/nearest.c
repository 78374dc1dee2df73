/* SPDX-License-Identifier: Apache-2.0 */
/* nearest.c - the distance of words (Damerau-Levenshtein), for hints. */
#include "common/words/nearest.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define NONE 1000
#define WORD_MAX 32	/* known words are much shorter */

static int
least(int a, int b, int c)
{
	int m = a < b ? a : b;

	return m < c ? m : c;
}

static int
letter(char c)
{
	return tolower((unsigned char)c);
}

/* "user" for "username": one is the beginning of the other. */
static bool
begins(const char *a, const char *b, int n, int m)
{
	int least = n < m ? n : m;

	return least >= 4 && strncasecmp(a, b, (size_t)least) == 0;
}

/* Letters to insert, drop, replace or swap until a is b. NONE when the two
 * have too little in common. */
static int
distance(const char *a, const char *b)
{
	int d[WORD_MAX + 1][WORD_MAX + 1] = { { 0 } };
	int n = (int)strnlen(a, WORD_MAX + 1);
	int m = (int)strnlen(b, WORD_MAX + 1), limit;

	if (n > WORD_MAX || m > WORD_MAX)
		return NONE;
	for (int i = 0; i <= n; i++)
		d[i][0] = i;
	for (int j = 0; j <= m; j++)
		d[0][j] = j;
	for (int i = 1; i <= n; i++)
		for (int j = 1; j <= m; j++) {
			int same = letter(a[i - 1]) == letter(b[j - 1]);

			d[i][j] = least(d[i - 1][j] + 1, d[i][j - 1] + 1,
			    d[i - 1][j - 1] + !same);
			if (i > 1 && j > 1 &&
			    letter(a[i - 1]) == letter(b[j - 2]) &&
			    letter(a[i - 2]) == letter(b[j - 1]))
				d[i][j] = least(d[i][j], d[i][j],
				    d[i - 2][j - 2] + 1);
		}
	limit = (n > m ? n : m) / 3 + 1;
	if (d[n][m] > limit)
		return begins(a, b, n, m) ? limit : NONE;
	return d[n][m];
}

const char *
nearest_word(const char *word, const void *first, size_t size)
{
	const char *best = NULL, *known;
	int least_far = NONE;

	for (const char *p = first; (known = *(const char *const *)p) != NULL;
	    p += size) {
		int d = distance(word, known);

		if (d < least_far) {
			least_far = d;
			best = known;
		}
	}
	return best;
}
