/* SPDX-License-Identifier: BSD-2-Clause */

/* The queue. A packet that goes on waiting keeps its deadline. */

#include "daemon/held_packets.h"

#include <stdlib.h>
#include <string.h>

#define TIMES_ALL 16 /* all together: that many times what one key may have */

void ux_held_init(struct ux_held *h, uint32_t bytes_each)
{
	*h = (struct ux_held){
	    .earliest_ns = UINT64_MAX,
	    .bytes_each = bytes_each,
	    .bytes_max = bytes_each > UINT32_MAX / TIMES_ALL ? UINT32_MAX : bytes_each * TIMES_ALL,
	};
	ux_list_init(&h->list);
}

void ux_held_fini(struct ux_held *h)
{
	struct ux_held_packet *held;

	while ((held = ux_held_take(h)))
		free(held);
}

static uint32_t *count_of(struct ux_held *h, uint32_t key)
{
	return &h->bytes_of[key % UX_HELD_KEYS];
}

/* Small packets cost more than their bytes. */
static uint32_t cost_of(uint32_t len)
{
	return len + (uint32_t)sizeof(struct ux_held_packet);
}

bool ux_held_add(struct ux_held *h, const struct uxfrm_packet *p, enum ux_port_side side,
		 uint64_t now_ns, uint64_t deadline_ns)
{
	uint32_t *of_key = count_of(h, p->spi), cost = cost_of(p->len);
	struct ux_held_packet *held;

	if (cost > h->bytes_each || *of_key > h->bytes_each - cost || cost > h->bytes_max ||
	    h->bytes > h->bytes_max - cost)
		return false;
	held = malloc(sizeof(*held) + p->len);
	if (!held)
		return false;
	*held = (struct ux_held_packet){
	    .deadline_ns = deadline_ns ? deadline_ns : now_ns + p->hold_ms * UINT64_C(1000000),
	    .key = p->spi,
	    .mark = p->mark,
	    .if_id = p->if_id,
	    .len = p->len,
	    .ifindex = p->ifindex,
	    .side = side,
	};
	memcpy(held->data, p->data, p->len);
	ux_list_push_back(&h->list, &held->link);
	*of_key += cost;
	h->bytes += cost;
	if (held->deadline_ns < h->earliest_ns)
		h->earliest_ns = held->deadline_ns;
	h->n++;
	return true;
}

struct ux_held_packet *ux_held_take(struct ux_held *h)
{
	struct ux_held_packet *held;

	if (!ux_held_any(h))
		return NULL;
	held = ux_container_of(h->list.next, struct ux_held_packet, link);
	ux_list_remove(&held->link);
	*count_of(h, held->key) -= cost_of(held->len);
	h->bytes -= cost_of(held->len);
	h->n--;
	return held;
}

void ux_held_put(const struct ux_held_packet *held, struct uxfrm_packet *p)
{
	p->data = ux_port_start(p);
	p->len = held->len;
	memcpy(p->data, held->data, held->len);
	p->mark = held->mark;
	p->if_id = held->if_id;
	p->ifindex = held->ifindex;
}
