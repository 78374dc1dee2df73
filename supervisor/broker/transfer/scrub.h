/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scrub.h - text that a registry sent, made fit for errors and logs: secrets
 * are replaced, controls removed, the length cut.
 */
#ifndef REGBOT_SCRUB_H
#define REGBOT_SCRUB_H

#include <stddef.h>

#include "common/error.h"

struct scrub {
	char **secrets;		/* longest first; owned, wiped */
	size_t n;
	/* Secrets that come and go: adds them to *s for one text. Or NULL. */
	void (*passing)(void *arg, struct scrub *s);
	void *arg;
};

/* Adds a secret, and what it is in base64. "" and NULL are ignored. A secret
 * shorter than SCRUB_SHORT is replaced only where it is a word of its own:
 * elsewhere it reveals nothing, and replacing it would spoil the text. */
#define SCRUB_SHORT 6
void scrub_add(struct scrub *s, const char *secret);
void scrub_free(struct scrub *s);

/* A copy of n bytes with every secret replaced by "[censored]", whatever the
 * case of its letters and also where it is encoded as in a URL, in JSON or in
 * HTML, and what looks like a JSON web token; controls but newline and tab
 * become spaces; cut to max bytes at a character. What follows the last space
 * of the header line authorization (or NULL) is secret, too. Free it. */
char *scrub_text(const struct scrub *s, const char *p, size_t n, size_t max,
    const char *authorization);

/* The same for a text of ours that contains a registry's words. A secret
 * that may be one of our own words (shorter than SCRUB_SHORT, or than
 * SCRUB_WORD and of letters only) is left: replacing it would spoil the text,
 * and give the secret away to anyone who knows the text. */
#define SCRUB_WORD 12
char *scrub_own(const struct scrub *s, const char *p, size_t n, size_t max,
    const char *authorization);
/* scrub_own of the text in *err, if there is one. */
void scrub_error(const struct scrub *s, const char *authorization,
    struct error *err);

#endif
