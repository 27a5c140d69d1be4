/* SPDX-License-Identifier: BSD-2-Clause */

#include "daemon/burst.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/list.h"
#include "daemon/spread.h"

/* Buffers lie apart by more than their size, so that their starts do not fall into the same cache
 * sets. */
#define BUFFER_STRIDE ((UX_PORT_BUFFER + 4095) / 4096 * 4096 + 192)
/* So many packets at a time in fragments, so long (RFC 1122 section 3.3.2 allows 60 to 120 seconds,
 * Linux gives 30). */
#define INCOMPLETE_MAX 64
#define INCOMPLETE_NS 30000000000ull
#define HELD_MANY 100
#define HELD_PAUSE_NS 10000ull /* for each of more than that */

static void count(_Atomic(uint64_t) *counter)
{
	atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + 1,
			      memory_order_relaxed);
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static uint64_t real_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME_COARSE, &t);
	return (uint64_t)t.tv_sec;
}

/* ---- through the engine ---- */

static uint32_t take_fragment(struct ux_burst *b, struct uxfrm_packet *p, bool *ret_refused)
{
	struct ux_shared_work *s = b->shared;
	uint32_t len = 0;
	uint8_t *whole;

	pthread_mutex_lock(&s->reassembly_lock);
	switch (ux_reassembly_add(s->reassembly, p->data, p->len, now_ns(), &whole, &len)) {
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
	ux_path_mtu_outbound(b->path_mtu, b->worker, &p, 1, now_ns());
	p->may_split = 0;
}

static void give_to_engine(struct ux_burst *b, enum ux_port_side side,
			   struct uxfrm_packet *const *packets, size_t n)
{
	if (side == UX_PORT_UNDERLAY) {
		uxfrm_inbound(b->worker, packets, n);
		return;
	}
	ux_path_mtu_outbound(b->path_mtu, b->worker, packets, n, now_ns());
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
	const uint64_t now = now_ns();
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
	struct uxfrm_packet *chosen[UXFRM_BURST];
	size_t m = choose(packets, n, UXFRM_UNDERLAY, UXFRM_BYPASS, chosen);

	ux_port_send(&b->in_turn, chosen, m);
	reply(b, packets, n);
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

		for (; at < n && packets[at]->if_id == if_id;
		     at = next_of_link(packets, at + 1, n))
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

/* Through the engine and out, in the order that the workers owe each other. */
static void pass(struct ux_burst *b, enum ux_port_side side, struct uxfrm_packet *const *packets,
		 size_t n)
{
	give_to_engine(b, side, packets, n);
	if (side == UX_PORT_HOST) {
		send_outbound(b, packets, n);
	} else {
		ux_order_deliver(&b->order);
		deliver(b, packets, n);
		ux_order_delivered(&b->order);
	}
}

/* ---- what waits ---- */

static bool keep(struct ux_burst *b, const struct uxfrm_packet *p, enum ux_port_side side,
		 uint64_t deadline_ns)
{
	struct ux_shared_work *s = b->shared;
	bool kept;

	pthread_mutex_lock(&s->held_lock);
	kept = ux_held_add(&s->held, p, side, now_ns(), deadline_ns);
	if (kept) {
		atomic_store_explicit(&s->n_held, s->held.n, memory_order_relaxed);
		/* It may have met what is not so any more, after others have looked. */
		if (uxfrm_changes(s->engine) != b->changes)
			s->held.earliest_ns = 0;
	}
	pthread_mutex_unlock(&s->held_lock);
	return kept;
}

/* The burst through the engine and out. Those that have to wait wait; for which there is no room
 * goes on as if it had waited. @deadlines: of each, or NULL. */
static void carry(struct ux_burst *b, enum ux_port_side side, size_t n, const uint64_t *deadlines)
{
	struct uxfrm_packet *refused[UXFRM_BURST];
	size_t m = 0;

	uxfrm_worker_clock(b->worker, real_s());
	pass(b, side, b->all, n);
	for (size_t i = 0; i < n; i++) {
		struct uxfrm_packet *p = b->all[i];

		if (p->verdict != UXFRM_HOLD || keep(b, p, side, deadlines ? deadlines[i] : 0))
			continue;
		p->may_hold = UXFRM_MAY_HOLD_NOT;
		refused[m++] = p;
	}
	if (m)
		pass(b, side, refused, m);
}

/* Up to a burst of those that wait, from the front and of one side. */
static size_t take_held(struct ux_burst *b, size_t max, enum ux_port_side *ret_side,
			uint64_t deadlines[UXFRM_BURST])
{
	struct ux_held *held = &b->shared->held;
	uint64_t now = now_ns();
	size_t n = 0;

	pthread_mutex_lock(&b->shared->held_lock);
	while (n < max && ux_held_any(held)) {
		struct ux_held_packet *next = ux_held_first(held), *taken;

		if (n && next->side != *ret_side)
			break;
		taken = ux_held_take(held);
		*ret_side = taken->side;
		ux_held_put(taken, b->all[n]);
		b->all[n]->may_hold =
		    taken->deadline_ns > now ? UXFRM_MAY_HOLD_AGAIN : UXFRM_MAY_HOLD_NOT;
		deadlines[n++] = taken->deadline_ns;
		free(taken);
	}
	pthread_mutex_unlock(&b->shared->held_lock);
	return n;
}

/* How many wait, and by what time one must be looked at. */
static uint32_t held_now(struct ux_shared_work *s, uint64_t *ret_earliest_ns)
{
	uint32_t n;

	pthread_mutex_lock(&s->held_lock);
	n = s->held.n;
	*ret_earliest_ns = s->held.earliest_ns;
	pthread_mutex_unlock(&s->held_lock);
	return n;
}

/* Once through all that wait, in their order. */
static void offer_held(struct ux_burst *b, uint32_t n_waiting)
{
	uint64_t deadlines[UXFRM_BURST];
	enum ux_port_side side = UX_PORT_HOST;

	pthread_mutex_lock(&b->shared->held_lock);
	ux_held_begin(&b->shared->held);
	pthread_mutex_unlock(&b->shared->held_lock);
	for (size_t left = n_waiting; left > 0;) {
		size_t n = take_held(b, left < UXFRM_BURST ? left : UXFRM_BURST, &side, deadlines);

		left -= n;
		carry(b, side, n, deadlines);
	}
}

/* The others' packets, too, go behind those that wait: they are let on when these have been offered. */
static void look_at_held(struct ux_burst *b)
{
	struct ux_shared_work *s = b->shared;
	const uint32_t changes = b->changes = uxfrm_changes(s->engine);
	const uint64_t now = now_ns();
	uint64_t earliest_ns;
	uint32_t n = held_now(s, &earliest_ns);
	bool due;

	if (n && now < s->next_offer_ns) {
		uxfrm_worker_held(b->worker, true, atomic_load(&s->changes));
		return;
	}
	due = changes != atomic_load(&s->changes) || earliest_ns <= now;
	atomic_store(&s->changes, changes);
	uxfrm_worker_held(b->worker, n > 0, changes);
	if (n && due) {
		/* Others have as much time as a great many take that wait. */
		s->next_offer_ns = n > HELD_MANY ? now + n * HELD_PAUSE_NS : 0;
		offer_held(b, n);
	}
	pthread_mutex_lock(&s->held_lock);
	atomic_store_explicit(&s->n_held, s->held.n, memory_order_relaxed);
	pthread_mutex_unlock(&s->held_lock);
}

void ux_burst_look(struct ux_burst *b)
{
	struct ux_shared_work *s = b->shared;

	b->changes = uxfrm_changes(s->engine);
	if (!ux_burst_any_held(b)) {
		uxfrm_worker_held(b->worker, false, b->changes);
		return;
	}
	pthread_mutex_lock(&s->offering);
	look_at_held(b);
	pthread_mutex_unlock(&s->offering);
}

/* ---- serving ports ---- */

/* Packets that came in clear go on in the kernel or end there: the port tells it. */
static void cleartext(struct ux_burst *b, struct ux_port *port, size_t n)
{
	uxfrm_worker_clock(b->worker, real_s());
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
	carry(b, port->side, n, NULL);
	return n;
}

/* ---- memory ---- */

int ux_shared_work_init(struct ux_shared_work *s, struct uxfrm *engine, uint32_t own_mark,
			uint32_t hold_bytes)
{
	*s = (struct ux_shared_work){.engine = engine, .own_mark = own_mark};
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
	b->path_mtu = ux_path_mtu_new(shared->engine, shared->own_mark);
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
