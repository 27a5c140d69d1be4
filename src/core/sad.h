/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * The SA database.
 *
 * Two tables serve the packet path (core/sa_table.h): by tuple (destination, SPI, protocol, family)
 * for inbound, by address (destination, reqid, family) for outbound; the source is compared in the
 * chain, because it may be a wildcard in the template and in the SA. SAs with equal keys hang in
 * one slot as a chain, newest first. A third, the former index, finds SAs by the destination they
 * moved away from.
 *
 * A former tuple (grace) is an ux_sa that stands in the tuple table only. It keeps its place in the
 * chain, since readers may stand on it; the look-up prefers others.
 *
 * Visibility: ux_sad_replace makes the new SA reachable before the old one stops being so. A reader
 * finds the old or the new one, never neither.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/heap.h"
#include "base/list.h"
#include "base/siphash.h"
#include "core/sa.h"
#include "core/sa_table.h"
#include "core/walk.h"

struct uxfrm;

#define UX_SAD_SEQ_BUCKETS 1024 /* power of two */
#define UX_SAD_GRACE_MAX 32	/* former tuples of one SA */

#define UX_FORMER_LINK_SIZE 64 /* at least sizeof(struct ux_former_link), sad_former.c */

/* Made before a move changes anything, used if it needs them, kept for the next one if not. */
struct ux_former_spare {
	struct ux_former_link *link;
	struct ux_former_set *few, *many; /* of UX_FORMER_FEW and UX_FORMER_MAX */
};

struct ux_sad {
	struct ux_sa_table by_tuple, by_address, by_former;
	struct ux_sa_table by_spi;  /* (SPI, protocol) -> runtimes */
	struct ux_list all;	    /* ux_sa.all, newest first */
	struct ux_list cursors;	    /* open dumps */
	struct ux_list *by_seq;	    /* UX_SAD_SEQ_BUCKETS lists of larval SAs */
	struct ux_list grace_queue; /* by deadline */
	struct ux_list larval;	    /* by deadline */
	struct ux_former_spare spare;
	uint32_t n_sa, n_grace;
	uint32_t n_acquired; /* larval SAs that packets have made */
};

int ux_sad_init(struct ux_sad *sad);
void ux_sad_fini(struct uxfrm *u);

/*
 * Hashes of the places a move takes an SA from and puts it to. All that a move needs hangs on these
 * as a chain of memory accesses, so a request computes them as early as it can.
 */
struct ux_sad_places {
	uint64_t from_tuple, to_tuple, from_address, to_address;
	uint64_t spi; /* the way to the runtime that does not lead through the SA */
};

/* ---- look-ups of the packet path: any worker, inside a read section ---- */

/*
 * ux_sad_lookup_inbound - the SA for a packet: wildcard mark, newest first. Among those whose mark
 * matches one whose encapsulation is @encap_type is preferred (a former tuple may differ in just
 * that).
 */
struct ux_sa *ux_sad_lookup_inbound(struct uxfrm *u, const struct ux_sa_id *id, uint32_t mark,
				    uint16_t encap_type);

/* What an outbound template asks for. */
struct ux_sa_query {
	struct ux_addr daddr, saddr; /* saddr any = not compared */
	uint32_t reqid, if_id;
	uint32_t mark;	 /* the policy's v & m */
	__be32 spi;	 /* 0 = any */
	uint16_t family; /* of the outer addresses */
	uint8_t proto, mode;
	uint32_t cpu;			/* that sends: of SAs for one CPU only its own (RFC 9611) */
	const struct ux_flow_key *flow; /* for the SA's selector */
	const struct ux_label *label;	/* the policy's; NULL: none */
};
/*
 * ux_sad_lookup_outbound - the SA a template resolves to (Linux: xfrm_state_find): valid, selector
 * fits; that of the CPU before one for all, not dying before dying, latest added first. If none has
 * these addresses and the instance's policies follow migrations, an SA that had them before it
 * moved. NULL: none.
 */
struct ux_sa *ux_sad_lookup_outbound(struct uxfrm *u, const struct ux_sa_query *query);

/* ---- look-ups of the control thread; former tuples are never returned ---- */

/* by tuple and exactly this mark (v and m); the form of GETSA, DELSA, UPDSA, MIGRATE_STATE since
 * the 7.2 fixes */
struct ux_sa *ux_sad_lookup_exact(struct uxfrm *u, const struct ux_sa_id *id, struct ux_mark mark);
/* the same when the hash of @id is known */
struct ux_sa *ux_sad_lookup_exact_at(struct uxfrm *u, uint64_t hash, const struct ux_sa_id *id,
				     struct ux_mark mark);
/* by tuple with a wildcard mark: (mark & sa.m) == sa.v; @except (may be NULL) is passed over */
struct ux_sa *ux_sad_lookup_wildcard(struct uxfrm *u, const struct ux_sa_id *id, uint32_t mark,
				     const struct ux_sa *except);
