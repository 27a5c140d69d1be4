/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* What the short way remembers: of a flow that leaves, of an SA that packets come by, of a flow
 * that comes by it. All of it follows from objects that do not change while the generation stands. */

#include <stddef.h>

#include "ipsec/flow_cache.h"
#include "ipsec/worker.h"

#define UX_FAST_OUTER_MAX (UX_IP6_LEN + UX_UDP_LEN)
#define UX_FAST_EXPIRES_NEVER UINT64_MAX

/* How much an SA may count before the general way must look. */
struct ux_fast_limits {
	uint64_t bytes, packets, expires_s;
};

struct ux_out_flow {
	_Alignas(64) struct ux_flow_head head;

	struct ux_sa_runtime *rt;
	const struct ux_transform *transform;
	struct ux_iv_source *iv; /* NULL: the algorithm needs none */
	struct ux_fast_limits limits;
	uint64_t last_seq;	/* that the SA may send */
	uint64_t policy_used_s; /* what the policy was told last */
	uint32_t paths;		/* uxfrm.paths_forgotten when the path was looked up */
	uint32_t longest;	/* inner packet that needs no look at the path */
	uint32_t mtu;		/* of the path, 0: not known */
	uint32_t spi;		/* host byte order */
	uint32_t outer_sum;	/* IPv4: checksum of the header without what differs */
	uint16_t id_base;	/* of the IPv4 identification */
	uint8_t outer_len;	/* IP and UDP */
	uint8_t iv_len, icv_len, align;
	uint8_t inner_tos, outer_tos; /* the latest pair */
	bool outer_v6, outer_udp, keep_df, marks;
	uint8_t outer[UX_FAST_OUTER_MAX];

	uint32_t mark_v, mark_m; /* output mark */
	struct ux_sa *sa;
	struct ux_policy *policy;
};
_Static_assert(sizeof(struct ux_out_flow) == 256, "memory for each flow");
/* What a packet of IPv4 outside looks at. */
#define UX_OUT_FLOW_NEAR 192
_Static_assert(offsetof(struct ux_out_flow, outer) + UX_IP4_LEN + UX_UDP_LEN <= UX_OUT_FLOW_NEAR,
	       "with the template");

struct ux_in_sa {
	_Alignas(64) struct ux_flow_head head;

	struct ux_sa *sa;
	struct ux_sa_runtime *rt;
	const struct ux_transform *transform;
	struct ux_fast_limits limits;
	uint32_t spi; /* host byte order */
	uint32_t mark_v, mark_m;
	uint16_t encap_type;
	uint8_t iv_len, icv_len, align;
	bool watch_tos; /* the outer class may change the inner one */
};

struct ux_in_flow {
	_Alignas(64) struct ux_flow_head head;

	struct ux_sa *sa; /* the packets come by */
	struct ux_policy *policy;
	uint64_t policy_used_s;
	uint32_t if_id; /* of the interface to deliver by */
};
