/* SPDX-License-Identifier: BSD-2-Clause */
#include "world.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

static const char *const hosts4[] = {"10.0.0.1", "10.0.0.2", "10.0.0.3",
				     "10.0.1.9", "0.0.0.0",  "224.0.0.5"};
static const char *const hosts6[] = {"fd00::1", "fd00::2", "fd00::3", "fe80::7", "::", "ff02::5"};
static const struct net {
	const char *address;
	uint8_t bits;
} nets4[NETS] = {{"10.1.0.0", 16},  {"10.2.3.0", 24}, {"0.0.0.0", 0},
		 {"10.1.0.77", 16}, {"10.9.9.9", 32}, {"10.0.0.0", 30}},
  nets6[NETS] = {{"fd01::", 64},  {"fd02::1", 128}, {"::", 0},
		 {"fd01::9", 17}, {"fd00::", 126},  {"fd01:0:0:1::", 63}};

#define OBSERVER_PORT_ID 0x7001u

static const uint8_t *find_attr(const struct nlmsghdr *h, size_t header, uint16_t type, size_t min)
{
	const uint8_t *m = (const uint8_t *)h;

	for (size_t at = NLMSG_HDRLEN + header; at + NLA_HDRLEN <= h->nlmsg_len;
	     at += NLA_ALIGN(u16_at(m + at)))
		if (u16_at(m + at + 2) == type && u16_at(m + at) >= NLA_HDRLEN + min)
			return m + at + NLA_HDRLEN;
	return NULL;
}

static void read_attr(const struct nlmsghdr *h, size_t header, uint16_t type, void *to, size_t len)
{
	const uint8_t *p = find_attr(h, header, type, len);

	if (p)
		memcpy(to, p, len);
}

static void know_sa(struct world *w, const struct nlmsghdr *h)
{
	const size_t header = sizeof(struct xfrm_usersa_info);
	struct known_sa *sa = &w->sa[w->n_sa];

	if (w->n_sa == KNOWN_MAX)
		return;
	memset(sa, 0, sizeof(*sa));
	memcpy(&sa->info, (const uint8_t *)h + NLMSG_HDRLEN, sizeof(sa->info));
	read_attr(h, header, XFRMA_MARK, &sa->mark, sizeof(sa->mark));
	read_attr(h, header, UX_XFRMA_SA_DIR, &sa->dir, sizeof(sa->dir));
	read_attr(h, header, XFRMA_REPLAY_ESN_VAL, &sa->bmp_len, sizeof(sa->bmp_len));
	sa->has_esn_val = find_attr(h, header, XFRMA_REPLAY_ESN_VAL, 0) != NULL;
	sa->has_encap = find_attr(h, header, XFRMA_ENCAP, 0) != NULL;
	sa->larval = !find_attr(h, header, XFRMA_ALG_AEAD, 0) &&
		     !find_attr(h, header, XFRMA_ALG_AUTH, 0) &&
		     !find_attr(h, header, XFRMA_ALG_CRYPT, 0);
	w->n_sa++;
}

static void know_policy(struct world *w, const struct nlmsghdr *h)
{
	const size_t header = sizeof(struct xfrm_userpolicy_info);
	struct known_policy *p = &w->policy[w->n_policies];
	const uint8_t *tmpl = find_attr(h, header, XFRMA_TMPL, 0);

	if (w->n_policies == KNOWN_MAX)
		return;
	memset(p, 0, sizeof(*p));
	memcpy(&p->info, (const uint8_t *)h + NLMSG_HDRLEN, sizeof(p->info));
	read_attr(h, header, XFRMA_MARK, &p->mark, sizeof(p->mark));
	read_attr(h, header, XFRMA_IF_ID, &p->if_id, sizeof(p->if_id));
	read_attr(h, header, XFRMA_POLICY_TYPE, &p->type, sizeof(p->type));
	if (tmpl) {
		p->n_tmpl = (size_t)(u16_at(tmpl - NLA_HDRLEN) - NLA_HDRLEN) / sizeof(p->tmpl[0]);
		memcpy(p->tmpl, tmpl, p->n_tmpl * sizeof(p->tmpl[0]));
	}
	w->n_policies++;
}

static void note_content(struct world *w, const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		w->content = (w->content ^ p[i]) * 0x100000001b3u; /* FNV-1a */
}

