/* SPDX-License-Identifier: BSD-2-Clause */

/* The event loop: a thin cover over epoll. */

#include "daemon/loop.h"

#include <errno.h>
#include <unistd.h>

#define EVENTS_PER_ROUND 32

int ux_loop_init(struct ux_loop *loop)
{
	loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	return loop->epoll_fd < 0 ? -errno : 0;
}

void ux_loop_fini(struct ux_loop *loop)
{
	if (loop->epoll_fd >= 0)
		close(loop->epoll_fd);
	loop->epoll_fd = -1;
}

int ux_loop_add(struct ux_loop *loop, struct ux_event *event, uint32_t events)
{
	struct epoll_event e = {.events = events, .data.ptr = event};

	event->waits_for = events;
	return epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, event->fd, &e) < 0 ? -errno : 0;
}

void ux_loop_modify(struct ux_loop *loop, struct ux_event *event, uint32_t events)
{
	struct epoll_event e = {.events = events, .data.ptr = event};

	if (event->waits_for == events)
		return;
	event->waits_for = events;
	(void)epoll_ctl(loop->epoll_fd, EPOLL_CTL_MOD, event->fd, &e);
}

void ux_loop_remove(struct ux_loop *loop, struct ux_event *event)
{
	(void)epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, event->fd, NULL);
}

int ux_loop_run_once(struct ux_loop *loop)
{
	struct epoll_event ready[EVENTS_PER_ROUND];
	int n = epoll_wait(loop->epoll_fd, ready, EVENTS_PER_ROUND, -1);

	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	if (loop->woken)
		loop->woken(loop->woken_opaque);
	for (int i = 0; i < n; i++) {
		struct ux_event *event = ready[i].data.ptr;

		event->ready(event, ready[i].events);
	}
	return 0;
}
