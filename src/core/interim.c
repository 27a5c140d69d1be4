/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/interim.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "core/companion.h"
#include "core/instance.h"
#include "core/replay.h"

#define NS_PER_MS UINT64_C(1000000)

/* A policy that is gone for the moment, or that another with the same name has taken the place of. */
struct ux_gap {
	/* const after publish */
	uint32_t slot;	 /* its number among ux_interim.gaps */
	uint32_t number; /* of those ever opened, from 1 */
	uint8_t dir, type, n_templates;
	bool replaced; /* nothing waits for it */
	uint32_t if_id;
	struct ux_mark mark;
	struct ux_selector sel;
	const struct ux_label *label; /* control thread; NULL: none */
	struct ux_template templates[UX_TEMPLATES_MAX];
	/* control thread */
	struct ux_list timed;
	uint64_t deadline_ns;
};

void ux_interim_init(struct uxfrm *u)
{
	struct ux_interim *i = &u->interim;

	ux_list_init(&i->parked);
	ux_list_init(&i->gaps_by_time);
	for (uint32_t k = 0; k < UX_PARKED_BUCKETS; k++)
		ux_list_init(&i->parked_by_spi[k]);
}

static void close_gap(struct uxfrm *u, struct ux_gap *gap)
{
	struct ux_interim *i = &u->interim;

	ux_rcu_publish(&i->gaps[gap->slot], NULL);
	atomic_fetch_sub_explicit(&i->n_gaps, 1, memory_order_release);
	ux_list_remove(&gap->timed);
	ux_shared_release(gap->label);
	ux_retire_add(&u->retire, gap, free);
}

static struct ux_gap *first_gap(const struct ux_interim *i)
{
	return ux_list_empty(&i->gaps_by_time)
		   ? NULL
		   : ux_container_of(i->gaps_by_time.next, struct ux_gap, timed);
}

static struct ux_sa *first_parked(const struct ux_interim *i)
{
	return ux_list_empty(&i->parked) ? NULL
					 : ux_container_of(i->parked.next, struct ux_sa, timed);
}

void ux_interim_fini(struct uxfrm *u)
{
	struct ux_gap *gap;
	struct ux_sa *sa;

	if (!u->interim.parked.next) /* never initialised */
		return;
	while ((sa = first_parked(&u->interim)))
		ux_sad_unpark(u, sa);
	while ((gap = first_gap(&u->interim)))
		close_gap(u, gap);
}

void ux_interim_look_again(struct uxfrm *u)
{
	atomic_fetch_add_explicit(&u->interim.changes, 1, memory_order_release);
}

void ux_interim_changed(struct uxfrm *u)
{
	ux_interim_look_again(u);
	ux_generation_move(&u->generation);
}

uint64_t ux_interim_tick(struct uxfrm *u)
{
	struct ux_gap *gap;
	struct ux_sa *sa;
	uint64_t next = UINT64_MAX;

	while ((sa = first_parked(&u->interim)) && sa->deadline_ns <= u->now_ns) {
		ux_sad_unpark(u, sa);
		ux_interim_changed(u);
	}
	while ((gap = first_gap(&u->interim)) && gap->deadline_ns <= u->now_ns) {
		close_gap(u, gap);
		ux_interim_changed(u);
	}
	if (sa)
		next = sa->deadline_ns;
	if (gap && gap->deadline_ns < next)
		next = gap->deadline_ns;
	return next;
}

/* ---- SAs ---- */

bool ux_interim_parks(struct uxfrm *u, const struct ux_sa *sa)
{
	if (!u->params.hold_ms || ux_sa_state_of(sa) != UX_SA_VALID || !sa->runtime->keys ||
	    !sa->id.spi)
		return false;
	/* it has no key and no numbers that could go on */
	if (sa->id.proto == IPPROTO_COMP)
		return false;
	if (u->interim.n_parked == UX_PARKED_MAX) {
		ux_sad_unpark(u, first_parked(&u->interim));
		ux_interim_changed(u); /* what waits for it waits in vain */
	}
	return true;
}

static struct ux_list *bucket_of(struct uxfrm *u, __be32 spi)
{
	return &u->interim.parked_by_spi[be32toh(spi) % UX_PARKED_BUCKETS];
}

static void change_count(_Atomic(uint16_t) *count, int change)
{
	atomic_store_explicit(
	    count, (uint16_t)(atomic_load_explicit(count, memory_order_relaxed) + change),
	    memory_order_relaxed);
}

static void count_parked(struct uxfrm *u, const struct ux_sa *sa, int change)
{
	struct ux_interim *i = &u->interim;

	change_count(&i->parked_reqids[sa->reqid % UX_PARKED_BUCKETS], change);
	change_count(&i->parked_spis[be32toh(sa->id.spi) % UX_PARKED_BUCKETS], change);
}

