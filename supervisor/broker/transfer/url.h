/* SPDX-License-Identifier: Apache-2.0 */
/*
 * url.h - the http and https URLs that a registry names: parsed, resolved,
 * compared. Anything unusual in them (user names, zone ids, bytes
 * that are not printable ASCII) is refused.
 */
#ifndef REGBOT_URL_H
#define REGBOT_URL_H

#include <stdbool.h>

#include "common/error.h"

struct url {
	char *text;		/* the whole, without fragment */
	char *host;		/* lower case, no brackets, no trailing dot */
	unsigned port;		/* the scheme's where none is given */
	bool https;
};

/* Parses text; where base is not NULL, text may be relative to it. */
int url_parse(struct url *u, const char *text, const struct url *base,
    struct error *err);
void url_free(struct url *u);
void url_copy(struct url *to, const struct url *from);

/* Same scheme, host and port. */
bool url_same_origin(const struct url *a, const struct url *b);

/* "host", or "host:port" where the port is not the scheme's. Free it. */
char *url_authority(const struct url *u);

/* scheme://host[:port]/path without the query, which may hold signatures, or
 * with it. For logs and errors. Free it. */
char *url_display(const struct url *u, bool query);

/* Do two hosts belong to one owner as far as names tell? They are equal, or
 * under the same registrable domain (public suffix list). Addresses only
 * when equal. */
bool url_same_site(const char *host_a, const char *host_b);

#endif
