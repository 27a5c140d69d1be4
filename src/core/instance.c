/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/instance.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <uxfrm/api.h>

#include "core/lifetime.h"
#include "core/sa_events.h"
#include "core/sa_runtime.h"

#define GRACE_MS 2000	 /* longer than packets live in a network that is not broken */
#define LIMITS_MOST 4096 /* that run out in one go; other work comes in between */
#define ACQ_EXPIRES_S 30 /* Linux: net.core.xfrm_acq_expires */
#define MAX_ACQUIRE 4096 /* more than IKE daemons negotiate at a time */
#define MAX_FLOWS (UINT32_C(1) << 20)
#define IDLE_KEYS 65536	 /* IV sources of keys nobody holds that are remembered exactly */

UXFRM_API void uxfrm_params_init(struct uxfrm_params *params)
{
	memset(params, 0, sizeof(*params));
	params->size = sizeof(*params);
	params->grace_ms = GRACE_MS;
	params->acq_expires_s = ACQ_EXPIRES_S;
	params->max_flows = MAX_FLOWS;
	params->larval_drop = true;
	params->max_acquire = MAX_ACQUIRE;
}

/* ---- counters of workers ---- */

/* The workers' counters and rings are kept to the end: a worker that goes leaves its sums, and
 * notices that nobody has read yet. */
struct ux_counters_item {
	struct ux_worker_counters counters;
	struct ux_notice_ring ring;
	struct ux_counters_item *next; /* const after it is in the list */
	bool in_use;
};

struct ux_workers {
	pthread_mutex_t lock;
	struct ux_counters_item *first;
};

struct ux_worker_counters *ux_counters_attach(struct uxfrm *u)
{
	struct ux_workers *w = u->workers;
	struct ux_counters_item *item;

	pthread_mutex_lock(&w->lock);
	for (item = w->first; item && item->in_use; item = item->next)
		;
	if (!item) {
		item = aligned_alloc(_Alignof(struct ux_counters_item), sizeof(*item));
		if (item) {
			memset(item, 0, sizeof(*item));
			item->next = w->first;
			w->first = item;
		}
	}
	if (item)
		item->in_use = true;
	pthread_mutex_unlock(&w->lock);
	return item ? &item->counters : NULL;
}

void ux_counters_detach(struct uxfrm *u, struct ux_worker_counters *c)
{
	struct ux_counters_item *item;

	if (!c)
		return;
	item = ux_container_of(c, struct ux_counters_item, counters);
	pthread_mutex_lock(&u->workers->lock);
	item->in_use = false; /* the next worker goes on counting in it */
	pthread_mutex_unlock(&u->workers->lock);
}

struct ux_notice_ring *ux_counters_ring(struct ux_worker_counters *c)
{
	return &ux_container_of(c, struct ux_counters_item, counters)->ring;
}

struct ux_notice_ring *ux_notice_ring_next(struct uxfrm *u, struct ux_notice_ring *ring)
{
	struct ux_counters_item *item;

	if (ring) {
		item = ux_container_of(ring, struct ux_counters_item, ring)->next;
	} else {
		pthread_mutex_lock(&u->workers->lock);
		item = u->workers->first;
		pthread_mutex_unlock(&u->workers->lock);
	}
	return item ? &item->ring : NULL;
}