bool ux_interim_moves_here(struct uxfrm *u, __be32 spi, uint8_t proto)
{
	/* a parked one is out of the index; the order is that in which it comes back */
	return atomic_load_explicit(&u->interim.parked_spis[be32toh(spi) % UX_PARKED_BUCKETS],
				    memory_order_acquire) ||
	       ux_sad_spi_in_use(u, spi, proto);
}

void ux_interim_add(struct uxfrm *u, struct ux_sa *sa)
{
	sa->deadline_ns = u->now_ns + u->params.hold_ms * NS_PER_MS;
	ux_list_init(&sa->timed);
	ux_list_init(&sa->grace_link);
	ux_list_push_back(&u->interim.parked, &sa->timed);
	ux_list_push_front(bucket_of(u, sa->id.spi), &sa->grace_link);
	count_parked(u, sa, 1);
	u->interim.n_parked++;
}

void ux_interim_remove(struct uxfrm *u, struct ux_sa *sa)
{
	ux_list_remove(&sa->timed);
	ux_list_remove(&sa->grace_link);
	count_parked(u, sa, -1);
	u->interim.n_parked--;
}

static bool same_key(const struct ux_algo_key *a, const struct ux_algo_key *b)
{
	return a->name == b->name && a->key_bits == b->key_bits && a->icv_bits == b->icv_bits &&
	       memcmp(a->key, b->key, (a->key_bits + 7) / 8) == 0;
}

static bool same_keys(const struct ux_sa_keys *a, const struct ux_sa_keys *b)
{
	if (!a || !b || a->present != b->present)
		return false;
	for (uint32_t i = 0; i < (uint32_t)__builtin_popcount(a->present); i++)
		if (!same_key(&a->algo[i], &b->algo[i]))
			return false;
	return true;
}

/* The label decides who may use the SA. */
static bool same_rare(const struct ux_sa_rare *a, const struct ux_sa_rare *b)
{
	static const struct ux_sa_rare none;

	a = a ? a : &none;
	b = b ? b : &none;
	return ux_label_same(a->label, b->label) && a->has_coaddr == b->has_coaddr &&
	       memcmp(&a->coaddr, &b->coaddr, sizeof(a->coaddr)) == 0;
}

/* What workers read of the runtime and nothing may change. */
static bool same_terms(const struct ux_sa_runtime *a, const struct ux_sa_runtime *b)
{
	const struct ux_replay_window *wa = ux_rcu_own(&a->replay), *wb = ux_rcu_own(&b->replay);

	return a->terms.tfcpad == b->terms.tfcpad && a->terms.extra_flags == b->terms.extra_flags &&
	       a->terms.pcpu == b->terms.pcpu && a->terms.esn_attr == b->terms.esn_attr &&
	       a->terms.replay_bmp_len == b->terms.replay_bmp_len && wa->window == wb->window &&
	       wa->esn == wb->esn && same_rare(a->terms.rare, b->terms.rare);
}

/*
 * Counters that the SA had before it was deleted: none ahead of those it has reached. A request
 * without any wants to begin anew, and its peer may too.
 */
static bool counters_before(const struct ux_sa_runtime *r, const struct ux_sa_params *p)
{
	const struct ux_replay_window *w = ux_rcu_own(&r->replay);
	bool any = p->has_curlft || p->oseq || p->iseq;

	return any && p->oseq <= atomic_load_explicit(&r->oseq, memory_order_relaxed) &&
	       p->iseq <= atomic_load_explicit(&w->top, memory_order_relaxed);
}

struct ux_sa *ux_interim_find(struct uxfrm *u, const struct ux_sa *fresh,
			      const struct ux_sa_params *params)
{
	struct ux_list *pos;

	if (!u->interim.n_parked)
		return NULL;
	ux_list_for_each (pos, bucket_of(u, fresh->id.spi)) {
		struct ux_sa *sa = ux_container_of(pos, struct ux_sa, grace_link);

		if (sa->id.spi == fresh->id.spi && sa->id.proto == fresh->id.proto &&
		    same_keys(sa->runtime->keys, fresh->runtime->keys) &&
		    same_terms(sa->runtime, fresh->runtime) && counters_before(sa->runtime, params))
			return sa;
	}
	return NULL;
}

/* ---- policies ---- */

static bool protects(const struct ux_policy *policy)
{
	return policy->action == UX_POLICY_ALLOW && policy->n_templates;
}

static uint32_t free_slot(const struct ux_interim *i)
{
	uint32_t slot = 0;

	while (slot < UX_GAPS_MAX && ux_rcu_own(&i->gaps[slot]))
		slot++;
	return slot;
}

