/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * Several workers and the order of packets (struct uxfrm_order_ops).
 *
 * Outbound: a burst's numbers are taken under one lock, and for each of its SAs it takes a turn; it is
 * encrypted beside the others; and it is sent when its turns have come. SAs share turns by a hash.
 * Inbound: a burst has the number it was received with from its port (struct ux_port_sharing);
 * it is decrypted beside the others, and marked as seen and delivered in that order.
 *
 * Nobody waits for ever: turns are taken all at once under a lock, so the oldest burst that has not been
 * sent has all of its turns; and whoever has a turn takes no lock that another holds while it
 * waits for one.
 */

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uxfrm/packet.h>

#include "base/turn.h"
#include "io/port.h"

#define UX_ORDER_TURNS 64

/* What the workers share. */
struct ux_order {
	pthread_mutex_t numbers;
	struct ux_turn turns[UX_ORDER_TURNS];
};

/* A worker's own: of the burst at work. */
struct ux_order_mine {
	struct ux_order *all;
	/* outbound */
	bool locked;
	uint64_t has; /* bits: turns taken */
	uint32_t numbers[UX_ORDER_TURNS];
	/* inbound */
	struct ux_port_sharing *from; /* NULL: it was not received now, or from a port without others */
	uint32_t number;
	bool may_mark;
};

/* ux_order_ops - @opaque is a struct ux_order_mine. */
extern const struct uxfrm_order_ops ux_order_ops;

void ux_order_init(struct ux_order *all);
void ux_order_fini(struct ux_order *all);

/* ux_order_send - outbound, after uxfrm_outbound: returns when the burst may be sent.
 * ux_order_sent - it was. */
void ux_order_send(struct ux_order_mine *mine);
void ux_order_sent(struct ux_order_mine *mine);

/*
 * ux_order_receive - up to @n packets from @port, which none of the others gets. *ret_more: there are more, and @port's fd
 * may not say so. Returns how many; if any, ux_order_delivered must follow.
 */
size_t ux_order_receive(struct ux_order_mine *mine, struct ux_port *port,
			struct uxfrm_packet *const *packets, size_t n, bool *ret_more);
/*
 * ux_order_catch_up - between two bursts: returns when all bursts received from @port so far are delivered, or kept
 * where packets wait. ux_order_stop - and no worker receives from it until ux_order_go_on.
 */
void ux_order_catch_up(struct ux_port *port);
void ux_order_stop(struct ux_port *port);
void ux_order_go_on(struct ux_port *port);
/* ux_order_deliver - inbound, after uxfrm_inbound: returns when the burst may be delivered.
 * ux_order_delivered - it was. */
void ux_order_deliver(struct ux_order_mine *mine);
void ux_order_delivered(struct ux_order_mine *mine);
