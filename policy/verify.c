/* SPDX-License-Identifier: Apache-2.0 */
/* verify.c - checks from outside that a child is confined. */
#include "policy/policy.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STATUS_MAX 8192		/* far above what the kernel writes there */

/* The number after "\nname:\t" in that base. False when it is not there. */
static bool
number(const char *text, const char *name, int base, uint64_t *value)
{
	size_t n = strlen(name);
	const char *p = text;
	char *end;

	while ((p = strstr(p, name)) != NULL) {
		if (p != text && p[-1] == '\n' && p[n] == ':') {
			*value = strtoull(p + n + 1, &end, base);
			return end != p + n + 1;
		}
		p += n;
	}
	return false;
}

static int
expect(const char *text, const char *name, int base, uint64_t want,
    struct error *err)
{
	uint64_t have;

	if (!number(text, name, base, &have))
		return error_set(err, ERROR_SYSTEM, "cannot check that the "
		    "process is confined: /proc shows no %s", name);
	if (have != want)
		return error_set(err, ERROR_SYSTEM, "the process is not "
		    "confined: %s is %" PRIx64 ", not %" PRIx64, name, have,
		    want);
	return 0;
}

int
policy_verify(int status_fd, struct error *err)
{
	char text[STATUS_MAX];
	/* At once: the kernel makes all of the text anew for each read. If it
	 * gave less, the check would fail. */
	ssize_t n = pread(status_fd, text, sizeof(text) - 1, 0);

	if (n == -1)
		return error_sys(err, errno, "cannot check in /proc that the "
		    "process is confined");
	text[n] = '\0';
	if (expect(text, "Seccomp", 10, 2, err) == -1 ||
	    expect(text, "NoNewPrivs", 10, 1, err) == -1 ||
	    expect(text, "CapEff", 16, 0, err) == -1 ||
	    expect(text, "CapPrm", 16, 0, err) == -1 ||
	    expect(text, "CapInh", 16, 0, err) == -1)
		return -1;
	return 0;
}
