/* SPDX-License-Identifier: Apache-2.0 */
/* Platforms: parsing, printing, matching, choosing. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/digest.h"
#include "common/mem.h"
#include "worker/oci/manifest.h"

static void
check_parse(const char *s, const char *want)
{
	struct platform p;
	struct error err;
	char *text;

	cr_assert_eq(platform_parse(s, &p, &err), 0, "%s: %s", s, err.text);
	text = platform_string(&p);
	cr_assert_str_eq(text, want);
	free(text);
	platform_free(&p);
}

Test(platform, one_word_is_what_fits)
{
	static const struct { const char *text; bool fits; } forms[] = {
		{ "local", true }, { "amd64", true }, { "linux", true },
		{ "arm64", true }, { "linux/amd64", false },
		{ "local/arm64", false }, { "linux/arm/v7", false }
	};

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct platform p;
		struct error err;

		cr_assert_eq(platform_parse(forms[i].text, &p, &err), 0);
		cr_expect_eq(p.fits, forms[i].fits, "%s", forms[i].text);
		platform_free(&p);
	}
}

Test(platform, parse)
{
	struct platform host;
	char *local;

	platform_host(&host);
	local = platform_string(&host);
	check_parse("local", local);
	check_parse("linux", local);
	check_parse("linux/amd64", "linux/amd64");
	check_parse("linux/amd64/v1", "linux/amd64");
	check_parse("linux/amd64/v3", "linux/amd64/v3");
	check_parse("LINUX/ARM64/v8", "linux/arm64");
	check_parse("linux/aarch64/8", "linux/arm64");
	check_parse("linux/arm", "linux/arm/v7");
	check_parse("linux/arm/5", "linux/arm/v5");
	check_parse("linux/armel", "linux/arm/v6");
	check_parse("armhf", "linux/arm/v7");
	check_parse("linux/i386", "linux/386");
	check_parse("macos/x86_64", "darwin/amd64");
	check_parse("s390x", "linux/s390x");
	check_parse("local/riscv64", "linux/riscv64");
	check_parse("plan9/mips", "plan9/mips");
	free(local);
	platform_free(&host);
}

Test(platform, arguments)
{
	struct platform p;
	struct error err;

	cr_assert_eq(platform_parse("windows/amd64,osver=10.0.1", &p, &err),
	    0);
	cr_assert_str_eq(p.os_version, "10.0.1");
	platform_free(&p);
	cr_assert_eq(platform_parse("windows/amd64, OSVersion = 10", &p, &err),
	    0);
	cr_assert_str_eq(p.os_version, "10");
	platform_free(&p);
	cr_assert_eq(platform_parse("linux,amd64", &p, &err), -1);
	cr_assert_str_eq(err.text,
	    "unsupported platform arg type, amd64 in linux,amd64");
	cr_assert_eq(platform_parse("linux/*", &p, &err), -1);
	cr_assert_str_eq(err.text, "invalid platform component * in linux/*");
	cr_assert_eq(platform_parse("", &p, &err), -1);
	cr_assert_eq(platform_parse("a//b", &p, &err), -1);
}

static struct platform
of(const char *s)
{
	struct platform p;

	cr_assert_eq(platform_parse(s, &p, NULL), 0);
	return p;
}

static void
check_pair(const char *a, const char *b, bool compatible, bool equal)
{
	struct platform x = of(a), y = of(b);

	cr_assert_eq(platform_compatible(&x, &y), compatible, "%s %s", a, b);
	cr_assert_eq(platform_equal(&x, &y), equal, "%s %s", a, b);
	platform_free(&x);
	platform_free(&y);
}

Test(platform, match)
{
	check_pair("linux/amd64", "linux/amd64", true, true);
	check_pair("linux/amd64/v3", "linux/amd64", true, false);
	check_pair("linux/amd64", "linux/amd64/v2", false, false);
	check_pair("linux/amd64", "linux/x86_64/v1", true, true);
	check_pair("linux/arm/v7", "linux/arm/v6", true, false);
	check_pair("linux/arm/v6", "linux/arm/v7", false, false);
	check_pair("linux/arm64", "linux/arm64/v8", true, true);
	check_pair("linux/amd64", "windows/amd64", false, false);
	check_pair("darwin/arm64", "linux/arm64", true, false);
	check_pair("linux/arm64", "darwin/arm64", false, false);
	check_pair("windows/amd64,osver=10.0.17763.1",
	    "windows/amd64,osver=10.0.17763.99", true, true);
	check_pair("windows/amd64,osver=10.0.17763.1",
	    "windows/amd64,osver=10.0.14393.1", false, false);
	check_pair("freebsd/amd64", "freebsd/amd64", true, true);
}

#define D(n) "sha256:" #n \
	"3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define ENTRY(n, platform) "{\"digest\":\"" D(n) "\",\"size\":1," \
	"\"platform\":" platform "}"
#define LINUX(arch, variant) "{\"os\":\"linux\",\"architecture\":\"" arch \
	"\",\"variant\":\"" variant "\"}"
#define WINDOWS(v) "{\"os\":\"windows\",\"architecture\":\"amd64\"," \
	"\"os.version\":\"" v "\"}"

static const char index_text[] = "{\"manifests\":[{\"digest\":\"" D(0) "\"},"
    ENTRY(1, LINUX("unknown", "")) "," ENTRY(2, LINUX("arm", "v5")) ","
    ENTRY(3, LINUX("arm", "v6")) "," ENTRY(4, LINUX("amd64", "")) ","
    ENTRY(5, LINUX("amd64", "v2")) "," ENTRY(6, LINUX("arm64", "v8")) ","
    ENTRY(7, WINDOWS("10.0.17763.1")) "," ENTRY(8, WINDOWS("10.0.17763.30"))
    "," ENTRY(9, LINUX("arm64", "")) "]}";

Test(platform, select)
{
	static const struct {
		const char *platform, *digest;
	} cases[] = {
		{ "linux/amd64", D(4) }, { "linux/amd64/v2", D(5) },
		{ "linux/amd64/v4", D(5) }, { "linux/arm/v7", D(3) },
		{ "linux/arm/v5", D(2) }, { "linux/arm64", D(6) },
		{ "darwin/arm64", D(6) },
		{ "windows/amd64,osver=10.0.17763", D(8) },
		{ "windows/amd64,osver=10.0.17763.1", D(7) },
	};
	struct error err;
	struct manifest *m;

	m = manifest_parse(index_text, strlen(index_text), MEDIA_OCI_INDEX,
	    "", &err);
	cr_assert_not_null(m, "%s", err.text);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct platform p = of(cases[i].platform);
		const struct descriptor *d = platform_select(m, &p, &err);

		if (d == NULL)
			cr_assert_fail("%s: %s", cases[i].platform, err.text);
		cr_assert_str_eq(d->digest, cases[i].digest, "%s",
		    cases[i].platform);
		platform_free(&p);
	}
	{
		struct platform p = of("linux/s390x");

		cr_assert_null(platform_select(m, &p, &err));
		cr_assert_str_eq(err.text,
		    "platform not found: linux/s390x");
		cr_assert_eq(err.kind, ERROR_NOT_FOUND);
		platform_free(&p);
	}
	manifest_free(m);
}