static uint64_t sum_of(const _Atomic(uint64_t) *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

UXFRM_API void uxfrm_packet_stats_get(struct uxfrm *u, struct uxfrm_packet_stats *ret_stats)
{
	memset(ret_stats, 0, sizeof(*ret_stats));
	pthread_mutex_lock(&u->workers->lock);
	for (struct ux_counters_item *i = u->workers->first; i; i = i->next) {
		ret_stats->out_packets += sum_of(&i->counters.out_packets);
		ret_stats->out_bytes += sum_of(&i->counters.out_bytes);
		ret_stats->in_packets += sum_of(&i->counters.in_packets);
		ret_stats->in_bytes += sum_of(&i->counters.in_bytes);
		ret_stats->bypassed += sum_of(&i->counters.bypassed);
		ret_stats->held += sum_of(&i->counters.held);
		for (int d = 0; d < UXFRM_DROP_COUNT; d++)
			ret_stats->drops[d] += sum_of(&i->counters.drops[d]);
	}
	pthread_mutex_unlock(&u->workers->lock);
}

static struct ux_workers *workers_new(void)
{
	struct ux_workers *w = calloc(1, sizeof(*w));

	if (w && pthread_mutex_init(&w->lock, NULL) != 0) {
		free(w);
		w = NULL;
	}
	return w;
}

static void workers_free(struct ux_workers *w)
{
	if (!w)
		return;
	while (w->first) {
		struct ux_counters_item *next = w->first->next;

		free(w->first);
		w->first = next;
	}
	pthread_mutex_destroy(&w->lock);
	free(w);
}

UXFRM_API uint32_t uxfrm_changes(const struct uxfrm *u)
{
	return atomic_load_explicit(&u->interim.changes, memory_order_acquire);
}

/* ---- life ---- */

UXFRM_API int uxfrm_new(const struct uxfrm_params *params, struct uxfrm **ret_engine)
{
	struct uxfrm *u;
	int err;

	if (params->size != sizeof(*params))
		return -EINVAL;
	u = calloc(1, sizeof(*u));
	if (!u)
		return -ENOMEM;
	u->params = *params;
	u->now_ns = params->now_ns;
	atomic_init(&u->real_s, params->real_s);
	ux_siphash_random_key(&u->hash_key);
	ux_siphash_random_key(&u->spi_key);
	ux_list_init(&u->clients);
	ux_list_init(&u->pfkey_clients);
	ux_retire_init(&u->retire);
	ux_local_init(&u->local);
	ux_interfaces_init(&u->interfaces);
	ux_generation_init(&u->generation);
	ux_interim_init(u);
	ux_slab_init(&u->sa_slab, sizeof(struct ux_sa));
	ux_slab_init(&u->runtime_slab, sizeof(struct ux_sa_runtime));
	ux_slab_init(&u->link_slab, UX_FORMER_LINK_SIZE);
	ux_slab_init(&u->few_slab, UX_FORMER_SET_SIZE(UX_FORMER_FEW));
	ux_slab_init(&u->set_slab, UX_FORMER_SET_SIZE(UX_FORMER_MAX));
	for (size_t i = 0; i < 2; i++)
		ux_slab_init(&u->part_slabs[i], UX_SA_PART_MAX >> (1 - i));
	ux_policy_slabs_init(u->policy_slabs);
	ux_slab_init(&u->bucket_slab, sizeof(struct ux_spd_bucket));
	err = ux_iv_ledger_init(&u->iv_ledger, params->real_s, IDLE_KEYS);
	if (err == 0)
		err = ux_shared_init(&u->limits);
	if (err == 0)
		err = ux_shared_init(&u->labels);
	if (err == 0)
		err = ux_sad_init(&u->sad);
	if (err == 0)
		err = ux_spd_init(u);
	u->workers = workers_new();
	if (err < 0 || !u->workers) {
		uxfrm_free(u);
		return -ENOMEM;
	}
	*ret_engine = u;
	return 0;
}

UXFRM_API struct uxfrm *uxfrm_free(struct uxfrm *u)
{
	if (!u)
		return NULL;
	u->watch = NULL;
	u->sa_expired = NULL;
	u->tell = NULL;
	u->policy_expired = NULL;
	ux_interim_fini(u);
	ux_sad_fini(u);
	ux_spd_fini(u);
	ux_retire_fini(&u->retire);
	ux_local_fini(&u->local);
	ux_interfaces_fini(&u->interfaces);
	ux_iv_ledger_fini(&u->iv_ledger);
	ux_shared_fini(&u->limits);
	ux_shared_fini(&u->labels);
	ux_watch_fini(u);
	ux_slab_fini(&u->sa_slab);
	ux_slab_fini(&u->runtime_slab);
	ux_slab_fini(&u->link_slab);
	ux_slab_fini(&u->few_slab);
	ux_slab_fini(&u->set_slab);
	for (size_t i = 0; i < 2; i++)
		ux_slab_fini(&u->part_slabs[i]);
	ux_policy_slabs_fini(u->policy_slabs);
	ux_slab_fini(&u->bucket_slab);
	workers_free(u->workers);
	explicit_bzero(&u->hash_key, sizeof(u->hash_key));
	explicit_bzero(&u->spi_key, sizeof(u->spi_key));
	free(u);
	return NULL;
}

UXFRM_API void uxfrm_time(struct uxfrm *u, uint64_t now_ns, uint64_t real_s)
{
	if (now_ns > u->now_ns)
		u->now_ns = now_ns;
	atomic_store_explicit(&u->real_s, real_s, memory_order_relaxed);
}

UXFRM_API uint64_t uxfrm_tick(struct uxfrm *u, uint64_t now_ns, uint64_t real_s)
{
	uxfrm_time(u, now_ns, real_s);

	/* first of all, as what it removes may be among the others */
	bool all_read = ux_notices_read(u);
	uint64_t next = ux_lifetime_tick(u, LIMITS_MOST);
	uint64_t others[] = {ux_sa_events_tick(u, LIMITS_MOST), ux_sad_tick(u),
			     ux_interim_tick(u), all_read ? UINT64_MAX : 0};

	ux_retire_flush(&u->retire);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (others[i] < next)
			next = others[i];
	return next > u->now_ns ? next : u->now_ns + 1;
}

/* ---- local addresses ---- */

static int read_address(int family, const void *address, struct ux_addr *ret)
{
	if (family != AF_INET && family != AF_INET6)
		return -EINVAL;
	memset(ret, 0, sizeof(*ret));
	memcpy(ret, address, family == AF_INET ? 4 : 16);
	return 0;
}

UXFRM_API int uxfrm_local_address_add(struct uxfrm *u, int family, const void *address)
{
	struct ux_addr addr;
	int err = read_address(family, address, &addr);

	if (err == 0)
		err = ux_local_add(&u->local, &u->retire, (uint16_t)family, &addr);
	ux_generation_move(&u->generation);
	return err;
}

UXFRM_API int uxfrm_local_address_remove(struct uxfrm *u, int family, const void *address)
{
	struct ux_addr addr;
	int err = read_address(family, address, &addr);

	if (err == 0)
		err = ux_local_remove(&u->local, &u->retire, (uint16_t)family, &addr);
	ux_generation_move(&u->generation);
	return err;
}

UXFRM_API int uxfrm_interface_add(struct uxfrm *u, uint32_t if_id)
{
	int err = ux_interfaces_add(&u->interfaces, &u->retire, if_id);

	ux_generation_move(&u->generation);
	return err;
}

UXFRM_API int uxfrm_interface_remove(struct uxfrm *u, uint32_t if_id)
{
	int err = ux_interfaces_remove(&u->interfaces, &u->retire, if_id);

	ux_generation_move(&u->generation);
	return err;
}

UXFRM_API void uxfrm_counts_get(const struct uxfrm *u, struct uxfrm_counts *ret_counts)
{
	ret_counts->sa = u->sad.n_sa;
	ret_counts->sa_grace = u->sad.n_grace;
	for (int dir = 0; dir < UX_POLICY_DIRS; dir++)
		ret_counts->policy[dir] = u->spd.n[dir];
}
