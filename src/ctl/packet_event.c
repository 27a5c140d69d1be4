/* SPDX-License-Identifier: BSD-2-Clause */

/* What packets cause, in the words of the protocols: ACQUIRE, NEWAE, MAPPING. Limits of SAs are
 * told as those in time are (expire_request.c). */

#include <string.h>

#include "core/sa_events.h"
#include "ctl/event.h"
#include "ctl/pfkey/notify.h"
#include "ctl/translate.h"

void ux_event_listeners_changed(struct uxfrm *u)
{
	uint32_t listens = 0;

	if (ux_has_listener(u, UX_XFRM_GROUP_ACQUIRE) || ux_pfkey_any_registered(u))
		listens |= UX_LISTENS_ACQUIRE;
	if (ux_has_listener(u, UX_XFRM_GROUP_AEVENTS))
		listens |= UX_LISTENS_AEVENTS;
	ux_notices_listen(u, listens);
}

static uint32_t tell_acquire(struct uxfrm *u, const struct ux_policy *policy,
			     const struct ux_template *t, const struct ux_sa *larval)
{
	struct ux_template resolved = *t;
	struct xfrm_user_acquire acquire;

	memset(&acquire, 0, sizeof(acquire)); /* the padding goes out as well */
	/* the template's addresses may be any; the larval SA's are those of the packet then */
	resolved.daddr = larval->id.daddr;
	resolved.family = larval->id.family;
	acquire.saddr = ux_addr_to_wire(&larval->saddr);
	acquire.sel = ux_selector_to_wire(&larval->sel);
	acquire.aalgos = t->aalgos;
	acquire.ealgos = t->ealgos;
	acquire.calgos = t->calgos;
	return ux_event_acquire(u, policy, &resolved, larval->runtime->terms.pcpu, &acquire);
}

static void tell_replay(struct uxfrm *u, const struct ux_sa *sa, bool by_time)
{
	static const struct ux_event_origin from_nobody;

	ux_event_sequence(u, sa, by_time ? XFRM_AE_CE : XFRM_AE_CR, &from_nobody);
}

static bool notify_mapping(struct uxfrm *u, const struct ux_sa *sa, const struct ux_addr *saddr,
			   __be16 sport)
{
	struct xfrm_user_mapping p;
	uint8_t buf[128];
	struct ux_writer w;

	memset(&p, 0, sizeof(p));
	p.id.daddr = ux_addr_to_wire(&sa->id.daddr);
	p.id.spi = sa->id.spi;
	p.id.family = sa->id.family;
	p.id.proto = sa->id.proto;
	p.reqid = sa->reqid;
	p.old_saddr = ux_addr_to_wire(&sa->saddr);
	p.new_saddr = ux_addr_to_wire(saddr);
	p.old_sport = sa->encap.sport;
	p.new_sport = sport;
	ux_writer_init(&w, buf, sizeof(buf));
	ux_msg_begin(&w, XFRM_MSG_MAPPING, 0, 0, 0, &p, sizeof(p));
	return ux_msg_end(&w) && ux_notify(u, UX_XFRM_GROUP_MAPPING, &w) == 0;
}

/* As in Linux PF_KEY hears of it only when nobody listens over NETLINK_XFRM. */
static void tell_mapping(struct uxfrm *u, const struct ux_sa *sa, const struct ux_addr *saddr,
			 __be16 sport)
{
	if (!notify_mapping(u, sa, saddr, sport))
		ux_pfkey_notify_mapping(u, sa, saddr, sport);
}

static const struct ux_tell_ops tell_ops = {
    .acquire = tell_acquire, .replay = tell_replay, .mapping = tell_mapping};

void ux_event_from_packets(struct uxfrm *u)
{
	u->tell = &tell_ops;
}
