/* SPDX-License-Identifier: Apache-2.0 */
/* reply.h - what a transfer's answer is to whoever asked (http.h). */
#ifndef REGBOT_REPLY_H
#define REGBOT_REPLY_H

#include "supervisor/broker/http/http.h"
#include "supervisor/broker/transfer/transfer.h"
#include "supervisor/broker/transfer/url.h"

/* Fills *reply from an answer of url. The body is moved out of *t. */
void http_reply_take(struct http_reply *reply, const struct url *url,
    struct transfer *t);
void http_reply_free(struct http_reply *reply);	/* what is in it */

#endif
