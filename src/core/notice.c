/* SPDX-License-Identifier: BSD-2-Clause */
/* Rings of notices, from workers to the control thread. */
#include "core/notice.h"

#include "core/acquire.h"
#include "core/instance.h"
#include "core/sa_events.h"
#include "core/sad_index.h"

/* So many of a ring in one go: requests of clients have their turn in between. */
#define READ_MOST UX_NOTICES

/* ---- workers ---- */

static bool post(struct ux_notice_ring *ring, const struct ux_notice *notice)
{
	uint32_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);

	ring->posted = true; /* also when full: the owner should come */
	if (head - atomic_load_explicit(&ring->tail, memory_order_acquire) == UX_NOTICES)
		return false;
	ring->notices[head % UX_NOTICES] = *notice;
	atomic_store_explicit(&ring->head, head + 1, memory_order_release);
	return true;
}

void ux_notice_sa(struct ux_notice_ring *ring, struct ux_sa_runtime *r,
		  const struct ux_notice_sa *notice)
{
	struct ux_notice n = {.kind = UX_NOTICE_SA, .sa = *notice};
	uint32_t bit = notice->bit;

	if (atomic_load_explicit(&r->noted, memory_order_relaxed) & bit)
		return;
	/* acquire and release: whoever takes the bit back has seen what was done before it was set
	 */
	if (atomic_fetch_or_explicit(&r->noted, bit, memory_order_acq_rel) & bit)
		return;
	n.sa.runtime = (uintptr_t)r;
	n.sa.spi = r->spi;
	n.sa.proto = r->proto;
	if (!post(ring, &n))
		atomic_fetch_and_explicit(&r->noted, ~bit, memory_order_relaxed);
}

static uint64_t acquire_hash(const struct uxfrm *u, const struct ux_notice_acquire *n)
{
	const struct {
		struct ux_addr daddr, saddr;
		uint32_t reqid, if_id, mark, spi;
		uint32_t cpu, rest;
	} key = {
	    .daddr = n->query.daddr,
	    .saddr = n->query.saddr,
	    .reqid = n->query.reqid,
	    .if_id = n->query.if_id,
	    .mark = n->query.mark,
	    .spi = n->query.spi,
	    .cpu = n->for_cpu ? n->query.cpu : UINT32_MAX,
	    .rest = (uint32_t)n->query.family << 16 | (uint32_t)n->query.proto << 8 | n->query.mode,
	};

	return ux_siphash(&u->hash_key, &key, sizeof(key));
}

/* Was this SA asked for since the control thread last read? One that another has pushed out of its
 * place is asked for twice. */
static bool asked_before(struct uxfrm *u, struct ux_notice_ring *ring, uint64_t hash)
{
	uint32_t round = atomic_load_explicit(&u->notices.round, memory_order_relaxed);
	uint64_t *place = &ring->asked[hash % UX_NOTICE_ASKED];

	if (ring->asked_round != round) {
		memset(ring->asked, 0, sizeof(ring->asked));
		ring->asked_round = round;
	}
	if (*place == hash)
		return true;
	*place = hash;
	return false;
}

void ux_notice_acquire(struct uxfrm *u, struct ux_notice_ring *ring,
		       const struct ux_notice_acquire *notice)
{
	struct ux_notice n = {.kind = UX_NOTICE_ACQUIRE};

	if (!(atomic_load_explicit(&u->notices.listens, memory_order_relaxed) & UX_LISTENS_ACQUIRE))
		return;
	n.acquire = *notice;
	n.acquire.query.flow = NULL; /* the worker's memory */
	if (ux_acquire_in_progress(u, &notice->query, notice->for_cpu) ||
	    asked_before(u, ring, acquire_hash(u, notice)))
		return;
	/* one that has no room is lost; when the ring was read the next packet asks again */
	(void)post(ring, &n);
}

void ux_notice_wake(struct uxfrm *u, struct ux_notice_ring *ring)
{
	if (!ring->posted)
		return;
	ring->posted = false;
	/* against the exchange in ux_notices_read: that one sees what was posted, or this one sees
	 * that nobody is on the way */
	if (!atomic_exchange(&u->notices.waiting, true) && u->params.wake)
		u->params.wake(u->params.wake_opaque);
}

/* ---- control thread ---- */

void ux_notices_listen(struct uxfrm *u, uint32_t listens)
{
	atomic_store_explicit(&u->notices.listens, listens, memory_order_relaxed);
}

/* The SA with this name, NULL if it is gone. */
static struct ux_sa_runtime *find_runtime(struct uxfrm *u, const struct ux_notice_sa *n)
{
	const struct ux_sa_runtime *named = (const struct ux_sa_runtime *)n->runtime;

	if (!n->spi)
		return ux_sa_table_find(&u->sad.by_spi, ux_sad_unnumbered_hash(u, named),
					ux_sad_is_runtime, named);

	struct ux_sa_runtime like = {.spi = n->spi, .proto = n->proto};
	struct ux_sa_runtime *r = ux_sa_table_find(
	    &u->sad.by_spi, ux_sad_spi_hash(u, n->spi, n->proto), ux_sad_spi_equal, &like);

	while (r && (uintptr_t)r != n->runtime)
		r = r->next_same_spi;
	return r;
}

static void follow(struct uxfrm *u, const struct ux_notice *n)
{
	struct ux_sa_runtime *r;

	if (n->kind == UX_NOTICE_ACQUIRE) {
		ux_acquire(u, &n->acquire);
		return;
	}
	r = find_runtime(u, &n->sa);
	if (r)
		ux_sa_events_noted(u, r, &n->sa);
}

static bool read_ring(struct uxfrm *u, struct ux_notice_ring *ring)
{
	uint32_t head = atomic_load_explicit(&ring->head, memory_order_acquire);
	uint32_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);

	for (int n = 0; tail != head && n < READ_MOST; n++) {
		struct ux_notice notice = ring->notices[tail % UX_NOTICES];

		/* room for the next one before this is followed, which may take its time */
		atomic_store_explicit(&ring->tail, ++tail, memory_order_release);
		follow(u, &notice);
	}
	return tail == head;
}

bool ux_notices_read(struct uxfrm *u)
{
	struct ux_notice_ring *ring = NULL;
	bool all = true;

	if (!atomic_exchange(&u->notices.waiting, false))
		return true;
	while ((ring = ux_notice_ring_next(u, ring)))
		all &= read_ring(u, ring);
	atomic_fetch_add_explicit(&u->notices.round, 1, memory_order_relaxed);
	if (!all)
		atomic_store(&u->notices.waiting, true);
	return all;
}
