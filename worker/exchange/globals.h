/* SPDX-License-Identifier: Apache-2.0 */
/*
 * globals.h - what a script is given and gives: the table "input" and the
 * function "output".
 */
#ifndef REGBOT_GLOBALS_H
#define REGBOT_GLOBALS_H

#include <lua.h>

#include "worker/client/client.h"
#include "worker/job/worker.h"

/* An entry of vm_new()'s table. */
void exchange_open(lua_State *L);

/* Fills "input" with what came with the job, whose inputs it frees. NULL, or
 * why the script must not run; the caller frees that. */
char *exchange_take(lua_State *L, struct client_job *job);

/* The script is over: sends what it gave. */
void exchange_send(struct worker *w);

/* input.c: pushes the value of an input. 0, or -1 and *err; it may raise as
 * well, for want of memory. */
int input_push(lua_State *L, const struct client_input *in,
    struct error *err);

#endif
