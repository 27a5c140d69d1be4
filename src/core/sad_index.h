/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* Keys and hashes of the SA database's tables; only core's own sad files need this. */

#include "core/instance.h"

struct ux_address_key {
	struct ux_addr daddr;
	uint32_t reqid;
	uint16_t family;
};

uint64_t ux_sad_tuple_hash(const struct uxfrm *u, const struct ux_sa_id *id);
uint64_t ux_sad_address_hash(const struct uxfrm *u, const struct ux_address_key *key);
uint64_t ux_sad_spi_hash(const struct uxfrm *u, __be32 spi, uint8_t proto);
bool ux_sad_tuple_equal(const void *sa, const void *id); /* struct ux_sa, struct ux_sa_id */
bool ux_sad_address_equal(const void *sa,
			  const void *key); /* struct ux_sa, struct ux_address_key */
bool ux_sad_spi_equal(const void *runtime, const void *like); /* struct ux_sa_runtime both */
/* An SA with the SPI 0, which Linux takes too, has a place of its own in the index of SPIs. */
uint64_t ux_sad_unnumbered_hash(const struct uxfrm *u, const struct ux_sa_runtime *r);
bool ux_sad_is_runtime(const void *runtime, const void *other);
bool ux_sad_same_tuple(const struct ux_sa_id *a, const struct ux_sa_id *b);
struct ux_address_key ux_sad_address_key(const struct ux_sa *sa);

/* The heads of the chains. */
struct ux_sa *ux_sad_tuple_chain(const struct uxfrm *u, const struct ux_sa_id *id);
struct ux_sa *ux_sad_address_chain(const struct uxfrm *u, const struct ux_address_key *key);
struct ux_sa *ux_sad_address_chain_at(const struct uxfrm *u, uint64_t hash,
				      const struct ux_address_key *key);

/* ---- sad_former.c: finding an SA by what it was before it moved ---- */

/* ux_former_reserve - what one ux_former_update may need, so that it cannot fail. -ENOMEM. */
int ux_former_reserve(struct uxfrm *u) UX_MUST_CHECK;
/* ux_former_reserve_many - the same for @n of them one after another. */
int ux_former_reserve_many(struct uxfrm *u, size_t n) UX_MUST_CHECK;
void ux_former_fini(struct uxfrm *u);
/* ux_former_update - @old, still indexed, became @fresh: remember what it was. */
void ux_former_update(struct uxfrm *u, const struct ux_sa *old, const struct ux_sa *fresh);
/* ux_former_remove_all - take the SA's former identities out of the index. */
void ux_former_remove_all(struct uxfrm *u, struct ux_sa_runtime *r);
/* ux_former_free - the set of a runtime that nobody sees any more. */
void ux_former_free(struct ux_sa_runtime *r);
struct ux_sa *ux_former_lookup(struct uxfrm *u, const struct ux_sa_query *query);

/* ux_sad_fits - does @sa fit the template apart from its addresses and reqid? */
bool ux_sad_fits(const struct ux_sa *sa, const struct ux_sa_query *query);
/* ux_sad_better - is @a, further down the chain, the better of two that fit? One for this CPU
 * alone, not dying before dying, then the later added. @b may be NULL. */
bool ux_sad_better(const struct ux_sa *a, const struct ux_sa *b);
/* ux_sad_source_fits - Linux compares sources with a wildcard on both sides. */
bool ux_sad_source_fits(const struct ux_addr *a, const struct ux_addr *b, uint16_t family);
