/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * What the generator knows while it makes a sequence: what the engine's databases hold, asked of it
 * as any client would, and a few values that come again and again, so that requests meet each
 * other.
 */

#include "build_message.h"
#include "engine_side.h"
#include "wire/abi.h"

#define MARKS 4
#define NETS 6

/* What names an SA. */
struct tuple {
	xfrm_address_t dst, src;
	__be32 spi;
	uint16_t family;
	uint8_t proto;
	struct xfrm_mark mark;
	bool has_mark;
	const struct known_sa *sa; /* NULL: made up */
};

#define KNOWN_MAX 64 /* of each kind; what is beyond is not met again */

struct known_sa {
	struct xfrm_usersa_info info;
	struct xfrm_mark mark;
	uint32_t bmp_len; /* of REPLAY_ESN_VAL */
	uint8_t dir;
	bool has_encap, has_esn_val, larval;
};

struct known_policy {
	struct xfrm_userpolicy_info info;
	struct xfrm_mark mark;
	struct xfrm_user_tmpl tmpl[6];
	size_t n_tmpl;
	uint32_t if_id;
	uint8_t type;
};

enum kind { NONE, SAS, POLICIES };

#define SLEEP_OF_POLICIES_S 10

struct world {
	struct rng r;
	struct engine_side *side;
	struct uxfrm_client *observer;
	struct known_sa sa[KNOWN_MAX]; /* newest first */
	struct known_policy policy[KNOWN_MAX];
	uint32_t n_sa, n_policies;
	uint32_t seq;
	uint32_t v6_percent, mark_percent, bad_percent;
	uint32_t mask;	 /* of all marks */
	enum kind timed; /* what has limits in time that are reached */
	bool unread;	 /* the datagram before waits for the next, with its answers */
	bool lonely;	 /* one message a datagram: what it does to others does not matter */
	uint32_t n_numbers;
	bool alone;	  /* no kernel is asked the same */
	uint64_t content; /* a hash of all that dumps show */
};

void world_begin(struct world *w, struct engine_side *side, uint64_t seed);
void world_end(struct world *w);
/* world_look - see what there is now. */
void world_look(struct world *w);

uint32_t any_u32(struct world *w); /* mostly one of those at the edges */
uint16_t any_family(struct world *w);
void any_address(struct world *w, uint16_t family, xfrm_address_t *ret);
__be32 any_spi(struct world *w);
uint32_t any_reqid(struct world *w);
uint32_t any_if_id(struct world *w);
struct xfrm_mark any_mark(struct world *w);
void any_selector(struct world *w, uint16_t family, struct xfrm_selector *ret);
void any_limits(struct world *w, enum kind of, struct xfrm_lifetime_cfg *ret);

/* any_sa - one of the SAs there are; NULL: none. */
const struct known_sa *any_sa(struct world *w);
const struct known_policy *any_policy(struct world *w);
/* any_tuple - of an SA that is there, in @percent of all cases, else made up. */
void any_tuple(struct world *w, uint32_t percent, struct tuple *ret);
/* put_mark - the attribute, when the tuple has a mark. */
void put_mark(struct draft *d, const struct tuple *t);
/*
 * is_ambiguous - Linux 6.12 takes a mark for a wildcard where the engine, as newer kernels, wants
 * it exact. Would they find different SAs?
 */
bool is_ambiguous(const struct world *w, const struct tuple *t);
/* has_marks - is there an SA with a mark? */
bool has_marks(const struct world *w);
/* has_encap - is there an SA in UDP? */
bool has_encap(const struct world *w);
/* may_sleep - nothing ends but larval SAs and what this sequence is about. */
bool may_sleep(const struct world *w);

/* The requests, each with its own chance. They fill a draft; false: not now. */
typedef bool (*request_maker)(struct world *w, struct draft *d);
bool make_newsa(struct world *w, struct draft *d);
bool make_getsa(struct world *w, struct draft *d);
bool make_delsa(struct world *w, struct draft *d);
bool make_allocspi(struct world *w, struct draft *d);
bool make_flushsa(struct world *w, struct draft *d);
bool make_dumpsa(struct world *w, struct draft *d);
bool make_aevent(struct world *w, struct draft *d);
bool make_expire(struct world *w, struct draft *d);
bool make_newpolicy(struct world *w, struct draft *d);
bool make_getpolicy(struct world *w, struct draft *d);
bool make_dumppolicy(struct world *w, struct draft *d);
bool make_flushpolicy(struct world *w, struct draft *d);
bool make_polexpire(struct world *w, struct draft *d);
bool make_acquire(struct world *w, struct draft *d);
bool make_migrate(struct world *w, struct draft *d);
bool make_default(struct world *w, struct draft *d);
bool make_info(struct world *w, struct draft *d);
bool make_other(struct world *w, struct draft *d);
bool make_move(struct world *w, struct draft *d); /* MIGRATE_STATE, which Linux 6.12 has not */

/* put_encap - ENCAP, mostly of ESP in UDP. */
void put_encap(struct world *w, struct draft *d);
/* put_label - SEC_CTX that SELinux would understand. */
void put_label(struct world *w, struct draft *d);
/* sa_extras - the rarer attributes of NEWSA. */
void sa_extras(struct world *w, struct draft *d, uint8_t dir);