static int observe(void *opaque, const void *datagram, size_t len, uint32_t group)
{
	const uint8_t *at = datagram;

	if (((struct world *)opaque)->alone)
		note_content(opaque, datagram, len);

	for (size_t left = len; left >= NLMSG_HDRLEN;) {
		const struct nlmsghdr *h = (const struct nlmsghdr *)(const void *)at;
		size_t step = NLMSG_ALIGN(h->nlmsg_len);

		if (h->nlmsg_type == XFRM_MSG_NEWSA)
			know_sa(opaque, h);
		else if (h->nlmsg_type == XFRM_MSG_NEWPOLICY)
			know_policy(opaque, h);
		if (step > left)
			break;
		at += step;
		left -= step;
	}
	return 0;
}

static const struct uxfrm_client_ops observer_ops = {.deliver = observe};

void world_look(struct world *w)
{
	struct nlmsghdr h = {.nlmsg_len = sizeof(h),
			     .nlmsg_type = XFRM_MSG_GETSA,
			     .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP};

	w->n_sa = w->n_policies = 0;
	w->content = 0xcbf29ce484222325u;
	uxfrm_client_request(w->observer, &h, sizeof(h));
	h.nlmsg_type = XFRM_MSG_GETPOLICY;
	uxfrm_client_request(w->observer, &h, sizeof(h));
}

void world_end(struct world *w)
{
	w->observer = uxfrm_client_close(w->observer);
}

void world_begin(struct world *w, struct engine_side *side, uint64_t seed)
{
	memset(w, 0, sizeof(*w));
	w->r.state = seed * 0x2545f4914f6cdd1du;
	w->side = side;
	if (uxfrm_client_open(side->engine, OBSERVER_PORT_ID, true, &observer_ops, w,
			      &w->observer) < 0)
		abort();
	w->seq = (uint32_t)ONE_OF(&w->r, 0, 1, 1000, 0xfffffff0);
	w->v6_percent = (uint32_t)ONE_OF(&w->r, 0, 10, 50, 90, 100);
	w->mark_percent = (uint32_t)ONE_OF(&w->r, 0, 0, 20, 60);
	w->mask = (uint32_t)ONE_OF(&w->r, 0xffffffff, 0xff, 0xf0, 0x80000001);
	w->bad_percent = (uint32_t)ONE_OF(&w->r, 5, 10, 20, 40);
	w->timed = (enum kind)ONE_OF(&w->r, NONE, NONE, NONE, NONE, NONE, SAS, POLICIES);
}

uint32_t any_u32(struct world *w)
{
	if (chance(&w->r, 25))
		return rng_u32(&w->r);
	return (uint32_t)ONE_OF(&w->r, 0, 1, 2, 31, 32, 33, 64, 255, 256, 0x7fffffff, 0x80000000,
				0xfffffffe, 0xffffffff);
}

uint16_t any_family(struct world *w)
{
	return chance(&w->r, w->v6_percent) ? AF_INET6 : AF_INET;
}

static void parse_address(uint16_t family, const char *text, xfrm_address_t *ret)
{
	memset(ret, 0, sizeof(*ret));
	(void)inet_pton(family, text, ret);
}

void any_address(struct world *w, uint16_t family, xfrm_address_t *ret)
{
	uint32_t n = chance(&w->r, 92) ? 3 : 6;

	parse_address(family, (family == AF_INET6 ? hosts6 : hosts4)[below(&w->r, n)], ret);
}

__be32 any_spi(struct world *w)
{
	return htonl((uint32_t)ONE_OF(&w->r, 0x100, 0x101, 0x1000, 0xc0ffee01));
}

uint32_t any_reqid(struct world *w)
{
	return chance(&w->r, 95) ? (uint32_t)ONE_OF(&w->r, 0, 1, 1, 2, 3) : any_u32(w);
}

uint32_t any_if_id(struct world *w)
{
	return (uint32_t)ONE_OF(&w->r, 0, 1, 77, 77);
}

struct xfrm_mark any_mark(struct world *w)
{
	struct xfrm_mark m = {.m = w->mask};

	m.v = (uint32_t)ONE_OF(&w->r, 1, 0x11, 0x80000000, 0xffffffff) & m.m;
	return m;
}

