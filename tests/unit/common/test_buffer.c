/* SPDX-License-Identifier: Apache-2.0 */
/* test_buffer.c - growth, limits, wiping. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "common/buffer.h"

Test(buffer, grows_and_ends_in_a_nul)
{
	struct buffer b;

	buffer_init(&b, 0);
	cr_expect_str_eq(buffer_str(&b), "");
	for (int i = 0; i < 1000; i++)
		cr_assert(buffer_printf(&b, "%d,", i % 10) == 0);
	cr_expect(b.len == 2000 && b.data[2000] == '\0');
	cr_expect(memcmp(b.data, "0,1,2,", 6) == 0);
	buffer_clear(&b);
	cr_expect(b.len == 0);
	cr_expect_str_eq(buffer_str(&b), "");
	buffer_free(&b);
	cr_assert(buffer_puts(&b, "again") == 0);
	cr_expect_str_eq(buffer_str(&b), "again");
	buffer_free(&b);
}

Test(buffer, the_limit_is_exact_and_adds_nothing_when_passed)
{
	struct buffer b;

	buffer_init(&b, 8);
	cr_expect(buffer_puts(&b, "1234567") == 0);
	cr_expect(buffer_puts(&b, "89") == -1);
	cr_expect(buffer_printf(&b, "%d", 89) == -1);
	cr_expect_str_eq(buffer_str(&b), "1234567");
	cr_expect(buffer_putc(&b, '8') == 0);
	cr_expect(buffer_putc(&b, '9') == -1);
	cr_expect_str_eq(buffer_str(&b), "12345678");
	buffer_free(&b);
}

Test(buffer, a_size_that_overflows_is_refused)
{
	struct buffer b;

	buffer_init(&b, 0);
	buffer_puts(&b, "x");
	cr_expect(buffer_put(&b, "y", SIZE_MAX) == -1);
	cr_expect(buffer_put(&b, "y", SIZE_MAX - 1) == -1);
	cr_expect_str_eq(buffer_str(&b), "x");
	buffer_free(&b);
}

Test(buffer, nothing_may_be_put)
{
	struct buffer b;

	buffer_init(&b, 4);
	cr_expect(buffer_put(&b, NULL, 0) == 0);
	cr_expect(b.len == 0 && b.data != NULL && b.data[0] == '\0');
	buffer_free(&b);
}

Test(buffer, consume_drops_from_the_front)
{
	struct buffer b;

	buffer_init(&b, 0);
	buffer_puts(&b, "abcdef");
	buffer_consume(&b, 2);
	cr_expect_str_eq(buffer_str(&b), "cdef");
	buffer_consume(&b, 0);
	cr_expect_str_eq(buffer_str(&b), "cdef");
	buffer_consume(&b, 100);
	cr_expect(b.len == 0);
	cr_expect_str_eq(buffer_str(&b), "");
	buffer_free(&b);
}

Test(buffer, steal_hands_over_a_string)
{
	struct buffer b;
	char *s;

	buffer_init(&b, 0);
	s = buffer_steal(&b);
	cr_expect_str_eq(s, "");
	free(s);
	buffer_puts(&b, "text");
	s = buffer_steal(&b);
	cr_expect_str_eq(s, "text");
	cr_expect(b.data == NULL && b.len == 0);
	free(s);
	buffer_puts(&b, "next");
	cr_expect_str_eq(buffer_str(&b), "next");
	buffer_free(&b);
}

Test(buffer, a_secret_is_wiped_when_cleared)
{
	struct buffer b;

	buffer_init(&b, 0);
	b.secret = true;
	for (int i = 0; i < 50; i++)
		buffer_puts(&b, "password");
	cr_expect(b.len == 400 && strncmp(b.data + 392, "password", 8) == 0);
	buffer_clear(&b);
	for (size_t i = 0; i < b.cap; i++)
		cr_assert(b.data[i] == '\0');
	buffer_free(&b);
}

Test(buffer, a_secret_leaves_nothing_behind_what_is_consumed)
{
	struct buffer b;

	buffer_init(&b, 0);
	b.secret = true;
	buffer_puts(&b, "password");
	buffer_consume(&b, 6);
	cr_expect_str_eq(b.data, "rd");
	for (size_t i = b.len; i < strlen("password"); i++)
		cr_assert(b.data[i] == '\0');
	buffer_free(&b);
}
