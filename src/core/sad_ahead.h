/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * Having near in memory what a request about one SA will touch, step by step: each step follows
 * what the one before has fetched, so some work should lie between them. Nothing is changed, and
 * what is found out are hashes: whatever happens to the SA meanwhile makes them no worse.
 */

#include "core/sad.h"

/* ux_sad_ahead_of - step 1 for an SA that is looked up by its tuple: from_tuple and spi. */
struct ux_sad_places ux_sad_ahead_of(const struct uxfrm *u, const struct ux_sa_id *id);
/* ux_sad_ahead_of_new - the only step for one that will be added: to_tuple, to_address and spi. */
struct ux_sad_places ux_sad_ahead_of_new(const struct uxfrm *u, const struct ux_sa_id *id,
					 uint32_t reqid);

/* Steps 2 to 4 of an SA at from_tuple: itself and its runtime; what these lead to; what that leads
 * to. @removed: also what its removal will touch around it. */
void ux_sad_ahead_sa(const struct uxfrm *u, const struct ux_sad_places *places);
void ux_sad_ahead_parts(const struct uxfrm *u, const struct ux_sad_places *places, bool removed);
void ux_sad_ahead_keys(const struct uxfrm *u, const struct ux_sad_places *places, bool removed);

/*
 * A move: step 1 has all places it takes an SA from and puts it to, step 2 the SA, step 3 what
 * stands beside it in the database.
 */
struct ux_sad_places ux_sad_ahead_of_move(const struct uxfrm *u, const struct ux_sa_id *from,
					  const struct ux_sa_id *to, uint32_t to_reqid);
void ux_sad_ahead_moving(const struct uxfrm *u, const struct ux_sad_places *places);
void ux_sad_ahead_neighbours(const struct uxfrm *u, const struct ux_sad_places *places);
/* step 4: what stands beside the former tuple that ends when it moves back. */
void ux_sad_ahead_former(const struct uxfrm *u, const struct ux_sad_places *places);
/*
 * The same for an SA that is found by its destination and reqid: its new tuple follows from it, so
 * that is looked for in step 3; step 4 is what it leaves behind.
 */
struct ux_sad_endpoint {
	struct ux_addr daddr;
	uint32_t reqid;
	uint16_t family;
};
struct ux_sad_places ux_sad_ahead_of_endpoint(const struct uxfrm *u,
					      const struct ux_sad_endpoint *from,
					      const struct ux_sad_endpoint *to);
void ux_sad_ahead_at_endpoint(const struct uxfrm *u, const struct ux_sad_places *places);
void ux_sad_ahead_leaving(const struct uxfrm *u, const struct ux_sad_places *places,
			  const struct ux_sad_endpoint *to);
void ux_sad_ahead_left(const struct uxfrm *u, const struct ux_sad_places *places);
/* ux_sad_ahead_around - the same as step 3 when the SA is known. */
void ux_sad_ahead_around(const struct uxfrm *u, const struct ux_sa *sa);

/* ux_sad_ahead_walk - @sa is shown; those behind it in the list of all are next. */
void ux_sad_ahead_walk(const struct ux_sad *sad, const struct ux_sa *sa);
/* ux_sad_ahead_grace - the grace time of @sa ends; those behind it in the queue may be next. */
void ux_sad_ahead_grace(const struct uxfrm *u, const struct ux_sa *sa);
