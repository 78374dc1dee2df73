/* SPDX-License-Identifier: Apache-2.0 */
/*
 * version.c - the version as text. vcs.h is written by contrib/version at every
 * make and changes with the commit; only this file includes it.
 */
#include "supervisor/cli/version.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "common/buffer.h"
#include "common/mem.h"
#include "supervisor/template/template.h"
#include "vcs.h"

/* The names of regclient's regbot, so that scripts that read them still
 * work. */
enum { TAG, REF, COMMIT, STATE, DATE, PLATFORM, GO_VERSION, GO_COMPILER, N };

static const struct {
	const char *name, *field, *json;
} names[N] = {
	[TAG] = { "VCSTag", "VCSTag", "vcsTag" },
	[REF] = { "VCSRef", "VCSRef", "vcsRef" },
	[COMMIT] = { "VCSCommit", "VCSCommit", "vcsCommit" },
	[STATE] = { "VCSState", "VCSState", "vcsState" },
	[DATE] = { "VCSDate", "VCSDate", "vcsDate" },
	[PLATFORM] = { "Platform", "Platform", "platform" },
	[GO_VERSION] = { "GoVer", "GoVersion", "goVersion" },
	[GO_COMPILER] = { "GoCompiler", "GoCompiler", "goCompiler" },
};

static const char *
architecture(void)
{
	static const char *const map[][2] = {
		{ "x86_64", "amd64" }, { "aarch64", "arm64" },
		{ "i686", "386" }, { "armv7l", "arm" },
	};
	static struct utsname u;

	if (uname(&u) == -1)
		return "unknown";
	for (size_t i = 0; i < sizeof(map) / sizeof(map[0]); i++)
		if (strcmp(u.machine, map[i][0]) == 0)
			return map[i][1];
	return u.machine;
}

const char *
version_tag(void)
{
	return VCS_TAG;
}

const char *
version_ref(void)
{
	return VCS_REF;
}

char *
version_text(const char *format, struct error *err)
{
	char platform[96];
	const char *values[N] = {
		VCS_TAG, VCS_REF, VCS_COMMIT, VCS_STATE, VCS_DATE, platform,
		"none", "cc " __VERSION__
	};
	struct template_field fields[N];
	struct template_data data = { "version.Info", fields, N };
	struct buffer b;

	snprintf(platform, sizeof(platform), "linux/%s", architecture());
	if (format != NULL) {
		for (int i = 0; i < N; i++)
			fields[i] = (struct template_field){ names[i].field,
			    names[i].json, values[i] };
		return template_expand(format, &data, NULL, NULL, err);
	}
	buffer_init(&b, 0);
	for (int i = 0; i < N; i++) {
		buffer_printf(&b, "%s:", names[i].name);
		for (size_t n = strlen(names[i].name); n < 11; n++)
			buffer_putc(&b, ' ');
		buffer_printf(&b, "%s\n", values[i]);
	}
	return buffer_steal(&b);
}
