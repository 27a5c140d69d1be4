/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * A security association in two parts.
 *
 * struct ux_sa is what a move may change: addresses, selector, reqid, marks, encapsulation. It is
 * constant once published; a change is a new ux_sa in its place. It is four lines of memory, since
 * moving an SA is copying it.
 *
 * struct ux_sa_runtime is what stays: what belongs to the key (transform, sequence number, IVs,
 * replay window, counters) and the terms the SA was installed on (limits, padding and the like). It
 * is shared by all ux_sa that ever stood for this SA, so a packet in flight through the old one and
 * the next through the new one draw from the same numbers. Nothing is copied when an SA moves,
 * hence nothing can be missed or repeated.
 */

#include <linux/types.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/ext_ack.h"
#include "base/list.h"
#include "core/iv_ledger.h"
#include "core/label.h"
#include "core/limits.h"
#include "core/replay.h"
#include "core/selector.h"
#include "crypto/transform.h"

struct uxfrm;

enum ux_mode { /* the protocol's numbers */
	       UX_MODE_TRANSPORT = 0,
	       UX_MODE_TUNNEL = 1,
	       UX_MODE_ROUTE_OPTIMIZATION = 2,
	       UX_MODE_IN_TRIGGER = 3,
	       UX_MODE_BEET = 4,
	       UX_MODE_IPTFS = 5
};

enum ux_sa_dir { UX_SA_DIR_NONE = 0, UX_SA_DIR_IN = 1, UX_SA_DIR_OUT = 2 };

/* SA flags: the protocol's bits (XFRM_STATE_*). */
#define UX_SA_NOECN 0x01
#define UX_SA_DECAP_DSCP 0x02
#define UX_SA_NOPMTUDISC 0x04
#define UX_SA_WILDRECV 0x08
#define UX_SA_ICMP 0x10
#define UX_SA_AF_UNSPEC 0x20
#define UX_SA_ALIGN4 0x40
#define UX_SA_ESN 0x80
#define UX_SA_EXTRA_DONT_ENCAP_DSCP 0x1
#define UX_SA_EXTRA_OSEQ_MAY_WRAP 0x2

#define UX_ENCAP_NONE 0
#define UX_ENCAP_ESPINUDP 2
struct ux_encap {
	uint16_t type;		 /* UX_ENCAP_* */
	__be16 sport, dport;	 /* outbound: of the packets sent. inbound: as seen from the peer */
	struct ux_addr original; /* original address (NAT-OA); stored and returned */
};

struct ux_offload {
	int32_t ifindex;
	uint8_t flags; /* 1 ipv6 (meaningless), 2 inbound, 4 packet */
	bool requested;
};

struct ux_sa_id {
	struct ux_addr daddr;
	__be32 spi;
	uint16_t family;
	uint8_t proto;
};

/* An algorithm as installed, for GETSA and for the IV ledger. Key bytes are in key memory. */
struct ux_algo_key {
	const char *name;   /* canonical name, static */
	const uint8_t *key; /* (key_bits + 7) / 8 bytes */
	uint32_t key_bits;
	uint16_t icv_bits;
	bool own_key; /* false: it is the transform's */
};

/*
 * Which algorithms the SA has, as bits of ux_sa_keys.present and in the order in which they stand
 * there.
 */
enum { UX_KEY_AUTH = 1, UX_KEY_CRYPT = 2, UX_KEY_AEAD = 4, UX_KEY_COMP = 8 };
#define UX_KEY_KINDS 4
struct ux_sa_keys {
	uint8_t present;
	struct ux_algo_key algo[]; /* one for each bit that is set */
};
/* ux_sa_key - the algorithm of one kind (UX_KEY_*), NULL if the SA has none. @keys may be NULL. */
const struct ux_algo_key *ux_sa_key(const struct ux_sa_keys *keys, uint8_t kind);

struct ux_sa;

/* An identity this SA was known by before it moved; what policies may still name
 * (docs/migration.md). */
struct ux_former_identity {
	struct ux_addr daddr, saddr;
	uint32_t reqid;
	struct ux_mark mark;
	uint16_t family;
};
#define UX_FORMER_MAX 8 /* the first (as installed) and the latest seven */
#define UX_FORMER_FEW 2 /* most SAs never need a larger set */
struct ux_former_set {
	/* const after publish */
	struct uxfrm *instance;
	uint32_t cap; /* UX_FORMER_FEW or UX_FORMER_MAX */
	/* control thread writes, workers read: may grow to cap, an identity before the number */
	_Atomic(uint32_t) n;
	/* control thread */
	struct ux_list links; /* ux_former_link.of_set: what the former index holds of this SA */
	/* const after it is counted */
	struct ux_former_identity id[];
};
#define UX_FORMER_SET_SIZE(n) \
	(sizeof(struct ux_former_set) + (n) * sizeof(struct ux_former_identity))

