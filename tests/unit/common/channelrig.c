/* SPDX-License-Identifier: Apache-2.0 */
/* channelrig.c - two ends of a channel, one of which is a raw socket. */
#include "tests/unit/common/channelrig.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <unistd.h>

struct channelrig rig;

static int
on_message(void *arg, const struct message *m, int fd, struct error *err)
{
	struct end *e = arg;

	e->messages++;
	if (m->f[0].kind == FIELD_U64)
		e->last = message_u64(m, 0);
	if (fd != -1) {
		e->descriptors++;
		close(fd);
	}
	if (e->free_in_message) {
		channel_free(e->c);
		e->c = NULL;
	}
	return e->refuse ? error_set(err, ERROR_PROTOCOL, "not now") : 0;
}

void
channelrig_closed(void *arg, const struct error *why)
{
	struct end *e = arg;

	e->closed++;
	e->why = *why;
	if (e->free_in_closed) {
		channel_free(e->c);
		e->c = NULL;
	}
}

static const struct channel_ops ops = { on_message, channelrig_closed };

int
channelrig_descriptors(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;

	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n;
}

void
channelrig_setup(void)
{
	rig.loop = loop_new();
	cr_assert(channel_pair(rig.fds, NULL) == 0);
}

void
channelrig_teardown(void)
{
	channel_free(rig.a.c);
	channel_free(rig.b.c);
	loop_free(rig.loop);
}

void
channelrig_a(void)
{
	rig.a.c = channel_new(rig.loop, rig.fds[0], W2S, false, &ops, &rig.a);
}

void
channelrig_b(unsigned path, bool takes)
{
	rig.b.c = channel_new(rig.loop, rig.fds[1], path, takes, &ops, &rig.b);
}

void
channelrig_both(void)
{
	channelrig_a();
	channelrig_b(S2W, true);
}

int
channelrig_send_stop(struct channel *c, uint64_t n, int fd)
{
	struct message_out o;

	message_start(&o, MSG_STOP, 0);
	message_put_u64(&o, n);
	return channel_send(c, &o, fd, NULL);
}

void
channelrig_settle(void)
{
	for (int i = 0; i < 50; i++)
		loop_step(rig.loop, 1);
}
