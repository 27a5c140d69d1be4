/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* One engine: databases, counters, time. No globals anywhere. */

#include <stdatomic.h>
#include <stdint.h>

#include <uxfrm/engine.h>
#include <uxfrm/packet.h>

#include "base/heap.h"
#include "base/list.h"
#include "base/rcu.h"
#include "base/siphash.h"
#include "base/slab.h"
#include "core/companion.h"
#include "core/generation.h"
#include "core/interfaces.h"
#include "core/interim.h"
#include "core/iv_ledger.h"
#include "core/label.h"
#include "core/limits.h"
#include "core/local_address.h"
#include "core/notice.h"
#include "core/sad.h"
#include "core/spd.h"

/* Counters of one worker: written by it alone, read by the control thread (relaxed). */
struct ux_worker_counters {
	_Alignas(64) _Atomic(uint64_t) out_packets, out_bytes, in_packets, in_bytes, bypassed, held;
	_Atomic(uint64_t) drops[UXFRM_DROP_COUNT];
};

struct uxfrm {
	/* const after creation */
	struct uxfrm_params params;
	struct ux_siphash_key hash_key;

	struct ux_sad sad;
	struct ux_spd spd;
	struct ux_iv_ledger iv_ledger;
	struct ux_shared_pool limits, labels;
	struct ux_local_addresses local;
	struct ux_companions companions;
	struct ux_interfaces interfaces;
	struct ux_slab sa_slab, runtime_slab, link_slab; /* control thread */
	struct ux_slab few_slab, set_slab; /* struct ux_former_set of UX_FORMER_FEW, _MAX */
	struct ux_slab part_slabs[2];	   /* of 32 and 64 bytes: an SA's keys, its replay window */
	struct ux_slab bucket_slab;	   /* struct ux_spd_bucket */
	struct ux_slab policy_slabs[UX_TEMPLATES_MAX + 1]; /* by number of templates */

	/* control thread writes, workers read (relaxed) */
	_Atomic(uint64_t) real_s;
	struct ux_generation generation;
	struct ux_interim
	    interim; /* what was taken away and may come back; each field says whose it is */
	struct ux_notices notices; /* from workers; each field says whose it is */

	/* any thread: how often workers were told to forget what they know of paths */
	_Atomic(uint32_t) paths_forgotten;

	/* control thread */
	uint64_t now_ns;
	struct ux_heap_node *timers;	   /* of SAs and policies: core/lifetime.h */
	struct ux_heap_node *event_timers; /* of SAs: core/sa_events.h */
	struct ux_retire retire;
	struct ux_list clients;	      /* ctl/: struct uxfrm_client.all */
	struct ux_list pfkey_clients; /* ctl/: struct uxfrm_pfkey.all */
	/* called when a limit in time of an SA or a policy is reached; a hard one, or the end of a
	 * larval SA (Linux announces both as EXPIRE), before it is removed. May be NULL */
	void (*sa_expired)(struct uxfrm *u, const struct ux_sa *sa, bool hard);
	void (*policy_expired)(struct uxfrm *u, const struct ux_policy *policy, bool hard);
	const struct ux_tell_ops *tell; /* what packets cause: core/sa_events.h. May be NULL */
	const struct uxfrm_watch_ops *watch;
	void *watch_opaque;
	uint32_t acquire_seq;	       /* of the last ACQUIRE event */
	struct ux_siphash_key spi_key; /* SPIs are drawn by it from a count */
	uint64_t n_spi_drawn;
	uint32_t pfkey_acquire_seq, pfkey_reqid; /* given last over PF_KEY */
	uint32_t *encap_ports[2];		 /* watch.c: SAs by port, IPv4 and IPv6 */

	/* list of workers: changed by the worker's thread under the mutex, walked by the control
	 * thread */
	struct ux_workers *workers;
};

/* ux_watch_visible - an SA became visible (@added) by a tuple, or that went: of encapsulated ones the first and the last
 * of a port tell, and each that looks at marks. */
void ux_watch_visible(struct uxfrm *u, const struct ux_sa *sa, bool added);
/* ux_watch_flushed - all policies were removed by a client. */
void ux_watch_flushed(struct uxfrm *u);
/* ux_watch_companion - the same for companions of IPComp SAs outside IPv4 or IPv6. */
void ux_watch_companion(struct uxfrm *u, uint16_t family, bool added);
void ux_watch_fini(struct uxfrm *u);
void ux_watch_policy(struct uxfrm *u, const struct ux_policy *policy, bool added);
/* ux_watch_default - what no policy of @dir matches is blocked from now on, or no longer. */
void ux_watch_default(struct uxfrm *u, enum ux_policy_dir dir, bool blocked);

/* ux_counters_attach - counters for a new worker, NULL without memory; they stay until the engine
 * is freed. */
struct ux_worker_counters *ux_counters_attach(struct uxfrm *u);
void ux_counters_detach(struct uxfrm *u, struct ux_worker_counters *c);
/* ux_counters_ring - the ring of notices of the worker that has these counters. */
struct ux_notice_ring *ux_counters_ring(struct ux_worker_counters *c);
/* ux_notice_ring_next - the rings of all workers, also those that are gone; NULL: the first, the
 * end. Control thread. */
struct ux_notice_ring *ux_notice_ring_next(struct uxfrm *u, struct ux_notice_ring *ring);
static inline void ux_count_drop(struct ux_worker_counters *c, enum uxfrm_drop drop)
{
	atomic_store_explicit(&c->drops[drop],
			      atomic_load_explicit(&c->drops[drop], memory_order_relaxed) + 1,
			      memory_order_relaxed);
}
static inline void ux_count_add(_Atomic(uint64_t) *counter, uint64_t n)
{
	atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + n,
			      memory_order_relaxed);
}
