/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/spd_probe.h"

#include <endian.h>

/*
 * A keyed hash by multiplication: who sends packets cannot make collisions without the key, and
 * only the owner of the engine adds policies.
 */
static uint64_t fold(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Odd numbers with random digits, to tell the uses of a key apart. */
#define SALT_GROUP UINT64_C(0x9e3779b97f4a7c15)
#define SALT_ADDRESS UINT64_C(0xbf58476d1ce4e5b9)
#define SALT_PAIR UINT64_C(0x94d049bb133111eb)
#define SALT_UPPER UINT64_C(0xd6e8feb86659fd93)
#define SALT_PORTS UINT64_C(0xa0761d6478bd642f)

static uint64_t high_bits(unsigned int n)
{
	return n ? ~UINT64_C(0) << (64 - n) : 0;
}

static uint64_t hash_prefix(const struct ux_spd_probe *p, const struct ux_addr *a,
			    unsigned int bits)
{
	uint64_t high = p->v6 ? be64toh(a->q[0]) : (uint64_t)be32toh(a->w[0]) << 32;
	uint64_t h = fold((high & high_bits(bits < 64 ? bits : 64)) ^ p->key->k[0],
			  bits ^ p->key->k[1] ^ SALT_ADDRESS);

	if (bits <= 64)
		return h;
	return fold(h ^ (be64toh(a->q[1]) & high_bits(bits - 64)), p->key->k[0] ^ SALT_ADDRESS);
}

static uint64_t side_hash(const struct ux_spd_probe *p, struct ux_spd_side *side, unsigned int bits)
{
	uint64_t bit = UINT64_C(1) << (bits % 64);

	if (!(side->known[bits / 64] & bit)) {
		side->known[bits / 64] |= bit;
		side->hash[bits] = hash_prefix(p, &side->addr, bits);
	}
	return side->hash[bits];
}

static void side_init(struct ux_spd_side *side, const struct ux_addr *addr)
{
	side->addr = *addr;
	side->known[0] = side->known[1] = side->known[2] = 0;
}

static void probe_init(struct ux_spd_probe *p, const struct ux_siphash_key *key,
		       const struct ux_spd_group *group)
{
	uint64_t kinds = (uint64_t)group->type << 24 | (uint64_t)group->dir << 16 | group->family;

	p->key = key;
	p->v6 = group->family == AF_INET6;
	p->group = fold(((uint64_t)group->if_id << 32 | kinds) ^ key->k[1], key->k[0] ^ SALT_GROUP);
}

void ux_spd_probe_flow(struct ux_spd_probe *p, const struct ux_siphash_key *key,
		       const struct ux_spd_group *group, const struct ux_flow_key *flow)
{
	probe_init(p, key, group);
	p->proto = flow->proto;
	p->dport = flow->dport;
	p->sport = flow->sport;
	p->ifindex = flow->ifindex;
	p->mark = flow->mark;
	side_init(&p->d, &flow->daddr);
	side_init(&p->s, &flow->saddr);
}

void ux_spd_probe_selector(struct ux_spd_probe *p, const struct ux_siphash_key *key,
			   const struct ux_spd_group *group, const struct ux_selector *sel,
			   struct ux_mark mark)
{
	probe_init(p, key, group);
	p->proto = sel->proto;
	p->dport = sel->dport;
	p->sport = sel->sport;
	p->ifindex = sel->ifindex;
	p->mark = mark.v;
	side_init(&p->d, &sel->daddr);
	side_init(&p->s, &sel->saddr);
}

/* As ux_selector_match reads it: a prefix longer than the address is the whole address. */
static unsigned int exact_bits(const struct ux_selector *sel, unsigned int bits)
{
	unsigned int max = sel->family == AF_INET ? 32 : 128;

	return bits < max ? bits : max;
}

static uint8_t rounded_bits(unsigned int level, const struct ux_selector *sel, unsigned int bits)
{
	unsigned int exact = exact_bits(sel, bits), step = 1;

	if (level == 1)
		step = sel->family == AF_INET ? 8 : 16;
	else if (level == 2)
		step = 4;
	return (uint8_t)(exact / step * step);
}

struct ux_spd_tuple ux_spd_tuple_of(unsigned int level, const struct ux_selector *sel,
				    struct ux_mark mark)
{
	struct ux_spd_tuple t = {
	    .level = (uint8_t)level,
	    .dbits = rounded_bits(level, sel, sel->prefixlen_d),
	    .sbits = rounded_bits(level, sel, sel->prefixlen_s),
	};

	if (level == 3) {
		t.flags = (uint8_t)((sel->proto ? UX_TUPLE_PROTO : 0) |
				    (sel->ifindex ? UX_TUPLE_IFINDEX : 0));
		t.masks = mark.m;
	} else if (level == UX_SPD_LEVEL_PORTS) {
		t.masks = (uint32_t)sel->dport_mask << 16 | sel->sport_mask;
	}
	return t;
}

static uint64_t hash_upper(const struct ux_spd_probe *p, const struct ux_spd_tuple *t, uint64_t h)
{
	uint64_t ifindex = t->flags & UX_TUPLE_IFINDEX ? (uint32_t)p->ifindex : 0;
	uint64_t proto = t->flags & UX_TUPLE_PROTO ? p->proto : 0;

	return fold(h ^ ((uint64_t)(p->mark & t->masks) << 32 | ifindex),
		    ((uint64_t)t->masks << 32 | (uint64_t)t->flags << 8 | proto) ^ p->key->k[1] ^
			SALT_UPPER);
}

uint64_t ux_spd_probe_hash(struct ux_spd_probe *p, const struct ux_spd_tuple *tuple, uint64_t above)
{
	if (tuple->level == UX_SPD_LEVEL_PORTS) {
		uint32_t ports = ((uint32_t)p->dport << 16 | p->sport) & tuple->masks;

		return fold(above ^ ports,
			    (uint64_t)tuple->masks << 32 ^ p->key->k[0] ^ SALT_PORTS);
	}

	uint64_t h = fold(side_hash(p, &p->d, tuple->dbits) ^ p->group ^ tuple->level,
			  side_hash(p, &p->s, tuple->sbits) ^ SALT_PAIR);

	return tuple->level == 3 ? hash_upper(p, tuple, h) : h;
}

/* Sixteen bits of an address from the @at-th on; zeros behind its end. */
static uint32_t window(const struct ux_addr *a, bool v6, unsigned int at)
{
	uint64_t high = v6 ? be64toh(a->q[0]) : (uint64_t)be32toh(a->w[0]) << 32;
	uint64_t low = v6 ? be64toh(a->q[1]) : 0;

	if (at >= 64) {
		high = low;
		low = 0;
		at -= 64;
	}
	if (at >= 64)
		return 0;
	if (at > 48)
		return (uint32_t)((high << at | low >> (64 - at)) >> 48);
	return (uint32_t)(high << at >> 48);
}

uint32_t ux_spd_probe_rest(const struct ux_spd_probe *p, const struct ux_spd_tuple *tuple)
{
	return window(&p->d.addr, p->v6, tuple->dbits) << 16 |
	       window(&p->s.addr, p->v6, tuple->sbits);
}

struct ux_spd_rest ux_spd_rest_of(const struct ux_spd_tuple *tuple, const struct ux_selector *sel)
{
	bool v6 = sel->family == AF_INET6;
	unsigned int d = exact_bits(sel, sel->prefixlen_d) - tuple->dbits;
	unsigned int s = exact_bits(sel, sel->prefixlen_s) - tuple->sbits;
	uint32_t mask = (0xffff0000u >> d & 0xffffu) << 16 | (0xffff0000u >> s & 0xffffu);

	return (struct ux_spd_rest){
	    .bits =
		window(&sel->daddr, v6, tuple->dbits) << 16 | window(&sel->saddr, v6, tuple->sbits),
	    .mask = mask,
	};
}
