/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Inbound: one round for each SA the packet comes by, each stage over the whole burst.
 *
 *   outer headers -> [ SA, replay check -> decrypt -> replay commit, payload -> mode ] ... ->
 * policy -> deliver
 */

#include <uxfrm/api.h>

#include "base/rcu.h"
#include "core/companion.h"
#include "core/replay.h"
#include "ipsec/account.h"
#include "ipsec/fast.h"
#include "ipsec/hold.h"
#include "ipsec/inbound.h"
#include "ipsec/ipcomp.h"
#include "ipsec/mode.h"
#include "ipsec/policy_check.h"
#include "ipsec/protocol.h"
#include "ipsec/udp_encap.h"
#include "packet/udp.h"

#include <netinet/in.h>

/* Does the packet at hand, whose s->ip is known, carry a protocol of ours? Finds its header. */
static bool find_header(struct ux_slot *s)
{
	s->protocol = s->ip.fragment ? NULL : ux_protocol_of(s->ip.proto);
	if (!s->ip.fragment && (s->ip.proto == IPPROTO_IPIP || s->ip.proto == IPPROTO_IPV6))
		s->protocol = &ux_ipip;
	if (!s->protocol)
		return false;
	s->header = s->p->data + s->ip.header_len;
	s->rest_len = s->ip.total_len - s->ip.header_len;
	s->encap_type = UX_ENCAP_NONE;
	return true;
}

static enum uxfrm_drop parse_outer(struct uxfrm_worker *w, struct ux_slot *s)
{
	if (!ux_ip_parse(s->p->data, s->p->len, &s->ip))
		return UXFRM_DROP_IN_HEADER;
	if (s->ip.fragment)
		return UXFRM_DROP_FRAGMENT;
	if (s->ip.proto == IPPROTO_UDP)
		return ux_udp_encap_open(s);
	return find_header(s) ? UXFRM_DROP_NONE : UXFRM_DROP_IN_HEADER;
}

