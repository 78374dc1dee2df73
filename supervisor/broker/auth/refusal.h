/* SPDX-License-Identifier: Apache-2.0 */
/* refusal.h - what a person can do about a 401 or 403. */
#ifndef REGBOT_REFUSAL_H
#define REGBOT_REFUSAL_H

#include "common/error.h"
#include "supervisor/broker/transfer/context.h"

/* Adds to the error of a registry or its token server, whose err->http is 401
 * or 403, which login was refused and where it is configured, or that there
 * is none. Other errors stay as they are. */
void refusal_explain(const struct http_registry *c, struct error *err);

#endif
