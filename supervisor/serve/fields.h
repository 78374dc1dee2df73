/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fields.h - the fields of a message that starts a request: checked and
 * copied into the request. In a row of the table (dispatch.c) a letter says
 * what a field is:
 *
 *	r	the repository		f	another one, for a mount
 *	F	the same, or ""		t	a tag
 *	d	a digest		n	a tag or a digest
 *	c	the digest of a body	m	a media type
 *	p	size of a manifest	x	most bytes of a blob
 *	z	size of a blob		o	offset, at most the size
 *	s	stream number		k	entries of a page
 *	l	last entry before it	q	query of a next page
 *	u	a URL, which the backend parses
 */
#ifndef REGBOT_FIELDS_H
#define REGBOT_FIELDS_H

#include "common/error.h"
#include "common/wire/message.h"

struct request;

/* All fields of m by the letters of r's row. 0, or -1 with the sentence that
 * the request ends with; every field is taken in either case. */
int fields_take(struct request *r, const struct message *m,
    struct error *err);

#endif
