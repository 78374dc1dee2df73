/* SPDX-License-Identifier: Apache-2.0 */
/* Headers, links, URLs, addresses and the cleaning of foreign text. */
#include <criterion/criterion.h>

#include <sys/socket.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "common/bounds.h"
#include "common/mem.h"
#include "supervisor/broker/transfer/address.h"
#include "supervisor/broker/transfer/headers.h"
#include "supervisor/broker/transfer/scrub.h"
#include "supervisor/broker/transfer/url.h"

static void
add(struct headers *h, const char *line)
{
	cr_assert_eq(headers_add(h, line, strlen(line)), 0);
}

Test(headers, only_the_final_answer_counts)
{
	struct headers h;

	headers_init(&h);
	add(&h, "HTTP/1.1 100 Continue\r\n");
	add(&h, "X: early\r\n");
	add(&h, "\r\n");
	cr_assert_not(h.complete);
	add(&h, "HTTP/1.1 204 No Content\r\n");
	add(&h, "y:\t1 \r\n");
	add(&h, "Y: 2\n");
	add(&h, "no colon here\r\n");
	add(&h, "\r\n");
	cr_assert(h.complete);
	add(&h, "X: trailer\r\n");
	cr_assert_eq(h.status, 204);
	cr_assert_null(headers_get(&h, "X", 0));
	cr_assert_str_eq(headers_get(&h, "Y", 1), "2");
	cr_assert_null(headers_get(&h, "Y", 2));
	cr_assert_eq(headers_number(&h, "Y"), 1);
	headers_free(&h);
}

Test(headers, they_have_a_limit)
{
	struct headers h;
	char line[1024];

	headers_init(&h);
	memset(line, 'x', sizeof(line));
	line[1] = ':';
	line[sizeof(line) - 1] = '\n';
	for (unsigned i = 0; i < HEADERS_MAX / sizeof(line); i++)
		cr_assert_eq(headers_add(&h, line, sizeof(line)), 0);
	cr_assert_eq(headers_add(&h, "\r\n", 2), -1);
	headers_free(&h);
}

static void
fill(struct headers *h, const char *line)
{
	headers_free(h);
	headers_init(h);
	add(h, "HTTP/1.1 200 OK\r\n");
	add(h, line);
	add(h, "\r\n");
}

Test(headers, values_are_checked)
{
	struct headers h;
	struct content_range r;
	char *s;

	headers_init(&h);
	fill(&h, "Content-Type: Text/HTML ; charset=x\r\n");
	s = headers_media_type(&h);
	cr_assert_str_eq(s, "text/html");
	free(s);
	fill(&h, "Content-Type: a\001b\r\n");
	s = headers_media_type(&h);
	cr_assert_str_eq(s, "");
	free(s);
	fill(&h, "D: sha256:0123456789abcdef0123456789abcdeg\r\n");
	s = headers_digest(&h, "D");
	cr_assert_str_eq(s, "");
	free(s);
	fill(&h, "Content-Range: bytes 5-9/10\r\n");
	cr_assert(headers_content_range(&h, &r));
	cr_assert(r.first == 5 && r.last == 9 && r.total == 10);
	fill(&h, "Content-Range: bytes 9-5/10\r\n");
	cr_assert_not(headers_content_range(&h, &r));
	fill(&h, "Content-Length: 99999999999999999999\r\n");
	cr_assert_eq(headers_number(&h, "Content-Length"), -1);
	fill(&h, "Retry-After: 3\r\n");
	cr_assert_eq(headers_retry_after(&h), 3000);
	fill(&h, "Retry-After: 999999999\r\n");
	cr_assert_eq(headers_retry_after(&h), RETRY_AFTER_MAX_MS);
	fill(&h, "Retry-After: Wed, 21 Oct 2015 07:28:00 GMT\r\n");
	cr_assert_eq(headers_retry_after(&h), 0);
	fill(&h, "Retry-After: soon\r\n");
	cr_assert_eq(headers_retry_after(&h), -1);
	fill(&h, "RateLimit-Limit: 100, 100;w=60, 1000;w=3600\r\n");
	cr_assert_eq(headers_rate_limit(&h, &s), 100);
	cr_assert_str_eq(s, "100;w=60, 1000;w=3600");
	free(s);
	headers_free(&h);
}

static void
link_is(const char *value, const char *want)
{
	char *s = link_next(value);

	if (want == NULL)
		cr_assert_null(s, "%s", value);
	else
		cr_assert_str_eq(s, want, "%s", value);
	free(s);
}

