/* SPDX-License-Identifier: Apache-2.0 */
/* spec.h - a struct http_spec (http.h), copied, and as URL and headers. */
#ifndef REGBOT_SPEC_H
#define REGBOT_SPEC_H

#include <stdint.h>

#include "common/error.h"
#include "supervisor/broker/http/http.h"
#include "supervisor/broker/transfer/target.h"
#include "supervisor/broker/transfer/transfer.h"
#include "supervisor/broker/transfer/url.h"

/* Copies *from; its strings and its body are owned then, absent ones that are
 * not optional are "". The copy refers to *source and *sink. */
void spec_copy(struct http_spec *to, const struct http_spec *from,
    struct http_source *source, struct http_sink *sink);
void spec_free(struct http_spec *s);

/* Where the request goes first. */
int spec_url(const struct http_spec *s, const struct transfer_context *ctx,
    struct url *u, struct error *err);

/* Its header lines after authorization (or NULL). from > 0 is where a body
 * begins. Free them with curl_slist_free_all. */
struct curl_slist *spec_headers(const struct http_spec *s,
    const char *authorization, uint64_t from);

#endif
