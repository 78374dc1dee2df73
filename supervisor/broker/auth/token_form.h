/* SPDX-License-Identifier: Apache-2.0 */
/* token_form.h - what is requested from a token server, and how it is
 * encoded. */
#ifndef REGBOT_TOKEN_FORM_H
#define REGBOT_TOKEN_FORM_H

#include "supervisor/broker/auth/scope.h"
#include "supervisor/broker/transfer/url.h"

/* A token is for one realm, service and list of scopes. Borrows all of it. */
struct token_ask {
	const struct url *realm;
	const char *service;
	const struct scopes *scopes;
};

/* "realm \n service \n scope \n ...": the key of the token cache. Free it. */
char *token_form_key(const struct token_ask *ask);

/* The URL of a GET: the realm's query is kept, account ("" none), client_id,
 * scopes and service are added. Free it. */
char *token_form_url(const struct token_ask *ask, const char *account,
    const char *client_id);
/* The form of a POST with a refresh token. Free it with mem_wipe. */
char *token_form_post(const struct token_ask *ask, const char *refresh,
    const char *client_id);

#endif
