/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/sad.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/companion.h"
#include "core/sad_ahead.h"
#include "core/lifetime.h"
#include "core/sa_events.h"
#include "core/sad_index.h"

#define NS_PER_MS UINT64_C(1000000)
#define NS_PER_S UINT64_C(1000000000)

static void sa_retired(void *object)
{
	(void)ux_sa_free(object);
}

int ux_sad_init(struct ux_sad *sad)
{
	ux_list_init(&sad->all);
	ux_list_init(&sad->cursors);
	ux_list_init(&sad->grace_queue);
	ux_list_init(&sad->larval);
	sad->n_sa = sad->n_grace = sad->n_acquired = 0;
	sad->by_seq = malloc(UX_SAD_SEQ_BUCKETS * sizeof(*sad->by_seq));
	if (!sad->by_seq)
		return -ENOMEM;
	for (uint32_t i = 0; i < UX_SAD_SEQ_BUCKETS; i++)
		ux_list_init(&sad->by_seq[i]);
	if (ux_sa_table_init(&sad->by_tuple) < 0 || ux_sa_table_init(&sad->by_address) < 0 ||
	    ux_sa_table_init(&sad->by_former) < 0 || ux_sa_table_init(&sad->by_spi) < 0)
		return -ENOMEM;
	return 0;
}

void ux_sad_fini(struct uxfrm *u)
{
	struct ux_sad *sad = &u->sad;
	struct ux_sad_cursor cursor;
	struct ux_sa *sa;

	if (sad->by_seq) {
		ux_sad_cursor_init(&cursor);
		while ((sa = ux_sad_cursor_next(sad, &cursor)))
			if (!ux_sa_is_companion(sa)) /* they go with the last of their users */
				ux_sad_remove(u, sa);
		ux_sad_cursor_fini(&cursor);
	}
	ux_sa_table_fini(&sad->by_tuple);
	ux_sa_table_fini(&sad->by_address);
	ux_sa_table_fini(&sad->by_former);
	ux_sa_table_fini(&sad->by_spi);
	ux_former_fini(u);
	ux_companions_fini(u);
	free(sad->by_seq);
	sad->by_seq = NULL;
}

/* ---- chains ---- */

static void tuple_link(struct uxfrm *u, struct ux_sa *sa)
{
	struct ux_sa *head =
	    ux_sa_table_find(&u->sad.by_tuple, sa->tuple_hash, ux_sad_tuple_equal, &sa->id);

	atomic_store_explicit(&sa->next_same_tuple, head, memory_order_relaxed);
	sa->prev_same_tuple = NULL;
	if (head)
		head->prev_same_tuple = sa;
	ux_sa_table_set(&u->sad.by_tuple, sa->tuple_hash, ux_sad_tuple_equal, &sa->id, sa);
}

/* Readers that stand on @sa go on from it: its own link stays as it is. */
static void tuple_point(struct uxfrm *u, struct ux_sa *sa, struct ux_sa *to)
{
	if (sa->prev_same_tuple)
		ux_rcu_publish(&sa->prev_same_tuple->next_same_tuple, to);
	else
		ux_sa_table_set(&u->sad.by_tuple, sa->tuple_hash, ux_sad_tuple_equal, &sa->id, to);
}

static void tuple_unlink(struct uxfrm *u, struct ux_sa *sa)
{
	struct ux_sa *next = ux_rcu_own(&sa->next_same_tuple);

	if (next)
		next->prev_same_tuple = sa->prev_same_tuple;
	tuple_point(u, sa, next);
}

static void tuple_swap(struct uxfrm *u, struct ux_sa *old, struct ux_sa *fresh)
{
	struct ux_sa *next = ux_rcu_own(&old->next_same_tuple);

	atomic_store_explicit(&fresh->next_same_tuple, next, memory_order_relaxed);
	fresh->prev_same_tuple = old->prev_same_tuple;
	if (next)
		next->prev_same_tuple = fresh;
	tuple_point(u, old, fresh);
}

