/* SPDX-License-Identifier: Apache-2.0 */
/* http_private.h - the object behind http.h. */
#ifndef REGBOT_HTTP_PRIVATE_H
#define REGBOT_HTTP_PRIVATE_H

#include <sys/queue.h>

#include "supervisor/broker/auth/auth.h"
#include "supervisor/broker/http/http.h"
#include "supervisor/broker/http/throttle.h"
#include "supervisor/broker/transfer/scrub.h"

struct http {
	struct transfer_context ctx;
	struct scrub secrets;
	struct throttle *throttle;
	struct auth *auth;
	bool answered;		/* the registry did, in HTTP */
	LIST_HEAD(, http_request) requests;
	unsigned nrequests;
};

/* One more request uses the slot; http_slot_free() is called for each. */
void http_slot_use(struct http_slot *s);

#endif
