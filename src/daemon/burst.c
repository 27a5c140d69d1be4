/* SPDX-License-Identifier: BSD-2-Clause */

#include "daemon/burst.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "daemon/clock.h"
#include "daemon/spread.h"
#include "daemon/waiting.h"

/* Buffers lie apart by more than their size, so that their starts do not fall into the same cache
 * sets. */
#define BUFFER_STRIDE ((UX_PORT_BUFFER + 4095) / 4096 * 4096 + 192)
/* So many packets at a time in fragments, so long (RFC 1122 section 3.3.2 allows 60 to 120 seconds,
 * Linux gives 30). */
#define INCOMPLETE_MAX 64
#define INCOMPLETE_NS 30000000000ull

static void count(_Atomic(uint64_t) *counter)
{
	atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + 1,
			      memory_order_relaxed);
}

/* ---- through the engine ---- */

static uint32_t take_fragment(struct ux_burst *b, struct uxfrm_packet *p, bool *ret_refused)
{
	struct ux_shared_work *s = b->shared;
	uint32_t len = 0;
	uint8_t *whole;

	pthread_mutex_lock(&s->reassembly_lock);
	switch (ux_reassembly_add(s->reassembly, p->data, p->len, ux_coarse_ns(), &whole, &len)) {
	case UX_REASSEMBLY_DONE:
		*ret_refused = len > ux_port_room(p);
		if (!*ret_refused)
			memcpy(ux_port_start(p), whole, len);
		break;
	case UX_REASSEMBLY_REFUSED:
		*ret_refused = true;
		break;
	default:
		len = 0;
		break;
	}
	pthread_mutex_unlock(&s->reassembly_lock);
	return len;
}

/* A fragment that transport mode could not take: hold it, and when its packet is whole, try that.
 */
static void try_whole(struct ux_burst *b, struct uxfrm_packet *p)
{
	bool refused = false;
	uint32_t len;

	count(&b->counts.fragments_taken);
	len = take_fragment(b, p, &refused);
	if (refused)
		count(&b->counts.drops[UXFRM_DROP_FRAGMENT]);
	if (refused || !len)
		return;
	p->data = ux_port_start(p);
	p->len = len;
	p->may_split = 1;
	ux_path_mtu_outbound(b->path_mtu, b->worker, &p, 1, ux_coarse_ns());
	p->may_split = 0;
	if (p->verdict == UXFRM_BYPASS)
		p->may_fragment = 1; /* as it came */
}

static void give_to_engine(struct ux_burst *b, enum ux_port_side side,
			   struct uxfrm_packet *const *packets, size_t n)
{
	if (side == UX_PORT_UNDERLAY) {
		uxfrm_inbound(b->worker, packets, n);
		return;
	}
	ux_path_mtu_outbound(b->path_mtu, b->worker, packets, n, ux_coarse_ns());
	for (size_t i = 0; i < n; i++) {
		if (packets[i]->verdict == UXFRM_DROP && packets[i]->drop == UXFRM_DROP_FRAGMENT)
			try_whole(b, packets[i]);
	}
}

/* ---- out ---- */

/* What the port refused is counted, the rest is done with. */
static void conclude(struct ux_burst *b, struct uxfrm_packet *const *packets, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (packets[i]->verdict == UXFRM_DROP)
			count(&b->counts.drops[packets[i]->drop]);
		else
			packets[i]->verdict = UXFRM_CONSUMED;
	}
}

static void send_in_turn(struct ux_port *port, struct uxfrm_packet *const *packets, size_t n)
{
	struct ux_burst *b = ux_container_of(port, struct ux_burst, in_turn);

	ux_order_send(&b->order);
	ux_port_send(b->underlay, packets, n);
	ux_order_sent(&b->order);
	conclude(b, packets, n);
}

static const struct ux_port_ops in_turn_ops = {.send = send_in_turn};

/* Tell the senders of packets that are too big, and of those that found no way; some go on all the
 * same. */
static void reply(struct ux_burst *b, struct uxfrm_packet *const *packets, size_t n)
{
	const uint64_t now = ux_coarse_ns();
	size_t taken = ux_path_mtu_reply(b->path_mtu, b->worker, &b->in_turn, packets, n, now);

	if (taken)
		atomic_fetch_add_explicit(&b->counts.too_big_taken, taken, memory_order_relaxed);
	ux_path_mtu_tell_unreachable(b->path_mtu, b->worker, &b->in_turn, packets, n, now);
}