static void open_gap(struct uxfrm *u, const struct ux_policy *policy, bool replaced, uint32_t most)
{
	struct ux_interim *i = &u->interim;
	struct ux_gap *gap;

	if (!u->params.hold_ms || !protects(policy) ||
	    atomic_load_explicit(&i->n_gaps, memory_order_relaxed) >= most)
		return;
	gap = calloc(1, sizeof(*gap));
	if (!gap) /* then nothing waits, as in Linux */
		return;
	gap->replaced = replaced;
	gap->slot = free_slot(i);
	gap->dir = policy->dir;
	gap->type = policy->type;
	gap->if_id = policy->if_id;
	gap->mark = policy->mark;
	gap->sel = policy->sel;
	gap->label = ux_shared_hold_again(policy->label);
	gap->n_templates = policy->n_templates;
	memcpy(gap->templates, policy->templates, policy->n_templates * sizeof(*gap->templates));
	gap->deadline_ns = u->now_ns + u->params.hold_ms * NS_PER_MS;
	gap->number = atomic_load_explicit(&i->n_opened, memory_order_relaxed) + 1;
	ux_list_push_back(&i->gaps_by_time, &gap->timed);
	ux_rcu_publish(&i->gaps[gap->slot], gap);
	atomic_fetch_add_explicit(&i->n_gaps, 1, memory_order_release);
	/* who sees the number remembers nothing from before it (ux_interim_allowed) */
	ux_generation_move(&u->generation);
	atomic_store_explicit(&i->n_opened, gap->number, memory_order_release);
	ux_interim_changed(u);
}

static bool is_of(const struct ux_gap *gap, const struct ux_policy *policy)
{
	return gap->dir == policy->dir && gap->type == policy->type &&
	       gap->if_id == policy->if_id && gap->mark.v == policy->mark.v &&
	       gap->mark.m == policy->mark.m && ux_selector_equal(&gap->sel, &policy->sel) &&
	       ux_label_same(gap->label, policy->label);
}

static void close_gaps(struct uxfrm *u, const struct ux_policy *policy, bool replaced)
{
	struct ux_list *pos, *next;

	if (atomic_load_explicit(&u->interim.n_gaps, memory_order_relaxed) == 0)
		return;
	ux_list_for_each_safe (pos, next, &u->interim.gaps_by_time) {
		struct ux_gap *gap = ux_container_of(pos, struct ux_gap, timed);

		if (gap->replaced != replaced || !is_of(gap, policy))
			continue;
		/* before it is gone too: who has missed the policy sees the gap, or that something
		 * changed */
		ux_interim_changed(u);
		close_gap(u, gap);
	}
}

void ux_interim_close(struct uxfrm *u, const struct ux_policy *policy)
{
	if (policy->action == UX_POLICY_ALLOW)
		close_gaps(u, policy, false);
}

void ux_interim_open(struct uxfrm *u, const struct ux_policy *policy)
{
	/* what it was before goes with it */
	close_gaps(u, policy, true);
	open_gap(u, policy, false, UX_GAPS_MAX);
}

static bool same_template(const struct ux_template *a, const struct ux_template *b)
{
	return a->proto == b->proto && a->mode == b->mode && a->reqid == b->reqid;
}

void ux_interim_replace(struct uxfrm *u, const struct ux_policy *old, const struct ux_policy *policy)
{
	/* Only where it is the addresses that have changed: whoever wants other protection gets it. */
	bool moves = old->dir != UX_POLICY_OUT && protects(policy) &&
		     old->n_templates == policy->n_templates &&
		     memcmp(old->templates, policy->templates,
			    old->n_templates * sizeof(*old->templates)) != 0;

	for (uint32_t k = 0; moves && k < old->n_templates; k++)
		moves = same_template(&old->templates[k], &policy->templates[k]);
	if (!moves) {
		close_gaps(u, old, true);
		return;
	}
	/* those who wait for policies come first */
	open_gap(u, old, true, UX_GAPS_MAX / 2);
}

/* ---- workers ---- */

static bool any_gap(const struct ux_interim *i)
{
	return atomic_load_explicit(&i->n_gaps, memory_order_acquire);
}

bool ux_interim_waits_out(struct uxfrm *u, const struct ux_flow_key *flow, uint32_t if_id)
{
	for (uint32_t i = 0; any_gap(&u->interim) && i < UX_GAPS_MAX; i++) {
		const struct ux_gap *gap = ux_rcu_follow(&u->interim.gaps[i]);

		if (gap && gap->dir == UX_POLICY_OUT && gap->type == UX_POLICY_TYPE_MAIN &&
		    gap->if_id == if_id && gap->sel.family == flow->family &&
		    (flow->mark & gap->mark.m) == gap->mark.v && ux_selector_match(&gap->sel, flow))
			return true;
	}
	return false;
}