struct ux_sa_stats { /* workers, atomic; a move sets them back, as in Linux */
	_Atomic(uint32_t) replay_window, replay, integrity_failed;
};

/* What an SA was installed with and keeps through all its moves. */
struct ux_sa_terms {
	/* control thread writes, workers follow; another one only by ux_sa_set_limits */
	_Atomic(const struct ux_limits *) limits;
	/* control thread writes, workers read the second; NEWAE changes both */
	uint32_t replay_maxage;		  /* 100 ms units */
	_Atomic(uint32_t) replay_maxdiff; /* sequence numbers */
	/* const after publish */
	struct ux_sa_rare *rare; /* NULL: nothing of it */
	uint32_t tfcpad, extra_flags;
	uint32_t pcpu;		/* UINT32_MAX = none */
	uint32_t acquire_seq;	/* km.seq: ties ALLOCSPI/ACQUIRE and NEWSA together */
	uint8_t replay_window;	/* as GETSA shows it in the fixed header: 0 when esn_attr */
	uint8_t replay_bmp_len; /* of REPLAY_ESN_VAL: words of its bitmap, as given */
	uint8_t id_unused[3];	/* padding of the request's id, returned as in Linux */
	bool esn_attr;		/* replay state came as, and is returned as, REPLAY_ESN_VAL */
};

/* What few SAs have. */
struct ux_sa_rare {
	const struct ux_label *label; /* const after publish; NULL: none */
	/* control thread; UPDSA changes the address */
	bool has_coaddr;
	struct ux_addr coaddr;
	struct ux_sa_runtime *companion; /* control thread: core/companion.h; NULL: none */
	uint32_t companion_users;	 /* control thread: of a companion */
};

/* What only an SA without keys has: it waits for them, but not for ever. Control thread. */
struct ux_larval {
	struct ux_sa *sa;
	struct ux_list by_seq; /* bucket of terms.acquire_seq, when not 0 */
	struct ux_list timed;  /* ux_sad.larval, by deadline */
	uint64_t deadline_ns;  /* 0: not known yet */
	bool by_packet;	       /* core/acquire.h has made it, not a client */
};

/* What few SAs have, as bits of ux_sa_runtime.extras. */
#define UX_SA_HAS_RARE 1   /* terms.rare */
#define UX_SA_HAS_EVENTS 2 /* events */

struct ux_sa_runtime {
	/* const after publish */
	struct ux_transform *transform; /* NULL for a larval SA */
	struct ux_sa_keys *keys;	/* NULL for a larval SA */
	struct ux_iv_source *iv;	/* NULL when the SA needs none */
	/* seldom changed, by NEWAE: control thread writes, workers read. Never NULL; window 0 for a
	 * larval SA. Another window only by ux_sa_set_replay */
	_Atomic(struct ux_replay_window *) replay;
	_Atomic(uint64_t) add_time_s; /* wall clock */
	/* control thread: SPIs in use */
	struct ux_sa_runtime *next_same_spi, *prev_same_spi;
	__be32 spi; /* as indexed; the same for all ux_sa of this runtime */
	uint8_t proto;
	/* control thread writes, workers read */
	_Atomic(bool) parked; /* deleted, and may come back (core/interim.h): nothing passes */
	/* It has moved, and what was sent before may still be in the queue of another port: the
	 * control thread sets, the worker that has looked there clears (ipsec/hold.h) */
	_Atomic(bool) overtakes;

	/* workers, atomic */
	_Alignas(64) _Atomic(uint64_t) oseq; /* last sequence number sent */
	_Atomic(uint64_t) bytes, packets;
	_Atomic(uint64_t) use_time_s;  /* wall clock of the first packet, 0 = none yet */
	_Atomic(uint64_t) last_used_s; /* wall clock of the latest outbound packet */
	/* control thread, seldom; here is room for it */
	struct ux_limit_timer *timer; /* core/lifetime.h; NULL: no limits in time */
	struct ux_sa_events *events;  /* core/sa_events.h; NULL: nothing to remember */
	/* workers and control thread, atomic */
	_Atomic(uint32_t) noted; /* UX_NOTED_*: core/notice.h */
	/* control thread writes, workers read */
	_Atomic(uint32_t) told; /* ux_sa_sequence when it was last told */