static void address_link(struct uxfrm *u, struct ux_sa *sa)
{
	struct ux_address_key key = ux_sad_address_key(sa);
	struct ux_sa *head =
	    ux_sa_table_find(&u->sad.by_address, sa->address_hash, ux_sad_address_equal, &key);

	atomic_store_explicit(&sa->next_same_address, head, memory_order_relaxed);
	sa->prev_same_address = NULL;
	if (head)
		head->prev_same_address = sa;
	ux_sa_table_set(&u->sad.by_address, sa->address_hash, ux_sad_address_equal, &key, sa);
}

static void address_point(struct uxfrm *u, struct ux_sa *sa, struct ux_sa *to)
{
	struct ux_address_key key = ux_sad_address_key(sa);

	if (sa->prev_same_address)
		ux_rcu_publish(&sa->prev_same_address->next_same_address, to);
	else
		ux_sa_table_set(&u->sad.by_address, sa->address_hash, ux_sad_address_equal, &key,
				to);
}

static void address_unlink(struct uxfrm *u, struct ux_sa *sa)
{
	struct ux_sa *next = ux_rcu_own(&sa->next_same_address);

	if (next)
		next->prev_same_address = sa->prev_same_address;
	address_point(u, sa, next);
}

static void address_swap(struct uxfrm *u, struct ux_sa *old, struct ux_sa *fresh)
{
	struct ux_sa *next = ux_rcu_own(&old->next_same_address);

	atomic_store_explicit(&fresh->next_same_address, next, memory_order_relaxed);
	fresh->prev_same_address = old->prev_same_address;
	if (next)
		next->prev_same_address = fresh;
	address_point(u, old, fresh);
}

/* The index of SPIs in use holds runtimes: a move does not touch it. Room must have been reserved.
 */
static void spi_link(struct uxfrm *u, const struct ux_sa *sa)
{
	struct ux_sa_runtime *r = sa->runtime, *head;

	if (r->spi != sa->id.spi) { /* workers may look at one that was here before */
		r->spi = sa->id.spi;
		r->proto = sa->id.proto;
	}
	r->next_same_spi = r->prev_same_spi = NULL;
	if (!r->spi) {
		ux_sa_table_set(&u->sad.by_spi, ux_sad_unnumbered_hash(u, r), ux_sad_is_runtime, r,
				r);
		return;
	}

	uint64_t hash = ux_sad_spi_hash(u, r->spi, r->proto);

	head = ux_sa_table_find(&u->sad.by_spi, hash, ux_sad_spi_equal, r);
	r->next_same_spi = head;
	if (head)
		head->prev_same_spi = r;
	ux_sa_table_set(&u->sad.by_spi, hash, ux_sad_spi_equal, r, r);
}

static void spi_unlink(struct uxfrm *u, struct ux_sa_runtime *r)
{
	if (!r->spi) {
		ux_sa_table_set(&u->sad.by_spi, ux_sad_unnumbered_hash(u, r), ux_sad_is_runtime, r,
				NULL);
		return;
	}
	if (r->next_same_spi)
		r->next_same_spi->prev_same_spi = r->prev_same_spi;
	if (r->prev_same_spi)
		r->prev_same_spi->next_same_spi = r->next_same_spi;
	else
		ux_sa_table_set(&u->sad.by_spi, ux_sad_spi_hash(u, r->spi, r->proto),
				ux_sad_spi_equal, r, r->next_same_spi);
}

/* ---- larval SAs and former tuples ---- */

static bool is_larval(const struct ux_sa *sa)
{
	return ux_sa_state_of(sa) == UX_SA_LARVAL;
}

static void larval_link(struct uxfrm *u, struct ux_sa *sa)
{
	struct ux_list *at = u->sad.larval.prev;
	struct ux_larval *larval = sa->runtime->larval;
	uint32_t seq = sa->runtime->terms.acquire_seq;

	larval->sa = sa;
	u->sad.n_acquired += larval->by_packet;
	if (!larval->deadline_ns)
		larval->deadline_ns = u->now_ns + u->params.acq_expires_s * NS_PER_S;
	/* nearly always the last: only one that keeps an earlier deadline goes further ahead */
	while (at != &u->sad.larval &&
	       ux_container_of(at, struct ux_larval, timed)->deadline_ns > larval->deadline_ns)
		at = at->prev;
	ux_list_insert_after(at, &larval->timed);
	if (seq)
		ux_list_push_front(&u->sad.by_seq[seq % UX_SAD_SEQ_BUCKETS], &larval->by_seq);
}

