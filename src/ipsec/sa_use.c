/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Numbers of SAs in use.
 *
 * Guarantee: whatever SA objects and threads use a runtime, each sequence number leaves
 * take_sequence once, and none beyond the limit. The IVs have the same property by
 * core/iv_ledger.h; the two are independent, so a number taken and not used is only a gap, and a
 * client that sets the numbers back (ux_sa_set_replay) does not bring IVs back.
 */

#include "ipsec/sa_use.h"

#include "ipsec/account.h"
#include "ipsec/protocol.h"

/* The last number the SA may send (RFC 4303 section 3.3.3). With OSEQ_MAY_WRAP the lower half goes
 * round for ever, as in Linux. */
uint64_t ux_sa_use_last(const struct ux_sa *sa)
{
	if ((sa->flags & UX_SA_ESN) || (sa->extra_flags & UX_SA_EXTRA_OSEQ_MAY_WRAP))
		return UINT64_MAX;
	return UINT32_MAX;
}

/* Up to @want numbers in a row; returns how many there were. */
static uint32_t take_sequence(struct ux_sa_runtime *rt, uint64_t limit, uint32_t want,
			      uint64_t *ret_first)
{
	_Atomic(uint64_t) *oseq = &rt->oseq;
	uint64_t last = atomic_load_explicit(oseq, memory_order_relaxed);
	uint64_t n;

	do {
		uint64_t left = last < limit ? limit - last : 0;

		n = left < want ? left : want;
		if (n == 0)
			return 0;
	} while (!atomic_compare_exchange_weak_explicit(oseq, &last, last + n, memory_order_relaxed,
							memory_order_relaxed));
	*ret_first = last + 1;
	return (uint32_t)n;
}

static bool take_ivs(struct ux_sa_runtime *rt, uint32_t n, uint64_t *ret_first)
{
	return !rt->transform->iv_len || (rt->iv && ux_iv_take(rt->iv, n, ret_first));
}

/* A block of numbers for the packets of one SA. */
struct number_block {
	uint64_t seq, iv;
	uint32_t n;		  /* of each */
	enum uxfrm_drop short_of; /* why there are not more */
};

static struct number_block take_block(struct ux_sa *sa, const struct ux_protocol *protocol,
				      uint32_t want)
{
	struct ux_sa_runtime *rt = sa->runtime;
	struct number_block b = {.short_of = UXFRM_DROP_OUT_SEQ};

	if (!protocol->numbered) {
		/* only the identification of IPv4 packets is made of it */
		b.seq = atomic_load_explicit(&rt->packets, memory_order_relaxed) + 1;
		b.n = want;
		return b;
	}
	b.n = take_sequence(rt, ux_sa_use_last(sa), want, &b.seq);
	if (b.n && !take_ivs(rt, b.n, &b.iv)) {
		b.n = 0;
		b.short_of = UXFRM_DROP_OUT_IV;
	}
	return b;
}

uint32_t ux_sa_use_take(struct ux_sa_runtime *rt, struct ux_iv_source *iv, uint64_t last_seq,
			uint32_t want, uint64_t *ret_seq, uint64_t *ret_iv)
{
	uint32_t n = take_sequence(rt, last_seq, want, ret_seq);

	*ret_iv = 0;
	return n && (!iv || ux_iv_take(iv, n, ret_iv)) ? n : 0;
}

/* Number the packets from live[@first] on that use the same SA as that one. */
static void number_sa(struct uxfrm_worker *w, size_t first)
{
	struct ux_sa *sa = w->live[first]->sa;
	struct number_block b = {.short_of = UXFRM_DROP_OUT_EXPIRED};
	uint64_t bytes = 0, packets = 0;
	uint32_t allowed;

	/* first, so that nobody else counts between what is allowed and what is counted */
	ux_worker_number(w, sa->runtime);
	allowed = ux_account_allow(w, first);
	if (allowed)
		b = take_block(sa, w->live[first]->protocol, allowed);
	if (b.n == allowed)
		b.short_of = UXFRM_DROP_OUT_EXPIRED;
	for (size_t i = first; i < w->n_live; i++) {
		struct ux_slot *s = w->live[i];

		if (s->sa != sa || s->done)
			continue;
		if (packets == b.n) {
			ux_worker_drop(w, s, b.short_of);
			continue;
		}
		s->seq = b.seq + packets;
		s->iv = b.iv + packets++;
		bytes += s->counted_len;
	}
	if (!packets)
		return;
	ux_account_count(sa->runtime, bytes, packets, w->now_s);
	ux_account_sequence(w, sa->runtime);
}

static enum uxfrm_drop keep_live(struct uxfrm_worker *w, struct ux_slot *s)
{
	return UXFRM_DROP_NONE;
}

void ux_sa_use_number(struct uxfrm_worker *w)
{
	for (size_t i = 0; i < w->n_live; i++)
		w->live[i]->seq = 0;
	/* A number of 0 is never given out but after a wrap that OSEQ_MAY_WRAP allows, in 2^64
	 * packets. */
	for (size_t i = 0; i < w->n_live; i++)
		if (w->live[i]->seq == 0 && !w->live[i]->done)
			number_sa(w, i);
	ux_worker_stage(w, keep_live);
}
