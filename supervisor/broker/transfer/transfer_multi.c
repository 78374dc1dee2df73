/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libcurl's multi handle on the loop. It is driven only by its socket and
 * timer callbacks: curl_multi_poll sleeps too long after a transfer was
 * resumed. Handles are neither added nor removed inside its callbacks (libcurl
 * refuses that); what has to wait is done on the way out.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "common/bounds.h"
#include "common/clock.h"
#include "common/mem.h"
#include "supervisor/broker/transfer/transfer_private.h"

#define CHECK_MS 1000		/* how often a body is checked for STALL_BYTES */

/* One of libcurl's sockets. */
struct sock {
	struct transfer_pool *owner;
	struct watch *watch;
};

static void settle(struct transfer_pool *ts);

static void
enter(struct transfer_pool *ts)
{
	ts->depth++;
}

static void
leave(struct transfer_pool *ts)
{
	if (--ts->depth == 0)
		settle(ts);
}

static void
on_event(void *arg, short revents)
{
	struct sock *sock = arg;
	struct transfer_pool *ts = sock->owner;
	int running, mask = 0;

	if (revents & (POLLIN | POLLHUP))
		mask |= CURL_CSELECT_IN;
	if (revents & POLLOUT)
		mask |= CURL_CSELECT_OUT;
	if (revents & (POLLERR | POLLNVAL))
		mask |= CURL_CSELECT_ERR;
	enter(ts);
	curl_multi_socket_action(ts->multi, watch_fd(sock->watch), mask,
	    &running);
	leave(ts);
}

/* libcurl wants a socket watched. A descriptor is reused for another socket
 * only after REMOVE. */
static int
on_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *sockp)
{
	struct transfer_pool *ts = arg;
	struct sock *sock = sockp;
	short events = 0;

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		if (sock != NULL) {
			watch_free(sock->watch);
			free(sock);
			curl_multi_assign(ts->multi, fd, NULL);
		}
		return 0;
	}
	if (what & CURL_POLL_IN)
		events |= POLLIN;
	if (what & CURL_POLL_OUT)
		events |= POLLOUT;
	if (sock == NULL) {
		sock = mem_alloc(sizeof(*sock));
		sock->owner = ts;
		sock->watch = loop_watch(ts->loop, fd, events, on_event,
		    sock);
		curl_multi_assign(ts->multi, fd, sock);
	} else
		watch_set(sock->watch, events);
	return 0;
}

static int
on_timer_set(CURLM *multi, long ms, void *arg)
{
	struct transfer_pool *ts = arg;

	(void)multi;
	if (ms < 0)
		timer_disarm(ts->timer);
	else
		timer_arm(ts->timer, ms * NS_PER_MS);
	return 0;
}