static void larval_unlink(struct uxfrm *u, struct ux_sa *sa)
{
	struct ux_larval *larval = sa->runtime->larval;

	u->sad.n_acquired -= larval->by_packet;
	ux_list_remove(&larval->timed);
	ux_list_remove(&larval->by_seq);
}

/* Its turn comes when that of the old one would have. */
static void larval_replace(struct uxfrm *u, struct ux_sa *old, struct ux_sa *fresh)
{
	struct ux_larval *from = old->runtime->larval, *to = fresh->runtime->larval;

	to->deadline_ns = from->deadline_ns;
	to->by_packet = from->by_packet;
	larval_link(u, fresh);
	ux_list_remove(&to->timed);
	ux_list_insert_after(&from->timed, &to->timed);
	larval_unlink(u, old);
}

static void grace_drop(struct uxfrm *u, struct ux_sa *sa)
{
	struct ux_sa_runtime *r = sa->runtime;

	if (r->grace == &sa->grace_link)
		r->grace = sa->grace_link.next == r->grace ? NULL : sa->grace_link.next;
	ux_list_remove(&sa->grace_link);
	ux_list_remove(&sa->timed);
	r->n_grace--;
	u->sad.n_grace--;
	tuple_unlink(u, sa);
	ux_generation_move(&u->generation);
	if (ux_companion_wanted(sa))
		ux_companion_leave(u, sa);
	ux_watch_visible(u, sa, false);
	ux_retire_add(&u->retire, sa, sa_retired);
}

/* To the inbound look-up these are one and the same. */
static bool same_inbound(const struct ux_sa *a, const struct ux_sa *b)
{
	if (a->mark.v != b->mark.v || a->mark.m != b->mark.m || a->encap.type != b->encap.type ||
	    !ux_sad_same_tuple(&a->id, &b->id))
		return false;
	/* packets that were not compressed come by a companion, which has its place by the source */
	return !ux_companion_wanted(a) || ux_addr_equal(&a->saddr, &b->saddr, a->id.family);
}

static void grace_drop_like(struct uxfrm *u, const struct ux_sa *sa)
{
	struct ux_list *pos = sa->runtime->grace;

	for (unsigned int n = sa->runtime->n_grace; n > 0; n--) {
		struct ux_sa *g = ux_container_of(pos, struct ux_sa, grace_link);

		pos = pos->next;
		if (same_inbound(g, sa))
			grace_drop(u, g);
	}
}

static void grace_add(struct uxfrm *u, struct ux_sa *sa)
{
	struct ux_sa_runtime *r = sa->runtime;

	grace_drop_like(u, sa);
	if (r->n_grace == UX_SAD_GRACE_MAX)
		grace_drop(u, ux_container_of(r->grace->prev, struct ux_sa, grace_link));
	atomic_store_explicit(&sa->grace, true, memory_order_release);
	sa->deadline_ns = u->now_ns + u->params.grace_ms * NS_PER_MS;
	/* it has left the lists of what clients see, in whose place these are */
	ux_list_init(&sa->grace_link);
	if (r->grace)
		ux_list_push_back(r->grace, &sa->grace_link);
	r->grace = &sa->grace_link;
	ux_list_push_back(&u->sad.grace_queue, &sa->timed);
	r->n_grace++;
	u->sad.n_grace++;
}

/* ---- changes ---- */

/* 0: not known yet. */
static void hash_sa(const struct uxfrm *u, struct ux_sa *sa)
{
	struct ux_address_key key = ux_sad_address_key(sa);

	if (!sa->tuple_hash)
		sa->tuple_hash = ux_sad_tuple_hash(u, &sa->id);
	if (!sa->address_hash)
		sa->address_hash = ux_sad_address_hash(u, &key);
}

