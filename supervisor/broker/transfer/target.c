/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of where an exchange may go, and with which certificates. */
#include "supervisor/broker/transfer/target.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/mem.h"
#include "supervisor/broker/transfer/address.h"
#include "supervisor/broker/transfer/trust.h"

struct target_rules {
	const struct http_registry *cfg;
	struct url origin;
	unsigned local_seen;	/* address.h: where the registry itself is */
	struct trust *trust;	/* NULL until TLS needs it */
};

struct target_rules *
target_rules_new(const struct http_registry *c, struct error *err)
{
	struct target_rules *tr = mem_alloc(sizeof(*tr));
	char *text = mem_printf("%s://%s/", c->tls == 2 ? "http" : "https",
	    c->hostname);
	int ret = url_parse(&tr->origin, text, NULL, NULL);

	free(text);
	tr->cfg = c;
	if (ret == -1 || strchr(c->hostname, '/') != NULL) {
		error_set(err, ERROR_INPUT, "cannot use %.255s as the "
		    "hostname of a registry: expected host or host:port",
		    c->hostname);
		goto fail;
	}
	if (c->tls == 0) {
		tr->trust = trust_new(c->regcert, err);
		if (tr->trust == NULL)
			goto fail;
	}
	if (c->named)
		tr->local_seen = address_class_host(tr->origin.host);
	return tr;
fail:
	target_rules_free(tr);
	return NULL;
}

void
target_rules_free(struct target_rules *tr)
{
	if (tr == NULL)
		return;
	trust_free(tr->trust);
	url_free(&tr->origin);
	free(tr);
}

const struct url *
target_origin(const struct target_rules *tr)
{
	return &tr->origin;
}

bool
target_own(const struct target_rules *tr, const struct url *u)
{
	return url_same_origin(u, &tr->origin);
}

void
target_seen(struct target_rules *tr, const struct url *u, unsigned classes)
{
	if (target_own(tr, u))
		tr->local_seen |= classes;
}

/* Is its host in creds[].realms? */
static bool
listed(const struct target_rules *tr, const struct url *u)
{
	char *authority;
	bool found = false;

	if (tr->cfg->realms == NULL)
		return false;
	authority = url_authority(u);
	for (char **p = tr->cfg->realms; *p != NULL && !found; p++)
		found = strcasecmp(*p, u->host) == 0 ||
		    strcasecmp(*p, authority) == 0;
	free(authority);
	return found;
}

/* The local addresses that u may turn out to have. */
static unsigned
local_allowed(const struct target_rules *tr, const struct url *u)
{
	if (target_own(tr, u))
		return tr->cfg->named ? ADDRESS_LOCAL : 0;
	if (listed(tr, u))
		return ADDRESS_LOCAL;
	return tr->local_seen & ~ADDRESS_METADATA;
}

/* The same with private ones: a URL of a manifest leads there only from a
 * registry that is named, anything else always may. */
static unsigned
allowed(const struct target_rules *tr, const struct url *u, bool foreign)
{
	if (foreign && !tr->cfg->named)
		return 0;
	return local_allowed(tr, u) | (!foreign || target_own(tr, u) ?
	    ADDRESS_PRIVATE : 0);
}

static int
to_plain(const struct url *u, struct error *err)
{
	return error_set(err, ERROR_DENIED, "refused to go from https to "
	    "http://%s", u->host);
}

static int
not_local(const struct target_rules *tr, const struct url *u, bool foreign,
    struct error *err)
{
	unsigned class = address_class_host(u->host) & ~allowed(tr, u, foreign);

	if (class != 0)
		return error_set(err, ERROR_DENIED, "refused to go to %s: it "
		    "is a %s address%s", u->host, class == ADDRESS_PRIVATE ?
		    "private" : "loopback, link-local or metadata",
		    target_own(tr, u) ? "; name the registry in creds to "
		    "allow it" : "");
	return 0;
}

