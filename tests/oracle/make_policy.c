/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests about policies and the rest, at random. */

#include <arpa/inet.h>
#include <string.h>

#include "world.h"

static void fill_template(struct world *w, uint16_t family, struct xfrm_user_tmpl *t)
{
	memset(t, 0, sizeof(*t));
	any_address(w, family, &t->id.daddr);
	any_address(w, family, &t->saddr);
	t->id.spi = chance(&w->r, 20) ? any_spi(w) : 0;
	t->id.proto =
	    (uint8_t)(seldom(&w->r, 950) ? IPPROTO_ESP
					 : ONE_OF(&w->r, IPPROTO_AH, IPPROTO_COMP, IPPROTO_ROUTING,
						  IPPROTO_DSTOPTS, 0, 255, 6));
	if (chance(&w->r, 8))
		t->id.proto = IPPROTO_AH;
	t->family = (uint16_t)(chance(&w->r, 92) ? family : ONE_OF(&w->r, 0, 2, 10, 7));
	t->mode = (uint8_t)(chance(&w->r, 75) ? XFRM_MODE_TUNNEL : XFRM_MODE_TRANSPORT);
	if (seldom(&w->r, 20))
		t->mode = (uint8_t)ONE_OF(&w->r, 2, 3, 4, 9);
	t->reqid = any_reqid(w);
	t->aalgos = t->ealgos = t->calgos = ~0u;
	if (chance(&w->r, 10)) {
		t->share = (uint8_t)ONE_OF(&w->r, 0, 3, 255);
		t->optional = (uint8_t)ONE_OF(&w->r, 0, 1);
	}
	if (chance(&w->r, 10))
		t->aalgos = t->ealgos = t->calgos = rng_u32(&w->r);
}

/* One that an SA fulfils. */
static void fit_template(const struct known_sa *sa, struct xfrm_user_tmpl *t)
{
	t->id.daddr = sa->info.id.daddr;
	t->id.spi = 0;
	t->id.proto = sa->info.id.proto;
	t->saddr = sa->info.saddr;
	t->family = sa->info.family;
	t->mode = sa->info.mode;
	t->reqid = sa->info.reqid;
}

static void put_templates(struct world *w, struct draft *d, uint16_t family)
{
	struct xfrm_user_tmpl t[7];
	size_t n = (size_t)ONE_OF(&w->r, 1, 1, 1, 2, 3, 6);

	if (chance(&w->r, 2))
		n = 7;
	for (size_t i = 0; i < n; i++) {
		const struct known_sa *sa = chance(&w->r, 40) ? any_sa(w) : NULL;

		fill_template(w, chance(&w->r, 90) ? family : any_family(w), &t[i]);
		if (sa)
			fit_template(sa, &t[i]);
	}
	draft_attr(d, XFRMA_TMPL, t, n * sizeof(t[0]));
}

/* What names a policy. */
struct name {
	struct xfrm_selector sel;
	uint32_t index, if_id;
	struct xfrm_mark mark;
	uint8_t dir, type;
};

static void any_name(struct world *w, uint32_t percent, struct name *n)
{
	const struct known_policy *p = chance(&w->r, percent) ? any_policy(w) : NULL;

	memset(n, 0, sizeof(*n));
	if (p) {
		n->sel = p->info.sel;
		n->index = p->info.index;
		n->if_id = p->if_id;
		n->mark = p->mark;
		n->dir = p->info.dir;
		n->type = p->type;
		return;
	}
	any_selector(w, any_family(w), &n->sel);
	n->dir = (uint8_t)ONE_OF(&w->r, 0, 1, 2);
	if (chance(&w->r, 15))
		n->if_id = any_if_id(w);
	if (chance(&w->r, 15))
		n->mark = (struct xfrm_mark){.v = (uint32_t)ONE_OF(&w->r, 0, 5, 0x1ff),
					     .m = (uint32_t)ONE_OF(&w->r, 0, 0xff, ~0u)};
	n->type = (uint8_t)ONE_OF(&w->r, 0, 0, 0, 0, 1);
}

