/* SPDX-License-Identifier: Apache-2.0 */
/* platform.c - platforms as regclient reads and writes them; manifest.h. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "common/bounds.h"
#include "common/mem.h"
#include "worker/oci/manifest.h"
#include "worker/oci/platform_private.h"

/* These alone name an architecture of the local OS. */
static const char *const known_archs[] = {
	"386", "amd64", "i386", "x86_64", "x86-64", "arm", "armhf", "armel",
	"arm64", "aarch64", "mips", "mips64", "mips64le", "ppc", "ppc64",
	"ppc64le", "loong64", "riscv", "riscv64", "s390", "s390x", "sparc",
	"sparc64", "wasm", NULL
};

static void
set(char **field, const char *value)
{
	char *s = mem_strdup(value);

	free(*field);
	*field = s;
}

static bool
is(const char *field, const char *value)
{
	return strcmp(field, value) == 0;
}

static void
platform_fill(struct platform *p)
{
	if (p->os == NULL)
		set(&p->os, "");
	if (p->arch == NULL)
		set(&p->arch, "");
	if (p->variant == NULL)
		set(&p->variant, "");
	if (p->os_version == NULL)
		set(&p->os_version, "");
}

static void
normalize_arm(struct platform *p)
{
	char variant[3] = "v";

	if (is(p->variant, ""))
		set(&p->variant, "v7");
	else if (strchr("5678", p->variant[0]) != NULL &&
	    p->variant[1] == '\0') {
		variant[1] = p->variant[0];
		set(&p->variant, variant);
	}
}

void
platform_normalize(struct platform *p)
{
	platform_fill(p);
	if (is(p->os, "macos"))
		set(&p->os, "darwin");
	if (is(p->arch, "i386")) {
		set(&p->arch, "386");
		set(&p->variant, "");
	} else if (is(p->arch, "x86_64") || is(p->arch, "x86-64") ||
	    is(p->arch, "amd64")) {
		set(&p->arch, "amd64");
		if (is(p->variant, "v1"))
			set(&p->variant, "");
	} else if (is(p->arch, "aarch64") || is(p->arch, "arm64")) {
		set(&p->arch, "arm64");
		if (is(p->variant, "8") || is(p->variant, "v8"))
			set(&p->variant, "");
	} else if (is(p->arch, "armhf")) {
		set(&p->arch, "arm");
		set(&p->variant, "v7");
	} else if (is(p->arch, "armel")) {
		set(&p->arch, "arm");
		set(&p->variant, "v6");
	} else if (is(p->arch, "arm"))
		normalize_arm(p);
}

void
platform_copy(struct platform *dst, const struct platform *src)
{
	dst->os = mem_strdup(src->os);
	dst->arch = mem_strdup(src->arch);
	dst->variant = mem_strdup(src->variant);
	dst->os_version = mem_strdup(src->os_version);
	platform_normalize(dst);
}

void
platform_free(struct platform *p)
{
	free(p->os);
	free(p->arch);
	free(p->variant);
	free(p->os_version);
	memset(p, 0, sizeof(*p));
}

char *
platform_string(const struct platform *p)
{
	struct platform n;
	char *s;

	platform_copy(&n, p);
	if (is(n.os, ""))
		s = mem_strdup("unknown");
	else
		s = mem_printf("%s%s%s%s%s", n.os,
		    is(n.arch, "") ? "" : "/", n.arch,
		    is(n.variant, "") ? "" : "/", n.variant);
	platform_free(&n);
	return s;
}

static bool
known_arch(const char *s)
{
	int i;

	for (i = 0; known_archs[i] != NULL; i++)
		if (is(s, known_archs[i]))
			return true;
	return false;
}

/* "os/arch/variant" in lower case; the number of parts, or -1. */
static int
split_parts(const char *s, size_t n, char *part[3], const char *whole,
    struct error *err)
{
	size_t i, start = 0;
	int parts = 0;

