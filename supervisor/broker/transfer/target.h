/* SPDX-License-Identifier: Apache-2.0 */
/*
 * target.h - where exchanges on behalf of one registry may go: to the
 * registry itself, and to what it points to. A registry is not trusted to
 * choose: nothing it says makes us talk to this machine, to this link, or in
 * plain text.
 */
#ifndef REGBOT_TARGET_H
#define REGBOT_TARGET_H

#include <stdbool.h>

#include "common/error.h"
#include "supervisor/broker/transfer/context.h"
#include "supervisor/broker/transfer/exchange.h"
#include "supervisor/broker/transfer/transfer.h"
#include "supervisor/broker/transfer/url.h"

struct target_rules;

/* *c must outlive it. NULL when its hostname does not make a URL or its
 * certificates cannot be used. */
struct target_rules *target_rules_new(const struct http_registry *c,
    struct error *err);
void target_rules_free(struct target_rules *tr);	/* NULL is fine */

/* The URL of the registry itself, with the path "/". */
const struct url *target_origin(const struct target_rules *tr);
/* Does u have the registry's own scheme, host and port? */
bool target_own(const struct target_rules *tr, const struct url *u);

/* A connection for u was made to addresses of these classes (address.h). The
 * registry's own are allowed for what it points to. */
void target_seen(struct target_rules *tr, const struct url *u,
    unsigned classes);

/* May a request go to u, which from pointed to? 0, or -1 and ERROR_DENIED. */
int target_check(const struct target_rules *tr, const struct url *u,
    const struct url *from, struct error *err);
/* The same of a URL that a manifest gives, and of where it leads to: nothing
 * goes there but a request without credentials, to a public address unless
 * the registry is named. from NULL: it is the
 * manifest's own, which must be on the registry's host and port; http is
 * allowed where the registry is not named, or has no TLS. */
int target_foreign(const struct target_rules *tr, const struct url *u,
    const struct url *from, struct error *err);
/* May the password go there? The error shows the line to add. */
int target_password(const struct target_rules *tr, const struct url *u,
    struct error *err);

/* Fills in what depends on the target; *u must outlive the transfer's start.
 * foreign: target_foreign allowed it, so no client certificate either. -1 when
 * TLS cannot be set up. */
int target_spec(struct target_rules *tr, const struct url *u, bool foreign,
    struct transfer_spec *spec, struct error *err);
/* How errors name where the registry is configured: "the creds entry of HOST
 * (FILE:LINE)", or "a creds entry for HOST" where there is none. Free it. */
char *target_entry(const struct http_registry *c);
/* The error of a transfer that ended with TRANSFER_BLOCKED. */
void target_blocked(const struct target_rules *tr, const struct url *u,
    const struct transfer *t, enum http_method m, struct error *err);

#endif
