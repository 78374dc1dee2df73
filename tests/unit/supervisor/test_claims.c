/* SPDX-License-Identifier: Apache-2.0 */
/* test_claims.c - who waits for a broker, who has it, who is forgotten. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <unistd.h>

#include "supervisor/children/claims.h"

static int
send_one(struct claim *one, uint32_t number)
{
	one->fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	cr_assert_neq(one->fd, -1);
	one->number = number;
	return one->fd;
}

static bool
is_open(int fd)
{
	return fcntl(fd, F_GETFD) != -1;
}

Test(claims, one_for_each_job)
{
	struct claims c;
	struct claim *a, *b;
	int fd;

	claims_init(&c);
	a = claims_wait(&c, 1, "a", 7);
	b = claims_wait(&c, 2, "b", 7);
	cr_assert_eq(claims_waiting(&c), a);
	cr_assert_null(claims_sent(&c, 1));
	fd = send_one(a, 1);
	cr_assert_eq(claims_sent(&c, 1), a);
	claims_opened(a);
	cr_assert(is_open(fd));
	cr_assert_null(claims_sent(&c, 1));
	cr_assert_eq(claims_waiting(&c), b);
	/* It asks again, and is behind the other. */
	cr_assert_eq(claims_wait(&c, 1, "a", 8), a);
	cr_assert_eq(claims_waiting(&c), b);
	claims_refused(&c, b);
	cr_assert_null(claims_of(&c, 2));
	/* A refusal does not take away what it had. */
	claims_refused(&c, a);
	cr_assert_eq(claims_of(&c, 1), a);
	cr_assert(a->opened);
	cr_assert_null(claims_waiting(&c));
	claims_forget(&c, 1);
	claims_forget(&c, 3);
	cr_assert(TAILQ_EMPTY(&c));
	close(fd);
}

Test(claims, unsent_channels_are_closed)
{
	struct claims c;
	int fds[3];

	claims_init(&c);
	fds[0] = send_one(claims_wait(&c, 1, "a", 1), 1);
	claims_reset(&c);
	cr_assert_not(is_open(fds[0]));
	cr_assert_not_null(claims_waiting(&c));
	cr_assert_null(claims_sent(&c, 1));
	fds[0] = send_one(claims_of(&c, 1), 2);
	fds[1] = send_one(claims_wait(&c, 2, "b", 1), 3);
	fds[2] = send_one(claims_wait(&c, 3, "c", 1), 4);
	claims_forget(&c, 1);
	cr_assert_not(is_open(fds[0]));
	claims_refused(&c, claims_sent(&c, 3));
	cr_assert_not(is_open(fds[1]));
	cr_assert(is_open(fds[2]));
	claims_free(&c);
	cr_assert_not(is_open(fds[2]));
}