static int reserve(struct uxfrm *u)
{
	int err = ux_sa_table_reserve(&u->sad.by_tuple, 1, &u->retire);

	if (err == 0)
		err = ux_sa_table_reserve(&u->sad.by_address, 1, &u->retire);
	if (err == 0)
		err = ux_sa_table_reserve(&u->sad.by_spi, 1, &u->retire);
	return err;
}

int ux_sad_reserve_moves(struct uxfrm *u, size_t n)
{
	if (ux_sa_table_reserve(&u->sad.by_tuple, n, &u->retire) < 0 ||
	    ux_sa_table_reserve(&u->sad.by_address, n, &u->retire) < 0 ||
	    ux_sa_table_reserve(&u->sad.by_spi, 1, NULL) < 0)
		return -ENOMEM;
	return ux_former_reserve_many(u, n);
}

static void companion_leave(struct uxfrm *u, struct ux_sa_runtime *r)
{
	struct ux_sa_runtime *companion = ux_companion_of(r);

	if (!companion)
		return;
	r->terms.rare->companion = NULL;
	ux_companion_release(u, companion);
}

/* @leaving: SAs that go as soon as this one is there. */
static int insert(struct uxfrm *u, struct ux_sa *sa, uint32_t leaving)
{
	if (u->params.max_sa && u->sad.n_sa - leaving >= u->params.max_sa)
		return -ENOMEM;
	if (ux_companion_wanted(sa) && ux_companion_attach(u, sa) < 0)
		return -ENOMEM;
	if (reserve(u) < 0) {
		companion_leave(u, sa->runtime);
		return -ENOMEM;
	}
	hash_sa(u, sa);
	ux_rcu_publish(&sa->runtime->current, sa);
	spi_link(u, sa);
	address_link(u, sa);
	tuple_link(u, sa);
	if (is_larval(sa))
		larval_link(u, sa);
	ux_generation_move(&u->generation);
	ux_list_push_front(&u->sad.all, &sa->all);
	u->sad.n_sa++;
	ux_lifetime_start(u, sa->runtime->timer);
	ux_sa_events_published(u, sa);
	ux_watch_visible(u, sa, true);
	if (ux_sa_is_companion(sa))
		ux_watch_companion(u, sa->id.family, true);
	return 0;
}

int ux_sad_insert(struct uxfrm *u, struct ux_sa *sa)
{
	return insert(u, sa, 0);
}

int ux_sad_fulfil(struct uxfrm *u, struct ux_sa *larval, struct ux_sa *sa)
{
	int err = insert(u, sa, 1);

	if (err == 0)
		ux_sad_remove(u, larval);
	return err;
}

static void drop_all_grace(struct uxfrm *u, struct ux_sa_runtime *r)
{
	while (r->grace)
		grace_drop(u, ux_container_of(r->grace, struct ux_sa, grace_link));
}

/* What belongs to a runtime that clients do not see any more: former identities, its SPI. */
static void runtime_hide(struct uxfrm *u, struct ux_sa_runtime *r)
{
	ux_rcu_publish(&r->current, NULL);
	ux_lifetime_stop(u, r->timer);
	ux_sa_events_stop(u, r);
	ux_former_remove_all(u, r);
	spi_unlink(u, r);
	companion_leave(u, r);
}

/*
 * A moved SA gets a companion at its new addresses. The one before stays as long as packets may
 * come by @old. Without memory for it: a move does not fail any more here, and the one there is
 * stays for @fresh.
 */
static void companion_follow(struct uxfrm *u, const struct ux_sa *old, const struct ux_sa *fresh,
			     bool grace)
{
	struct ux_sa_runtime *held = ux_companion_of(fresh->runtime);

	if (!held || (fresh->id.family == old->id.family && fresh->mark.v == old->mark.v &&
		      fresh->mark.m == old->mark.m &&
		      ux_addr_equal(&fresh->id.daddr, &old->id.daddr, old->id.family) &&
		      ux_addr_equal(&fresh->saddr, &old->saddr, old->id.family)))
		return;
	bool followed = ux_companion_attach(u, fresh) == 0;

	if (followed && !grace)
		ux_companion_release(u, held);
	else if (!followed && grace)
		held->terms.rare->companion_users++; /* for both */
}

