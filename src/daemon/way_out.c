/* SPDX-License-Identifier: BSD-2-Clause */

#include "daemon/way_out.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>

#include "io/netlink.h"
#include "io/ways.h"
#include "packet/ip.h"

struct ux_way_out {
	const struct ux_ways_out *all;
	struct ux_netlink nl; /* fd -1: not needed so far */
	struct ux_ways *ways; /* NULL: the same */
	uint32_t changes;     /* that are known */
	bool found;	      /* the packets that the engine has now have their interfaces */
};

struct ux_way_out *ux_way_out_new(const struct ux_ways_out *all)
{
	struct ux_way_out *o = calloc(1, sizeof(*o));

	if (!o)
		return NULL;
	o->all = all;
	o->nl.fd = -1;
	return o;
}

struct ux_way_out *ux_way_out_free(struct ux_way_out *o)
{
	if (!o)
		return NULL;
	if (o->nl.fd >= 0)
		ux_netlink_close(&o->nl);
	ux_ways_free(o->ways);
	free(o);
	return NULL;
}

/* What is forwarded has a source that the kernel does not route from for us. */
static enum ux_hop_kind ask(void *opaque, const struct ux_way *way, struct ux_next_hop *hop)
{
	struct ux_way_out *o = opaque;
	struct ux_way anywhere = *way;

	if (!ux_next_hop_device(&o->nl, way, &hop->ifindex))
		return UX_HOP_KNOWN;
	anywhere.from = (struct ux_addr){0};
	if (!ux_next_hop_device(&o->nl, &anywhere, &hop->ifindex))
		return UX_HOP_KNOWN;
	return UX_HOP_OTHER;
}

static bool begin(struct ux_way_out *o)
{
	if (o->nl.fd < 0 && ux_netlink_open(&o->nl, 0) < 0)
		o->nl.fd = -1;
	if (!o->ways)
		o->ways = ux_ways_new(ask, o);
	return o->nl.fd >= 0 && o->ways;
}

static int32_t device_of(struct ux_way_out *o, const struct uxfrm_packet *p, uint64_t now_ns)
{
	struct ux_way way = {.mark = p->mark | o->all->own_mark};
	const struct ux_known_way *known;

	if (!p->len)
		return 0;
	way.family = p->data[0] >> 4 == 4 ? AF_INET : AF_INET6;
	if (p->len < (way.family == AF_INET ? UX_IP4_LEN : UX_IP6_LEN))
		return 0;
	ux_ip_addresses(p->data, way.family, &way.from, &way.to);
	/* However many questions that takes: a packet that goes by the wrong policy may be in clear. */
	while (!(known = ux_ways_find(o->ways, &way)))
		ux_ways_begin(o->ways, now_ns);
	return known->hop.ifindex;
}

void ux_way_out_find(struct ux_way_out *o, struct uxfrm_packet *const *packets, size_t n,
		     uint64_t now_ns)
{
	const uint32_t changes = atomic_load_explicit(&o->all->changes, memory_order_acquire);

	o->found = atomic_load_explicit(&o->all->policies, memory_order_acquire) && begin(o);
	if (!o->found)
		return;
	if (changes != o->changes)
		ux_ways_forget(o->ways);
	o->changes = changes;
	ux_ways_begin(o->ways, now_ns);
	for (size_t i = 0; i < n; i++) {
		if (!packets[i]->if_id)
			packets[i]->ifindex = device_of(o, packets[i], now_ns);
	}
}

void ux_way_out_done(struct ux_way_out *o, struct uxfrm_packet *const *packets, size_t n)
{
	for (size_t i = 0; i < n && o->found; i++) {
		if (!packets[i]->if_id)
			packets[i]->ifindex = 0;
	}
	o->found = false;
}