static void count_failure(_Atomic(uint32_t) *counter)
{
	atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

enum uxfrm_drop ux_inbound_replay_drop(struct ux_sa_runtime *rt, enum ux_replay answer)
{
	switch (answer) {
	case UX_REPLAY_NEW:
		return UXFRM_DROP_NONE;
	case UX_REPLAY_SEEN:
		count_failure(&rt->stats.replay);
		return UXFRM_DROP_IN_REPLAY;
	case UX_REPLAY_TOO_OLD:
		count_failure(&rt->stats.replay_window);
		return UXFRM_DROP_IN_TOO_OLD;
	default:
		return UXFRM_DROP_IN_SEQ_ZERO;
	}
}

static enum uxfrm_drop check_sa(const struct ux_slot *s)
{
	const struct ux_sa *sa = s->sa;

	if (sa->dir != UX_SA_DIR_NONE && sa->dir != UX_SA_DIR_IN)
		return UXFRM_DROP_IN_DIRECTION;
	if (ux_sa_state_of(sa) == UX_SA_LARVAL || !sa->runtime->transform)
		return UXFRM_DROP_IN_LARVAL;
	if (ux_sa_state_of(sa) != UX_SA_VALID || ux_sa_is_parked(sa))
		return UXFRM_DROP_IN_NO_SA;
	if (sa->encap.type != s->encap_type)
		return UXFRM_DROP_IN_ENCAP;
	return UXFRM_DROP_NONE;
}

static enum uxfrm_drop check_replay(struct ux_slot *s)
{
	struct ux_replay_window *replay = ux_rcu_follow(&s->sa->runtime->replay);

	/* As in Linux a window waits for numbers that do not come. */
	if (!s->protocol->numbered)
		return replay->window ? UXFRM_DROP_IN_SEQ_ZERO : UXFRM_DROP_NONE;
	s->seq = ux_replay_guess(replay, s->protocol->seq(s->header));
	return ux_inbound_replay_drop(s->sa->runtime, ux_replay_check(replay, s->seq));
}

static struct ux_sa *lookup_at(const struct uxfrm_worker *w, const struct ux_slot *s,
			       const struct ux_sa_id *id)
{
	return ux_sad_lookup_inbound(w->instance, id, s->p->mark, s->encap_type);
}

/*
 * What the SA @carrier has brought in transport mode was sent from and to where its sender had that
 * SA, which may have moved since, or not yet. All layers move together, so the inner ones are where
 * it is here; the addresses on the packet are nothing that it protects.
 */
static struct ux_sa *lookup_beside(const struct uxfrm_worker *w, const struct ux_slot *s,
				   const struct ux_sa *carrier)
{
	const struct ux_sa *current = ux_rcu_follow(&carrier->runtime->current);
	struct ux_sa_id id;

	if (!current || carrier->mode != UX_MODE_TRANSPORT || w->instance->params.strict_templates)
		return NULL;
	id = (struct ux_sa_id){.daddr = current->id.daddr, .family = current->id.family};
	if (s->protocol == &ux_ipip) {
		id.proto = ux_companion_proto(id.family);
		id.spi = ux_companion_spi(w->instance, id.family, &current->saddr);
	} else {
		id.proto = s->protocol->proto;
		id.spi = s->protocol->spi(w, s);
	}
	return lookup_at(w, s, &id);
}

static struct ux_sa *lookup(const struct uxfrm_worker *w, const struct ux_slot *s)
{
	struct ux_sa_id id = {
	    .spi = s->protocol->spi(w, s), .family = s->ip.family, .proto = s->protocol->proto};
	struct ux_addr saddr;
	struct ux_sa *sa;

	if (s->protocol == &ux_ipip)
		id.proto = ux_companion_proto(id.family);
	ux_ip_addresses(s->p->data, s->ip.family, &saddr, &id.daddr);
	sa = lookup_at(w, s, &id);
	if (!sa && s->n_bundle && (s->protocol == &ux_ipip || s->protocol == &ux_ipcomp))
		sa = lookup_beside(w, s, s->bundle[s->n_bundle - 1]);
	return sa;
}

static enum uxfrm_drop find_sa(struct uxfrm_worker *w, struct ux_slot *s)
{
	enum uxfrm_drop reason;

	if (s->rest_len < s->protocol->header_min)
		return UXFRM_DROP_IN_HEADER;
	/* Linux has as many places for them. */
	if (s->n_bundle == UX_TEMPLATES_MAX)
		return UXFRM_DROP_IN_BUNDLE;
	s->sa = lookup(w, s);
	if (s->sa && ux_hold_inbound(w, s))
		return UXFRM_DROP_NONE;
	reason = s->sa ? check_sa(s) : UXFRM_DROP_IN_NO_SA;
	if ((reason == UXFRM_DROP_IN_NO_SA || reason == UXFRM_DROP_IN_LARVAL) &&
	    ux_hold_changed(w, s, be32toh(s->protocol->spi(w, s))))
		return UXFRM_DROP_NONE;
	if ((reason == UXFRM_DROP_IN_NO_SA || reason == UXFRM_DROP_IN_ENCAP) &&
	    ux_hold_for_move(w, s))
		return UXFRM_DROP_NONE;
	if (reason == UXFRM_DROP_NONE && (ux_hold_for_older(w, s) || ux_hold_behind(w, s)))
		return UXFRM_DROP_NONE;
	if (s->sa)
		s->p->spi = be32toh(s->sa->id.spi);
	if (reason != UXFRM_DROP_NONE)
		return reason;
	s->bundle[s->n_bundle++] = s->sa;
	s->mode = ux_mode_of(s->sa->mode);
	reason = s->mode ? check_replay(s) : UXFRM_DROP_IN_MODE;
	if (reason == UXFRM_DROP_NONE && !ux_account_may_pass(w, s->sa))
		reason = UXFRM_DROP_IN_EXPIRED;
	return reason;
}

static void open_all(struct uxfrm_worker *w)
{
	size_t kept = 0;

	for (size_t i = 0; i < w->n_live; i++) {
		struct ux_slot *s = w->live[i];
		enum uxfrm_drop reason = s->protocol->open(s, &w->ops[kept]);

		if (reason == UXFRM_DROP_NONE)
			w->live[kept++] = s;
		else
			ux_worker_drop(w, s, reason);
	}
	w->n_live = kept;
}

static void decrypt(struct uxfrm_worker *w)
{
	ux_crypt_decrypt(w->crypto, w->ops, w->n_live);
	for (size_t i = 0; i < w->n_live; i++)
		if (!w->ops[i].ok)
			count_failure(&w->live[i]->sa->runtime->stats.integrity_failed);
	ux_worker_crypted(w, UXFRM_DROP_IN_ICV);
}

static void watch_source(struct uxfrm_worker *w, const struct ux_slot *s)
{
	struct ux_addr saddr, daddr;

	if (s->encap_type == UX_ENCAP_NONE)
		return;
	ux_ip_addresses(s->p->data, s->ip.family, &saddr, &daddr);
	ux_account_source(w, s->sa, &saddr, ux_udp_source(s->p->data + s->ip.header_len));
}

/*
 * The packet is genuine. Its number is used up now, whatever becomes of the packet; the first of
 * two copies in one burst wins here, not at the check before.
 */
static enum uxfrm_drop accept_packet(struct uxfrm_worker *w, struct ux_slot *s)
{
	struct ux_sa_runtime *rt = s->sa->runtime;
	/* perhaps not the window it was checked against; this is the one that counts */
	struct ux_replay_window *replay = ux_rcu_follow(&rt->replay);
	enum uxfrm_drop reason;

	/* those in front of it in the burst may have reached a limit */
	if (!ux_account_may_pass(w, s->sa))
		return UXFRM_DROP_IN_EXPIRED;
	reason = UXFRM_DROP_NONE;
	if (s->protocol->numbered)
		reason = ux_inbound_replay_drop(s->sa->runtime, ux_replay_commit(replay, s->seq));
	if (reason == UXFRM_DROP_NONE)
		reason = s->protocol->accept(w, s);
	if (reason != UXFRM_DROP_NONE)
		return reason;
	ux_account_count(rt, s->payload_len, 1, w->now_s);
	ux_account_sequence(w, rt);
	watch_source(w, s);
	return UXFRM_DROP_NONE;
}

static enum uxfrm_drop open_mode(struct uxfrm_worker *w, struct ux_slot *s)
{
	const struct ux_mark *m = &s->sa->output_mark;

	/* Linux (xfrm_smark_get) marks inbound packets too; policies see the new mark. */
	s->p->mark = (s->p->mark & ~m->m) | (m->v & m->m);
	return s->mode->open(s);
}

/* Is what came out for this host, and to be opened in turn? In transport mode the packet is for the
 * host as it was before. */
static bool carries_another(const struct uxfrm_worker *w, struct ux_slot *s)
{
	if (s->sa->mode != UX_MODE_TRANSPORT &&
	    !ux_local_contains(&w->instance->local, s->flow.family, &s->flow.daddr))
		return false;
	/* a tunnel without protection may be the host's */
	return find_header(s) && (s->protocol != &ux_ipip || lookup(w, s));
}

static enum uxfrm_drop settle(struct uxfrm_worker *w, struct ux_slot *s)
{
	enum uxfrm_drop reason;

	if (carries_another(w, s))
		return UXFRM_DROP_NONE;
	reason = ux_policy_check(w, s);
	if (reason != UXFRM_DROP_NONE)
		return reason;
	if (w->fast)
		ux_fast_learn_inner(w, s);
	s->p->verdict = UXFRM_DELIVER;
	s->done = true;
	ux_count_add(&w->counters->in_packets, 1);
	ux_count_add(&w->counters->in_bytes, s->p->len);
	return UXFRM_DROP_NONE;
}

/* Each round opens what one more SA has protected. */
static void rounds(struct uxfrm_worker *w)
{
	while (w->n_live) {
		ux_worker_stage(w, find_sa);
		for (size_t i = 0; w->fast && i < w->n_live; i++)
			ux_fast_learn_sa(w, w->live[i]);
		open_all(w);
		decrypt(w);
		if (w->n_live)
			ux_worker_arrived(w);
		ux_worker_stage(w, accept_packet);
		ux_worker_stage(w, open_mode);
		ux_worker_stage(w, settle);
	}
}

void ux_inbound_opened(struct uxfrm_worker *w)
{
	ux_worker_stage(w, open_mode);
	ux_worker_stage(w, settle);
	rounds(w);
}

static void general_way(struct uxfrm_worker *w, struct uxfrm_packet *const *packets, size_t n)
{
	ux_worker_load(w, packets, n);
	ux_worker_stage(w, parse_outer);
	rounds(w);
}

UXFRM_API void uxfrm_inbound(struct uxfrm_worker *w, struct uxfrm_packet *const *packets, size_t n)
{
	ux_crypto_worker_sweep(w->crypto);
	while (n > 0) {
		size_t burst = n < UXFRM_BURST ? n : UXFRM_BURST;

		ux_rcu_read_lock();
		ux_worker_begin(w);
		ux_fast_burst(w, packets, burst, &ux_fast_inbound, general_way);
		ux_rcu_read_unlock();
		ux_notice_wake(w->instance, w->ring);
		packets += burst;
		n -= burst;
	}
}
