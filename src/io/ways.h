/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * The ways that packets take, remembered for a second, or until somebody says that routes or
 * neighbours have changed. One thread looks up; any thread may call ux_ways_forget.
 */

#include <stdatomic.h>
#include <stdint.h>

#include "base/siphash.h"
#include "io/next_hop.h"

#define UX_WAYS_SETS 1024
#define UX_WAYS_PER_SET 2
/* Questions in a burst; they are for the kernel and cost some 10 us each. */
#define UX_WAYS_ASK_MAX 16

/* As ux_next_hop_ask. */
typedef enum ux_hop_kind (*ux_ways_ask)(void *opaque, const struct ux_way *way,
					struct ux_next_hop *ret_hop);

struct ux_known_way {
	struct ux_way way;
	struct ux_next_hop hop; /* with UX_HOP_KNOWN */
	enum ux_hop_kind kind;
	uint32_t generation; /* 0: empty */
	uint64_t until_ns;
};

struct ux_ways {
	_Atomic(uint32_t) generation; /* any thread */
	/* who looks up */
	uint32_t seen; /* the generation, in this burst */
	uint32_t asked; /* in this burst */
	uint64_t now_ns;
	ux_ways_ask ask;
	void *opaque;
	struct ux_siphash_key key;
	struct ux_known_way *last;
	struct ux_known_way table[UX_WAYS_SETS][UX_WAYS_PER_SET];
};

/* ux_ways_new - NULL without memory. */
struct ux_ways *ux_ways_new(ux_ways_ask ask, void *opaque);
struct ux_ways *ux_ways_free(struct ux_ways *w); /* accepts NULL, returns NULL */
/* ux_ways_forget - what is known may not be so any more. Any thread. */
void ux_ways_forget(struct ux_ways *w);

/* ux_ways_begin - a burst begins, at a time that never goes back. */
void ux_ways_begin(struct ux_ways *w, uint64_t now_ns);
/* ux_ways_find - the way, asked for if need be; NULL when this burst has asked enough. Borrowed
 * until the next call. */
const struct ux_known_way *ux_ways_find(struct ux_ways *w, const struct ux_way *way);
