/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* Datagrams that wait for room in one client's socket: first in, first out, bounded in bytes. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ext_ack.h"

struct ux_tx_item;
struct ux_tx_queue {
	struct ux_tx_item *first, **last;
	size_t bytes;
};

void ux_tx_queue_init(struct ux_tx_queue *q);
/* ux_tx_queue_fini - free what waits; replies may hold keys, so their bytes are wiped. */
void ux_tx_queue_fini(struct ux_tx_queue *q);
static inline bool ux_tx_queue_empty(const struct ux_tx_queue *q)
{
	return !q->first;
}

/*
 * ux_tx_send - send a datagram on @fd without blocking, behind those that wait. 0: sent or queued;
 * -ENOBUFS: more than @limit bytes would wait, or no memory; -EPIPE: nobody is there any more.
 */
int ux_tx_send(struct ux_tx_queue *q, int fd, const void *datagram, size_t len,
	       size_t limit) UX_MUST_CHECK;

/* ux_tx_flush - send what waits, as far as there is room. 0 or -EPIPE. */
int ux_tx_flush(struct ux_tx_queue *q, int fd) UX_MUST_CHECK;
