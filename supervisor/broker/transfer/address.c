/* SPDX-License-Identifier: Apache-2.0 */
/* The classes of IPv4 and IPv6 addresses, and of host names. */
#include "supervisor/broker/transfer/address.h"

#include <sys/socket.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Addresses, also outside the link-local range, where a cloud's machines find
 * their own credentials or configuration. */
static const struct {
	unsigned char ip[4];
} metadata4[] = {
	{ { 169, 254, 169, 254 } },	/* most clouds */
	{ { 169, 254, 170, 2 } },	/* AWS, containers */
	{ { 169, 254, 170, 23 } },	/* AWS, pods */
	{ { 100, 100, 100, 200 } },	/* Alibaba */
	{ { 168, 63, 129, 16 } },	/* Azure */
	{ { 192, 0, 0, 192 } },		/* Oracle */
};
static const char *const metadata6[] = {
	"fd00:ec2::254", "fd00:ec2::23", "fd20:ce::254",
};

static unsigned
class4(const unsigned char *p)
{
	unsigned class = 0;

	for (size_t i = 0; i < sizeof(metadata4) / sizeof(metadata4[0]); i++)
		if (memcmp(p, metadata4[i].ip, 4) == 0)
			class |= ADDRESS_METADATA;
	if (p[0] == 127 || p[0] == 0)
		class |= ADDRESS_LOOPBACK;
	if (p[0] == 169 && p[1] == 254)
		class |= ADDRESS_LINK_LOCAL;
	if (p[0] == 10 || (p[0] == 172 && (p[1] & 0xf0) == 16) ||
	    (p[0] == 192 && p[1] == 168) ||
	    (p[0] == 100 && (p[1] & 0xc0) == 64))
		class |= ADDRESS_PRIVATE;
	return class;
}

static unsigned
class6(const unsigned char *p)
{
	static const unsigned char zero[16], nat64[12] = {
	    0, 0x64, 0xff, 0x9b };
	struct in6_addr a;

	for (size_t i = 0; i < sizeof(metadata6) / sizeof(metadata6[0]); i++)
		if (inet_pton(AF_INET6, metadata6[i], &a) == 1 &&
		    memcmp(p, &a, 16) == 0)
			return ADDRESS_METADATA;
	if (memcmp(p, zero, 15) == 0 && p[15] <= 1)
		return ADDRESS_LOOPBACK;
	if (memcmp(p, zero, 12) == 0 || memcmp(p, nat64, 12) == 0 ||
	    (memcmp(p, zero, 10) == 0 && p[10] == 0xff && p[11] == 0xff))
		return class4(p + 12);
	if (p[0] == 0x20 && p[1] == 0x02)
		return class4(p + 2);
	if (p[0] == 0xfe && (p[1] & 0xc0) == 0x80)
		return ADDRESS_LINK_LOCAL;
	/* Unique local, and the site-local ones before them. */
	if ((p[0] & 0xfe) == 0xfc || (p[0] == 0xfe && (p[1] & 0xc0) == 0xc0))
		return ADDRESS_PRIVATE;
	return 0;
}

unsigned
address_class(const struct sockaddr *sa)
{
	struct sockaddr_in sin;
	struct sockaddr_in6 sin6;

	if (sa->sa_family == AF_INET) {
		memcpy(&sin, sa, sizeof(sin));
		return class4((const unsigned char *)&sin.sin_addr);
	}
	if (sa->sa_family == AF_INET6) {
		memcpy(&sin6, sa, sizeof(sin6));
		return class6((const unsigned char *)&sin6.sin6_addr);
	}
	return ADDRESS_LOCAL | ADDRESS_PRIVATE;
}

unsigned
address_class_host(const char *host)
{
	unsigned char a[16];
	size_t n = strlen(host);

	if (n > 0 && host[n - 1] == '.')
		n--;
	if (n >= 9 && strncasecmp(host + n - 9, "localhost", 9) == 0 &&
	    (n == 9 || host[n - 10] == '.'))
		return ADDRESS_LOOPBACK;
	if (inet_pton(AF_INET, host, a) == 1)
		return class4(a);
	if (inet_pton(AF_INET6, host, a) == 1)
		return class6(a);
	return 0;
}

bool
address_is_literal(const char *host)
{
	unsigned char a[16];

	return inet_pton(AF_INET, host, a) == 1 ||
	    inet_pton(AF_INET6, host, a) == 1;
}

void
address_text(const struct sockaddr *sa, char *out, size_t n)
{
	struct sockaddr_in sin;
	struct sockaddr_in6 sin6;
	char ip[INET6_ADDRSTRLEN];

	out[0] = '\0';
	if (sa->sa_family == AF_INET) {
		memcpy(&sin, sa, sizeof(sin));
		if (inet_ntop(AF_INET, &sin.sin_addr, ip, sizeof(ip)) != NULL)
			snprintf(out, n, "%s:%u", ip, ntohs(sin.sin_port));
	} else if (sa->sa_family == AF_INET6) {
		memcpy(&sin6, sa, sizeof(sin6));
		if (inet_ntop(AF_INET6, &sin6.sin6_addr, ip,
		    sizeof(ip)) != NULL)
			snprintf(out, n, "[%s]:%u", ip,
			    ntohs(sin6.sin6_port));
	}
}