struct ux_sa *ux_sad_lookup_wildcard_at(struct uxfrm *u, uint64_t hash, const struct ux_sa_id *id,
					uint32_t mark, const struct ux_sa *except);
/* by destination, source, protocol and exact mark (protocols without SPI: DELSA/GETSA by
 * addresses); walks all */
struct ux_sa *ux_sad_lookup_by_address(struct uxfrm *u, const struct ux_addr *daddr,
				       const struct ux_addr *saddr, uint8_t proto, uint16_t family,
				       struct ux_mark mark);
/* any SA, larval ones included, with this SPI and protocol, whatever its destination (ALLOCSPI, and
 * packets for an SA that may be about to move; in a read section) */
bool ux_sad_spi_in_use(struct uxfrm *u, __be32 spi, uint8_t proto);
/* larval SA by acquire sequence number and mark (Linux: __xfrm_find_acq_byseq) */
struct ux_sa *ux_sad_lookup_larval_by_seq(struct uxfrm *u, struct ux_mark mark, uint32_t seq,
					  uint32_t pcpu);
/* larval SA without SPI by (reqid, mode, family, proto, mark, daddr, saddr) */
struct ux_sa *ux_sad_lookup_larval(struct uxfrm *u, const struct ux_sa_params *like);
/* the same when the hash of destination, reqid and family is known */
struct ux_sa *ux_sad_lookup_larval_at(struct uxfrm *u, uint64_t hash,
				      const struct ux_sa_params *like);

/* ---- changes: control thread; objects taken out are freed after a grace period ---- */

/*
 * ux_sad_insert - publish @sa. Takes it. -ENOMEM (also when max_sa is reached) leaves it with the
 * caller. No duplicate check.
 */
int ux_sad_insert(struct uxfrm *u, struct ux_sa *sa) UX_MUST_CHECK;
/* ux_sad_fulfil - the same, and the larval SA @larval, which has waited for it, goes; so there is
 * room where max_sa is reached. */
int ux_sad_fulfil(struct uxfrm *u, struct ux_sa *larval, struct ux_sa *sa) UX_MUST_CHECK;
/*
 * ux_sad_replace - publish @fresh in the place of @old, which must be in the database. They may
 * differ in every field, the runtime included. @moved: place in dump order as a new SA, keep @old
 * inbound as a former tuple for the grace time if its tuple, mark or encapsulation differ, and
 * remember its former identity; otherwise @fresh takes over @old's place. Takes both on success;
 * -ENOMEM changes nothing.
 */
int ux_sad_replace(struct uxfrm *u, struct ux_sa *old, struct ux_sa *fresh,
		   bool moved) UX_MUST_CHECK;
/*
 * ux_sad_reserve_moves - memory for @n ux_sad_replace with @moved and the same runtime, at most
 * UX_SA_TABLE_RESERVE_MAX: what comes next of them does not fail. -ENOMEM.
 */
int ux_sad_reserve_moves(struct uxfrm *u, size_t n) UX_MUST_CHECK;
/* ux_sad_give_up - the larval SA @sa will not be fulfilled: it waits for nothing any more, but for
 * the end of its time. */
void ux_sad_give_up(struct ux_sa *sa);
/* ux_sad_remove - take @sa and its former tuples out. Does nothing to a companion that is held. */
void ux_sad_remove(struct uxfrm *u, struct ux_sa *sa);

/*
 * ux_sad_park - as ux_sad_remove, but the SA may come back (core/interim.h): its tuples stay where
 * the inbound look-up finds them, its runtime is parked.
 */
void ux_sad_park(struct uxfrm *u, struct ux_sa *sa);
/* ux_sad_unpark - a parked SA ends. */
void ux_sad_unpark(struct uxfrm *u, struct ux_sa *sa);
/*
 * ux_sad_resume - publish @fresh, which is in no table, with the runtime of the parked SA @parked;
 * that becomes a former tuple. @larval (NULL: none) goes and makes room. Takes @fresh. -ENOMEM (also when max_sa is reached) changes nothing.
 */
int ux_sad_resume(struct uxfrm *u, struct ux_sa *parked, struct ux_sa *fresh,
		  struct ux_sa *larval) UX_MUST_CHECK;

/*
 * ux_sad_tick - end grace times and larval SAs that are due, a few thousand at most. Returns the
 * next deadline, UINT64_MAX: none.
 */
uint64_t ux_sad_tick(struct uxfrm *u);

/* A position in the list of all SAs that survives changes between the pieces of a dump. */
struct ux_sad_cursor {
	struct ux_walk walk;
};
void ux_sad_cursor_init(struct ux_sad_cursor *c);
/* ux_sad_cursor_next - the next SA or NULL at the end; the cursor then stands behind it. */
struct ux_sa *ux_sad_cursor_next(struct ux_sad *sad, struct ux_sad_cursor *c);
/* ux_sad_cursor_back - the SA just returned did not fit: return it again next time. */
void ux_sad_cursor_back(struct ux_sad *sad, struct ux_sad_cursor *c);
void ux_sad_cursor_fini(struct ux_sad_cursor *c);