/* And its former tuples. */
static void runtime_leave(struct uxfrm *u, struct ux_sa_runtime *r)
{
	drop_all_grace(u, r);
	runtime_hide(u, r);
}

static bool same_address_key(const struct ux_sa *a, const struct ux_sa *b)
{
	struct ux_address_key key = ux_sad_address_key(b);

	return ux_sad_address_equal(a, &key);
}

/* Does @old stay for the packets that were on their way to it? */
static bool wants_grace(const struct uxfrm *u, const struct ux_sa *old, const struct ux_sa *fresh)
{
	return u->params.grace_ms && old->dir != UX_SA_DIR_OUT && old->runtime == fresh->runtime &&
	       !same_inbound(old, fresh);
}

/* What comes by @fresh may come by another port than what was sent before it moved. */
static void note_other_port(struct ux_sa_runtime *r)
{
	atomic_store_explicit(&r->overtakes, true, memory_order_relaxed);
}

static void reset_stats(struct ux_sa_stats *stats)
{
	atomic_store_explicit(&stats->replay_window, 0, memory_order_relaxed);
	atomic_store_explicit(&stats->replay, 0, memory_order_relaxed);
	atomic_store_explicit(&stats->integrity_failed, 0, memory_order_relaxed);
}

static void replace_in_lists(struct uxfrm *u, struct ux_sa *old, struct ux_sa *fresh, bool moved)
{
	if (is_larval(old) && is_larval(fresh)) {
		larval_replace(u, old, fresh);
	} else {
		if (is_larval(old))
			larval_unlink(u, old);
		if (is_larval(fresh))
			larval_link(u, fresh);
	}
	if (moved) {
		reset_stats(&fresh->runtime->stats);
		ux_list_push_front(&u->sad.all, &fresh->all);
		ux_walk_remove(&u->sad.cursors, &old->all);
	} else {
		ux_walk_replace(&u->sad.cursors, &old->all, &fresh->all);
	}
}

/* Make @fresh reachable: in the place of @old, or beside it. */
static void show(struct uxfrm *u, struct ux_sa *old, struct ux_sa *fresh, bool same_tuple,
		 bool same_address)
{
	if (same_tuple)
		tuple_swap(u, old, fresh);
	else
		tuple_link(u, fresh);
	if (same_address)
		address_swap(u, old, fresh);
	else
		address_link(u, fresh);
	ux_rcu_publish(&fresh->runtime->current, fresh);
}

int ux_sad_replace(struct uxfrm *u, struct ux_sa *old, struct ux_sa *fresh, bool moved)
{
	struct ux_sa_runtime *old_runtime = old->runtime;
	bool shared = old_runtime == fresh->runtime;
	bool grace = moved && wants_grace(u, old, fresh);

	if (moved)
		fresh->deadline_ns = u->now_ns + u->params.grace_ms * NS_PER_MS;
	hash_sa(u, fresh);
	if (reserve(u) < 0)
		return -ENOMEM;
	if (moved && shared && ux_former_reserve(u) < 0)
		return -ENOMEM;

	if (grace)
		note_other_port(fresh->runtime);
	/* first everything that makes the new one reachable; the former identity before all, as a
	 * swap under one address key hides the old SA at once */
	if (moved && shared) {
		companion_follow(u, old, fresh, grace);
		ux_former_update(u, old, fresh);
	}
	ux_watch_visible(u, fresh, true);
	if (!shared)
		spi_link(u, fresh);
	bool same_tuple = ux_sad_same_tuple(&old->id, &fresh->id) && !grace;
	/* a moved one becomes the first of its chain, as in Linux */
	bool same_address =
	    same_address_key(old, fresh) && (!moved || old->prev_same_address == NULL);

	show(u, old, fresh, same_tuple, same_address);

	/* then what hides the old one */
	if (!same_address)
		address_unlink(u, old);
	ux_generation_move(&u->generation);
	replace_in_lists(u, old, fresh, moved);
	if (moved || !shared)
		ux_sa_events_published(u, fresh);
	if (!shared) {
		ux_lifetime_start(u, fresh->runtime->timer);
		runtime_leave(u, old_runtime);
	} else if (fresh->runtime->n_grace)
		grace_drop_like(u, fresh);
	if (moved)
		ux_interim_changed(u);
	if (grace) {
		grace_add(u, old);
		return 0;
	}
	if (!same_tuple)
		tuple_unlink(u, old);
	ux_generation_move(&u->generation);
	ux_watch_visible(u, old, false);
	ux_retire_add(&u->retire, old, sa_retired);
	return 0;
}

