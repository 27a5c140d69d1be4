/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * A thread's place of work: one burst at a time goes through it. All memory a burst needs is here,
 * so nothing is allocated on the way.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uxfrm/packet.h>

#include "core/instance.h"
#include "core/policy.h"
#include "core/sa.h"
#include "crypto/transform.h"
#include "packet/flow_key.h"
#include "packet/ip.h"

struct ux_deflate;
struct ux_protocol;
struct ux_mode_ops;

/* What AH takes out of a packet while its ICV is made. */
#define UX_KEPT_HEADERS_MAX 512
struct ux_kept {
	uint8_t icv[UX_ICV_MAX];
	uint8_t headers[UX_KEPT_HEADERS_MAX]; /* the IP header and extensions in front of AH */
};

/* One packet of the burst, as it stands between stages. */
struct ux_slot {
	struct uxfrm_packet *p;
	struct ux_sa *sa;		    /* at work now */
	const struct ux_protocol *protocol; /* its protocol */
	const struct ux_mode_ops *mode;	    /* and mode */
	bool done;			    /* has its verdict */

	struct ux_flow_key flow;
	struct ux_ip_info ip; /* the packet as it is now; inbound, until the mode opens it: outer */

	/* the SAs of the packet: outbound those to apply, innermost first; inbound those it came
	 * by, outermost first */
	struct ux_sa *bundle[UX_TEMPLATES_MAX];
	uint8_t n_bundle;

	/* that lets it pass; outbound also one that does not. NULL: none */
	struct ux_policy *policy;

	/* outbound */
	uint8_t n_applied;
	uint8_t header_proto; /* what the header in front of the protocol's names */
	uint64_t iv;
	uint32_t original_len;
	uint32_t counted_len; /* bytes its SA counts: the payload as the mode made it */
	uint32_t keep; /* transport mode: bytes that stay in front of the protocol's header */
	uint32_t proto_offset; /* of the byte in those that will be header_proto */
	uint32_t
	    outer_len; /* bytes the mode writes in front of the protocol's header, beside keep */
	uint32_t front_len; /* the protocol's header */
	uint32_t tail_len;  /* what it puts behind the payload */

	/* both */
	uint64_t seq;
	uint8_t *header;      /* of the protocol */
	uint8_t *payload;     /* what it protects */
	uint32_t payload_len; /* without padding and trailer */
	uint32_t tfc_len;     /* ESP outbound: zeros behind the payload (RFC 4303 section 2.7) */
	uint32_t padded_len;  /* ESP, with both: a multiple of the transform's alignment */
	uint8_t next_header;
	struct ux_kept *kept;

	/* inbound */
	uint32_t rest_len; /* from the header to the end of the packet */
	uint16_t encap_type;
};

struct ux_path_cache;
struct ux_fast;

/* An SA that packets of this burst came by, and may have overtaken others of it. */
#define UX_MOVED_MAX 64
struct ux_moved_sa {
	struct ux_sa_id id;
	uint32_t mark;
	uint16_t encap_type;
};

struct uxfrm_worker {
	struct uxfrm *instance;
	struct ux_crypto_worker *crypto;
	struct ux_deflate *deflate;
	struct ux_worker_counters *counters;
	struct ux_notice_ring *ring;
	uint64_t real_s;	     /* wall clock as the thread was told; 0: as the engine was */
	uint32_t changes, gaps;	     /* ux_interim.changes, n_opened when the burst began */
	uint32_t offered;	     /* ux_interim.changes when those that wait were offered last */
	bool others_wait;	     /* the caller keeps packets */
	bool held;		     /* one of this burst is to wait */
	bool several_ports;	     /* what comes by one may overtake what came by another */
	uint32_t n_moved;
	struct ux_moved_sa moved[UX_MOVED_MAX]; /* see uxfrm_worker_wants_older() */
	uint64_t now_s;		     /* wall clock of this burst */
	uint32_t cpu_given;	     /* UXFRM_CPU_OWN: that the thread runs on */
	uint32_t cpu;		     /* of this burst, outbound */
	struct ux_fast *fast;	     /* NULL: every packet goes the general way */
	struct ux_path_cache *paths; /* NULL: it does not follow paths */
	const struct ux_sa *path_sa; /* the path of packets by this SA alone, with path_mark, ... */
	uint32_t path_mark, path_mtu; /* ... has this MTU; NULL: none looked up in this burst */
	const struct uxfrm_order_ops *order; /* NULL: none */
	void *order_opaque;
	size_t n_burst; /* packets of it in all */
	size_t n_live;
	struct ux_slot *live[UXFRM_BURST]; /* packets without a verdict, order kept */
	struct ux_slot slots[UXFRM_BURST];
	struct ux_crypt_op ops[UXFRM_BURST]; /* ops[i] is live[i]'s */
	struct ux_kept kept[UXFRM_BURST];    /* kept[i] is slots[i]'s */
};

/* ux_worker_number, ux_worker_numbered, ux_worker_arrived - see struct uxfrm_order_ops. */
static inline void ux_worker_number(const struct uxfrm_worker *w, const struct ux_sa_runtime *rt)
{
	if (w->order)
		w->order->number(w->order_opaque, (uintptr_t)rt);
}
static inline void ux_worker_numbered(const struct uxfrm_worker *w)
{
	if (w->order)
		w->order->numbered(w->order_opaque);
}
static inline void ux_worker_arrived(const struct uxfrm_worker *w)
{
	if (w->order)
		w->order->arrived(w->order_opaque);
}

/* ux_worker_begin - a burst begins, in a read section: what holds for all of it. */
void ux_worker_begin(struct uxfrm_worker *w);
/* ux_worker_load - these packets of it go the general way; every one live, no verdict. */
void ux_worker_load(struct uxfrm_worker *w, struct uxfrm_packet *const *packets, size_t n);

/* ux_worker_drop - the packet's end, counted. */
void ux_worker_drop(struct uxfrm_worker *w, struct ux_slot *s, enum uxfrm_drop reason);

/* What a stage does to one packet: go on (UXFRM_DROP_NONE) or say why not. */
typedef enum uxfrm_drop (*ux_stage)(struct uxfrm_worker *w, struct ux_slot *s);

/* ux_worker_stage - run a stage over the live packets. Those it dropped or that are done leave;
 * the others keep their order. */
static inline void ux_worker_stage(struct uxfrm_worker *w, ux_stage stage)
{
	size_t kept = 0;

	for (size_t i = 0; i < w->n_live; i++) {
		struct ux_slot *s = w->live[i];
		enum uxfrm_drop reason = stage(w, s);

		if (reason != UXFRM_DROP_NONE)
			ux_worker_drop(w, s, reason);
		else if (!s->done)
			w->live[kept++] = s;
	}
	w->n_live = kept;
}

/* ux_worker_crypted - drop the live packets whose op failed. */
void ux_worker_crypted(struct uxfrm_worker *w, enum uxfrm_drop reason);
