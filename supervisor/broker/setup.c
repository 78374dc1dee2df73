/* SPDX-License-Identifier: Apache-2.0 */
#include "supervisor/broker/setup.h"

#include <stdlib.h>
#include <string.h>

#include "common/logrecord.h"
#include "common/mem.h"

/* The kinds of a SECRET message. */
enum { SECRET_USER = 1, SECRET_PASS, SECRET_TOKEN, SECRET_REGCERT,
	SECRET_CLIENT_CERT, SECRET_CLIENT_KEY, SECRET_REALM };

/* REGISTRY's flags. */
enum { FLAG_TLS = 3, FLAG_REPO_AUTH = 4, FLAG_DISABLE_HEAD = 8,
	FLAG_NAMED = 16, FLAGS_ALL = 31 };

void
setup_init(struct setup *s)
{
	memset(s, 0, sizeof(*s));
	for (int i = 0; i < SETUP_SECRETS; i++) {
		buffer_init(&s->secrets[i], SECRET_MAX);
		s->secrets[i].secret = true;
	}
}

int
setup_registry(struct setup *s, const struct message *m, struct error *err)
{
	struct registry_config *c = &s->config;
	uint64_t flags = message_u64(m, 4), concurrent = message_u64(m, 5),
	    milli = message_u64(m, 6);

	if ((flags & ~(uint64_t)FLAGS_ALL) != 0 || (flags & FLAG_TLS) == 3 ||
	    concurrent == 0 ||
	    message_str(m, 0)[0] == '\0' || message_str(m, 1)[0] == '\0')
		return error_set(err, ERROR_PROTOCOL,
		    "REGISTRY has a value that is out of bounds");
	c->name = mem_strdup(message_str(m, 0));
	c->hostname = mem_strdup(message_str(m, 1));
	c->path_prefix = mem_strdup(message_str(m, 2));
	c->user_agent = mem_strdup(message_str(m, 3));
	c->tls = (int)(flags & FLAG_TLS);
	c->repo_auth = (flags & FLAG_REPO_AUTH) != 0;
	c->disable_head = (flags & FLAG_DISABLE_HEAD) != 0;
	c->named = (flags & FLAG_NAMED) != 0;
	/* More than that is as good as no limit. */
	c->req_concurrent = concurrent < UINT16_MAX ? (unsigned)concurrent :
	    UINT16_MAX;
	c->req_milli = milli < UINT32_MAX ? (unsigned)milli : 0;
	c->trace = message_u64(m, 7) <= LOG_LEVEL_BIAS + LOG_TRACE;
	return 0;
}

static int
take_realm(struct registry_config *c, const char *p, size_t n,
    struct error *err)
{
	if (c->nrealms == REALMS_MAX)
		return error_set(err, ERROR_PROTOCOL,
		    "more than %u token realms", REALMS_MAX);
	c->realms = mem_resize(c->realms, c->nrealms + 2,
	    sizeof(c->realms[0]));
	c->realms[c->nrealms++] = mem_strndup(p, n);
	c->realms[c->nrealms] = NULL;
	return 0;
}

int
setup_secret(struct setup *s, const struct message *m, struct error *err)
{
	uint64_t kind = message_u64(m, 0);
	const struct field *f = &m->f[1];

	if (kind < SECRET_USER || kind > SECRET_REALM ||
	    memchr(f->p, '\0', f->len) != NULL)
		return error_set(err, ERROR_PROTOCOL,
		    "SECRET has an unknown kind or a NUL");
	if (kind == SECRET_REALM)
		return take_realm(&s->config, f->p, f->len, err);
	if (buffer_put(&s->secrets[kind - 1], f->p, f->len) == -1)
		return error_set(err, ERROR_PROTOCOL,
		    "a secret is longer than %u bytes", SECRET_MAX);
	return 0;
}

void
setup_done(struct setup *s)
{
	struct registry_config *c = &s->config;
	char **to[SETUP_SECRETS] = { &c->user, &c->pass, &c->token,
	    &c->regcert, &c->client_cert, &c->client_key };

	for (int i = 0; i < SETUP_SECRETS; i++)
		*to[i] = buffer_steal(&s->secrets[i]);
}

static void
config_free(struct registry_config *c)
{
	free(c->name);
	free(c->hostname);
	free(c->path_prefix);
	free(c->user_agent);
	mem_wipe(c->user);
	mem_wipe(c->pass);
	mem_wipe(c->token);
	free(c->regcert);
	free(c->client_cert);
	mem_wipe(c->client_key);
	for (size_t i = 0; i < c->nrealms; i++)
		free(c->realms[i]);
	free(c->realms);
}

void
setup_free(struct setup *s)
{
	for (int i = 0; i < SETUP_SECRETS; i++)
		buffer_free(&s->secrets[i]);
	config_free(&s->config);
	memset(s, 0, sizeof(*s));
}
