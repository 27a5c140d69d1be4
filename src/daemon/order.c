/* SPDX-License-Identifier: BSD-2-Clause */

#include "daemon/order.h"

void ux_order_init(struct ux_order *all)
{
	*all = (struct ux_order){0};
	pthread_mutex_init(&all->numbers, NULL);
}

void ux_order_fini(struct ux_order *all)
{
	pthread_mutex_destroy(&all->numbers);
}

/* ---- outbound ---- */

static unsigned int turn_of(uint64_t sa)
{
	return (unsigned int)(sa * UINT64_C(0x9e3779b97f4a7c15) >> 58);
}

static void number(void *opaque, uint64_t sa)
{
	struct ux_order_mine *mine = opaque;
	const unsigned int i = turn_of(sa);

	if (!mine->locked) {
		pthread_mutex_lock(&mine->all->numbers);
		mine->locked = true;
	}
	if (mine->has >> i & 1)
		return;
	mine->has |= UINT64_C(1) << i;
	mine->numbers[i] = ux_turn_take(&mine->all->turns[i]);
}

static void numbered(void *opaque)
{
	struct ux_order_mine *mine = opaque;

	if (mine->locked)
		pthread_mutex_unlock(&mine->all->numbers);
	mine->locked = false;
}

void ux_order_send(struct ux_order_mine *mine)
{
	numbered(mine);
	for (uint64_t left = mine->has; left; left &= left - 1) {
		const int i = __builtin_ctzll(left);

		ux_turn_wait(&mine->all->turns[i], mine->numbers[i]);
	}
}

void ux_order_sent(struct ux_order_mine *mine)
{
	for (uint64_t left = mine->has; left; left &= left - 1) {
		const int i = __builtin_ctzll(left);

		ux_turn_give(&mine->all->turns[i], mine->numbers[i]);
	}
	mine->has = 0;
}

/* ---- inbound ---- */

size_t ux_order_receive(struct ux_order_mine *mine, struct ux_port *port,
			struct uxfrm_packet *const *packets, size_t n, bool *ret_more)
{
	/* A queue of the host's belongs to one worker. */
	struct ux_port_sharing *from = port->side == UX_PORT_UNDERLAY ? port->sharing : NULL;
	size_t got;

	if (from)
		pthread_mutex_lock(&from->receive);
	got = ux_port_receive(port, packets, n);
	*ret_more = port->pending;
	if (from && got) {
		mine->from = from;
		mine->may_mark = false;
		mine->number = ux_turn_take(&from->marked);
	}
	if (from)
		pthread_mutex_unlock(&from->receive);
	return got;
}

/* With a turn as if a burst had been received: whoever has one has none of another port. */
static void wait_for(struct ux_port_sharing *from, uint32_t number)
{
	ux_turn_wait(&from->marked, number);
	ux_turn_give(&from->marked, number);
	ux_turn_wait(&from->delivered, number);
	ux_turn_give(&from->delivered, number);
}

void ux_order_catch_up(struct ux_port *port)
{
	struct ux_port_sharing *from = port->sharing;
	uint32_t number;

	if (!from)
		return;
	pthread_mutex_lock(&from->receive);
	number = ux_turn_take(&from->marked);
	pthread_mutex_unlock(&from->receive);
	wait_for(from, number);
}

void ux_order_stop(struct ux_port *port)
{
	struct ux_port_sharing *from = port->sharing;

	if (!from)
		return;
	pthread_mutex_lock(&from->receive);
	wait_for(from, ux_turn_take(&from->marked));
}

void ux_order_go_on(struct ux_port *port)
{
	if (port->sharing)
		pthread_mutex_unlock(&port->sharing->receive);
}

static void arrived(void *opaque)
{
	struct ux_order_mine *mine = opaque;

	if (!mine->from || mine->may_mark)
		return;
	ux_turn_wait(&mine->from->marked, mine->number);
	mine->may_mark = true;
}

void ux_order_deliver(struct ux_order_mine *mine)
{
	if (!mine->from)
		return;
	arrived(mine);
	ux_turn_give(&mine->from->marked, mine->number);
	ux_turn_wait(&mine->from->delivered, mine->number);
}

void ux_order_delivered(struct ux_order_mine *mine)
{
	if (mine->from)
		ux_turn_give(&mine->from->delivered, mine->number);
	mine->from = NULL;
}

const struct uxfrm_order_ops ux_order_ops = {
    .number = number, .numbered = numbered, .arrived = arrived};
