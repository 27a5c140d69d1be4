/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/acquire.h"

#include "core/instance.h"
#include "core/sa_events.h"
#include "core/sad_index.h"

/* So many larval SAs that packets have made may share destination and reqid: all who look for an SA
 * there pass by them. */
#define SAME_PLACE_MAX 64

bool ux_acquire_wanted(const struct ux_policy *policy, const struct ux_sa *found)
{
	return !found ||
	       ((policy->flags & UX_POLICY_CPU_ACQUIRE) && !(found->special & UX_SA_PER_CPU));
}

/* Is @sa what the query asks for, but for its keys? As in Linux its selector is not looked at. */
static bool stands_for(const struct ux_sa *sa, const struct ux_sa_query *q, bool for_cpu)
{
	if (for_cpu && sa->runtime->terms.pcpu != q->cpu)
		return false;
	return ux_sa_state_of(sa) == UX_SA_LARVAL && ux_sa_mark_match(sa, q->mark) &&
	       sa->if_id == q->if_id && sa->mode == q->mode && sa->id.proto == q->proto &&
	       !(sa->flags & UX_SA_WILDRECV) && (!q->spi || q->spi == sa->id.spi) &&
	       ux_sad_source_fits(&sa->saddr, &q->saddr, q->family);
}

bool ux_acquire_in_progress(const struct uxfrm *u, const struct ux_sa_query *q, bool for_cpu)
{
	struct ux_address_key key = {q->daddr, q->reqid, q->family};
	const struct ux_sa *sa = ux_sad_address_chain(u, &key);

	while (sa && !stands_for(sa, q, for_cpu))
		sa = ux_rcu_follow(&sa->next_same_address);
	return sa;
}

/* The template the worker has met, if the policy for the flow still has it. */
static const struct ux_template *find_template(struct uxfrm *u, const struct ux_notice_acquire *n,
					       const struct ux_policy **ret_policy)
{
	const struct ux_policy *policy =
	    ux_spd_lookup_type(u, UX_POLICY_OUT, n->type, &n->flow, n->query.if_id);
	const struct ux_template *t;

	if (!policy || policy->action != UX_POLICY_ALLOW || n->index >= policy->n_templates ||
	    (policy->mark.v & policy->mark.m) != n->query.mark)
		return NULL;
	*ret_policy = policy;
	t = &policy->templates[n->index];
	if (t->reqid != n->query.reqid || t->spi != n->query.spi || t->proto != n->query.proto ||
	    t->mode != n->query.mode)
		return NULL;
	return t;
}

/* Does the SPI that the template insists on belong to another SA? */
static bool spi_taken(struct uxfrm *u, const struct ux_sa_query *q)
{
	struct ux_sa_id id = {
	    .daddr = q->daddr, .spi = q->spi, .family = q->family, .proto = q->proto};

	return q->spi && ux_sad_lookup_wildcard(u, &id, q->mark, NULL);
}

/* Just the session of the packet. */
static struct ux_selector selector_of(const struct ux_flow_key *flow)
{
	uint8_t bits = flow->family == AF_INET6 ? 128 : 32;

	return (struct ux_selector){
	    .daddr = flow->daddr,
	    .saddr = flow->saddr,
	    .dport = flow->dport,
	    .dport_mask = 0xffff,
	    .sport = flow->sport,
	    .sport_mask = 0xffff,
	    .family = flow->family,
	    .prefixlen_d = bits,
	    .prefixlen_s = bits,
	    .proto = flow->proto,
	    .ifindex = flow->ifindex,
	};
}

static struct ux_sa_params larval_params(const struct uxfrm *u, const struct ux_notice_acquire *n,
					 const struct ux_policy *policy, bool for_cpu)
{
	const struct ux_sa_query *q = &n->query;

	return (struct ux_sa_params){
	    .id = {.daddr = q->daddr, .spi = q->spi, .family = q->family, .proto = q->proto},
	    .saddr = q->saddr,
	    .mark = policy->mark,
	    .sel = selector_of(&n->flow),
	    .limits = {.soft_bytes = UX_LIMIT_INFINITE,
		       .hard_bytes = UX_LIMIT_INFINITE,
		       .soft_packets = UX_LIMIT_INFINITE,
		       .hard_packets = UX_LIMIT_INFINITE,
		       .hard_add_s = u->params.acq_expires_s},
	    .reqid = q->reqid,
	    .if_id = q->if_id,
	    .pcpu = for_cpu ? q->cpu : UINT32_MAX,
	    .mode = q->mode,
	    .dir = UX_SA_DIR_OUT,
	};
}

/* Whoever sends packets could have as many as there are flows. */
static bool is_room(const struct uxfrm *u, const struct ux_sa_query *q)
{
	struct ux_address_key key = {q->daddr, q->reqid, q->family};
	const struct ux_sa *sa = ux_sad_address_chain(u, &key);
	uint32_t same_place = 0;

	if (u->params.max_acquire && u->sad.n_acquired >= u->params.max_acquire)
		return false;
	if (u->params.max_sa && u->sad.n_sa >= u->params.max_sa)
		return false;
	for (; sa && same_place < SAME_PLACE_MAX; sa = ux_rcu_own(&sa->next_same_address))
		same_place += sa->runtime->larval && sa->runtime->larval->by_packet;
	return same_place < SAME_PLACE_MAX;
}

/* Is the larval SA to be made, after all? */
static bool still_wanted(struct uxfrm *u, const struct ux_policy *policy,
			 const struct ux_sa_query *q, bool *ret_for_cpu)
{
	const struct ux_sa *found = ux_sad_lookup_outbound(u, q);

	*ret_for_cpu = found;
	return ux_acquire_wanted(policy, found) && !ux_acquire_in_progress(u, q, found) &&
	       !spi_taken(u, q) && is_room(u, q);
}

void ux_acquire(struct uxfrm *u, const struct ux_notice_acquire *n)
{
	struct ux_sa_query q = n->query;
	const struct ux_policy *policy;
	const struct ux_template *t = find_template(u, n, &policy);
	struct ux_sa *sa;
	bool for_cpu;

	q.flow = &n->flow;
	if (!t || !u->tell)
		return;
	q.label = policy->label; /* that of the notice may be gone */
	if (!still_wanted(u, policy, &q, &for_cpu))
		return;

	struct ux_sa_params params = larval_params(u, n, policy, for_cpu);

	memcpy(params.id_unused, t->unused, sizeof(params.id_unused));
	/* without memory the next packet tries again */
	if (ux_sa_new_larval(u, &params, &sa) < 0)
		return;
	sa->runtime->larval->by_packet = true;
	sa->runtime->terms.acquire_seq = u->tell->acquire(u, policy, t, sa);
	if (!sa->runtime->terms.acquire_seq || ux_sad_insert(u, sa) < 0)
		ux_sa_free(sa);
}