	/* all that a move touches; control thread writes, workers read under RCU */
	_Alignas(64) _Atomic(struct ux_sa *) current; /* as clients see it; NULL once deleted */
	_Atomic(struct ux_former_set *) former;	      /* NULL while it has not moved */
	/* const after publish */
	struct uxfrm *instance;
	/* control thread */
	uint16_t refs;	  /* ux_sa objects that point here: one, and those that wait to be freed */
	uint8_t n_grace;  /* former SAs still reachable inbound */
	uint8_t extras;	  /* UX_SA_HAS_*: a move need not look whether there are any */
	struct ux_sa_stats stats;
	struct ux_list *grace; /* ux_sa.grace_link of the newest of them, in a ring; NULL: none */
	/* keyed hashes of the first and the latest of the former identities */
	uint64_t first_former, latest_former;

	_Alignas(64) struct ux_sa_terms terms;
	struct ux_larval *larval; /* control thread; NULL unless the SA is larval */
};
_Static_assert(sizeof(struct ux_sa_runtime) == 4 * 64, "a million of them add up");

enum ux_sa_state { UX_SA_LARVAL, UX_SA_VALID, UX_SA_DEAD };

/* What makes an SA unfit for some who send, though all addresses fit. */
#define UX_SA_PER_CPU 1	 /* only the CPU terms.pcpu sends by it */
#define UX_SA_LABELLED 2 /* only policies with its label use it */

struct ux_sa {
	/* control thread writes, workers read: links of the lookup tables (core/sad.h) */
	_Alignas(64) _Atomic(struct ux_sa *) next_same_tuple;
	_Atomic(struct ux_sa *) next_same_address;
	_Atomic(uint8_t) state; /* enum ux_sa_state */
	_Atomic(bool) grace;	/* a former tuple: packet path only, clients do not see it */
	_Atomic(bool) dying;	/* a soft limit was reached */

	/* const after publish, what the packet path looks at first in front */
	uint8_t mode, flags, dir;
	/* derived, for the packet path */
	uint8_t special;     /* UX_SA_PER_CPU, UX_SA_LABELLED */
	uint8_t extra_flags; /* the low bits of terms.extra_flags */
	struct ux_sa_runtime *runtime;
	struct ux_sa_id id;
	struct ux_mark mark; /* v already masked */

	struct ux_addr saddr;
	struct ux_encap encap;
	struct ux_mark output_mark; /* SET_MARK; none when both are 0 */
	uint32_t reqid, if_id;
	struct ux_offload offload;

	struct ux_selector sel;
	/* control thread; NEWAE changes the first in place */
	uint32_t mapping_maxage_s;
	uint32_t nat_keepalive_interval_s;

	/* control thread: places in lists and tables, for taking it out */
	uint64_t tuple_hash; /* set when published */
	struct ux_sa *prev_same_tuple;
	union {
		struct { /* clients see it */
			uint64_t address_hash;
			struct ux_sa *prev_same_address;
			struct ux_list all; /* ux_sad.all, newest first: the order of dumps */
		};
		struct {			   /* a former tuple */
			struct ux_list timed;	   /* ux_sad.grace_queue, by deadline */
			struct ux_list grace_link; /* ux_sa_runtime.grace */
		};
	};
	uint64_t deadline_ns; /* of the grace time; of one that has moved: of what it was */
};
_Static_assert(sizeof(struct ux_sa) == 4 * 64, "a move copies it: it should not grow unnoticed");

/*
 * What a request says of an SA. Key pointers are borrowed.
 */
struct ux_sa_params {
	struct ux_sa_id id;
	struct ux_addr saddr;
	struct ux_mark mark, output_mark;
	struct ux_selector sel;
	struct ux_encap encap;
	struct ux_limits limits;
	uint32_t reqid, if_id, tfcpad, extra_flags;
	uint32_t replay_maxage, replay_maxdiff;
	uint32_t nat_keepalive_interval_s, mapping_maxage_s;
	uint32_t pcpu, acquire_seq;
	uint8_t mode, flags, dir;
	bool has_coaddr;
	struct ux_offload offload;
	struct ux_addr coaddr;

	const struct ux_algo_request *auth, *crypt, *aead, *comp; /* NULL if not given */
	/* replay state */
	bool esn_attr;
	uint8_t replay_bmp_len;	     /* words of the bitmap of REPLAY_ESN_VAL */
	uint8_t id_unused[3];	     /* padding of the request's id */
	uint32_t replay_window;	     /* numbers; at most UX_REPLAY_WINDOW_MAX */
	uint64_t oseq, iseq;	     /* 64-bit */
	const uint32_t *replay_bits; /* as ux_replay_load, or NULL */
	uint32_t n_replay_bits;
	/* current lifetime, when given */
	bool has_curlft;
	uint64_t cur_bytes, cur_packets, cur_add_s, cur_use_s;
	uint64_t last_used_s;
};