void ux_sad_give_up(struct ux_sa *sa)
{
	atomic_store_explicit(&sa->state, UX_SA_DEAD, memory_order_relaxed);
	ux_list_remove(&sa->runtime->larval->by_seq);
}

void ux_sad_remove(struct uxfrm *u, struct ux_sa *sa)
{
	if (ux_sa_is_companion(sa) && sa->runtime->terms.rare->companion_users)
		return; /* it is held */
	if (ux_sa_is_companion(sa))
		ux_watch_companion(u, sa->id.family, false);
	atomic_store_explicit(&sa->state, UX_SA_DEAD, memory_order_relaxed);
	runtime_leave(u, sa->runtime);
	tuple_unlink(u, sa);
	address_unlink(u, sa);
	ux_generation_move(&u->generation);
	if (sa->runtime->larval)
		larval_unlink(u, sa);
	ux_walk_remove(&u->sad.cursors, &sa->all);
	u->sad.n_sa--;
	ux_watch_visible(u, sa, false);
	ux_retire_add(&u->retire, sa, sa_retired);
}

/* ---- deleted, and perhaps back at once ---- */

void ux_sad_park(struct uxfrm *u, struct ux_sa *sa)
{
	ux_interim_changed(u);
	atomic_store_explicit(&sa->runtime->parked, true, memory_order_release);
	address_unlink(u, sa);
	ux_walk_remove(&u->sad.cursors, &sa->all);
	u->sad.n_sa--;
	atomic_store_explicit(&sa->grace, true, memory_order_release);
	/* among the parked before it is out of the index: ux_interim_moves_here */
	ux_interim_add(u, sa);
	runtime_hide(u, sa->runtime);
	/* its former identities are in no index any more */
	sa->runtime->first_former = sa->runtime->latest_former = 0;
	ux_generation_move(&u->generation);
}

void ux_sad_unpark(struct uxfrm *u, struct ux_sa *sa)
{
	atomic_store_explicit(&sa->state, UX_SA_DEAD, memory_order_relaxed);
	ux_interim_remove(u, sa);
	drop_all_grace(u, sa->runtime);
	tuple_unlink(u, sa);
	ux_generation_move(&u->generation);
	ux_watch_visible(u, sa, false);
	ux_retire_add(&u->retire, sa, sa_retired);
}

/* What the client may set when it installs an SA, taken over into the runtime it had. */
static int take_terms(struct ux_sa_runtime *r, const struct ux_sa_runtime *wanted)
{
	int err = ux_lifetime_prepare(r, ux_sa_limits(wanted));

	if (err == 0)
		err = ux_sa_set_limits(r, ux_sa_limits(wanted));
	if (err < 0)
		return err;
	r->terms.replay_maxage = wanted->terms.replay_maxage;
	atomic_store_explicit(
	    &r->terms.replay_maxdiff,
	    atomic_load_explicit(&wanted->terms.replay_maxdiff, memory_order_relaxed),
	    memory_order_relaxed);
	r->terms.acquire_seq = wanted->terms.acquire_seq;
	memcpy(r->terms.id_unused, wanted->terms.id_unused, sizeof(r->terms.id_unused));
	return 0;
}

