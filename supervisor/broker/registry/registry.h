/* SPDX-License-Identifier: Apache-2.0 */
/*
 * registry.h - what the table in dispatch.c calls: run functions start what a
 * request asks for, stop functions let go of it. A run function may end the
 * request.
 */
#ifndef REGBOT_REGISTRY_H
#define REGBOT_REGISTRY_H

#include "common/error.h"
#include "common/message.h"

struct request;

void list_tags(struct request *r);
void list_catalog(struct request *r);

void manifest_head(struct request *r);
void manifest_get(struct request *r);
void manifest_put(struct request *r);
void manifest_delete(struct request *r);

void tagdelete_run(struct request *r);
void tagdelete_stop(struct request *r);

void blob_head(struct request *r);
void blob_get(struct request *r);
void blob_mount(struct request *r);
void blob_mount_stop(struct request *r);

void stream_read(struct request *r);
void stream_write(struct request *r);
void stream_stop(struct request *r);
int stream_reserve(struct request *r, const struct message *m,
    struct error *err);
int stream_go(struct request *r, const struct message *m, struct error *err);
/* The stream end of a request came; fd is taken over. */
void stream_attach(struct request *r, int fd);

#endif