	for (i = 0; i <= n; i++) {
		if (i < n && s[i] != '/') {
			if (!isalnum((unsigned char)s[i]) && s[i] != '_' &&
			    s[i] != '-')
				return error_set(err, ERROR_INPUT, "invalid "
				    "platform component %.*s in %s",
				    (int)strcspn(s + start, "/,"), s + start,
				    whole);
			continue;
		}
		if (i == start)
			return error_set(err, ERROR_INPUT, "invalid platform "
			    "component %s in %s", "", whole);
		if (parts < 3) {
			char *c = part[parts] = mem_strndup(s + start,
			    i - start);

			for (; *c != '\0'; c++)
				*c = (char)tolower((unsigned char)*c);
		}
		parts++;
		start = i + 1;
	}
	return parts;
}

/* ",osver=V" and so on. */
static int
parse_args(const char *s, const char *whole, struct platform *p,
    struct error *err)
{
	while (*s != '\0') {
		size_t n = strcspn(s, ","), eq = strcspn(s, "=,"), k = eq;
		const char *key = s;

		while (k > 0 && *key == ' ') {
			key++;
			k--;
		}
		while (k > 0 && key[k - 1] == ' ')
			k--;
		if (k > 0 && (strncasecmp(key, "osver", k) == 0 ? k == 5 :
		    strncasecmp(key, "osversion", k) == 0 && k == 9)) {
			const char *v = s + eq + (s[eq] == '=');
			size_t vn = (size_t)(s + n - v);

			while (vn > 0 && *v == ' ') {
				v++;
				vn--;
			}
			while (vn > 0 && v[vn - 1] == ' ')
				vn--;
			free(p->os_version);
			p->os_version = mem_strndup(v, vn);
		} else if (k > 0)
			return error_set(err, ERROR_INPUT, "unsupported "
			    "platform arg type, %.*s in %s", (int)k, key,
			    whole);
		s += n;
		if (*s == ',')
			s++;
	}
	return 0;
}

/* What a form of one part leaves open is taken from the host. */
static void
complete(struct platform *p, const struct platform *host, int parts)
{
	struct platform a = { .os = host->os }, b = { .os = p->os };

	if ((is(p->os, "linux") || is(p->os, "darwin") ||
	    is(p->os, "windows")) && parts < 2 &&
	    platform_compatible(&a, &b)) {
		if (is(p->arch, ""))
			set(&p->arch, host->arch);
		if (is(p->arch, host->arch) && is(p->variant, ""))
			set(&p->variant, host->variant);
	}
	if (is(p->os, "windows") && is(p->os, host->os) &&
	    is(p->arch, host->arch) && is(p->os_version, "") &&
	    platform_variant_compatible(host->variant, p->variant))
		set(&p->os_version, host->os_version);
}

int
platform_parse(const char *s, struct platform *out, struct error *err)
{
	struct platform host = { 0 };
	char *part[3] = { NULL, NULL, NULL };
	const char *comma = strchr(s, ',');
	size_t n = comma != NULL ? (size_t)(comma - s) : strlen(s);
	int parts, rv = -1;

	memset(out, 0, sizeof(*out));
	if (strlen(s) > PLATFORM_PART_MAX)
		return error_set(err, ERROR_LIMIT, "the platform is longer "
		    "than %d bytes", PLATFORM_PART_MAX);
	platform_fill(out);
	if ((parts = split_parts(s, n, part, s, err)) == -1)
		goto out;
	if (parts == 1 && known_arch(part[0]))
		set(&out->arch, part[0]);
	else
		set(&out->os, part[0]);
	if (parts >= 2)
		set(&out->arch, part[1]);
	if (parts >= 3)
		set(&out->variant, part[2]);
	if (comma != NULL && parse_args(comma + 1, s, out, err) == -1)
		goto out;
	platform_host(&host);
	if (is(s, "local")) {
		platform_free(out);
		platform_copy(out, &host);
	} else if (is(out->os, "local") || is(out->os, ""))
		set(&out->os, host.os);
	platform_normalize(out);
	complete(out, &host, parts);
	out->fits = parts == 1;
	rv = 0;
out:
	if (rv == -1)
		platform_free(out);
	platform_free(&host);
	free(part[0]);
	free(part[1]);
	free(part[2]);
	return rv;
}
