/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* The control thread's event loop: epoll and one object per descriptor. */

#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

#include "base/ext_ack.h"

/* Embedded in what the descriptor belongs to; ready() finds its way back by ux_container_of. */
struct ux_event {
	int fd;
	void (*ready)(struct ux_event *event, uint32_t epoll_events);
	uint32_t waits_for; /* EPOLLIN etc.; loop.c's own */
};

struct ux_loop {
	int epoll_fd;
	/* called when something has happened, before it is looked at. NULL: nothing */
	void (*woken)(void *opaque);
	void *woken_opaque;
};

int ux_loop_init(struct ux_loop *loop) UX_MUST_CHECK;
void ux_loop_fini(struct ux_loop *loop);

/* ux_loop_add - borrows @event until ux_loop_remove. @events: EPOLLIN etc., level-triggered. */
int ux_loop_add(struct ux_loop *loop, struct ux_event *event, uint32_t events) UX_MUST_CHECK;
void ux_loop_modify(struct ux_loop *loop, struct ux_event *event, uint32_t events);
void ux_loop_remove(struct ux_loop *loop, struct ux_event *event);

/*
 * ux_loop_run_once - wait and call what is ready. An event removed meanwhile may still be called in
 * the same round, so its memory must outlive the round (control_socket.c: the list of the dead).
 */
int ux_loop_run_once(struct ux_loop *loop) UX_MUST_CHECK;