static void put_name_attrs(struct world *w, struct draft *d, const struct name *n)
{
	struct xfrm_userpolicy_type type = {.type = n->type};

	if (n->mark.v | n->mark.m)
		draft_attr(d, XFRMA_MARK, &n->mark, sizeof(n->mark));
	if (n->if_id)
		draft_u32(d, XFRMA_IF_ID, n->if_id);
	if (chance(&w->r, 2))
		type.type = (uint8_t)ONE_OF(&w->r, 2, 255);
	if (type.type || chance(&w->r, 10))
		draft_attr(d, XFRMA_POLICY_TYPE, &type, sizeof(type));
}

static void fill_policy(struct world *w, struct xfrm_userpolicy_info *p, const struct name *n)
{
	memset(p, 0, sizeof(*p));
	p->sel = n->sel;
	any_limits(w, POLICIES, &p->lft);
	p->priority = (uint32_t)ONE_OF(&w->r, 0, 0, 1, 1, 5, ~0u);
	p->dir = n->dir;
	if (chance(&w->r, 15))
		p->index = chance(&w->r, 60)
			       ? n->index
			       : (uint32_t)(ONE_OF(&w->r, 8, 16, 24, 0x20000000) | n->dir);
	p->action = (uint8_t)ONE_OF(&w->r, 0, 0, 0, 1);
	p->flags = (uint8_t)ONE_OF(&w->r, 0, 0, 1, 2, 3, 255);
	p->share = (uint8_t)ONE_OF(&w->r, 0, 0, 0, 3);
	if (chance(&w->r, 2))
		p->action = (uint8_t)ONE_OF(&w->r, 2, 255);
	if (chance(&w->r, 2))
		p->share = (uint8_t)ONE_OF(&w->r, 4, 255);
	if (chance(&w->r, 2))
		p->dir = (uint8_t)ONE_OF(&w->r, 3, 4, 255);
}

/* The attributes of a policy beside its name. */
static void put_policy_attrs(struct world *w, struct draft *d, const struct name *n)
{
	struct xfrm_user_sec_ctx sec = {.len = 8, .exttype = 8, .ctx_alg = 1, .ctx_doi = 1};

	if (chance(&w->r, 80))
		put_templates(w, d, n->sel.family == AF_INET6 ? AF_INET6 : AF_INET);
	put_name_attrs(w, d, n);
	if (chance(&w->r, 2)) {
		sec.ctx_len = (uint16_t)ONE_OF(&w->r, 0, 1);
		draft_attr(d, XFRMA_SEC_CTX, &sec, sizeof(sec));
	}
	if (w->alone && chance(&w->r, 12))
		put_label(w, d);
	if (chance(&w->r, 30))
		draft_shuffle(d, &w->r);
}

bool make_newpolicy(struct world *w, struct draft *d)
{
	struct xfrm_userpolicy_info p;
	struct name n;

	any_name(w, 35, &n);
	fill_policy(w, &p, &n);
	draft_begin(d, chance(&w->r, 65) ? XFRM_MSG_NEWPOLICY : XFRM_MSG_UPDPOLICY, &p, sizeof(p));
	put_policy_attrs(w, d, &n);
	return true;
}

bool make_getpolicy(struct world *w, struct draft *d)
{
	struct xfrm_userpolicy_id id = {0};
	struct name n;

	any_name(w, 85, &n);
	id.sel = n.sel;
	id.dir = n.dir;
	if (chance(&w->r, 50)) {
		id.index = n.index;
		if (chance(&w->r, 30))
			any_selector(w, any_family(w), &id.sel);
	}
	if (chance(&w->r, 3))
		id.index = (uint32_t)ONE_OF(&w->r, 8, 9, 0x20000000, ~0u);
	if (chance(&w->r, 4))
		id.dir = (uint8_t)ONE_OF(&w->r, 0, 1, 2, 3, 255);
	if (chance(&w->r, 4))
		n.mark.v ^= 1;
	if (chance(&w->r, 4))
		n.if_id ^= 1;
	draft_begin(d, chance(&w->r, 55) ? XFRM_MSG_GETPOLICY : XFRM_MSG_DELPOLICY, &id,
		    sizeof(id));
	put_name_attrs(w, d, &n);
	if (chance(&w->r, 2)) {
		struct xfrm_user_sec_ctx sec = {.len = 8, .ctx_len = (uint16_t)ONE_OF(&w->r, 0, 1)};

		draft_attr(d, XFRMA_SEC_CTX, &sec, sizeof(sec));
	}
	return true;
}

