/* SPDX-License-Identifier: Apache-2.0 */
/* test_output.c - what scripts print: in order, whole, and when told. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/mem.h"
#include "supervisor/log/output.h"

#define MUCH (1u << 20)

static struct {
	struct loop *loop;
	struct output *output;
	int fds[2];
	char told[64];
	int lost;
	struct error why;
} rig;

static void
on_lost(void *arg, const struct error *why)
{
	(void)arg;
	rig.lost++;
	rig.why = *why;
}

static void
on_written(void *arg, uint64_t number)
{
	(void)arg;
	rig.told[strlen(rig.told)] = (char)('0' + number);
}

static void
on_empty(void *arg)
{
	(void)arg;
	strcat(rig.told, "e");
}

static void
begin(void)
{
	memset(&rig, 0, sizeof(rig));
	signal(SIGPIPE, SIG_IGN);
	cr_assert_eq(pipe(rig.fds), 0);
	rig.loop = loop_new();
	rig.output = output_new(rig.loop, rig.fds[1], on_lost, NULL);
}

static int
put(const void *p, size_t n, uint64_t number)
{
	struct error err;

	return output_put(rig.output, p, n, on_written, NULL, number, &err);
}

static void
end(void)
{
	output_free(rig.output);
	loop_free(rig.loop);
}

Test(output, in_order)
{
	char got[8];

	begin();
	cr_assert_eq(put("ab", 2, 1), 0);
	cr_assert_eq(put("cd", 2, 2), 0);
	cr_expect_str_eq(rig.told, "", "from the loop");
	cr_expect_eq(put("ef", 2, 3), -1, "two are not answered");
	loop_step(rig.loop, 0);
	cr_expect_str_eq(rig.told, "12");
	cr_assert_eq(put("", 0, 3), 0);
	output_finish(rig.output, on_empty, NULL);
	loop_step(rig.loop, 0);
	cr_expect_str_eq(rig.told, "123e");
	cr_expect_eq(read(rig.fds[0], got, sizeof(got)), 4);
	cr_expect_eq(memcmp(got, "abcd", 4), 0);
	cr_expect_not(output_is_lost(rig.output));
	end();
}

/* What does not fit waits, and so does the end. */
Test(output, slow_reader)
{
	char *much = mem_alloc(MUCH), *got = mem_alloc(MUCH);
	size_t n = 0;
	ssize_t r;

	begin();
	for (size_t i = 0; i < MUCH; i++)
		much[i] = (char)(i * 31 >> 3);
	cr_assert_eq(put(much, MUCH, 1), 0);
	output_finish(rig.output, on_empty, NULL);
	for (int i = 0; i < 10; i++)
		loop_step(rig.loop, 0);
	cr_expect_str_eq(rig.told, "");
	while (n < MUCH) {
		r = read(rig.fds[0], got + n, MUCH - n);
		cr_assert_gt(r, 0);
		n += (size_t)r;
		for (int i = 0; i < 3; i++)
			loop_step(rig.loop, 0);
	}
	cr_expect_str_eq(rig.told, "1e");
	cr_expect_eq(memcmp(much, got, MUCH), 0);
	free(much);
	free(got);
	end();
}

/* Nobody waits for what cannot be written. */
Test(output, lost)
{
	begin();
	close(rig.fds[0]);
	cr_assert_eq(put("ab", 2, 1), 0);
	loop_step(rig.loop, 0);
	cr_expect_eq(rig.lost, 1);
	cr_expect_eq(rig.why.kind, ERROR_NONE);
	cr_assert_eq(put("ab", 2, 2), 0);
	output_finish(rig.output, on_empty, NULL);
	loop_step(rig.loop, 0);
	cr_expect_str_eq(rig.told, "12e");
	cr_expect_eq(rig.lost, 1);
	end();
	begin();
	rig.fds[1] = open("/dev/full", O_WRONLY);
	output_free(rig.output);
	rig.output = output_new(rig.loop, rig.fds[1], on_lost, NULL);
	cr_assert_eq(put("ab", 2, 1), 0);
	loop_step(rig.loop, 0);
	cr_expect_eq(rig.lost, 1);
	cr_expect_neq(rig.why.kind, ERROR_NONE);
	end();
}

Test(output, abandoned)
{
	char *much = mem_alloc(MUCH);

	begin();
	cr_assert_eq(put(much, MUCH, 1), 0);
	output_finish(rig.output, on_empty, NULL);
	output_abandon(rig.output);
	loop_step(rig.loop, 0);
	cr_expect_str_eq(rig.told, "1e");
	cr_expect_eq(rig.lost, 0);
	free(much);
	end();
}