/*
 * ux_sa_new - make an SA and its runtime: algorithms, lengths and consistency are checked as Linux
 * checks them when a state is initialised; texts likewise. Not in any table yet. Returns owned.
 * -EINVAL, -ENOSYS (algorithm not known), -EPROTONOSUPPORT (mode, protocol), -ENOMEM.
 */
int ux_sa_new(struct uxfrm *u, const struct ux_sa_params *params, struct ux_sa **ret_sa,
	      struct ux_ext_ack *ext) UX_MUST_CHECK;
/* ux_sa_new_larval - an SA without keys (ALLOCSPI). */
int ux_sa_new_larval(struct uxfrm *u, const struct ux_sa_params *params,
		     struct ux_sa **ret_sa) UX_MUST_CHECK;
/* ux_sa_clone - a copy that shares the runtime; not in any table; to be edited, then ux_sa_init. */
struct ux_sa *ux_sa_clone(const struct ux_sa *old);
/* ux_sa_clone_in - the same, without a look at the runtime's cold part for the instance. */
struct ux_sa *ux_sa_clone_in(struct uxfrm *u, const struct ux_sa *old);
/* ux_sa_share_runtime - @sa, in no table, gives up its own runtime for @runtime. */
void ux_sa_share_runtime(struct ux_sa *sa, struct ux_sa_runtime *runtime);
/* ux_sa_init - check what can be wrong with an SA's fields. */
int ux_sa_init(struct ux_sa *sa, struct ux_ext_ack *ext) UX_MUST_CHECK;
/* ux_sa_set_label - an SA in no table gets this label, which is taken in any case; NULL: none.
 * -ENOMEM. */
int ux_sa_set_label(struct ux_sa *sa, const struct ux_label *label) UX_MUST_CHECK;
/* ux_sa_label - NULL: it has none. Any thread. */
static inline const struct ux_label *ux_sa_label(const struct ux_sa *sa)
{
	return sa->special & UX_SA_LABELLED ? sa->runtime->terms.rare->label : NULL;
}
/* ux_sa_free - an SA that is in no table and seen by nobody; drops its share of the runtime. NULL
 * is fine. */
struct ux_sa *ux_sa_free(struct ux_sa *sa);

/* ux_sa_set_limits - other limits for an SA, while workers look at them. -ENOMEM changes nothing.
 */
int ux_sa_set_limits(struct ux_sa_runtime *r, const struct ux_limits *limits) UX_MUST_CHECK;
/* ux_sa_limits - those of now. Workers in a read section, or the control thread. */
static inline const struct ux_limits *ux_sa_limits(const struct ux_sa_runtime *r)
{
	return atomic_load_explicit(&r->terms.limits, memory_order_acquire);
}

/* Sequence state from outside, as a client had it from another SA or another time. */
struct ux_replay_state {
	uint64_t oseq, seq;   /* last sent; highest received */
	uint32_t window;      /* at most UX_REPLAY_WINDOW_MAX */
	uint32_t n_bits;      /* of @bits, which are as ux_replay_load has them */
	const uint32_t *bits; /* NULL: none received */
};
/*
 * ux_sa_set_replay - put these numbers in the place of those of @sa, while workers use it; nothing
 * else sets back what a runtime has counted. A packet in flight counts in the old window or in the
 * new one, never in both, and numbers it takes are those before or those after. IVs go on: they
 * belong to the key, so that no number sent twice has the same IV twice. -ENOMEM changes nothing.
 */
int ux_sa_set_replay(struct ux_sa *sa, const struct ux_replay_state *state) UX_MUST_CHECK;

static inline enum ux_sa_state ux_sa_state_of(const struct ux_sa *sa)
{
	return (enum ux_sa_state)atomic_load_explicit(&sa->state, memory_order_relaxed);
}
static inline bool ux_sa_is_parked(const struct ux_sa *sa)
{
	return atomic_load_explicit(&sa->runtime->parked, memory_order_acquire);
}
/* Does @mark (a packet's or a policy's) fall to this SA? Linux: (mark & m) == v. */
static inline bool ux_sa_mark_match(const struct ux_sa *sa, uint32_t mark)
{
	return (mark & sa->mark.m) == sa->mark.v;
}
