/* SPDX-License-Identifier: BSD-2-Clause */

/* Workers: a thread's registration with the engine, and the burst that goes through it. */

#include "ipsec/worker.h"

#include <stdlib.h>

#include <uxfrm/api.h>

#include "base/rcu.h"
#include "ipsec/deflate.h"
#include "ipsec/fast.h"
#include "ipsec/path_mtu.h"

/* A thread may work for several engines; liburcu wants to hear of it once. */
static _Thread_local unsigned int workers_of_this_thread;

/* Where so much address space is not to be had it remembers fewer flows, or none. */
static void fast_open(struct uxfrm_worker *w)
{
	const struct uxfrm *u = w->instance;
	/* of its own, as ids do not lie in tables that others could learn from */
	const uint64_t seed[2] = {0, 1};
	uint64_t secret[2];

	for (int i = 0; i < 2; i++)
		secret[i] = ux_siphash(&u->hash_key, &seed[i], sizeof(seed[i]));
	for (uint32_t max = u->params.max_flows; max && !w->fast; max /= 4)
		w->fast = ux_fast_new(max, secret);
}

UXFRM_API struct uxfrm_worker *uxfrm_worker_new(struct uxfrm *u)
{
	struct uxfrm_worker *w = aligned_alloc(64, (sizeof(*w) + 63) / 64 * 64);

	if (!w)
		return NULL;
	*w = (struct uxfrm_worker){.instance = u, .cpu_given = UXFRM_CPU_OWN};
	w->crypto = ux_crypto_worker_new();
	w->deflate = ux_deflate_new();
	fast_open(w);
	w->counters = w->crypto && w->deflate ? ux_counters_attach(u) : NULL;
	if (!w->counters) {
		ux_fast_free(w->fast);
		ux_deflate_free(w->deflate);
		ux_crypto_worker_free(w->crypto);
		free(w);
		return NULL;
	}
	w->ring = ux_counters_ring(w->counters);
	if (workers_of_this_thread++ == 0)
		ux_rcu_register_thread();
	return w;
}

UXFRM_API void uxfrm_worker_set_cpu(struct uxfrm_worker *w, uint32_t cpu)
{
	w->cpu_given = cpu;
}

UXFRM_API void uxfrm_worker_set_order(struct uxfrm_worker *w, const struct uxfrm_order_ops *ops,
				      void *opaque)
{
	w->order = ops;
	w->order_opaque = opaque;
}

UXFRM_API struct uxfrm_worker *uxfrm_worker_free(struct uxfrm_worker *w)
{
	if (!w)
		return NULL;
	if (--workers_of_this_thread == 0)
		ux_rcu_unregister_thread();
	ux_counters_detach(w->instance, w->counters);
	ux_fast_free(w->fast);
	ux_deflate_free(w->deflate);
	ux_crypto_worker_free(w->crypto);
	ux_path_cache_free(w->paths);
	free(w);
	return NULL;
}

UXFRM_API void uxfrm_worker_held(struct uxfrm_worker *w, bool any, uint32_t offered)
{
	w->others_wait = any;
	w->offered = offered;
}

UXFRM_API void uxfrm_worker_clock(struct uxfrm_worker *w, uint64_t real_s)
{
	w->real_s = real_s;
}

void ux_worker_begin(struct uxfrm_worker *w)
{
	w->now_s = w->real_s;
	if (!w->now_s)
		w->now_s = atomic_load_explicit(&w->instance->real_s, memory_order_relaxed);
	w->held = false;
	w->changes = atomic_load_explicit(&w->instance->interim.changes, memory_order_acquire);
	w->gaps = atomic_load_explicit(&w->instance->interim.n_opened, memory_order_acquire);
	w->path_sa = NULL;
	/* behind the number of gaps: see ux_interim_open */
	ux_fast_begin(w);
}

void ux_worker_load(struct uxfrm_worker *w, struct uxfrm_packet *const *packets, size_t n)
{
	w->n_live = n;
	for (size_t i = 0; i < n; i++) {
		struct ux_slot *s = &w->slots[i];

		w->live[i] = s;
		s->p = packets[i];
		s->kept = &w->kept[i];
		s->sa = NULL;
		s->done = false;
		s->n_bundle = s->n_applied = 0;
		s->p->spi = 0;
		s->p->drop = UXFRM_DROP_NONE;
		s->p->may_fragment = 0;
		s->p->mtu = 0;
	}
}

void ux_worker_drop(struct uxfrm_worker *w, struct ux_slot *s, enum uxfrm_drop reason)
{
	s->p->verdict = UXFRM_DROP;
	s->p->drop = (uint8_t)reason;
	s->done = true;
	ux_count_drop(w->counters, reason);
}

void ux_worker_crypted(struct uxfrm_worker *w, enum uxfrm_drop reason)
{
	size_t kept = 0;

	for (size_t i = 0; i < w->n_live; i++) {
		if (w->ops[i].ok)
			w->live[kept++] = w->live[i];
		else
			ux_worker_drop(w, w->live[i], reason);
	}
	w->n_live = kept;
}
