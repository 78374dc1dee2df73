/* SPDX-License-Identifier: Apache-2.0 */
/* verify.c - checks from outside that a child is confined. */
#include "policy/policy.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STATUS_MAX 8192		/* far above what the kernel writes there */

/* A /proc that hides other users' processes also hides a child that has its
 * own user or is not dumpable: then nothing can be checked. */
static bool
proc_hides(void)
{
	static const char want[] = " /proc ";
	char *line = NULL;
	size_t cap = 0;
	bool hides = false;
	FILE *f = fopen("/proc/self/mountinfo", "re");

	if (f == NULL)
		return true;
	while (!hides && getline(&line, &cap, f) != -1)
		hides = strstr(line, want) != NULL &&
		    strstr(line, "hidepid=") != NULL;
	free(line);
	fclose(f);
	return hides;
}

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
policy_verify(int proc_fd, struct error *err)
{
	char text[STATUS_MAX];
	size_t len = 0;
	ssize_t n;
	int fd, e;

	fd = openat(proc_fd, "status", O_RDONLY | O_CLOEXEC);
	if (fd == -1) {
		e = errno;
		if ((e == ENOENT || e == EPERM || e == EACCES) &&
		    proc_hides())
			return 0;
		return error_sys(err, e, "cannot check in /proc that the "
		    "process is confined");
	}
	while (len < sizeof(text) - 1 && (n = read(fd, text + len,
	    sizeof(text) - 1 - len)) > 0)
		len += (size_t)n;
	close(fd);
	text[len] = '\0';
	if (expect(text, "Seccomp", 10, 2, err) == -1 ||
	    expect(text, "NoNewPrivs", 10, 1, err) == -1 ||
	    expect(text, "CapEff", 16, 0, err) == -1 ||
	    expect(text, "CapPrm", 16, 0, err) == -1 ||
	    expect(text, "CapInh", 16, 0, err) == -1)
		return -1;
	return 0;
}
