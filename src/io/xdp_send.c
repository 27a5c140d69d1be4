/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A burst is cut into runs of packets that go the same way. Before a run by the other port the
 * frames of those before are given to the kernel, so that packets leave in their order.
 */

#include "io/xdp_send.h"

#include <errno.h>
#include <net/ethernet.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/bytes.h"
#include "io/ways.h"
#include "packet/ip.h"

struct ux_xdp_sender {
	struct ux_port port;
	struct ux_port *other;
	uint32_t own_mark;
	struct ux_netlink netlink; /* the worker's questions */
	struct ux_ways *ways;
	uint16_t ip4_id;
	_Atomic(uint64_t) n_other; /* worker writes, relaxed */
	_Atomic(struct ux_xdp_device *) devices[UX_XDP_DEVICES]; /* control thread writes */
	/* of the burst that is being sent */
	struct ux_xdp_device *using[UX_XDP_DEVICES];
	size_t n_using;
};

/* A packet's way: the device, and the neighbour's address. */
struct target {
	struct ux_xdp_device *device; /* NULL: by the other port */
	uint8_t mac[UX_MAC_LEN];
};

static enum ux_hop_kind ask(void *opaque, const struct ux_way *way, struct ux_next_hop *hop)
{
	struct ux_xdp_sender *s = opaque;

	return ux_next_hop_ask(&s->netlink, way, hop);
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void count(_Atomic(uint64_t) *counter, uint64_t n)
{
	atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + n,
			      memory_order_relaxed);
}

static struct ux_xdp_device *device_of(struct ux_xdp_sender *s, int32_t ifindex)
{
	for (size_t i = 0; i < s->n_using; i++) {
		if (s->using[i]->net.ifindex == ifindex)
			return s->using[i];
	}
	return NULL;
}

static struct target choose(struct ux_xdp_sender *s, const struct uxfrm_packet *p)
{
	const struct target other = {0};
	struct target to;
	const uint16_t family = p->data[0] >> 4 == 4 ? AF_INET : AF_INET6;
	struct ux_way way = {.mark = p->mark | s->own_mark, .ifindex = p->ifindex, .family = family};
	const struct ux_known_way *known;
	struct ux_xdp_device *device;
	uint32_t mtu;

	if (p->verdict != UXFRM_UNDERLAY || (p->mtu && p->len > p->mtu))
		return other;
	ux_ip_addresses(p->data, family, &way.from, &way.to);
	known = ux_ways_find(s->ways, &way);
	if (!known || known->kind != UX_HOP_KNOWN)
		return other;
	device = device_of(s, known->hop.ifindex);
	if (!device)
		return other;
	mtu = device->net.mtu;
	if (known->hop.mtu && known->hop.mtu < mtu)
		mtu = known->hop.mtu;
	if (p->len > mtu || p->len + UX_XDP_ETHERNET > device->ports[0].socket.frame_size)
		return other;
	to.device = device;
	memcpy(to.mac, known->hop.mac, sizeof(to.mac));
	return to;
}

/* As the kernel does for packets that it is given whole: an IPv4 packet that may be fragmented
 * needs a number. */
static void write_frame(struct ux_xdp_sender *s, const struct uxfrm_packet *p,
			const struct target *to, struct ux_xdp_frame *frame)
{
	uint8_t *at = frame->data, *ip = at + UX_XDP_ETHERNET;
	const bool four = p->data[0] >> 4 == 4;

	memcpy(at, to->mac, UX_MAC_LEN);
	memcpy(at + UX_MAC_LEN, to->device->net.mac, UX_MAC_LEN);
	ux_put_be16(at + 2 * UX_MAC_LEN, four ? ETHERTYPE_IP : ETHERTYPE_IPV6);
	memcpy(ip, p->data, p->len);
	frame->len = UX_XDP_ETHERNET + p->len;
	if (!four)
		return;
	if (ux_get_be16(ip + 4) == 0 && !(ip[6] & 0x40))
		ux_put_be16(ip + 4, ++s->ip4_id ? s->ip4_id : ++s->ip4_id);
	ux_ip4_set_length(ip, p->len);
}

static void refuse(struct uxfrm_packet *const *packets, size_t n)
{
	for (size_t i = 0; i < n; i++)
		ux_port_refuse(packets[i], UXFRM_DROP_PORT_SEND);
}

static void send_by_device(struct ux_xdp_sender *s, struct uxfrm_packet *const *packets,
			   const struct target *targets, size_t n)
{
	struct ux_xdp_device *d = targets[0].device;
	struct ux_xdp_socket *socket = &d->ports[0].socket;
	struct ux_xdp_frame frames[UXFRM_BURST];

	while (n) {
		size_t room = ux_xdp_socket_reserve(socket, frames, n);

		if (!room) {
			refuse(packets, n);
			return;
		}
		for (size_t i = 0; i < room; i++)
			write_frame(s, packets[i], &targets[i], &frames[i]);
		ux_xdp_socket_submit(socket, frames, room);
		count(&d->sent, room);
		packets += room;
		targets += room;
		n -= room;
	}
}

