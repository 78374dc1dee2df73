/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loop.h - the event loop of every process: descriptors and timers over
 * poll(2), which is the one waiting call that each seccomp filter allows.
 * Single-threaded. Callbacks may add, change and free any watch or timer,
 * their own included.
 */
#ifndef REGBOT_LOOP_H
#define REGBOT_LOOP_H

#include <stdbool.h>
#include <stdint.h>

struct loop;
struct watch;
struct timer;

typedef void watch_fn(void *arg, short revents);
typedef void timer_fn(void *arg);

struct loop *loop_new(void);
void loop_free(struct loop *l);	/* frees watches and timers left; no closing */

/* Calls fn when fd has one of events (POLLIN, POLLOUT; POLLHUP and POLLERR
 * are always reported). The loop never closes fd: free the watch first, then
 * close. The watch is owned by the caller. events may be 0. */
struct watch *loop_watch(struct loop *l, int fd, short events, watch_fn *fn,
    void *arg);
void watch_set(struct watch *w, short events);
int watch_fd(const struct watch *w);
void watch_free(struct watch *w);	/* NULL is fine */

/* A timer that is not armed yet; it fires once each time that it is armed. */
struct timer *loop_timer(struct loop *l, timer_fn *fn, void *arg);
void timer_arm(struct timer *t, int64_t delay_ns);	/* from now; >= 0 */
void timer_disarm(struct timer *t);
bool timer_armed(const struct timer *t);
void timer_free(struct timer *t);	/* NULL is fine */

/* One round: waits for at most max_wait_ms (-1: until something happens) and
 * runs what is due. */
void loop_step(struct loop *l, int max_wait_ms);

/* Rounds until loop_stop() was called. */
void loop_run(struct loop *l);
void loop_stop(struct loop *l);

#endif
