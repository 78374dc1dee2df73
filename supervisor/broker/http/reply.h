/* SPDX-License-Identifier: Apache-2.0 */
/* reply.h - a transfer's answer as the caller of http.h gets it. */
#ifndef REGBOT_REPLY_H
#define REGBOT_REPLY_H

#include "supervisor/broker/http/http.h"
#include "supervisor/broker/transfer/transfer.h"
#include "supervisor/broker/transfer/url.h"

/* Fills *reply from the answer to a request for url. The body is moved out of
 * *t. */
void http_reply_take(struct http_reply *reply, const struct url *url,
    struct transfer *t);
void http_reply_free(struct http_reply *reply);	/* what is in it */

#endif