bool make_dumppolicy(struct world *w, struct draft *d)
{
	draft_begin(d, XFRM_MSG_GETPOLICY, NULL, 0);
	d->flags = (uint16_t)(NLM_F_REQUEST | ONE_OF(&w->r, NLM_F_DUMP, NLM_F_ROOT, NLM_F_MATCH));
	if (chance(&w->r, 10))
		draft_u32(d, XFRMA_IF_ID, 1);
	return true;
}

bool make_flushpolicy(struct world *w, struct draft *d)
{
	struct xfrm_userpolicy_type type = {.type = (uint8_t)ONE_OF(&w->r, 0, 1, 2, 255)};

	draft_begin(d, XFRM_MSG_FLUSHPOLICY, NULL, 0);
	if (chance(&w->r, 50))
		draft_attr(d, XFRMA_POLICY_TYPE, &type, sizeof(type));
	return true;
}

bool make_polexpire(struct world *w, struct draft *d)
{
	struct xfrm_user_polexpire p;
	struct name n;

	any_name(w, 85, &n);
	memset(&p, 0, sizeof(p));
	fill_policy(w, &p.pol, &n);
	p.pol.index = chance(&w->r, 50) ? n.index : 0;
	p.hard = (uint8_t)ONE_OF(&w->r, 0, 0, 0, 1, 255);
	draft_begin(d, XFRM_MSG_POLEXPIRE, &p, sizeof(p));
	put_name_attrs(w, d, &n);
	return true;
}

bool make_acquire(struct world *w, struct draft *d)
{
	struct xfrm_user_acquire p;
	struct tuple t;
	struct name n;

	any_name(w, 30, &n);
	any_tuple(w, 50, &t);
	memset(&p, 0, sizeof(p));
	p.id.daddr = t.dst;
	p.id.spi = t.spi;
	p.id.proto = t.proto;
	p.saddr = t.src;
	any_selector(w, t.family, &p.sel);
	fill_policy(w, &p.policy, &n);
	p.aalgos = any_u32(w);
	p.ealgos = any_u32(w);
	p.calgos = any_u32(w);
	p.seq = any_u32(w);
	draft_begin(d, XFRM_MSG_ACQUIRE, &p, sizeof(p));
	put_policy_attrs(w, d, &n);
	return true;
}

/* Entries like the templates of the policy, or like an SA. */
static void fill_migrate(struct world *w, const struct known_policy *p, size_t i,
			 struct xfrm_user_migrate *m)
{
	const struct known_sa *sa = any_sa(w);

	memset(m, 0, sizeof(*m));
	m->old_family = m->new_family = any_family(w);
	m->proto = IPPROTO_ESP;
	m->mode = XFRM_MODE_TUNNEL;
	any_address(w, m->old_family, &m->old_daddr);
	any_address(w, m->old_family, &m->old_saddr);
	if (p && i < p->n_tmpl && chance(&w->r, 70)) {
		const struct xfrm_user_tmpl *t = &p->tmpl[i];

		m->old_daddr = t->id.daddr;
		m->old_saddr = t->saddr;
		m->old_family = m->new_family = t->family;
		m->mode = t->mode;
		m->reqid = t->reqid;
	} else if (sa && chance(&w->r, 80)) {
		m->old_daddr = sa->info.id.daddr;
		m->old_saddr = sa->info.saddr;
		m->old_family = m->new_family = sa->info.family;
		m->mode = sa->info.mode;
		m->reqid = sa->info.reqid;
	}
	if (chance(&w->r, 10))
		m->new_family = any_family(w);
	any_address(w, m->new_family, &m->new_daddr);
	any_address(w, m->new_family, &m->new_saddr);
	if (seldom(&w->r, 20))
		m->proto = (uint8_t)ONE_OF(&w->r, 0, IPPROTO_AH, IPPROTO_COMP, 255);
	if (seldom(&w->r, 20))
		m->mode = (uint8_t)ONE_OF(&w->r, 0, 1, 2, 4, 7);
}