void any_selector(struct world *w, uint16_t family, struct xfrm_selector *ret)
{
	const struct net *nets = family == AF_INET6 ? nets6 : nets4;
	const struct net *d = &nets[below(&w->r, NETS)], *s = &nets[below(&w->r, NETS)];

	memset(ret, 0, sizeof(*ret));
	ret->family = family;
	parse_address(family, d->address, &ret->daddr);
	parse_address(family, s->address, &ret->saddr);
	ret->prefixlen_d = d->bits;
	ret->prefixlen_s = s->bits;
	ret->proto = (uint8_t)ONE_OF(&w->r, 0, 0, 0, 6, 17, 1, 58, 255, 47, 135);
	if (ret->proto && chance(&w->r, 60)) {
		ret->dport = htons((uint16_t)ONE_OF(&w->r, 0, 53, 65535, 0x0800));
		ret->dport_mask = ret->dport ? 0xffff : 0;
		ret->sport = htons((uint16_t)ONE_OF(&w->r, 0, 1024, 53));
		ret->sport_mask = ret->sport ? 0xffff : 0;
	}
	ret->ifindex = (int)ONE_OF(&w->r, 0, 0, 0, 0, 1, 99);
	if (chance(&w->r, 3))
		ret->user = any_u32(w);
	if (chance(&w->r, 3))
		ret->dport_mask = (uint16_t)rng_u32(&w->r);
	if (chance(&w->r, 2))
		ret->prefixlen_d = (uint8_t)ONE_OF(&w->r, 33, 128, 129, 255);
}

static uint64_t byte_limit(struct world *w)
{
	return ONE_OF(&w->r, XFRM_INF, 1ull << 40, XFRM_INF - 1, 1ull << 33);
}

/* Seconds that pass here, or that are negative to Linux. */
static bool is_near(uint64_t seconds)
{
	return seconds && (seconds < 1ull << 32 || seconds > 1ull << 40);
}

static bool ends(const struct xfrm_lifetime_cfg *l)
{
	return is_near(l->soft_add_expires_seconds) || is_near(l->hard_add_expires_seconds) ||
	       is_near(l->soft_use_expires_seconds) || is_near(l->hard_use_expires_seconds);
}

static bool may_end(const struct world *w, enum kind of)
{
	if (of != w->timed)
		return false;
	/* Linux counts for policies in coarse ticks: which of two comes first is anybody's guess */
	for (uint32_t i = 0; of == POLICIES && i < w->n_policies; i++)
		if (ends(&w->policy[i].info.lft))
			return false;
	return true;
}

static uint64_t second_limit(struct world *w, enum kind of, bool near)
{
	if (near && of == SAS)
		return ONE_OF(&w->r, 0, 0, 1, 2, 3, 5, 9, 10, 11, 30, 31, 100, 1ull << 33);
	if (near) /* far from any multiple of SLEEP_OF_POLICIES_S, so late ticks do not matter */
		return ONE_OF(&w->r, 0, 0, 2, 5, 35, 1ull << 33);
	return ONE_OF(&w->r, 0, 0, 1ull << 33, 1ull << 34);
}

/* The soft limit before the hard one. The other way round makes Linux's timer run without end. */
static void in_order(__u64 *soft, __u64 *hard)
{
	if (*hard && (!*soft || *soft > *hard))
		*soft = *hard;
}

void any_limits(struct world *w, enum kind of, struct xfrm_lifetime_cfg *ret)
{
	bool near = may_end(w, of);

	bool plain = chance(&w->r, 60);

	ret->soft_byte_limit = plain ? XFRM_INF : byte_limit(w);
	ret->hard_byte_limit = plain ? XFRM_INF : byte_limit(w);
	ret->soft_packet_limit = plain ? XFRM_INF : byte_limit(w);
	ret->hard_packet_limit = plain ? XFRM_INF : byte_limit(w);
	plain = chance(&w->r, near ? 20 : 60);
	ret->soft_add_expires_seconds = plain ? 0 : second_limit(w, of, near);
	ret->hard_add_expires_seconds = plain ? 0 : second_limit(w, of, near);
	ret->soft_use_expires_seconds = plain ? 0 : second_limit(w, of, near);
	ret->hard_use_expires_seconds = plain ? 0 : second_limit(w, of, near);
	if (near && of == SAS)
		in_order(&ret->soft_add_expires_seconds, &ret->hard_add_expires_seconds);
}

const struct known_sa *any_sa(struct world *w)
{
	return w->n_sa ? &w->sa[below(&w->r, w->n_sa)] : NULL;
}

