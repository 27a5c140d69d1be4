/* SPDX-License-Identifier: BSD-2-Clause */
#include "promises.h"

#include <netinet/in.h>
#include <string.h>

#include "core/instance.h"
#include "core/sad_index.h"

static struct ux_addr addr_of(const xfrm_address_t *a)
{
	struct ux_addr to;

	memcpy(&to, a, sizeof(to));
	return to;
}

static const char *is_found(struct uxfrm *u, const struct ux_sa *sa)
{
	struct ux_sa *found = ux_sad_lookup_exact(u, &sa->id, sa->mark);

	if (!found || !ux_sad_same_tuple(&found->id, &sa->id))
		return "an SA is not found by its tuple and mark";
	if (ux_sa_state_of(sa) != UX_SA_VALID)
		return NULL;
	found = ux_sad_lookup_inbound(u, &sa->id, sa->mark.v, sa->encap.type);
	if (!found || !ux_sa_mark_match(found, sa->mark.v))
		return "an SA is not found by its packets";
	return NULL;
}

const char *promise_tables(struct uxfrm *u)
{
	struct uxfrm_counts counts;
	struct ux_list *pos;
	uint32_t n = 0;

	ux_list_for_each (pos, &u->sad.all) {
		const struct ux_sa *sa = ux_container_of(pos, struct ux_sa, all);
		const char *broken = sa->id.spi ? is_found(u, sa) : NULL;

		if (broken)
			return broken;
		n++;
	}
	uxfrm_counts_get(u, &counts);
	if (counts.sa != n)
		return "SAs are miscounted";
	if (u->params.max_sa && n > u->params.max_sa)
		return "more SAs than allowed";
	return NULL;
}

static struct ux_flow_key any_flow(struct world *w)
{
	struct xfrm_selector from, to;
	struct ux_flow_key flow = {.family = any_family(w)};

	any_selector(w, flow.family, &from);
	any_selector(w, flow.family, &to);
	flow.daddr = addr_of(&to.daddr);
	flow.saddr = addr_of(&from.saddr);
	flow.proto = (uint8_t)ONE_OF(&w->r, 6, 17, 1, 58, to.proto);
	flow.dport = to.dport;
	flow.sport = to.sport;
	flow.ifindex = (int32_t)ONE_OF(&w->r, 0, 1, 99);
	flow.mark = (uint32_t)ONE_OF(&w->r, 0, 1, 5, 0x1ff, 0xffffffff);
	return flow;
}

static bool concerns(const struct ux_policy *p, uint8_t dir, uint32_t if_id,
		     const struct ux_flow_key *flow)
{
	return p->dir == dir && p->if_id == if_id &&
	       p->family == flow->family && (flow->mark & p->mark.m) == p->mark.v;
}

/* Does @a come before @b? One of type sub comes before all of type main. */
static bool comes_before(const struct ux_policy *a, const struct ux_policy *b)
{
	return a->type == b->type ? ux_policy_before(a, b) : a->type == UX_POLICY_TYPE_SUB;
}

/* A policy that only its ports keep from the flow, in front of @found. */
static bool ports_decide(const struct ux_policy *p, const struct ux_policy *found,
			 const struct ux_flow_key *flow)
{
	struct ux_selector sel = p->sel;

	if (!(sel.dport_mask | sel.sport_mask) || (found && comes_before(found, p)))
		return false;
	sel.dport_mask = sel.sport_mask = 0;
	return ux_selector_match(&sel, flow);
}

const char *promise_policies(struct world *w, struct uxfrm *u)
{
	uint8_t dir = (uint8_t)below(&w->r, UX_POLICY_DIRS);
	uint32_t if_id = any_if_id(w);
	struct ux_flow_key flow = any_flow(w);
	const struct ux_policy *best = NULL, *found = ux_spd_lookup(u, dir, &flow, if_id);
	bool said = ux_spd_ports_decide(u, dir, &flow, if_id, found), true_one = false;
	struct ux_list *pos;

	ux_list_for_each (pos, &u->spd.all) {
		const struct ux_policy *p = ux_container_of(pos, struct ux_policy, all);

		if (!concerns(p, dir, if_id, &flow))
			continue;
		true_one |= ports_decide(p, found, &flow);
		if (ux_selector_match(&p->sel, &flow) && (!best || comes_before(p, best)))
			best = p;
	}
	if (found != best)
		return "another policy than the first that fits";
	return true_one && !said ? "ports would decide, and it is not said" : NULL;
}