static size_t choose(struct uxfrm_packet *const *packets, size_t n, uint8_t verdict, uint8_t other,
		     struct uxfrm_packet **chosen)
{
	size_t m = 0;

	for (size_t i = 0; i < n; i++) {
		if (packets[i]->verdict == verdict || packets[i]->verdict == other)
			chosen[m++] = packets[i];
	}
	return m;
}

static void send_outbound(struct ux_burst *b, struct uxfrm_packet *const *packets, size_t n)
{
	struct uxfrm_packet *sent[UXFRM_BURST], *dropped[UXFRM_BURST];
	size_t n_sent = choose(packets, n, UXFRM_UNDERLAY, UXFRM_BYPASS, sent);
	size_t n_dropped = choose(packets, n, UXFRM_DROP, UXFRM_DROP, dropped);

	ux_port_send(&b->in_turn, sent, n_sent);
	ux_path_mtu_tell_too_big(b->path_mtu, b->worker, &b->in_turn, sent, n_sent, ux_coarse_ns());
	reply(b, dropped, n_dropped);
	/* What was numbered and then dropped has had its turn, too. */
	ux_order_send(&b->order);
	ux_order_sent(&b->order);
}

/* The next packet from @from on that belongs to a link; n: there is none. */
static size_t next_of_link(struct uxfrm_packet *const *packets, size_t from, size_t n)
{
	while (from < n && (packets[from]->verdict != UXFRM_DELIVER || !packets[from]->if_id))
		from++;
	return from;
}

/* Those of one link, which go together. */
static void deliver_by_link(struct ux_burst *b, struct ux_port *port,
			    struct uxfrm_packet *const *packets, size_t n)
{
	if (port)
		ux_port_send_shared(port, packets, n);
	for (size_t i = 0; !port && i < n; i++) /* it has just gone */
		ux_port_refuse(packets[i], UXFRM_DROP_PORT_SEND);
	conclude(b, packets, n);
}

/* What belongs to links is given to them, and is then done with. */
static void deliver_by_links(struct ux_burst *b, struct uxfrm_packet *const *packets, size_t n)
{
	const struct ux_link_ports *links = atomic_load(&b->shared->links);

	for (size_t at = next_of_link(packets, 0, n); at < n;) {
		const uint32_t if_id = packets[at]->if_id;
		struct uxfrm_packet *chosen[UXFRM_BURST];
		size_t m = 0;

		for (; at < n && packets[at]->if_id == if_id; at = next_of_link(packets, at + 1, n))
			chosen[m++] = packets[at];
		deliver_by_link(b, ux_link_ports_find(links, if_id), chosen, m);
	}
}

/* By the queue of its flow: what the host answers comes by the same. */
static void deliver_by_queues(struct ux_burst *b, struct uxfrm_packet *const *packets, size_t n)
{
	const uint32_t n_hosts = atomic_load_explicit(&b->shared->n_hosts, memory_order_acquire);
	uint8_t queue[UXFRM_BURST];

	ux_spread(packets, n, n_hosts, queue);
	for (uint32_t q = 0; q < n_hosts; q++) {
		struct uxfrm_packet *chosen[UXFRM_BURST];
		size_t m = 0;

		for (size_t i = 0; i < n; i++) {
			if (queue[i] == q)
				chosen[m++] = packets[i];
		}
		if (!m)
			continue;
		ux_port_send_shared(atomic_load(&b->shared->hosts[q]), chosen, m);
		conclude(b, chosen, m);
	}
}

static void deliver(struct ux_burst *b, struct uxfrm_packet *const *packets, size_t n)
{
	struct uxfrm_packet *chosen[UXFRM_BURST];

	if (atomic_load(&b->shared->links))
		deliver_by_links(b, packets, n);
	n = choose(packets, n, UXFRM_DELIVER, UXFRM_DELIVER, chosen);
	if (n)
		deliver_by_queues(b, chosen, n);
}

