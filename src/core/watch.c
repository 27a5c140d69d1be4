/* SPDX-License-Identifier: BSD-2-Clause */
/* Telling the owner of an engine what it must steer: outbound policies and ports of encapsulated
 * SAs. */
#include <endian.h>
#include <stdlib.h>
#include <uxfrm/api.h>

#include "core/instance.h"

/* A port and how many SAs use it. Few: linear search is fine. */
struct port {
	struct ux_list link; /* uxfrm.encap_ports */
	uint32_t count;
	uint16_t family, port;
};

UXFRM_API void uxfrm_watch(struct uxfrm *u, const struct uxfrm_watch_ops *ops, void *opaque)
{
	u->watch = ops;
	u->watch_opaque = opaque;
}

static void tell_port(const struct uxfrm *u, const struct port *p, bool added)
{
	struct uxfrm_encap_event event = {.added = added, .family = p->family, .port = p->port};

	if (u->watch && u->watch->encap)
		u->watch->encap(u->watch_opaque, &event);
}

static struct port *find_port(struct uxfrm *u, uint16_t family, uint16_t number)
{
	struct ux_list *pos;

	ux_list_for_each (pos, &u->encap_ports) {
		struct port *p = ux_container_of(pos, struct port, link);

		if (p->family == family && p->port == number)
			return p;
	}
	return NULL;
}

void ux_watch_encap(struct uxfrm *u, const struct ux_sa *sa, bool added)
{
	if (sa->encap.type == UX_ENCAP_NONE)
		return;

	/* The template of an inbound SA has the peer's view: our port is its destination. */
	uint16_t number = be16toh(sa->dir == UX_SA_DIR_OUT ? sa->encap.sport : sa->encap.dport);
	struct port *p = find_port(u, sa->id.family, number);

	if (!p && added) {
		p = calloc(1, sizeof(*p));
		if (!p) /* the owner will not hear of this port; packets that reach us are handled
			   all the same */
			return;
		p->family = sa->id.family;
		p->port = number;
		ux_list_push_back(&u->encap_ports, &p->link);
		tell_port(u, p, true);
	}
	if (!p)
		return;
	p->count += added ? 1 : -1U;
	if (p->count)
		return;
	tell_port(u, p, false);
	ux_list_remove(&p->link);
	free(p);
}

void ux_watch_policy(struct uxfrm *u, const struct ux_policy *policy, bool added)
{
	struct uxfrm_policy_event event = {
	    .added = added,
	    .family = policy->family,
	    .destination = &policy->sel.daddr,
	    .source = &policy->sel.saddr,
	    .destination_bits = policy->sel.prefixlen_d,
	    .source_bits = policy->sel.prefixlen_s,
	    .protects = policy->n_templates || policy->action == UX_POLICY_BLOCK,
	};

	if (policy->dir == UX_POLICY_OUT && u->watch && u->watch->policy)
		u->watch->policy(u->watch_opaque, &event);
}

void ux_watch_fini(struct uxfrm *u)
{
	struct ux_list *pos, *tmp;

	ux_list_for_each_safe (pos, tmp, &u->encap_ports)
		free(ux_container_of(pos, struct port, link));
	ux_list_init(&u->encap_ports);
}