const char *promise_outbound(struct world *w, struct uxfrm *u)
{
	const struct known_sa *like = any_sa(w);
	struct ux_flow_key flow = any_flow(w);
	struct ux_sa_query q = {.proto = IPPROTO_ESP, .mode = XFRM_MODE_TUNNEL};
	const struct ux_sa *found;
	struct ux_list *pos;
	bool there = false;

	if (!like)
		return NULL;
	q.daddr = addr_of(&like->info.id.daddr);
	if (chance(&w->r, 70))
		q.saddr = addr_of(&like->info.saddr);
	q.reqid = like->info.reqid;
	q.if_id = chance(&w->r, 70) ? 0 : any_if_id(w);
	q.mark = like->mark.v;
	q.family = like->info.family;
	q.flow = chance(&w->r, 50) ? &flow : NULL;
	found = ux_sad_lookup_outbound(u, &q);
	ux_list_for_each (pos, &u->sad.all) {
		const struct ux_sa *sa = ux_container_of(pos, struct ux_sa, all);

		there |= sa->id.family == q.family && sa->reqid == q.reqid &&
			 ux_addr_equal(&sa->id.daddr, &q.daddr, q.family) &&
			 ux_sad_source_fits(&sa->saddr, &q.saddr, q.family) &&
			 ux_sa_mark_match(sa, q.mark) && ux_sad_fits(sa, &q);
	}
	if (there && !found)
		return "no SA for a template, and there is one";
	if (found && !ux_sad_fits(found, &q))
		return "an SA that does not fit the template";
	if (found && !there && u->params.strict_templates)
		return "an SA that is elsewhere";
	return NULL;
}

const char *promise_addresses(struct world *w, struct uxfrm *u)
{
	uint16_t family = any_family(w);
	xfrm_address_t address;
	struct ux_addr a;
	bool add = chance(&w->r, 60);

	any_address(w, family, &address);
	a = addr_of(&address);
	if ((add ? uxfrm_local_address_add : uxfrm_local_address_remove)(u, family, &address) < 0)
		return "a local address is refused";
	if (uxfrm_local_address_add(u, AF_UNSPEC, &address) == 0)
		return "an address of no family is taken";
	if (add && !ux_local_contains(&u->local, family, &a))
		return "a local address is not known";
	return NULL;
}

void moving_note(struct uxfrm *u, const uint8_t *m, size_t len, struct moving *to)
{
	struct ux_sa_id id = {.spi = 0};
	const struct ux_sa *sa;
	const uint8_t *attr = NULL;

	memset(to, 0, sizeof(*to));
	if (u16_at(m + 4) != UX_XFRM_MSG_MIGRATE_STATE || !(u16_at(m + 6) & NLM_F_REQUEST) ||
	    len < NLMSG_HDRLEN + sizeof(to->request) || u32_at(m) != len)
		return;
	memcpy(&to->request, m + NLMSG_HDRLEN, sizeof(to->request));
	to->new_mark = to->request.old_mark;
	for (size_t at = NLMSG_HDRLEN + sizeof(to->request); at + NLA_HDRLEN <= len;) {
		size_t n = u16_at(m + at);

		if (n < NLA_HDRLEN || n > len - at)
			break;
		if ((u16_at(m + at + 2) & NLA_TYPE_MASK) == XFRMA_MARK && n >= NLA_HDRLEN + 8)
			attr = m + at + NLA_HDRLEN;
		at += NLA_ALIGN(n);
	}
	if (attr) {
		memcpy(&to->new_mark, attr, sizeof(to->new_mark));
		to->new_mark.v &= to->new_mark.m;
	}
	id.daddr = addr_of(&to->request.id.daddr);
	id.spi = to->request.id.spi;
	id.family = to->request.id.family;
	id.proto = to->request.id.proto;
	sa = ux_sad_lookup_exact(u, &id,
				 (struct ux_mark){to->request.old_mark.v, to->request.old_mark.m});
	to->runtime = sa ? sa->runtime : NULL;
}

const char *promise_move(struct uxfrm *u, const struct moving *moving)
{
	const struct ux_xfrm_user_migrate_state *m = &moving->request;
	struct ux_sa_id id = {.spi = m->id.spi, .family = m->new_family, .proto = m->id.proto};
	const struct ux_sa *sa;

	if (!moving->runtime)
		return "an SA has moved that was not there";
	id.daddr = addr_of(&m->new_daddr);
	sa = ux_sad_lookup_exact(u, &id, (struct ux_mark){moving->new_mark.v, moving->new_mark.m});
	if (!sa)
		return "a moved SA is not where it should be";
	if (sa->runtime != moving->runtime)
		return "a moved SA has another's key and numbers";
	if (u->sad.all.next != &sa->all)
		return "a moved SA is not the first of a dump";
	id.daddr = addr_of(&m->id.daddr);
	id.family = m->id.family;
	if (u->params.grace_ms && sa->dir != UX_SA_DIR_OUT &&
	    !ux_sad_lookup_inbound(u, &id, m->old_mark.v, 0))
		return "the former tuple is not reachable in its grace time";
	return NULL;
}