int ux_sad_resume(struct uxfrm *u, struct ux_sa *parked, struct ux_sa *fresh, struct ux_sa *larval)
{
	struct ux_address_key was = ux_sad_address_key(parked);
	struct ux_sa_runtime *r = parked->runtime;
	bool grace =
	    u->params.grace_ms && parked->dir != UX_SA_DIR_OUT && !same_inbound(parked, fresh);

	if (u->params.max_sa && u->sad.n_sa - (larval ? 1 : 0) >= u->params.max_sa)
		return -ENOMEM;
	if (fresh->nat_keepalive_interval_s && ux_sa_events_prepare(r) < 0)
		return -ENOMEM;
	if (reserve(u) < 0 || ux_former_reserve(u) < 0 || take_terms(r, fresh->runtime) < 0)
		return -ENOMEM;
	/* while it was parked, what was noted of it was not found */
	atomic_store_explicit(&r->noted, 0, memory_order_release);
	ux_sa_share_runtime(fresh, r);
	if (grace)
		note_other_port(r);
	reset_stats(&r->stats);
	hash_sa(u, fresh);
	spi_link(u, fresh);
	ux_interim_remove(u, parked);
	/* policies may go on naming what it was, as after a move */
	parked->address_hash = ux_sad_address_hash(u, &was);
	ux_former_update(u, parked, fresh);
	address_link(u, fresh);
	tuple_link(u, fresh);
	ux_list_push_front(&u->sad.all, &fresh->all);
	u->sad.n_sa++;
	ux_rcu_publish(&r->current, fresh);
	ux_lifetime_start(u, r->timer);
	ux_sa_events_published(u, fresh);
	ux_watch_visible(u, fresh, true);
	/* from here on packets pass, by the new tuple and by those it had before */
	atomic_store_explicit(&r->parked, false, memory_order_release);
	if (larval)
		ux_sad_remove(u, larval);
	ux_interim_changed(u);
	if (r->n_grace)
		grace_drop_like(u, fresh);
	if (grace) {
		grace_add(u, parked);
		return 0;
	}
	tuple_unlink(u, parked);
	ux_generation_move(&u->generation);
	ux_watch_visible(u, parked, false);
	ux_retire_add(&u->retire, parked, sa_retired);
	return 0;
}

/* ---- time ---- */

static struct ux_sa *first_grace(const struct ux_sad *sad)
{
	return ux_list_empty(&sad->grace_queue)
		   ? NULL
		   : ux_container_of(sad->grace_queue.next, struct ux_sa, timed);
}

static struct ux_larval *first_larval(const struct ux_sad *sad)
{
	return ux_list_empty(&sad->larval)
		   ? NULL
		   : ux_container_of(sad->larval.next, struct ux_larval, timed);
}

/* So many in one go; when hundreds of thousands have moved at once, other work comes in between. */
#define TICK_MAX 4096

uint64_t ux_sad_tick(struct uxfrm *u)
{
	uint64_t next = UINT64_MAX;
	struct ux_larval *larval;
	struct ux_sa *grace;
	int n = 0;

	while ((grace = first_grace(&u->sad)) && grace->deadline_ns <= u->now_ns &&
	       n++ < TICK_MAX) {
		ux_sad_ahead_grace(u, grace);
		grace_drop(u, grace);
	}
	while ((larval = first_larval(&u->sad)) && larval->deadline_ns <= u->now_ns &&
	       n++ < TICK_MAX) {
		if (u->sa_expired)
			u->sa_expired(u, larval->sa, true);
		ux_sad_remove(u, larval->sa);
	}

	if (grace && grace->deadline_ns < next)
		next = grace->deadline_ns;
	if (larval && larval->deadline_ns < next)
		next = larval->deadline_ns;
	return next;
}

/* ---- dumps ---- */

void ux_sad_cursor_init(struct ux_sad_cursor *c)
{
	ux_walk_init(&c->walk);
}

struct ux_sa *ux_sad_cursor_next(struct ux_sad *sad, struct ux_sad_cursor *c)
{
	struct ux_list *item = ux_walk_next(&c->walk, &sad->cursors, &sad->all);

	return item ? ux_container_of(item, struct ux_sa, all) : NULL;
}

void ux_sad_cursor_back(struct ux_sad *sad, struct ux_sad_cursor *c)
{
	ux_walk_back(&c->walk);
}

void ux_sad_cursor_fini(struct ux_sad_cursor *c)
{
	ux_walk_fini(&c->walk);
}