/* Through the engine and out, or to where packets wait, in the order that the workers owe each other. */
static size_t pass(struct ux_burst *b, enum ux_port_side side, struct uxfrm_packet *const *packets,
		   size_t n, const uint64_t *deadlines, struct uxfrm_packet **refused)
{
	size_t m;

	give_to_engine(b, side, packets, n);
	if (side == UX_PORT_HOST) {
		send_outbound(b, packets, n);
		return ux_waiting_keep(b, side, packets, n, deadlines, refused);
	}
	ux_order_deliver(&b->order);
	deliver(b, packets, n);
	m = ux_waiting_keep(b, side, packets, n, deadlines, refused);
	ux_order_delivered(&b->order);
	return m;
}

void ux_burst_carry(struct ux_burst *b, enum ux_port_side side, size_t n, const uint64_t *deadlines)
{
	struct uxfrm_packet *refused[UXFRM_BURST], *none[UXFRM_BURST];
	size_t m;

	uxfrm_worker_clock(b->worker, ux_coarse_real_s());
	m = pass(b, side, b->all, n, deadlines, refused);
	if (m)
		(void)pass(b, side, refused, m, NULL, none);
}

/* ---- serving ports ---- */

/* Packets that came in clear go on in the kernel or end there: the port tells it. */
static void cleartext(struct ux_burst *b, struct ux_port *port, size_t n)
{
	uxfrm_worker_clock(b->worker, ux_coarse_real_s());
	uxfrm_cleartext(b->worker, b->all, n, port->side == UX_PORT_CLEAR_FWD);
	ux_port_send(port, b->all, n);
}

size_t ux_burst_serve(struct ux_burst *b, struct ux_port *port, bool *ret_more)
{
	size_t n = ux_order_receive(&b->order, port, b->all, UXFRM_BURST, ret_more);

	if (!n)
		return 0;
	count(&b->counts.bursts);
	if (port->side != UX_PORT_HOST && port->side != UX_PORT_UNDERLAY) {
		cleartext(b, port, n);
		return n;
	}
	for (size_t i = 0; i < n; i++)
		b->all[i]->may_hold = UXFRM_MAY_HOLD_FIRST;
	ux_waiting_go_behind(b);
	ux_burst_carry(b, port->side, n, NULL);
	return n;
}

/* ---- memory ---- */

int ux_shared_work_init(struct ux_shared_work *s, struct uxfrm *engine, uint32_t own_mark,
			uint32_t hold_bytes)
{
	*s = (struct ux_shared_work){.engine = engine, .ways = {.own_mark = own_mark}};
	ux_order_init(&s->order);
	pthread_mutex_init(&s->reassembly_lock, NULL);
	pthread_mutex_init(&s->offering, NULL);
	pthread_mutex_init(&s->held_lock, NULL);
	ux_held_init(&s->held, hold_bytes);
	s->reassembly = ux_reassembly_new(INCOMPLETE_MAX, INCOMPLETE_NS);
	return s->reassembly ? 0 : -ENOMEM;
}

void ux_shared_work_fini(struct ux_shared_work *s)
{
	ux_reassembly_free(s->reassembly);
	free(atomic_load(&s->links));
	ux_held_fini(&s->held);
	pthread_mutex_destroy(&s->held_lock);
	pthread_mutex_destroy(&s->offering);
	pthread_mutex_destroy(&s->reassembly_lock);
	ux_order_fini(&s->order);
}

int ux_burst_init(struct ux_burst *b, struct ux_shared_work *shared)
{
	b->shared = shared;
	b->in_turn = (struct ux_port){.ops = &in_turn_ops, .fd = -1, .side = UX_PORT_UNDERLAY};
	b->order.all = &shared->order;
	b->memory = malloc((size_t)BUFFER_STRIDE * UXFRM_BURST);
	b->path_mtu = ux_path_mtu_new(shared->engine, &shared->ways);
	if (!b->memory || !b->path_mtu)
		return -ENOMEM;
	for (size_t i = 0; i < UXFRM_BURST; i++) {
		b->packets[i].buf = b->memory + i * BUFFER_STRIDE;
		b->packets[i].size = UX_PORT_BUFFER;
		b->all[i] = &b->packets[i];
		/* The first touch of memory is slow; it is done here. */
		memset(b->packets[i].buf, 0, 4096);
	}
	return 0;
}

void ux_burst_fini(struct ux_burst *b)
{
	ux_path_mtu_free(b->path_mtu);
	free(b->memory);
}