int
target_check(const struct target_rules *tr, const struct url *u,
    const struct url *from, struct error *err)
{
	if (!u->https && (tr->origin.https || from->https))
		return to_plain(u, err);
	return not_local(tr, u, false, err);
}

/* Is the manifest's own URL the registry's? */
static int
foreign_own(const struct target_rules *tr, const struct url *u,
    struct error *err)
{
	const char *name = tr->cfg->name;

	if (strcmp(u->host, tr->origin.host) != 0 ||
	    u->port != tr->origin.port)
		return error_set(err, ERROR_DENIED, "refused to ask %s:%u, "
		    "which is not where registry %s is", u->host, u->port,
		    name);
	if (!u->https && tr->origin.https && tr->cfg->named)
		return error_set(err, ERROR_DENIED, "refused to use http: "
		    "the creds entry of %s wants TLS", name);
	return 0;
}

int
target_foreign(const struct target_rules *tr, const struct url *u,
    const struct url *from, struct error *err)
{
	if (from == NULL && foreign_own(tr, u, err) == -1)
		return -1;
	if (from != NULL && from->https && !u->https)
		return to_plain(u, err);
	return not_local(tr, u, true, err);
}

void
target_blocked(const struct target_rules *tr, const struct url *u,
    const struct transfer *t, enum http_method m, struct error *err)
{
	char *on = exchange_text(m, u, false);
	const char *or = (t->spec.local_allowed & ADDRESS_PRIVATE) != 0 ? "" :
	    "private, ";

	if (target_own(tr, u))
		error_set(err, ERROR_DENIED, "%s: refused to connect to %s: "
		    "it is a %sloopback, link-local or metadata address; name "
		    "the registry in creds to allow it", on, t->address, or);
	else
		error_set(err, ERROR_DENIED, "%s: refused to connect to %s: "
		    "it is a %sloopback, link-local or metadata address, and "
		    "the registry itself is not there", on, t->address, or);
	free(on);
}

int
target_spec(struct target_rules *tr, const struct url *u, bool foreign,
    struct transfer_spec *spec, struct error *err)
{
	const struct http_registry *cfg = tr->cfg;
	bool own = target_own(tr, u) && !foreign;

	spec->url = u->text;
	spec->user_agent = cfg->user_agent;
	spec->local_allowed = allowed(tr, u, foreign);
	spec->client_cert = own ? cfg->client_cert : "";
	spec->client_key = own ? cfg->client_key : "";
	spec->tls = VERIFY_FULL;
	if (!u->https)
		return 0;
	if (cfg->tls == 1 && (url_same_site(u->host, tr->origin.host) ||
	    listed(tr, u)))
		spec->tls = VERIFY_NONE;
	else if (tr->trust == NULL) {
		tr->trust = trust_new(cfg->tls == 1 ? "" : cfg->regcert, err);
		if (tr->trust == NULL)
			return -1;
	}
	spec->trust = tr->trust;
	return 0;
}

char *
target_entry(const struct http_registry *c)
{
	if (c->position == NULL || *c->position == '\0')
		return mem_printf("a creds entry for %s", c->name);
	return mem_printf("the creds entry of %s (%s)", c->name, c->position);
}

int
target_password(const struct target_rules *tr, const struct url *u,
    struct error *err)
{
	char *authority;

	if (tr->origin.https && !u->https)
		return error_set(err, ERROR_UNAUTHORIZED, "refused to send "
		    "the password of %s to http://%s: it would travel in "
		    "plain text", tr->cfg->name, u->host);
	if (url_same_site(u->host, tr->origin.host) || listed(tr, u))
		return 0;
	authority = url_authority(u);
	error_set(err, ERROR_UNAUTHORIZED, "refused to send the password of "
	    "%s to %s, which belongs to another domain; if it is the token "
	    "server of this registry, add to its entry in creds: "
	    "realms: [%s]", tr->cfg->name, authority, authority);
	free(authority);
	return -1;
}