static bool address_fits(const struct ux_addr *wanted, const struct ux_addr *has,
			 uint16_t wanted_family, uint16_t family)
{
	return ux_addr_is_any(wanted, wanted_family) ||
	       (wanted_family == family && ux_addr_equal(wanted, has, family));
}

static bool identity_fits(const struct ux_template *t, const struct ux_former_identity *id)
{
	return (!t->reqid || t->reqid == id->reqid) &&
	       (t->mode == UX_MODE_TRANSPORT ||
		(address_fits(&t->daddr, &id->daddr, t->family, id->family) &&
		 address_fits(&t->saddr, &id->saddr, t->family, id->family)));
}

static struct ux_former_identity identity_of(const struct ux_sa *sa)
{
	return (struct ux_former_identity){sa->id.daddr, sa->saddr, sa->reqid, sa->mark,
					   sa->id.family};
}

/* A companion stands for an IPComp SA that was allowed to do nothing, and has neither its reqid nor
 * its SPI. */
static bool stands_for(const struct ux_template *t, const struct ux_sa *companion)
{
	return t->optional && t->proto == IPPROTO_COMP &&
	       address_fits(&t->saddr, &companion->saddr, t->family, companion->id.family);
}

/* By what it is, by what has taken its place, or by what it was: the policy may be about to follow
 * a move, or have followed one that the packet does not know of. */
static bool template_names(const struct ux_template *t, const struct ux_sa *sa)
{
	const struct ux_former_set *former = ux_rcu_follow(&sa->runtime->former);
	uint32_t n = former ? atomic_load_explicit(&former->n, memory_order_acquire) : 0;
	const struct ux_sa *current = ux_rcu_follow(&sa->runtime->current);
	const struct ux_former_identity now = identity_of(sa);

	if (ux_sa_is_companion(sa))
		return stands_for(t, sa);
	if (t->proto != sa->id.proto || t->mode != sa->mode)
		return false;
	if (identity_fits(t, &now))
		return true;
	if (current && current != sa) {
		const struct ux_former_identity its = identity_of(current);

		if (identity_fits(t, &its))
			return true;
	}
	for (uint32_t i = 0; i < n; i++)
		if (identity_fits(t, &former->id[i]))
			return true;
	return false;
}

bool ux_interim_waits_in(struct uxfrm *u, const struct ux_sa *sa)
{
	for (uint32_t i = 0; any_gap(&u->interim) && i < UX_GAPS_MAX; i++) {
		const struct ux_gap *gap = ux_rcu_follow(&u->interim.gaps[i]);

		if (!gap || gap->replaced || gap->dir == UX_POLICY_OUT ||
		    gap->if_id != sa->if_id)
			continue;
		for (uint32_t k = 0; k < gap->n_templates; k++)
			if (template_names(&gap->templates[k], sa))
				return true;
	}
	return false;
}

/* Every SA is one that was asked for, and there is one for each template that must have one. The
 * order does not matter: whoever installed the policy was asked for all of them. */
static bool names_all(const struct ux_gap *gap, struct ux_sa *const *bundle, uint32_t n)
{
	uint32_t named = 0; /* bits: templates */

	for (uint32_t i = 0; i < n; i++) {
		uint32_t names = 0;

		for (uint32_t k = 0; k < gap->n_templates; k++)
			names |= (uint32_t)template_names(&gap->templates[k], bundle[i]) << k;
		if (!names)
			return false;
		named |= names;
	}
	for (uint32_t k = 0; k < gap->n_templates; k++)
		if (!gap->templates[k].optional && !(named >> k & 1))
			return false;
	return true;
}

bool ux_interim_allowed(struct uxfrm *u, uint32_t since, enum ux_policy_dir dir,
			const struct ux_flow_key *flow, struct ux_sa *const *bundle, uint32_t n)
{
	for (uint32_t i = 0; any_gap(&u->interim) && i < UX_GAPS_MAX; i++) {
		const struct ux_gap *gap = ux_rcu_follow(&u->interim.gaps[i]);

		if (gap && gap->dir == dir && (gap->replaced || (int32_t)(gap->number - since) > 0) &&
		    gap->type == UX_POLICY_TYPE_MAIN && gap->if_id == bundle[n - 1]->if_id &&
		    gap->sel.family == flow->family && (flow->mark & gap->mark.m) == gap->mark.v &&
		    ux_selector_match(&gap->sel, flow) && names_all(gap, bundle, n))
			return true;
	}
	return false;
}
