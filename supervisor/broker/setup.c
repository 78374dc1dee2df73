/* SPDX-License-Identifier: Apache-2.0 */
/* setup.c - a broker's registry, from messages to a struct. */
#include "supervisor/broker/setup.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/wire/log_record.h"

#define FLAG_TLS 3u		/* these two bits are a number, 0 to 2 */

static const uint64_t flags_known = FLAG_TLS
#define REGISTRY_FLAG(member, bit) | bit
#include "common/registry_fields.def"
    ;

static void
secret_init(struct buffer *b)
{
	buffer_init(b, SECRET_MAX);
	b->secret = true;
}

void
setup_init(struct setup *s)
{
	memset(s, 0, sizeof(*s));
#define SECRET_TEXT(member, kind) secret_init(&s->secrets.member);
#include "common/registry_fields.def"
}

int
setup_registry(struct setup *s, const struct message *m, struct error *err)
{
	struct http_registry *c = &s->config;
	uint64_t flags = message_u64(m, 4), concurrent = message_u64(m, 5),
	    milli = message_u64(m, 6);

#define REGISTRY_NAME(member, position) \
	c->member = mem_strdup(message_str(m, position));
#define REGISTRY_FLAG(member, bit) c->member = (flags & bit) != 0;
#include "common/registry_fields.def"
	c->user_agent = mem_strdup(message_str(m, 3));
	c->tls = (int)(flags & FLAG_TLS);
	/* Anything more is as good as no limit. */
	c->req_concurrent = concurrent < UINT16_MAX ? (unsigned)concurrent :
	    UINT16_MAX;
	c->req_milli = milli < UINT32_MAX ? (unsigned)milli : 0;
	c->trace = message_u64(m, 7) <= LOG_LEVEL_BIAS + LOG_TRACE;
	if ((flags & ~flags_known) != 0 || c->tls == 3 || concurrent == 0 ||
	    *c->name == '\0' || *c->hostname == '\0')
		return error_set(err, ERROR_PROTOCOL,
		    "REGISTRY has a value that is out of bounds");
	return 0;
}

static int
take_text(struct buffer *text, const struct field *f, struct error *err)
{
	if (buffer_put(text, f->p, f->len) == -1)
		return error_set(err, ERROR_PROTOCOL,
		    "a secret is longer than %u bytes", SECRET_MAX);
	return 0;
}

static int
take_entry(char ***list, size_t max, const struct field *f,
    struct error *err)
{
	size_t n = 0;

	while (*list != NULL && (*list)[n] != NULL)
		n++;
	if (n == max)
		return error_set(err, ERROR_PROTOCOL,
		    "a list in SECRET has more than %zu entries", max);
	*list = mem_resize(*list, n + 2, sizeof((*list)[0]));
	(*list)[n] = mem_strndup(f->p, f->len);
	(*list)[n + 1] = NULL;
	return 0;
}

int
setup_secret(struct setup *s, const struct message *m, struct error *err)
{
	const struct field *f = &m->f[1];

	if (memchr(f->p, '\0', f->len) != NULL)
		return error_set(err, ERROR_PROTOCOL, "SECRET has a NUL");
	switch (message_u64(m, 0)) {
#define SECRET_TEXT(member, kind) \
	case kind: \
		return take_text(&s->secrets.member, f, err);
#define SECRET_LIST(member, kind, limit) \
	case kind: \
		return take_entry(&s->config.member, limit, f, err);
#include "common/registry_fields.def"
	default:
		return error_set(err, ERROR_PROTOCOL,
		    "SECRET has an unknown kind");
	}
}

void
setup_done(struct setup *s)
{
#define SECRET_TEXT(member, kind) \
	s->config.member = buffer_steal(&s->secrets.member);
#include "common/registry_fields.def"
}

static void
free_list(char **list)
{
	for (char **s = list; s != NULL && *s != NULL; s++)
		free(*s);
	free(list);
}

void
setup_free(struct setup *s)
{
	struct http_registry *c = &s->config;

#define REGISTRY_NAME(member, position) free(c->member);
#define SECRET_TEXT(member, kind) \
	mem_wipe(c->member); \
	buffer_free(&s->secrets.member);
#define SECRET_LIST(member, kind, limit) free_list(c->member);
#include "common/registry_fields.def"
	free(c->user_agent);
	memset(s, 0, sizeof(*s));
}
