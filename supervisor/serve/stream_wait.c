/* SPDX-License-Identifier: Apache-2.0 */
/* Stream ends that no request has claimed yet. */
#include "supervisor/serve/stream_wait.h"

#include <stdlib.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/mem.h"

struct stream_wait {
	TAILQ_ENTRY(stream_wait) entry;
	struct server *server;
	uint64_t job, stream;
	enum stream_role role;
	int fd;			/* -1 once it was taken */
	struct timer *timer;
};

static void
end_wait(struct stream_wait *w)
{
	TAILQ_REMOVE(&w->server->waits, w, entry);
	timer_free(w->timer);
	if (w->fd != -1)
		close(w->fd);
	free(w);
}

static void
on_unwanted(void *arg)
{
	end_wait(arg);
}

/* The worker picks the numbers: a mistake harms only itself. */
void
stream_wait_put(struct server *sv, uint64_t job, uint64_t stream,
    enum stream_role role, int fd)
{
	struct stream_wait *w;
	unsigned n = 0;

	TAILQ_FOREACH(w, &sv->waits, entry)
		n += w->job == job;
	if (n >= STREAMS_PER_JOB) {
		close(fd);
		return;
	}
	w = mem_alloc(sizeof(*w));
	w->server = sv;
	w->job = job;
	w->stream = stream;
	w->role = role;
	w->fd = fd;
	w->timer = loop_timer(sv->loop, on_unwanted, w);
	timer_arm(w->timer, (int64_t)STREAM_WAIT_MS * NS_PER_MS);
	TAILQ_INSERT_HEAD(&sv->waits, w, entry);
}

int
stream_wait_take(struct server *sv, uint64_t job, uint64_t stream,
    enum stream_role role)
{
	struct stream_wait *w;
	int fd;

	TAILQ_FOREACH(w, &sv->waits, entry)
		if (w->job == job && w->stream == stream && w->role == role) {
			fd = w->fd;
			w->fd = -1;
			end_wait(w);
			return fd;
		}
	return -1;
}

void
stream_wait_free_all(struct server *sv)
{
	struct stream_wait *w;

	while ((w = TAILQ_FIRST(&sv->waits)) != NULL)
		end_wait(w);
}
