/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * The hash keys by which policies are filed and flows look for them.
 *
 * A tuple says which part of a flow counts: the first bits of both addresses, and perhaps protocol,
 * interface, bits of the mark, bits of the ports. All flows that agree in that part have one hash;
 * a policy whose selector fixes that part has it as well. There are four levels of tuples, each
 * finer than the one before:
 *
 *   1  prefix lengths rounded down to 0, 8, 16, 24, 32 (IPv6: multiples of 16)
 *   2  rounded down to multiples of 4
 *   3  the exact ones, protocol, interface, mark
 *   4  the ports on top of that
 *
 * Part of the hash are also type, direction, interface id and family of the policies.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/siphash.h"
#include "core/policy.h"

#define UX_SPD_LEVELS 4
#define UX_SPD_LEVEL_PORTS 4

#define UX_TUPLE_PROTO 1
#define UX_TUPLE_IFINDEX 2

struct ux_spd_tuple {
	uint8_t level;
	uint8_t dbits, sbits;
	uint8_t flags;	/* UX_TUPLE_* */
	uint32_t masks; /* level 3: of the mark; level 4: dport << 16 | sport, as they stand */
};

static inline bool ux_spd_tuple_equal(const struct ux_spd_tuple *a, const struct ux_spd_tuple *b)
{
	return a->level == b->level && a->dbits == b->dbits && a->sbits == b->sbits &&
	       a->flags == b->flags && a->masks == b->masks;
}

/* The policies that are searched together. */
struct ux_spd_group {
	uint8_t type, dir;
	uint16_t family; /* AF_INET or AF_INET6 */
	uint32_t if_id;
};

/* Hashes of one address at each prefix length, as they are asked for. */
struct ux_spd_side {
	struct ux_addr addr;
	uint64_t known[3]; /* bit set of lengths */
	uint64_t hash[129];
};

/* One flow, or the selector of one policy, on its way through the tables. */
struct ux_spd_probe {
	const struct ux_siphash_key *key;
	uint64_t group;
	bool v6;
	uint8_t proto;
	__be16 dport, sport;
	int32_t ifindex;
	uint32_t mark;
	struct ux_spd_side d, s;
};

void ux_spd_probe_flow(struct ux_spd_probe *p, const struct ux_siphash_key *key,
		       const struct ux_spd_group *group, const struct ux_flow_key *flow);
void ux_spd_probe_selector(struct ux_spd_probe *p, const struct ux_siphash_key *key,
			   const struct ux_spd_group *group, const struct ux_selector *sel,
			   struct ux_mark mark);

/* ux_spd_tuple_of - the tuple of a level for policies with this selector and mark. */
struct ux_spd_tuple ux_spd_tuple_of(unsigned int level, const struct ux_selector *sel,
				    struct ux_mark mark);

/*
 * The bits of both addresses that a tuple has rounded away: sixteen of each from its length on,
 * more than rounding takes. A selector also says which of them count.
 */
struct ux_spd_rest {
	uint32_t bits, mask;
};
uint32_t ux_spd_probe_rest(const struct ux_spd_probe *p, const struct ux_spd_tuple *tuple);
struct ux_spd_rest ux_spd_rest_of(const struct ux_spd_tuple *tuple, const struct ux_selector *sel);

/* ux_spd_probe_hash - at @tuple's level; @above is the hash one level before (read at level 4). */
uint64_t ux_spd_probe_hash(struct ux_spd_probe *p, const struct ux_spd_tuple *tuple,
			   uint64_t above);