const struct known_policy *any_policy(struct world *w)
{
	return w->n_policies ? &w->policy[below(&w->r, w->n_policies)] : NULL;
}

bool has_marks(const struct world *w)
{
	for (uint32_t i = 0; i < w->n_sa; i++)
		if (w->sa[i].mark.v | w->sa[i].mark.m)
			return true;
	return false;
}

bool has_encap(const struct world *w)
{
	for (uint32_t i = 0; i < w->n_sa; i++)
		if (w->sa[i].has_encap)
			return true;
	return false;
}

static uint32_t count_ending_policies(const struct world *w)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < w->n_policies; i++)
		n += ends(&w->policy[i].info.lft);
	return n;
}

static bool does_an_sa_end(const struct world *w)
{
	for (uint32_t i = 0; i < w->n_sa; i++)
		if (!w->sa[i].larval && ends(&w->sa[i].info.lft))
			return true;
	return false;
}

/* A second that a damaged request asked for may be any. */
static bool is_policy_limit(uint64_t seconds)
{
	return !is_near(seconds) || seconds == 2 || seconds == 5 || seconds == 35;
}

static bool are_policy_limits(const struct world *w)
{
	for (uint32_t i = 0; i < w->n_policies; i++) {
		const struct xfrm_lifetime_cfg *l = &w->policy[i].info.lft;

		if (!is_policy_limit(l->soft_add_expires_seconds) ||
		    !is_policy_limit(l->hard_add_expires_seconds) ||
		    !is_policy_limit(l->soft_use_expires_seconds) ||
		    !is_policy_limit(l->hard_use_expires_seconds))
			return false;
	}
	return true;
}

bool may_sleep(const struct world *w)
{
	if (w->timed != SAS && does_an_sa_end(w))
		return false;
	if (w->timed != POLICIES)
		return count_ending_policies(w) == 0;
	return count_ending_policies(w) <= 1 && are_policy_limits(w);
}

static void tuple_of_sa(const struct known_sa *sa, struct tuple *t)
{
	t->sa = sa;
	t->dst = sa->info.id.daddr;
	t->src = sa->info.saddr;
	t->spi = sa->info.id.spi;
	t->family = sa->info.family;
	t->proto = sa->info.id.proto;
	t->mark = sa->mark;
	t->has_mark = sa->mark.v | sa->mark.m;
}

void any_tuple(struct world *w, uint32_t percent, struct tuple *t)
{
	const struct known_sa *sa = chance(&w->r, percent) ? any_sa(w) : NULL;

	memset(t, 0, sizeof(*t));
	if (sa) {
		tuple_of_sa(sa, t);
		return;
	}
	t->family = any_family(w);
	any_address(w, t->family, &t->dst);
	any_address(w, t->family, &t->src);
	t->spi = chance(&w->r, 97) ? any_spi(w) : 0;
	t->proto = (uint8_t)(seldom(&w->r, 985) ? IPPROTO_ESP
						: ONE_OF(&w->r, IPPROTO_AH, IPPROTO_COMP,
							 IPPROTO_ROUTING, IPPROTO_DSTOPTS, 0, 255));
	if (chance(&w->r, 8))
		t->proto = IPPROTO_AH;
	if (w->lonely && chance(&w->r, w->mark_percent)) {
		t->has_mark = true;
		t->mark = any_mark(w);
	}
}

void put_mark(struct draft *d, const struct tuple *t)
{
	if (t->has_mark)
		draft_attr(d, XFRMA_MARK, &t->mark, sizeof(t->mark));
}

bool is_ambiguous(const struct world *w, const struct tuple *t)
{
	const struct xfrm_mark none = {0}, *mark = t->has_mark ? &t->mark : &none;
	size_t address = t->family == AF_INET6 ? 16 : 4;

	for (uint32_t i = 0; t->spi && i < w->n_sa; i++) {
		const struct known_sa *sa = &w->sa[i];
		bool exact = sa->mark.v == mark->v && sa->mark.m == mark->m;

		if (sa->info.id.spi == t->spi && sa->info.id.proto == t->proto &&
		    sa->info.family == t->family && !memcmp(&sa->info.id.daddr, &t->dst, address) &&
		    !exact && (mark->v & mark->m & sa->mark.m) == sa->mark.v)
			return true;
	}
	return false;
}