bool make_migrate(struct world *w, struct draft *d)
{
	const struct known_policy *p = chance(&w->r, 90) ? any_policy(w) : NULL;
	struct xfrm_userpolicy_id id = {0};
	struct xfrm_user_migrate m[7];
	struct name n;
	size_t count = (size_t)ONE_OF(&w->r, 1, 1, 1, 2, 3, 6);

	/* told again of a soft limit after a move, each side in its own time */
	if (!w->lonely || w->timed == SAS)
		return false;
	any_name(w, 0, &n);
	if (p) {
		n.sel = p->info.sel;
		n.dir = p->info.dir;
		n.type = p->type;
		n.if_id = p->if_id;
	}
	id.sel = n.sel;
	id.dir = n.dir;
	if (chance(&w->r, 3))
		id.dir = (uint8_t)ONE_OF(&w->r, 0, 1, 2, 3);
	memset(&n.mark, 0, sizeof(n.mark));
	draft_begin(d, XFRM_MSG_MIGRATE, &id, sizeof(id));
	if (chance(&w->r, 3))
		count = (size_t)ONE_OF(&w->r, 0, 7);
	for (size_t i = 0; i < count; i++)
		fill_migrate(w, p, i, &m[i]);
	if (seldom(&w->r, 985))
		draft_attr(d, XFRMA_MIGRATE, m, count * sizeof(m[0]));
	if (has_encap(w) || chance(&w->r, 8))
		put_encap(w, d);
	if (chance(&w->r, 15)) {
		struct xfrm_user_kmaddress km = {.family = any_family(w), .reserved = any_u32(w)};

		any_address(w, km.family, &km.local);
		any_address(w, km.family, &km.remote);
		draft_attr(d, XFRMA_KMADDRESS, &km, sizeof(km));
	}
	put_name_attrs(w, d, &n);
	return true;
}

bool make_default(struct world *w, struct draft *d)
{
	struct xfrm_userpolicy_default p = {.in = (uint8_t)ONE_OF(&w->r, 0, 1, 2, 3),
					    .fwd = (uint8_t)ONE_OF(&w->r, 0, 1, 2, 3),
					    .out = (uint8_t)ONE_OF(&w->r, 0, 1, 2, 255)};

	draft_begin(d, (uint16_t)ONE_OF(&w->r, UX_XFRM_MSG_SETDEFAULT, UX_XFRM_MSG_GETDEFAULT), &p,
		    sizeof(p));
	return true;
}

bool make_info(struct world *w, struct draft *d)
{
	uint32_t flags = any_u32(w);

	draft_begin(
	    d,
	    (uint16_t)ONE_OF(&w->r, XFRM_MSG_GETSADINFO, XFRM_MSG_GETSPDINFO, XFRM_MSG_NEWSPDINFO),
	    &flags, sizeof(flags));
	if (d->type == XFRM_MSG_NEWSPDINFO) {
		struct xfrmu_spdhthresh t4 = {.lbits = (uint8_t)ONE_OF(&w->r, 32, 24, 0, 33),
					      .rbits = (uint8_t)ONE_OF(&w->r, 32, 8, 255)},
					t6 = {.lbits = (uint8_t)ONE_OF(&w->r, 128, 64, 0, 129),
					      .rbits = (uint8_t)ONE_OF(&w->r, 128, 48, 255)};

		if (chance(&w->r, 60))
			draft_attr(d, XFRMA_SPD_IPV4_HTHRESH, &t4, sizeof(t4));
		if (chance(&w->r, 60))
			draft_attr(d, XFRMA_SPD_IPV6_HTHRESH, &t6, sizeof(t6));
	}
	return true;
}

/* Messages that only the kernel sends. */
bool make_other(struct world *w, struct draft *d)
{
	uint8_t body[160] = {0};

	body[below(&w->r, sizeof(body))] = (uint8_t)rng_u32(&w->r);
	draft_begin(d,
		    (uint16_t)ONE_OF(&w->r, XFRM_MSG_REPORT, XFRM_MSG_MAPPING, XFRM_MSG_NEWSADINFO,
				     42, 300),
		    body, chance(&w->r, 90) ? sizeof(body) : below(&w->r, sizeof(body)));
	return true;
}