Test(headers, links)
{
	char *longq = mem_alloc(QUERY_MAX + 64);

	link_is("</v2/_catalog?last=b&n=2>; rel=\"next\"", "last=b&n=2");
	link_is("<https://other/x?y=1#z>;rel=next", "y=1");
	link_is("<a?1>; rel=prev, <b?2>; title=\"a, b\"; rel=\"last next\"",
	    "2");
	link_is("<a?1>; rel=next; rel=prev", "1");
	link_is("<a?1>; rel=prev; rel=next", NULL);
	link_is("<a>; rel=next", "");
	link_is("<a?b c>; rel=next", "");
	link_is("<a?b\r\nX>; rel=next", "");
	link_is("<a?x; rel=next", NULL);
	link_is("", NULL);
	link_is("<a?1>", NULL);
	link_is("<a?1>; nextrel=next", NULL);
	memcpy(longq, "<a?", 3);
	memset(longq + 3, 'q', QUERY_MAX + 1);
	memcpy(longq + 4 + QUERY_MAX, ">; rel=next", 12);
	link_is(longq, "");
	free(longq);
}

Test(headers, urls)
{
	static const char *const bad[] = { "", "x", "ftp://h/", "file:///x",
	    "http://u@h/", "http://u:p@h/", "https://h/a b", "https://h/\x01",
	    "http://", "http://[fe80::1%25lo]/", "http://h\\x/",
	    "http://a_b%2f/" };
	struct url base, u;
	char *s;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_assert_eq(url_parse(&u, bad[i], NULL, NULL), -1, "%s",
		    bad[i]);
	cr_assert_eq(url_parse(&base, "https://H.Example.:443/a/b?c#d", NULL,
	    NULL), 0);
	cr_assert_str_eq(base.host, "h.example");
	cr_assert(base.https && base.port == 443);
	cr_assert_null(strchr(base.text, '#'));
	s = url_authority(&base);
	cr_assert_str_eq(s, "h.example");
	free(s);
	cr_assert_eq(url_parse(&u, "../x?sig=1", &base, NULL), 0);
	cr_assert_str_eq(u.host, "h.example");
	cr_assert(url_same_origin(&u, &base));
	s = url_display(&u, false);
	cr_assert_null(strchr(s, '?'));
	free(s);
	url_free(&u);
	cr_assert_eq(url_parse(&u, "//[::1]:5000/y", &base, NULL), 0);
	cr_assert_str_eq(u.host, "::1");
	s = url_authority(&u);
	cr_assert_str_eq(s, "[::1]:5000");
	free(s);
	cr_assert_not(url_same_origin(&u, &base));
	url_free(&u);
	cr_assert_eq(url_parse(&u, "http://0x7f.1/", NULL, NULL), 0);
	cr_assert_str_eq(u.host, "127.0.0.1");
	url_free(&u);
	url_free(&base);
}

static unsigned
class4(const char *ip)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };

	cr_assert_eq(inet_pton(AF_INET, ip, &sin.sin_addr), 1);
	return address_class((struct sockaddr *)&sin);
}

static unsigned
class6(const char *ip)
{
	struct sockaddr_in6 sin = { .sin6_family = AF_INET6 };

	cr_assert_eq(inet_pton(AF_INET6, ip, &sin.sin6_addr), 1);
	return address_class((struct sockaddr *)&sin);
}

Test(headers, addresses)
{
	struct sockaddr other = { .sa_family = AF_UNIX };

	cr_assert_eq(class4("127.1.2.3"), ADDRESS_LOOPBACK);
	cr_assert_eq(class4("0.0.0.0"), ADDRESS_LOOPBACK);
	cr_assert_eq(class4("169.254.1.1"), ADDRESS_LINK_LOCAL);
	cr_assert_eq(class4("169.254.169.254"),
	    ADDRESS_LINK_LOCAL | ADDRESS_METADATA);
	cr_assert_eq(class4("100.100.100.200"),
	    ADDRESS_METADATA | ADDRESS_PRIVATE);
	cr_assert_eq(class4("10.0.0.1"), ADDRESS_PRIVATE);
	cr_assert_eq(class4("192.168.1.1"), ADDRESS_PRIVATE);
	cr_assert_eq(class4("172.31.0.1"), ADDRESS_PRIVATE);
	cr_assert_eq(class4("172.32.0.1"), 0);
	cr_assert_eq(class4("100.64.0.1"), ADDRESS_PRIVATE);
	cr_assert_eq(class4("100.128.0.1"), 0);
	cr_assert_eq(class6("fd12::1"), ADDRESS_PRIVATE);
	cr_assert_eq(class6("::1"), ADDRESS_LOOPBACK);
	cr_assert_eq(class6("::"), ADDRESS_LOOPBACK);
	cr_assert_eq(class6("fe80::1"), ADDRESS_LINK_LOCAL);
	cr_assert_eq(class6("fd00:ec2::254"), ADDRESS_METADATA);
	cr_assert_eq(class6("::ffff:127.0.0.1"), ADDRESS_LOOPBACK);
	cr_assert_eq(class6("64:ff9b::a9fe:a9fe"),
	    ADDRESS_LINK_LOCAL | ADDRESS_METADATA);
	cr_assert_eq(class6("2002:7f00:1::"), ADDRESS_LOOPBACK);
	cr_assert_eq(class6("2001:db8::1"), 0);
	cr_assert_eq(address_class(&other), ADDRESS_LOCAL | ADDRESS_PRIVATE);
	cr_assert_eq(address_class_host("LocalHost."), ADDRESS_LOOPBACK);
	cr_assert_eq(address_class_host("a.localhost"), ADDRESS_LOOPBACK);
	cr_assert_eq(address_class_host("notlocalhost"), 0);
	cr_assert_eq(address_class_host("::1"), ADDRESS_LOOPBACK);
}

