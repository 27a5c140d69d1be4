/* SPDX-License-Identifier: BSD-2-Clause */
/* MIGRATE_STATE, at random: the engine alone can be asked. */

#include <arpa/inet.h>
#include <string.h>

#include "world.h"

static void any_destination(struct world *w, const struct tuple *t,
			    struct ux_xfrm_user_migrate_state *p)
{
	p->new_family = chance(&w->r, 70) ? t->family : any_family(w);
	any_address(w, p->new_family, &p->new_daddr);
	any_address(w, p->new_family, &p->new_saddr);
	if (chance(&w->r, 25)) { /* only one end moves, or none */
		p->new_family = t->family;
		p->new_daddr = t->dst;
	}
	if (seldom(&w->r, 20))
		p->new_family = (uint16_t)ONE_OF(&w->r, 0, 7);
}

static void any_new_selector(struct world *w, struct ux_xfrm_user_migrate_state *p)
{
	p->flags = (uint32_t)ONE_OF(&w->r, 0, 0, 0, UX_MIGRATE_CLEAR_OFFLOAD,
				    UX_MIGRATE_UPDATE_H2H_SEL, UX_MIGRATE_KNOWN_FLAGS);
	if (seldom(&w->r, 20))
		p->flags = any_u32(w);
	if (chance(&w->r, 60))
		any_selector(w, p->new_family, &p->new_sel);
	else
		p->new_sel.family = p->new_family;
}

static void put_move_attrs(struct world *w, struct draft *d)
{
	struct xfrm_user_offload offload = {.ifindex = 1, .flags = (uint8_t)ONE_OF(&w->r, 0, 1, 4)};
	struct xfrm_mark mark = any_mark(w);

	if (chance(&w->r, 20))
		draft_attr(d, XFRMA_MARK, &mark, sizeof(mark));
	if (chance(&w->r, 30))
		put_encap(w, d);
	if (chance(&w->r, 10))
		draft_u32(d, UX_XFRMA_MTIMER_THRESH, (uint32_t)ONE_OF(&w->r, 0, 30));
	if (chance(&w->r, 10))
		draft_u32(d, UX_XFRMA_NAT_KEEPALIVE_INTERVAL, (uint32_t)ONE_OF(&w->r, 0, 20));
	if (chance(&w->r, 15))
		draft_u32(d, XFRMA_SET_MARK, any_u32(w));
	if (chance(&w->r, 10))
		draft_u32(d, XFRMA_SET_MARK_MASK, any_u32(w));
	if (chance(&w->r, 8))
		draft_attr(d, XFRMA_OFFLOAD_DEV, &offload, sizeof(offload));
	if (seldom(&w->r, 20)) /* not of this message */
		draft_u32(d, (uint16_t)ONE_OF(&w->r, XFRMA_IF_ID, XFRMA_TFCPAD), 1);
	if (chance(&w->r, 30))
		draft_shuffle(d, &w->r);
}

bool make_move(struct world *w, struct draft *d)
{
	struct ux_xfrm_user_migrate_state p;
	struct tuple t;

	any_tuple(w, 92, &t);
	memset(&p, 0, sizeof(p));
	p.id.daddr = t.dst;
	p.id.spi = t.spi;
	p.id.family = t.family;
	p.id.proto = t.proto;
	p.old_mark = t.mark;
	if (seldom(&w->r, 30))
		p.old_mark.v ^= 1;
	any_destination(w, &t, &p);
	any_new_selector(w, &p);
	p.new_reqid = t.sa && chance(&w->r, 70) ? t.sa->info.reqid : any_reqid(w);
	if (seldom(&w->r, 10))
		p.reserved = 1;
	/* host to host, so that the selector can follow */
	if (t.sa && p.flags & UX_MIGRATE_UPDATE_H2H_SEL && t.sa->info.sel.prefixlen_d < 32)
		p.flags &= ~UX_MIGRATE_UPDATE_H2H_SEL;
	draft_begin(d, UX_XFRM_MSG_MIGRATE_STATE, &p, sizeof(p));
	put_move_attrs(w, d);
	return true;
}