static void send_by_other(struct ux_xdp_sender *s, struct uxfrm_packet *const *packets, size_t n)
{
	uint64_t of_sas = 0;

	for (size_t i = 0; i < s->n_using; i++)
		(void)ux_xdp_socket_flush(&s->using[i]->ports[0].socket);
	for (size_t i = 0; i < n; i++)
		of_sas += packets[i]->verdict == UXFRM_UNDERLAY;
	count(&s->n_other, of_sas);
	ux_port_send(s->other, packets, n);
}

/* The devices there are now. One that took nothing the last time may do so again. */
static void begin(struct ux_xdp_sender *s)
{
	s->n_using = 0;
	for (size_t i = 0; i < UX_XDP_DEVICES; i++) {
		struct ux_xdp_device *d =
		    atomic_load_explicit(&s->devices[i], memory_order_acquire);

		if (d && (!d->ports[0].socket.stuck || ux_xdp_socket_flush(&d->ports[0].socket)))
			s->using[s->n_using++] = d;
	}
	if (s->n_using)
		ux_ways_begin(s->ways, now_ns());
}

static void xdp_send(struct ux_port *port, struct uxfrm_packet *const *packets, size_t n)
{
	struct ux_xdp_sender *s = (struct ux_xdp_sender *)port;
	struct target targets[UXFRM_BURST];
	size_t done = 0, run;

	begin(s);
	if (!s->n_using) {
		send_by_other(s, packets, n);
		return;
	}
	for (size_t i = 0; i < n; i++)
		targets[i] = choose(s, packets[i]);
	for (; done < n; done += run) {
		for (run = 1; done + run < n; run++) {
			if (targets[done + run].device != targets[done].device)
				break;
		}
		if (targets[done].device)
			send_by_device(s, packets + done, targets + done, run);
		else
			send_by_other(s, packets + done, run);
	}
	for (size_t i = 0; i < s->n_using; i++)
		(void)ux_xdp_socket_flush(&s->using[i]->ports[0].socket);
}

static void xdp_send_free(struct ux_port *port)
{
	(void)ux_xdp_sender_free((struct ux_xdp_sender *)port);
}

static const struct ux_port_ops xdp_send_ops = {.send = xdp_send, .free = xdp_send_free};

int ux_xdp_sender_open(struct ux_port *other, uint32_t own_mark, struct ux_xdp_sender **ret_sender)
{
	struct ux_xdp_sender *s = calloc(1, sizeof(*s));
	int err;

	if (!s)
		return -ENOMEM;
	s->port = (struct ux_port){.ops = &xdp_send_ops, .fd = -1, .side = UX_PORT_UNDERLAY};
	s->other = other;
	s->own_mark = own_mark;
	s->netlink.fd = -1;
	s->ways = ux_ways_new(ask, s);
	err = s->ways ? ux_netlink_open(&s->netlink, 0) : -ENOMEM;
	if (err) {
		ux_xdp_sender_free(s);
		return err;
	}
	*ret_sender = s;
	return 0;
}

struct ux_xdp_sender *ux_xdp_sender_free(struct ux_xdp_sender *s)
{
	if (!s)
		return NULL;
	ux_netlink_close(&s->netlink);
	ux_ways_free(s->ways);
	free(s);
	return NULL;
}

struct ux_port *ux_xdp_sender_port(struct ux_xdp_sender *s)
{
	return &s->port;
}

int ux_xdp_sender_add(struct ux_xdp_sender *s, struct ux_xdp_device *device)
{
	for (size_t i = 0; i < UX_XDP_DEVICES; i++) {
		if (atomic_load_explicit(&s->devices[i], memory_order_relaxed))
			continue;
		atomic_store_explicit(&s->devices[i], device, memory_order_release);
		return 0;
	}
	return -ENOSPC;
}

void ux_xdp_sender_remove(struct ux_xdp_sender *s, const struct ux_xdp_device *device)
{
	for (size_t i = 0; i < UX_XDP_DEVICES; i++) {
		if (atomic_load_explicit(&s->devices[i], memory_order_relaxed) == device)
			atomic_store_explicit(&s->devices[i], NULL, memory_order_release);
	}
}

void ux_xdp_sender_forget(struct ux_xdp_sender *s)
{
	ux_ways_forget(s->ways);
}

uint64_t ux_xdp_sender_other(const struct ux_xdp_sender *s)
{
	return atomic_load_explicit(&s->n_other, memory_order_relaxed);
}
