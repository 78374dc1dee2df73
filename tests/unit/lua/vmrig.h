/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vmrig.h - a worker without a supervisor, for tests of the Lua state: it
 * stands in for client.c, keeps what scripts log, and serves modules and
 * variables from a table.
 */
#ifndef REGBOT_VMRIG_H
#define REGBOT_VMRIG_H

#include <stdint.h>

#include "worker/lua/vm.h"

struct vmrig {
	int64_t timeout_ms;	/* 0: none */
	uint64_t memory;	/* 0: WORKER_MEMORY */
	int log_level;		/* 0: INFO */
	int stop_after_ms;	/* 0: never; then STOP arrives */
	/* Results. */
	char *log;		/* messages, a line each */
	struct vm_result result;
	char late[128];		/* what client_late said, "" never */
	int nlate;
};

/* Runs a script; free with vmrig_free. */
void vmrig_run(struct vmrig *rig, const char *script);
void vmrig_free(struct vmrig *rig);

/* A script that must not fail, and what it logs; the name is for messages. */
struct vmrig_row {
	const char *name, *script, *log;
};
void vmrig_check(const struct vmrig_row *rows, size_t n);

#endif
