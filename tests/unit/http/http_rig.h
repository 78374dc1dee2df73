/* SPDX-License-Identifier: Apache-2.0 */
/* http_rig.h - an http object and a scripted server on one loop. */
#ifndef REGBOT_HTTP_RIG_H
#define REGBOT_HTTP_RIG_H

#include <stdint.h>
#include <stdio.h>

#include "common/clock.h"
#include "common/mem.h"
#include "supervisor/broker/http/http.h"
#include "tests/unit/http/scripted_server.h"

/* What came of a request; freed with the rig. */
struct result {
	struct result *next;
	struct http_request *request;
	bool over;
	int status;		/* 0 where there was no reply */
	char *body;
	struct http_reply reply;	/* its strings are stolen */
	struct error err;
};

struct rig {
	struct loop *loop;
	struct server *server, *other;
	struct http_registry config;
	struct http *http;
	struct result *results;
	unsigned port;
	char *hostname;
	const char *const *script;
	const char *extra;
	char *note;
	int step, nheld;
	struct conn *held[64];
};

struct rig *rig_new(server_fn *fn);	/* anonymous, two at once */
struct rig *rig_new_login(server_fn *fn); /* basic is known to be wanted */
/* With a login, anonymous at first. */
struct rig *rig_new_user(server_fn *fn);
#define RIG_BASIC "Basic c29tZW9uZTpvcGVuIHNlc2FtZS8x" /* of that login */
void rig_renew(struct rig *g);		/* g->config was changed */
void rig_free(struct rig *g);

struct http_spec rig_spec(const char *path); /* GET of repository app, 200 */
struct result *rig_start(struct rig *g, const struct http_spec *s);
struct result *rig_get(struct rig *g, const char *path);
void rig_wait(struct rig *g, struct result *r);	/* fails after 20 s */

#endif
