/* SPDX-License-Identifier: Apache-2.0 */
/*
 * platform_host.c - the platform that we run on, with the levels of amd64 as
 * Go names them. Asks the processor and the auxiliary vector only, so that it
 * works in a confined process.
 */
#include <string.h>
#include <sys/auxv.h>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

#include "common/mem.h"
#include "worker/oci/manifest.h"
#include "worker/oci/platform_private.h"

#if defined(__x86_64__)
#define ARCH "amd64"
#elif defined(__i386__)
#define ARCH "386"
#elif defined(__aarch64__)
#define ARCH "arm64"
#elif defined(__arm__)
#define ARCH "arm"
#elif defined(__riscv) && __riscv_xlen == 64
#define ARCH "riscv64"
#elif defined(__powerpc64__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define ARCH "ppc64le"
#elif defined(__powerpc64__)
#define ARCH "ppc64"
#elif defined(__s390x__)
#define ARCH "s390x"
#elif defined(__loongarch64)
#define ARCH "loong64"
#elif defined(__mips64) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define ARCH "mips64le"
#elif defined(__mips64)
#define ARCH "mips64"
#else
#define ARCH "unknown"
#endif

#if defined(__x86_64__)
/* Bits of CPUID leaves 1 (ecx), 7 (ebx), 0x80000001 (ecx) and of XCR0. */
#define LEAF1_V2 (1u << 0 | 1u << 9 | 1u << 13 | 1u << 19 | 1u << 20 | 1u << 23)
#define LEAF1_V3 (LEAF1_V2 | 1u << 12 | 1u << 22 | 1u << 27 | 1u << 28 | \
	1u << 29)
#define LEAF7_V3 (1u << 3 | 1u << 5 | 1u << 8)
#define LEAF7_V4 (LEAF7_V3 | 1u << 16 | 1u << 17 | 1u << 28 | 1u << 30 | \
	1u << 31)
#define EXTENDED_V2 (1u << 0)
#define EXTENDED_V3 (EXTENDED_V2 | 1u << 5)
#define XCR0_V3 (1u << 1 | 1u << 2)
#define XCR0_V4 (XCR0_V3 | 1u << 5 | 1u << 6 | 1u << 7)

static bool
has(unsigned bits, unsigned want)
{
	return (bits & want) == want;
}

static const char *
cpu_variant(void)
{
	unsigned a, b, c, d, leaf1, leaf7, extended, xcr0;

	if (!__get_cpuid(1, &a, &b, &leaf1, &d) ||
	    !__get_cpuid_count(7, 0, &a, &leaf7, &c, &d) ||
	    !__get_cpuid(0x80000001, &a, &b, &extended, &d))
		return "v1";
	if (!has(leaf1, LEAF1_V2) || !has(extended, EXTENDED_V2))
		return "v1";
	if (!has(leaf1, LEAF1_V3) || !has(leaf7, LEAF7_V3) ||
	    !has(extended, EXTENDED_V3))
		return "v2";
	/* OSXSAVE is among the bits just seen: xgetbv is allowed. */
	__asm__ volatile ("xgetbv" : "=a" (xcr0), "=d" (d) : "c" (0));
	if (!has(xcr0, XCR0_V3))
		return "v2";
	return has(leaf7, LEAF7_V4) && has(xcr0, XCR0_V4) ? "v4" : "v3";
}
#elif defined(__arm__)
static const char *
cpu_variant(void)
{
	const char *p = (const char *)getauxval(AT_PLATFORM);

	if (p == NULL || p[0] != 'v')
		return "v7";
	switch (p[1]) {
	case '5':
		return "v5";
	case '6':
		return "v6";
	case '8':
		return "v8";
	default:
		return "v7";
	}
}
#else
static const char *
cpu_variant(void)
{
	return "";
}
#endif

void
platform_host(struct platform *out)
{
	out->os = mem_strdup("linux");
	out->arch = mem_strdup(ARCH);
	out->variant = mem_strdup(cpu_variant());
	out->os_version = mem_strdup("");
	platform_normalize(out);
}
