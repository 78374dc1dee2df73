/* SPDX-License-Identifier: Apache-2.0 */
/* output.c - the queue in front of standard output. */
#include "supervisor/log/output.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/buffer.h"
#include "common/mem.h"

#define PIECE 4096	/* what poll promises that a pipe takes at once */
#define WAITING 2	/* texts that are not written yet */

struct output {
	struct loop *loop;
	int fd;
	struct watch *watch;	/* NULL: nothing waits for fd */
	struct timer *turn;	/* tells, from the loop */
	struct buffer queue;
	uint64_t put, done;	/* bytes so far */
	struct waiting {
		uint64_t end;	/* in put */
		void (*written)(void *arg, uint64_t number);
		void *arg;
		uint64_t number;
	} waiting[WAITING];
	size_t nwaiting;
	bool is_lost, told;
	struct error why;
	void (*lost)(void *arg, const struct error *why);
	void *arg;
	void (*empty)(void *arg);
	void *empty_arg;
};

static void flush(struct output *o);

static void
on_writable(void *arg, short revents)
{
	(void)revents;
	flush(arg);
}

/* Nothing is called from inside output_put. */
static void
on_turn(void *arg)
{
	struct output *o = arg;
	void (*empty)(void *arg) = o->empty;

	while (o->nwaiting != 0 && o->waiting[0].end <= o->done) {
		struct waiting first = o->waiting[0];

		o->waiting[0] = o->waiting[1];
		o->nwaiting--;
		first.written(first.arg, first.number);
	}
	if (o->is_lost && !o->told) {
		o->told = true;
		o->lost(o->arg, &o->why);
	}
	if (empty != NULL && o->queue.len == 0) {
		o->empty = NULL;
		empty(o->empty_arg);
	}
}

struct output *
output_new(struct loop *l, int fd,
    void (*lost)(void *arg, const struct error *why), void *arg)
{
	struct output *o = mem_alloc(sizeof(*o));

	o->loop = l;
	o->fd = fd;
	o->lost = lost;
	o->arg = arg;
	o->turn = loop_timer(l, on_turn, o);
	buffer_init(&o->queue, 0);
	return o;
}

void
output_free(struct output *o)
{
	if (o == NULL)
		return;
	watch_free(o->watch);
	timer_free(o->turn);
	buffer_free(&o->queue);
	free(o);
}

static void
lose(struct output *o, int error)
{
	o->is_lost = true;
	if (error != EPIPE)
		error_sys(&o->why, error, "cannot write to standard output");
	o->done = o->put;
	buffer_clear(&o->queue);
}

/* fd is shared with whoever started us, so it cannot be made non-blocking; poll
 * before each small write does the same. False: not now. */
static bool
write_some(struct output *o)
{
	struct pollfd p = { .fd = o->fd, .events = POLLOUT };
	size_t n = o->queue.len < PIECE ? o->queue.len : PIECE;
	ssize_t w;

	if (n == 0 || poll(&p, 1, 0) != 1)
		return false;
	w = write(o->fd, o->queue.data, n);
	if (w == -1 && errno != EAGAIN && errno != EINTR)
		lose(o, errno);
	if (w <= 0)
		return false;
	o->done += (uint64_t)w;
	buffer_consume(&o->queue, (size_t)w);
	return true;
}

static void
flush(struct output *o)
{
	for (int i = 0; i < 64 && write_some(o); i++)
		;
	if (o->queue.len != 0 && o->watch == NULL)
		o->watch = loop_watch(o->loop, o->fd, POLLOUT, on_writable, o);
	else if (o->queue.len == 0 && o->watch != NULL) {
		watch_free(o->watch);
		o->watch = NULL;
	}
	timer_arm(o->turn, 0);
}

int
output_put(struct output *o, const void *p, size_t n,
    void (*written)(void *arg, uint64_t number), void *arg, uint64_t number,
    struct error *err)
{
	if (o->nwaiting == WAITING)
		return error_set(err, ERROR_PROTOCOL, "it prints more than is "
		    "written");
	o->put += n;
	o->waiting[o->nwaiting++] = (struct waiting){ o->put, written, arg,
	    number };
	if (o->is_lost)
		o->done = o->put;
	else
		buffer_put(&o->queue, p, n);
	flush(o);
	return 0;
}

void
output_finish(struct output *o, void (*empty)(void *arg), void *arg)
{
	o->empty = empty;
	o->empty_arg = arg;
	timer_arm(o->turn, 0);
}

void
output_abandon(struct output *o)
{
	o->is_lost = o->told = true;
	o->done = o->put;
	buffer_clear(&o->queue);
	flush(o);
}

bool
output_is_lost(const struct output *o)
{
	return o->is_lost;
}
