/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * The way from workers to the control thread: what a packet caused and only the control thread can
 * do, told in notices of fixed size. Each worker has a ring that it alone writes and the control
 * thread alone reads; a worker that goes leaves its ring to the next one.
 *
 * Guarantee: posting never waits, allocates or calls the system, and a ring that is full loses
 * nothing that matters. A notice about an SA stands for a bit in ux_sa_runtime.noted: set while a
 * notice is on its way, taken back when there was no room, so that the next packet tries again.
 * What the control thread then does follows from the state of the SA, not from the notice. A notice
 * about a missing SA is posted again by the next packet that misses it.
 *
 * A notice names an SA by the address of its runtime together with SPI and protocol, which no move
 * changes. The control thread looks the name up and never follows it: the SA may be gone.
 */

#include <linux/types.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "core/sad.h"
#include "packet/flow_key.h"

struct uxfrm;
struct ux_sa_runtime;

/* Bits of ux_sa_runtime.noted. */
#define UX_NOTED_SOFT 0x01u    /* a soft limit was reached */
#define UX_NOTED_HARD 0x02u    /* a hard limit keeps packets back */
#define UX_NOTED_REPLAY 0x04u  /* sequence numbers went on by the threshold */
#define UX_NOTED_MAPPING 0x08u /* a genuine packet came from another address or port */
/* control thread writes, workers read: the next number used is to be told, whatever the threshold
 */
#define UX_NOTED_OVERDUE 0x10u

enum ux_notice_kind { UX_NOTICE_SA, UX_NOTICE_ACQUIRE };

/* An SA, and for UX_NOTED_MAPPING where its packet came from. */
struct ux_notice_sa {
	uintptr_t runtime;
	struct ux_addr saddr;
	__be32 spi;
	__be16 sport;
	uint8_t proto;
	uint8_t bit; /* UX_NOTED_* */
};

/* A template without an SA: whose policy, and what it was resolved to. */
struct ux_notice_acquire {
	struct ux_flow_key flow;
	struct ux_sa_query query; /* its flow is not set */
	uint8_t index;		  /* of the template */
	uint8_t type;		  /* of the policy */
	bool for_cpu;		  /* there is an SA, but not for this CPU alone */
};

struct ux_notice {
	enum ux_notice_kind kind;
	union {
		struct ux_notice_sa sa;
		struct ux_notice_acquire acquire;
	};
};

#define UX_NOTICES 256	    /* of a ring; power of two */
#define UX_NOTICE_ASKED 256 /* power of two */

struct ux_notice_ring {
	/* the worker */
	_Alignas(64) _Atomic(uint32_t) head; /* next to write; the control thread reads */
	bool posted;			     /* since the owner was last woken */
	uint32_t asked_round;		     /* of what is in asked */
	uint64_t asked[UX_NOTICE_ASKED];     /* SAs asked for since the control thread last read */
	/* the control thread */
	_Alignas(64) _Atomic(uint32_t) tail; /* next to read; the worker reads */
	/* the worker writes, then the control thread reads */
	struct ux_notice notices[UX_NOTICES];
};

/* Who would hear of events that workers otherwise need not look for. */
#define UX_LISTENS_ACQUIRE 0x1u
#define UX_LISTENS_AEVENTS 0x2u

struct ux_notices {
	/* control thread writes, workers read */
	_Atomic(uint32_t) listens; /* UX_LISTENS_* */
	_Atomic(uint32_t) round;   /* grows each time the rings are read */
	/* workers set it, the control thread takes it back */
	_Atomic(bool) waiting; /* the owner was woken and has not come yet */
};

/* ux_notice_sa - worker, in a read section: have the control thread look at this SA because of
 * @notice->bit, unless it is about to. The other fields of @notice are filled in here but those of
 * UX_NOTED_MAPPING. */
void ux_notice_sa(struct ux_notice_ring *ring, struct ux_sa_runtime *r,
		  const struct ux_notice_sa *notice);
/* ux_notice_acquire - worker, in a read section: a packet needs the SA that @query asks for, unless
 * nobody would hear of that, or it was said already. */
void ux_notice_acquire(struct uxfrm *u, struct ux_notice_ring *ring,
		       const struct ux_notice_acquire *notice);
/* ux_notice_wake - worker, behind its read section: wake the owner of the engine if there is reason
 * to. */
void ux_notice_wake(struct uxfrm *u, struct ux_notice_ring *ring);

/* ux_notices_listen - control thread: @listens is a set of UX_LISTENS_*. */
void ux_notices_listen(struct uxfrm *u, uint32_t listens);
/* ux_notices_read - control thread: do what the notices in all rings ask for, some of them at a
 * time. False: there are more. */
bool ux_notices_read(struct uxfrm *u);
