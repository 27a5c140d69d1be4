/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * What becomes of a burst: a worker's place of work, and what all workers share. Packets go through
 * the engine and out by the port of the other side; those that have to wait (UXFRM_HOLD) are kept for
 * whichever worker first finds that they may pass.
 */

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#include <uxfrm/packet.h>

#include "daemon/held_packets.h"
#include "daemon/link_ports.h"
#include "daemon/order.h"
#include "daemon/path_mtu.h"
#include "io/port.h"
#include "packet/reassembly.h"

#define UX_WORKERS_MAX 16

struct ux_shared_work {
	struct uxfrm *engine; /* borrowed */
	struct ux_ways_out ways;
	/* the TUN device's queues; control thread writes, workers read */
	_Atomic(struct ux_port *) hosts[UX_WORKERS_MAX];
	_Atomic(uint32_t) n_hosts;
	_Atomic(struct ux_link_ports *) links; /* control thread writes, workers read */
	struct ux_order order;

	/* under reassembly_lock: fragments from the host that transport mode must have whole */
	pthread_mutex_t reassembly_lock;
	struct ux_reassembly *reassembly;

	/* Whoever offers those that wait holds offering all the while; held_lock is for a moment. */
	pthread_mutex_t offering, held_lock;
	struct ux_held held;	   /* under held_lock */
	uint64_t next_offer_ns;	   /* under offering: when many wait, not before */
	_Atomic(uint32_t) n_held;  /* workers: some wait, or are being offered */
	_Atomic(uint32_t) changes; /* workers: uxfrm_changes() when they were offered last */
};

/* Counted by one worker, read by the control thread. */
struct ux_burst_counts {
	_Atomic(uint64_t) drops[UXFRM_DROP_COUNT];
	_Atomic(uint64_t) fragments_taken, too_big_taken, bursts;
};

/* One thread's. */
struct ux_burst {
	struct ux_shared_work *shared;
	struct uxfrm_worker *worker; /* of the engine; the thread's */
	struct ux_port *underlay;    /* sends to the network; borrowed */
	struct ux_port in_turn;	     /* the same, when the turn of what the engine has numbered has come */
	struct ux_path_mtu *path_mtu;
	struct ux_order_mine order;
	uint32_t changes; /* uxfrm_changes() when this worker looked at those that wait */
	bool not_offered; /* some of those could pass, and have not been offered yet */
	bool goes_first;  /* what is served now does not go behind them */
	uint8_t *memory;
	struct uxfrm_packet packets[UXFRM_BURST];
	struct uxfrm_packet *all[UXFRM_BURST];
	struct ux_burst_counts counts;
};

/* ux_shared_work_init - @hold_bytes: of packets that wait, for each SA. 0 or -ENOMEM. */
int ux_shared_work_init(struct ux_shared_work *s, struct uxfrm *engine, uint32_t own_mark,
			uint32_t hold_bytes) UX_MUST_CHECK;
void ux_shared_work_fini(struct ux_shared_work *s);

/* ux_burst_init - 0 or -ENOMEM. By any thread; the members worker and underlay are the caller's. */
int ux_burst_init(struct ux_burst *b, struct ux_shared_work *shared) UX_MUST_CHECK;
void ux_burst_fini(struct ux_burst *b);

/* ux_burst_serve - receive a burst from @port and carry it. *ret_more: as ux_order_receive. Returns how many. */
size_t ux_burst_serve(struct ux_burst *b, struct ux_port *port, bool *ret_more);
/* ux_burst_carry - @n packets in b->all through the engine and out. Those for which there is no room where packets
 * wait go on as if they had waited. @deadlines: of those that have waited, or NULL. */
void ux_burst_carry(struct ux_burst *b, enum ux_port_side side, size_t n, const uint64_t *deadlines);
/* ux_burst_any_held - does any packet wait? */
static inline bool ux_burst_any_held(const struct ux_burst *b)
{
	return atomic_load_explicit(&b->shared->n_held, memory_order_acquire) > 0;
}
