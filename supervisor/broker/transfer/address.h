/* SPDX-License-Identifier: Apache-2.0 */
/*
 * address.h - which network addresses are "local": places that a registry
 * has no business sending us to, since what listens there trusts this
 * machine (loopback), this link, or hands out a cloud's credentials
 * (metadata). Private ranges such as 10.0.0.0/8 are a class of their own and
 * not local: registries live there.
 */
#ifndef REGBOT_ADDRESS_H
#define REGBOT_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>

struct sockaddr;

#define ADDRESS_LOOPBACK 1u	/* with the unspecified address */
#define ADDRESS_LINK_LOCAL 2u
#define ADDRESS_METADATA 4u	/* known metadata services of clouds */
#define ADDRESS_PRIVATE 8u	/* of a site, or shared behind a provider */
#define ADDRESS_LOCAL (ADDRESS_LOOPBACK | ADDRESS_LINK_LOCAL | ADDRESS_METADATA)

/* The classes of an address; 0 where it is none of them. IPv4 addresses
 * wrapped in IPv6 (mapped, compatible, NAT64, 6to4) are unwrapped first. A
 * family that is neither counts as all of them. */
unsigned address_class(const struct sockaddr *sa);

/* The same of a host as it stands in a URL, without brackets: 0 for a name,
 * except "localhost" and names below it. */
unsigned address_class_host(const char *host);

/* "127.0.0.1:5000", "[::1]:5000" for errors; "" where it is neither. */
void address_text(const struct sockaddr *sa, char *out, size_t n);

/* True for a dotted IPv4 or a plain IPv6 address. */
bool address_is_literal(const char *host);

#endif
