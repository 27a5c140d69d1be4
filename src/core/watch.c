/* SPDX-License-Identifier: BSD-2-Clause */
/* Telling the owner of an engine what it must steer: policies and ports of encapsulated SAs. */
#include <endian.h>
#include <stdlib.h>
#include <uxfrm/api.h>

#include "core/instance.h"

#define N_PORTS 65536

UXFRM_API void uxfrm_watch(struct uxfrm *u, const struct uxfrm_watch_ops *ops, void *opaque)
{
	u->watch = ops;
	u->watch_opaque = opaque;
}

/* How many SAs use a port of a family; made when the first encapsulated SA of it comes. */
static uint32_t *counts_of(struct uxfrm *u, uint16_t family)
{
	uint32_t **counts = &u->encap_ports[family == AF_INET6];

	if (!*counts)
		*counts = calloc(N_PORTS, sizeof(**counts));
	return *counts;
}

static void tell_marked(const struct uxfrm *u, const struct ux_sa *sa, bool added)
{
	if (sa->mark.m && sa->dir != UX_SA_DIR_OUT && u->watch && u->watch->marked)
		u->watch->marked(u->watch_opaque, added, sa->id.spi);
}

void ux_watch_visible(struct uxfrm *u, const struct ux_sa *sa, bool added)
{
	tell_marked(u, sa, added);
	if (sa->encap.type == UX_ENCAP_NONE)
		return;

	/* The template of an inbound SA has the peer's view: our port is its destination. */
	uint16_t port = be16toh(sa->dir == UX_SA_DIR_OUT ? sa->encap.sport : sa->encap.dport);
	struct uxfrm_encap_event event = {.added = added, .family = sa->id.family, .port = port};
	uint32_t *counts = counts_of(u, sa->id.family);

	/* Without memory the owner does not hear of the port; packets that reach us are handled all
	 * the same. */
	if (!counts || (!added && !counts[port]))
		return;
	if (added)
		counts[port]++;
	else
		counts[port]--;
	if (counts[port] == (added ? 1 : 0) && u->watch && u->watch->encap)
		u->watch->encap(u->watch_opaque, &event);
}

void ux_watch_flushed(struct uxfrm *u)
{
	if (u->watch && u->watch->flushed)
		u->watch->flushed(u->watch_opaque);
}

void ux_watch_companion(struct uxfrm *u, uint16_t family, bool added)
{
	uint32_t *n = &u->companions.n[family == AF_INET6];

	if (added)
		++*n;
	else
		--*n;
	if (*n == (added ? 1 : 0) && u->watch && u->watch->plain_tunnel)
		u->watch->plain_tunnel(u->watch_opaque, family, added);
}

static void tell_policy(struct uxfrm *u, const struct uxfrm_policy_event *event)
{
	if (!u->watch)
		return;
	if (event->dir == UXFRM_WATCH_OUT && u->watch->policy)
		u->watch->policy(u->watch_opaque, event);
	if (event->dir != UXFRM_WATCH_OUT && u->watch->inbound)
		u->watch->inbound(u->watch_opaque, event);
}

void ux_watch_policy(struct uxfrm *u, const struct ux_policy *policy, bool added)
{
	struct uxfrm_policy_event event = {
	    .added = added,
	    .dir = policy->dir,
	    .family = policy->family,
	    .destination = &policy->sel.daddr,
	    .source = &policy->sel.saddr,
	    .destination_bits = policy->sel.prefixlen_d,
	    .source_bits = policy->sel.prefixlen_s,
	    .protects = policy->n_templates || policy->action == UX_POLICY_BLOCK,
	    .if_id = policy->if_id,
	    .ifindex = policy->sel.ifindex,
	    .icmp = policy->flags & UX_POLICY_FLAG_ICMP,
	    .proto = policy->sel.proto,
	    .sport = policy->sel.sport,
	    .sport_mask = policy->sel.sport_mask,
	    .dport = policy->sel.dport,
	    .dport_mask = policy->sel.dport_mask,
	    .marked = policy->mark.m != 0,
	    .mark = policy->mark.v & policy->mark.m,
	    .mark_mask = policy->mark.m,
	};

	tell_policy(u, &event);
}

void ux_watch_default(struct uxfrm *u, enum ux_policy_dir dir, bool blocked)
{
	static const struct ux_addr any;
	struct uxfrm_policy_event event = {.added = blocked,
					   .dir = (uint8_t)dir,
					   .destination = &any,
					   .source = &any,
					   .protects = true};

	event.family = AF_INET;
	tell_policy(u, &event);
	event.family = AF_INET6;
	tell_policy(u, &event);
}

void ux_watch_fini(struct uxfrm *u)
{
	free(u->encap_ports[0]);
	free(u->encap_ports[1]);
	u->encap_ports[0] = u->encap_ports[1] = NULL;
}
