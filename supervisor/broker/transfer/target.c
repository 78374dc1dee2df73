/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a request may go: the registry itself, and what it points to. A
 * registry is not trusted to choose: nothing it says makes us talk to this
 * machine, to this link, or in plain text.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "supervisor/broker/transfer/address.h"
#include "supervisor/broker/http/http_private.h"
#include "common/mem.h"

bool
redirect_status(int status)
{
	return status == 301 || status == 302 || status == 303 ||
	    status == 307 || status == 308;
}

bool
target_listed(const struct http *h, const struct url *u)
{
	char *authority;
	bool found = false;

	if (h->cfg->realms == NULL)
		return false;
	authority = url_authority(u);
	for (char **p = h->cfg->realms; *p != NULL && !found; p++)
		found = strcasecmp(*p, u->host) == 0 ||
		    strcasecmp(*p, authority) == 0;
	free(authority);
	return found;
}

/* The local addresses that u may turn out to have. */
static unsigned
local_allowed(const struct http *h, const struct url *u)
{
	if (url_same_origin(u, &h->origin))
		return h->cfg->named ? ADDRESS_LOCAL : 0;
	if (target_listed(h, u))
		return ADDRESS_LOCAL;
	return h->local_seen & ~ADDRESS_METADATA;
}

int
target_check(struct http *h, const struct url *u, const struct url *from,
    struct error *err)
{
	if (!u->https && (h->origin.https || from->https))
		return error_set(err, ERROR_DENIED, "refused to go from "
		    "https to http://%s", u->host);
	if ((address_class_host(u->host) & ~local_allowed(h, u)) != 0)
		return error_set(err, ERROR_DENIED, "refused to go to %s: it "
		    "is a loopback, link-local or metadata address", u->host);
	return 0;
}

void
target_blocked(struct http *h, const struct url *u, const struct transfer *t,
    enum http_method m, struct error *err)
{
	char *on = method_on(m, u, false);

	if (url_same_origin(u, &h->origin))
		error_set(err, ERROR_DENIED, "%s: refused to connect to %s: "
		    "it is a loopback, link-local or metadata address; name "
		    "the registry in creds to allow it", on, t->address);
	else
		error_set(err, ERROR_DENIED, "%s: refused to connect to %s: "
		    "it is a loopback, link-local or metadata address, and "
		    "the registry is not there itself", on, t->address);
	free(on);
}

int
target_spec(struct http *h, const struct url *u, struct transfer_spec *spec,
    struct error *err)
{
	const struct registry_config *cfg = h->cfg;
	bool own = url_same_origin(u, &h->origin);

	spec->url = u->text;
	spec->user_agent = cfg->user_agent;
	spec->local_allowed = local_allowed(h, u);
	spec->client_cert = own ? cfg->client_cert : "";
	spec->client_key = own ? cfg->client_key : "";
	spec->tls = VERIFY_FULL;
	if (!u->https)
		return 0;
	if (cfg->tls == 1 && (url_same_site(u->host, h->origin.host) ||
	    target_listed(h, u)))
		spec->tls = VERIFY_NONE;
	else if (h->trust == NULL) {
		h->trust = trust_new(cfg->tls == 1 ? "" : cfg->regcert, err);
		if (h->trust == NULL)
			return -1;
	}
	spec->trust = h->trust;
	return 0;
}

int
target_password(const struct http *h, const struct url *u, struct error *err)
{
	char *authority;

	if (h->origin.https && !u->https)
		return error_set(err, ERROR_UNAUTHORIZED, "refused to send "
		    "the password of %s to http://%s: it would travel in "
		    "plain text", h->cfg->name, u->host);
	if (url_same_site(u->host, h->origin.host) || target_listed(h, u))
		return 0;
	authority = url_authority(u);
	error_set(err, ERROR_UNAUTHORIZED, "refused to send the password of "
	    "%s to %s, which belongs to another domain; if it is the token "
	    "server of this registry, add to its entry in creds: "
	    "realms: [%s]", h->cfg->name, authority, authority);
	free(authority);
	return -1;
}
