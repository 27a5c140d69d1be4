/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* A policy of the SPD (RFC 4301 section 4.4.1): selector, action, templates. Constant once
 * published. */

#include <stdbool.h>
#include <stdint.h>

#include "base/heap.h"
#include "base/list.h"
#include "core/label.h"
#include "core/sa.h"
#include "core/selector.h"

#define UX_TEMPLATES_MAX 6

enum ux_policy_dir { UX_POLICY_IN = 0, UX_POLICY_OUT = 1, UX_POLICY_FWD = 2, UX_POLICY_DIRS = 3 };
enum { UX_POLICY_ALLOW = 0, UX_POLICY_BLOCK = 1 };
#define UX_POLICY_CPU_ACQUIRE 4	 /* flag: an SA for each CPU is wanted */
#define UX_POLICY_FLAG_ICMP 0x02 /* the protocol's bit (XFRM_POLICY_ICMP) */
enum { UX_POLICY_TYPE_MAIN = 0, UX_POLICY_TYPE_SUB = 1 };

struct ux_template {
	struct ux_addr daddr, saddr;
	__be32 spi;
	uint32_t reqid;
	uint32_t aalgos, ealgos, calgos; /* bit masks; ~0 = all; stored and returned */
	uint16_t family;		 /* of the SA's addresses */
	uint16_t id_family; /* what the request had in the template's id; returned as it was */
	uint8_t proto, mode, share, optional;
	uint8_t unused[3]; /* padding of the request's id, returned */
};

struct uxfrm;

struct ux_spd_bucket;

struct ux_policy {
	/* control thread writes, workers read */
	_Atomic(struct ux_policy *) next; /* in the bucket: by rank */

	/* const after publish */
	uint64_t seq; /* age: smaller is older */
	uint32_t priority, if_id;
	struct ux_mark mark;
	uint16_t family; /* sel.family */
	uint8_t dir, type, action, flags;
	bool labelled; /* has a label */
	bool of_socket; /* flushing leaves it */
	uint8_t n_templates;
	struct ux_selector sel;
	uint32_t index;
	const struct ux_limits *limits; /* NULL until ux_policy_set_limits: none */
	const struct ux_label *label;	/* NULL: none */
	uint64_t add_time_s;
	struct uxfrm *instance;

	/* workers, atomic */
	_Atomic(uint64_t) bytes, packets, use_time_s;

	/* control thread */
	struct ux_list all; /* ux_spd.all, newest first: the order of dumps */
	struct ux_spd_bucket *bucket;
	struct ux_heap_node in_bucket; /* on the last level */
	struct ux_limit_timer *timer;  /* core/lifetime.h; NULL: no limits in time */

	/* const after publish; they begin a cache line */
	_Alignas(64) struct ux_template templates[]; /* n_templates */
};

/* Priority and age in one number, as far as that goes: what has a smaller rank comes first. Of the
 * policies that come after the first four thousand million, those of one priority have one rank.
 * UINT64_MAX is nobody's. */
#define UX_POLICY_SEQ_RANKED (UINT32_MAX - UINT32_C(1))
static inline uint64_t ux_policy_rank(const struct ux_policy *p)
{
	return (uint64_t)p->priority << 32 |
	       (p->seq < UX_POLICY_SEQ_RANKED ? p->seq : UX_POLICY_SEQ_RANKED);
}

/* ux_policy_before - does @a decide where both fit? The smaller priority, then the older one. */
static inline bool ux_policy_before(const struct ux_policy *a, const struct ux_policy *b)
{
	return a->priority < b->priority || (a->priority == b->priority && a->seq < b->seq);
}

/*
 * ux_policy_new - all zero but for n_templates (at most UX_TEMPLATES_MAX), which never changes.
 * Returns owned, NULL without memory. Control thread.
 */
struct ux_policy *ux_policy_new(struct uxfrm *u, unsigned int n_templates);
/* ux_policy_set_limits - for a policy in no database. -ENOMEM. */
int ux_policy_set_limits(struct ux_policy *policy, const struct ux_limits *limits) UX_MUST_CHECK;
/* ux_policy_set_label - takes @label; NULL is none. For a policy in no database. */
void ux_policy_set_label(struct ux_policy *policy, const struct ux_label *label);
/* ux_policy_clone - another with the same constant part; nothing counted yet. As ux_policy_new. */
struct ux_policy *ux_policy_clone(const struct ux_policy *policy);
struct ux_slab;
/* Where they come from: a slab for each number of templates. */
void ux_policy_slabs_init(struct ux_slab slabs[UX_TEMPLATES_MAX + 1]);
void ux_policy_slabs_fini(struct ux_slab slabs[UX_TEMPLATES_MAX + 1]);
/* ux_policy_free - a policy in no database; NULL is none. */
void ux_policy_free(struct ux_policy *policy);
