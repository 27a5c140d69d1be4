/* SPDX-License-Identifier: BSD-2-Clause */

/* The queue of one client. Each datagram is counted with a fixed extra, so that many small ones
 * count too. */

#include "daemon/tx_queue.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define ITEM_COST 64

struct ux_tx_item {
	struct ux_tx_item *next;
	size_t len;
	uint8_t bytes[];
};

void ux_tx_queue_init(struct ux_tx_queue *q)
{
	q->first = NULL;
	q->last = &q->first;
	q->bytes = 0;
}

static void pop(struct ux_tx_queue *q)
{
	struct ux_tx_item *item = q->first;

	q->first = item->next;
	if (!q->first)
		q->last = &q->first;
	q->bytes -= item->len + ITEM_COST;
	explicit_bzero(item->bytes, item->len);
	free(item);
}

void ux_tx_queue_fini(struct ux_tx_queue *q)
{
	while (q->first)
		pop(q);
}

static int push(struct ux_tx_queue *q, const void *datagram, size_t len, size_t limit)
{
	struct ux_tx_item *item;

	if (q->bytes + len + ITEM_COST > limit)
		return -ENOBUFS;
	item = malloc(sizeof(*item) + len);
	if (!item)
		return -ENOBUFS;
	item->next = NULL;
	item->len = len;
	memcpy(item->bytes, datagram, len);
	*q->last = item;
	q->last = &item->next;
	q->bytes += len + ITEM_COST;
	return 0;
}

/* 1: sent; 0: no room now; -EPIPE: the other end is gone. */
static int try_send(int fd, const void *datagram, size_t len)
{
	for (;;) {
		if (send(fd, datagram, len, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
			return 1;
		if (errno == EAGAIN || errno == ENOBUFS || errno == ENOMEM)
			return 0;
		if (errno != EINTR)
			return -EPIPE;
	}
}

int ux_tx_send(struct ux_tx_queue *q, int fd, const void *datagram, size_t len, size_t limit)
{
	if (ux_tx_queue_empty(q)) {
		int sent = try_send(fd, datagram, len);

		if (sent)
			return sent < 0 ? sent : 0;
	}
	return push(q, datagram, len, limit);
}

int ux_tx_flush(struct ux_tx_queue *q, int fd)
{
	while (q->first) {
		int sent = try_send(fd, q->first->bytes, q->first->len);

		if (sent <= 0)
			return sent;
		pop(q);
	}
	return 0;
}
