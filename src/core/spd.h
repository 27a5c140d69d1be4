/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * The policy database: a tree by selectors (spd_tree.h) that workers search under RCU, an index by
 * number, and a list of all for dumps. The smaller priority decides, then the older policy; one
 * that is replaced is as young as the one that replaces it.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "core/policy.h"
#include "core/sa_table.h"
#include "core/spd_tree.h"
#include "core/walk.h"

struct uxfrm;

/*
 * From which prefix lengths on Linux looks policies up by a hash of the addresses. Searching here
 * needs no such advice: kept for those who ask, without effect.
 */
struct ux_spd_threshold {
	uint8_t local_bits, remote_bits;
};

struct ux_spd {
	struct ux_spd_tree tree;
	struct ux_sa_table by_index; /* control thread only */
	struct ux_list all;	     /* ux_policy.all, newest first */
	struct ux_list cursors;	     /* open dumps */
	uint64_t next_seq;	     /* of the next policy */
	uint32_t max_reqid;	     /* no template has had a larger one */
	_Atomic(uint8_t)
	    default_action[UX_POLICY_DIRS]; /* workers read; UX_POLICY_ALLOW at first */
	_Atomic(uint32_t) n_icmp_out; /* UX_POLICY_OUT with UX_POLICY_FLAG_ICMP; workers read */
	_Atomic(uint32_t) n_sub[UX_POLICY_DIRS]; /* of type sub; workers read */
	uint32_t n[UX_POLICY_DIRS];
	uint32_t index_generator;
	struct ux_spd_threshold threshold4, threshold6; /* control thread */
};

int ux_spd_init(struct uxfrm *u) UX_MUST_CHECK;
void ux_spd_fini(struct uxfrm *u);

/*
 * ux_spd_lookup - the policy for a flow, NULL if none: what was right at one instant during the
 * call. One of type sub comes before those of type main, whatever their priorities. While a policy is replaced that is the old one or the new one. Worker, inside a read
 * section.
 */
struct ux_policy *ux_spd_lookup(struct uxfrm *u, enum ux_policy_dir dir,
				const struct ux_flow_key *flow, uint32_t if_id);
/* ux_spd_lookup_type - the same among those of one type. */
struct ux_policy *ux_spd_lookup_type(struct uxfrm *u, enum ux_policy_dir dir, uint8_t type,
				     const struct ux_flow_key *flow, uint32_t if_id);
/* ux_spd_lookup_all - as ux_spd_lookup for @n flows of one direction; each query has flow and group.if_id.
 * Among many policies much quicker than one after the other. */
void ux_spd_lookup_all(struct uxfrm *u, enum ux_policy_dir dir, struct ux_spd_query *queries,
		       size_t n);
/*
 * ux_spd_ports_decide - would @found (what the look-up gave, NULL if nothing) or a policy in front
 * of it be decided by ports? A later fragment does not show them. As ux_spd_lookup.
 */
bool ux_spd_ports_decide(struct uxfrm *u, enum ux_policy_dir dir, const struct ux_flow_key *flow,
			 uint32_t if_id, const struct ux_policy *found);

/*
 * ux_spd_quotes_decide - may an outbound ICMP error that no policy is for go by the policy of the
 * packet it quotes? A later fragment does not show that. Any thread.
 */
static inline bool ux_spd_quotes_decide(const struct ux_spd *spd)
{
	return atomic_load_explicit(&spd->n_icmp_out, memory_order_relaxed);
}

/* ux_spd_default - the action for a flow without policy. Any thread. */
static inline uint8_t ux_spd_default(const struct ux_spd *spd, enum ux_policy_dir dir)
{
	return atomic_load_explicit(&spd->default_action[dir], memory_order_relaxed);
}
/* ux_spd_set_default - control thread. The owner of the engine hears of UX_POLICY_OUT as of a
 * policy for everything that blocks. */
void ux_spd_set_default(struct uxfrm *u, enum ux_policy_dir dir, uint8_t action);

/* What names a policy in a request, beside its index. */
struct ux_policy_key {
	uint8_t type, dir;
	uint32_t if_id;
	struct ux_mark mark; /* exact */
	const struct ux_selector *sel;
	const struct ux_label *label; /* NULL: of those without */
};
struct ux_policy *ux_spd_find(struct uxfrm *u, const struct ux_policy_key *key);
struct ux_policy *ux_spd_find_by_index(struct uxfrm *u, const struct ux_policy_key *key,
				       uint32_t index);

/* ux_spd_find_by_flow - the policy for a flow, as ux_spd_lookup, among those of @key's type, dir
 * and if_id. Control thread. */
struct ux_policy *ux_spd_find_by_flow(struct uxfrm *u, const struct ux_policy_key *key,
				      const struct ux_flow_key *flow);

/*
 * ux_spd_insert - publish @policy (takes it). A policy with the same
 * type, dir, if_id, mark and selector is replaced (it keeps the index) unless @exclusive: then
 * -EEXIST and the caller keeps @policy. The index is assigned here when policy->index is 0 or
 * taken. -ENOMEM: also when max_policy is reached; the caller keeps @policy. *ret_replaced tells
 * which happened (may be NULL).
 */
int ux_spd_insert(struct uxfrm *u, struct ux_policy *policy, bool exclusive,
		  bool *ret_replaced) UX_MUST_CHECK;
/*
 * ux_spd_rewrite - publish @policy, which differs from @old in its templates only, in the place of
 * @old: index, counters, place in the order and in dumps stay. Takes @policy.
 */
void ux_spd_rewrite(struct uxfrm *u, struct ux_policy *old, struct ux_policy *policy);
void ux_spd_remove(struct uxfrm *u, struct ux_policy *policy);

/* ux_spd_prefetch_index - a policy with this index will be looked up or taken out. */
void ux_spd_prefetch_index(const struct uxfrm *u, uint32_t index);

/* Cursors as in sad.h. */
struct ux_spd_cursor {
	struct ux_walk walk;
};
void ux_spd_cursor_init(struct ux_spd_cursor *c);
struct ux_policy *ux_spd_cursor_next(struct ux_spd *spd, struct ux_spd_cursor *c);
void ux_spd_cursor_back(struct ux_spd *spd, struct ux_spd_cursor *c);
void ux_spd_cursor_fini(struct ux_spd_cursor *c);