static void
on_timer(void *arg)
{
	struct transfer_pool *ts = arg;
	int running;

	enter(ts);
	curl_multi_socket_action(ts->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	leave(ts);
}

void
transfer_free(struct transfer *t)
{
	struct transfer_pool *ts = t->owner;

	transfer_give_way(t);
	LIST_REMOVE(t, link);
	ts->depth++;	/* removal calls back; no settling from there */
	if (t->added)
		curl_multi_remove_handle(ts->multi, t->easy);
	curl_easy_cleanup(t->easy);
	ts->depth--;
	curl_slist_free_all(t->list);
	headers_free(&t->headers);
	buffer_free(&t->body);
	buffer_free(&t->held);
	free(t);
}

/* Nothing is left to do: tells its owner. */
static void
conclude(struct transfer *t)
{
	t->dead = true;
	t->spec.done(t->spec.arg, t);
	transfer_free(t);
}

/* Nothing was sent yet: begins again, on a connection of its own. */
static void
start_fresh(struct transfer *t)
{
	struct transfer_pool *ts = t->owner;

	t->stale = t->started = t->added = false;
	ts->depth++;
	curl_multi_remove_handle(ts->multi, t->easy);
	ts->depth--;
	curl_easy_setopt(t->easy, CURLOPT_FRESH_CONNECT, 1L);
	timer_arm(ts->later, 0);
}

/* An exchange ended, as libcurl sees it. */
static void
finish(struct transfer *t, CURLcode code)
{
	long os_errno = 0;

	if (code == CURLE_ABORTED_BY_CALLBACK && t->stale) {
		start_fresh(t);
		return;
	}
	/* To libcurl headers that end in the middle are an answer. */
	if (code == CURLE_OK && !t->headed)
		code = CURLE_PARTIAL_FILE;
	t->code = code;
	curl_easy_getinfo(t->easy, CURLINFO_OS_ERRNO, &os_errno);
	t->os_errno = (int)os_errno;
	if (t->end == TRANSFER_OK && code != CURLE_OK)
		t->end = TRANSFER_CUT;
	/* The text of an error may be cut: the status is what counts. */
	if (t->end == TRANSFER_CUT && t->headed && t->body_to == BODY_ERROR)
		t->end = TRANSFER_OK;
	t->owner->depth++;
	curl_multi_remove_handle(t->owner->multi, t->easy);
	t->owner->depth--;
	t->added = false;
	t->over = true;
	if (t->held.len == 0 || t->end == TRANSFER_ABORTED)
		conclude(t);
}

static struct transfer *
easy_transfer(CURL *easy)
{
	char *p = NULL;

	curl_easy_getinfo(easy, CURLINFO_PRIVATE, &p);
	return (struct transfer *)(void *)p;
}

static bool
sweep_dead(struct transfer_pool *ts)
{
	struct transfer *t;

	LIST_FOREACH(t, &ts->all, link)
		if (t->dead) {
			transfer_free(t);
			return true;
		}
	return false;
}

/* Now outside of libcurl: does what had to wait, then ends what is done.
 * Callbacks may start and cancel transfers, so every step starts over. */
static void
settle(struct transfer_pool *ts)
{
	struct transfer *t;
	CURLMsg *msg;
	int left;

	ts->depth++;
	for (;;) {
		if (sweep_dead(ts))
			continue;
		msg = curl_multi_info_read(ts->multi, &left);
		if (msg == NULL)
			break;
		if (msg->msg != CURLMSG_DONE)
			continue;
		t = easy_transfer(msg->easy_handle);
		if (!t->dead)
			finish(t, msg->data.result);
	}
	ts->depth--;
}

/* The sink or the source is ready again. */
static void
resume(struct transfer *t)
{
	t->resume = false;
	t->read_paused = t->write_paused = false;
	t->active_at = clock_now();
	if (!transfer_drain(t)) {
		if (!t->dead && t->end == TRANSFER_ABORTED) {
			if (t->over)
				conclude(t);
			else
				finish(t, CURLE_WRITE_ERROR);
		}
	} else if (t->over)
		conclude(t);
	else if (t->added)
		curl_easy_pause(t->easy, CURLPAUSE_CONT);
}

static void
run_resumes(struct transfer_pool *ts)
{
	struct transfer *t;

again:
	LIST_FOREACH(t, &ts->all, link) {
		if (t->dead || !t->resume)
			continue;
		ts->depth++;
		resume(t);
		ts->depth--;
		goto again;
	}
}

static void
on_later(void *arg)
{
	struct transfer_pool *ts = arg;
	struct transfer *t;

	LIST_FOREACH(t, &ts->all, link)
		if (!t->started && !t->dead) {
			t->started = t->added = true;
			t->active_at = clock_now();
			curl_multi_add_handle(ts->multi, t->easy);
		}
	run_resumes(ts);
	if (ts->depth == 0)
		settle(ts);
	if (!LIST_EMPTY(&ts->all) && !timer_armed(ts->check))
		timer_arm(ts->check, CHECK_MS * NS_PER_MS);
}

/* Has the exchange stalled for too long, without our holding it up? */
static bool
stalled(struct transfer *t, int64_t now)
{
	curl_off_t up = 0, down = 0;
	int64_t limit = STALL_MS;
	bool asked;

	curl_easy_getinfo(t->easy, CURLINFO_SIZE_UPLOAD_T, &up);
	curl_easy_getinfo(t->easy, CURLINFO_SIZE_DOWNLOAD_T, &down);
	if (up + down - t->moved >= (curl_off_t)STALL_BYTES ||
	    t->read_paused || t->write_paused) {
		t->moved = up + down;
		t->active_at = now;
		return false;
	}
	asked = !t->headed && t->ready && (t->spec.source == NULL ||
	    t->consumed == t->source.size);
	if (asked)
		limit = t->spec.answer_ms;
	if (now - t->active_at <= limit * NS_PER_MS)
		return false;
	t->unanswered = asked;
	return true;
}

static void
on_check(void *arg)
{
	struct transfer_pool *ts = arg;
	struct transfer *t;
	int64_t now = clock_now();

	ts->depth++;
again:
	LIST_FOREACH(t, &ts->all, link)
		if (!t->dead && t->added && stalled(t, now)) {
			finish(t, CURLE_OPERATION_TIMEDOUT);
			goto again;
		}
	ts->depth--;
	settle(ts);
	/* A sink that takes nothing must not stop the others. */
	transfer_pool_grow(ts);
	if (!LIST_EMPTY(&ts->all))
		timer_arm(ts->check, CHECK_MS * NS_PER_MS);
}

struct transfer_pool *
transfer_pool_new(struct loop *l, unsigned connections)
{
	struct transfer_pool *ts = mem_alloc(sizeof(*ts));

	LIST_INIT(&ts->all);
	LIST_INIT(&ts->sockets);
	ts->loop = l;
	ts->multi = curl_multi_init();
	if (ts->multi == NULL) {
		free(ts);
		return NULL;
	}
	ts->timer = loop_timer(l, on_timer, ts);
	ts->later = loop_timer(l, on_later, ts);
	ts->check = loop_timer(l, on_check, ts);
	curl_multi_setopt(ts->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(ts->multi, CURLMOPT_SOCKETDATA, ts);
	curl_multi_setopt(ts->multi, CURLMOPT_TIMERFUNCTION, on_timer_set);
	curl_multi_setopt(ts->multi, CURLMOPT_TIMERDATA, ts);
	curl_multi_setopt(ts->multi, CURLMOPT_PIPELINING,
	    (long)CURLPIPE_NOTHING);
	curl_multi_setopt(ts->multi, CURLMOPT_MAXCONNECTS,
	    (long)connections);
	return ts;
}

void
transfer_pool_free(struct transfer_pool *ts)
{
	struct transfer *t;

	if (ts == NULL)
		return;
	ts->depth++;
	LIST_FOREACH(t, &ts->all, link)
		t->dead = true;
	while (!LIST_EMPTY(&ts->all))
		transfer_free(LIST_FIRST(&ts->all));
	curl_multi_cleanup(ts->multi);
	transfer_socket_forget_all(ts);
	timer_free(ts->timer);
	timer_free(ts->later);
	timer_free(ts->check);
	free(ts);
}

struct transfer *
transfer_start(struct transfer_pool *ts, const struct transfer_spec *spec)
{
	struct transfer *t = mem_alloc(sizeof(*t));

	t->owner = ts;
	t->spec = *spec;
	t->list = spec->headers;
	if (spec->source != NULL) {
		t->source = *spec->source;
		t->spec.source = &t->source;
	}
	if (spec->sink != NULL) {
		t->sink = *spec->sink;
		t->spec.sink = &t->sink;
	}
	headers_init(&t->headers);
	buffer_init(&t->body, spec->max_body > ERROR_BODY_MAX ?
	    spec->max_body : ERROR_BODY_MAX);
	t->easy = transfer_easy(t, spec);
	if (t->easy == NULL)
		abort();
	t->active_at = clock_now();
	LIST_INSERT_HEAD(&ts->all, t, link);
	timer_arm(ts->later, 0);
	return t;
}

void
transfer_cancel(struct transfer *t)
{
	if (t == NULL)
		return;
	t->dead = true;
	if (t->owner->depth == 0)
		transfer_free(t);
}

void
transfer_resume(struct transfer *t)
{
	t->resume = true;
	timer_arm(t->owner->later, 0);
}