static void
scrubs(const struct scrub *s, const char *text, const char *want)
{
	char *out = scrub_text(s, text, strlen(text), 64, NULL);

	cr_assert_str_eq(out, want);
	free(out);
}

Test(headers, secrets_are_scrubbed)
{
	struct scrub s = { .n = 0 };
	char wide[80];

	scrub_add(&s, NULL);
	scrub_add(&s, "");
	cr_assert_eq(s.n, 0);
	scrub_add(&s, "pa ss/w\"ord");
	scrub_add(&s, "test");
	scrubs(&s, "pa ss/w\"ord=pa%20ss%2Fw%22ord=pa%20ss%2fw%22ord="
	    "pa ss/w\\\"ord", "[censored]=[censored]=[censored]=[censored]");
	scrubs(&s, "test testrepo a:test", "[censored] testrepo a:[censored]");
	/* However it is written: other cases, as HTML, in base64, in Go's or
	 * a browser's way of escaping only some. */
	scrubs(&s, "PA SS/w\"ORD pa+ss/w&quot;ord \\u0070a ss\\/w\"ord",
	    "[censored] [censored] [censored]");
	scrubs(&s, "pa%20ss/w\"ord cGEgc3MvdyJvcmQ= pa ss/w\"or",
	    "[censored] [censored]= pa ss/w\"or");
	scrubs(&s, "%7", "%7");
	scrubs(&s, "a\001b\x7f\n\tc", "a b \n\tc");
	scrubs(&s, "<eyJhbGciOiJub25lIn0.eyJzdWIiOiIxMjM0NTY3ODkwIn0.sig>",
	    "<[censored]>");
	memset(wide, 'x', 63);
	memcpy(wide + 63, "\xc3\xa4", 3);
	wide[64] = '\xa4';
	wide[65] = '\0';
	scrubs(&s, wide, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	    "xxxxxxxxxxx");
	scrub_free(&s);
}

Test(headers, own_texts_keep_their_words)
{
	struct scrub s = { .n = 0 };
	static const char text[] = "registry a said: Pass-1234, registry, "
	    "abcdefghijklm, UGFzcy0xMjM0";
	char *out;

	scrub_add(&s, "registry");
	scrub_add(&s, "a");
	scrub_add(&s, "pass-1234");
	scrub_add(&s, "Pass-1234");
	scrub_add(&s, "abcdefghijklm");
	out = scrub_own(&s, text, strlen(text), 100, NULL);
	cr_assert_str_eq(out, "registry a said: [censored], registry, "
	    "[censored], [censored]");
	free(out);
	scrub_free(&s);
}

Test(headers, a_line_with_a_nul_is_none)
{
	struct headers h;

	headers_init(&h);
	add(&h, "HTTP/1.1 200 OK\r\n");
	cr_assert_eq(headers_add(&h, "Location: http://a\0b/\r\n", 22), 0);
	cr_expect_null(headers_get(&h, "Location", 0));
	headers_free(&h);
}

Test(headers, a_url_has_a_limit)
{
	struct url u;
	char *text = mem_alloc(URL_MAX + 2);

	memset(text, 'a', URL_MAX + 1);
	memcpy(text, "https://h/", 10);
	text[URL_MAX] = '\0';
	cr_assert_eq(url_parse(&u, text, NULL, NULL), 0);
	url_free(&u);
	text[URL_MAX] = 'a';
	cr_expect_eq(url_parse(&u, text, NULL, NULL), -1);
	free(text);
}
