/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef UXFRM_OBJECTS_H
#define UXFRM_OBJECTS_H

/* SAs, policies and their moves, as <uxfrm/client.h> sends them and <uxfrm/message.h> receives
 * them. */

#include <uxfrm/attributes.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What an SA is named by; src is no part of it for inbound packets. */
struct uxfrm_sa_id {
	uint16_t family;
	uint8_t
	    proto; /* 50 ESP, 51 AH, 108 IPComp, 43 and 60 Mobile IPv6; 255 = any, where filtered */
	uint32_t spi;
	union uxfrm_ip dst, src;
};

struct uxfrm_sa {
	size_t size; /* sizeof(struct uxfrm_sa) */
	struct uxfrm_sa_id id;
	struct uxfrm_selector sel;
	struct uxfrm_limits limits;
	uint32_t reqid, seq;
	uint8_t mode, flags;
	uint8_t replay_window; /* packets; the long form of the replay state has its own */
	struct uxfrm_attributes attrs;
	/* answers only */
	struct uxfrm_usage usage;
	uint32_t stats_replay_window, stats_replay, stats_integrity_failed;
};

/* A policy is named by its selector or its index, with dir, mark, if_id and type. */
struct uxfrm_policy_id {
	struct uxfrm_selector sel;
	uint32_t index; /* 0 = none: by the selector */
	uint8_t dir;
};

struct uxfrm_policy {
	size_t size; /* sizeof(struct uxfrm_policy) */
	struct uxfrm_policy_id id;
	struct uxfrm_limits limits;
	uint32_t priority; /* the lowest number first */
	uint8_t action, flags, share;
	struct uxfrm_attributes attrs;
	struct uxfrm_usage usage; /* answers only */
};

/* One SA to new addresses. What attrs does not name is kept: mark, output mark, encap (type
 * UXFRM_ENCAP_NONE removes it), offload (or UXFRM_MOVE_CLEAR_OFFLOAD), nat_keepalive,
 * mapping_thresh. */
struct uxfrm_sa_move {
	size_t size;		    /* sizeof(struct uxfrm_sa_move) */
	struct uxfrm_sa_id id;	    /* src is not used */
	struct uxfrm_mark old_mark; /* exactly the SA's */
	uint16_t new_family;
	union uxfrm_ip new_src, new_dst;
	struct uxfrm_selector new_sel;
	uint32_t new_reqid, flags;
	struct uxfrm_attributes attrs;
};

/* One step of a policy's move: templates and the SA with the old addresses get the new ones. */
struct uxfrm_endpoint_move {
	uint16_t old_family, new_family;
	union uxfrm_ip old_src, old_dst, new_src, new_dst;
	uint8_t proto, mode;
	uint32_t reqid; /* 0 = any */
};

struct uxfrm_policy_move {
	size_t size; /* sizeof(struct uxfrm_policy_move) */
	struct uxfrm_policy_id id;
	const struct uxfrm_endpoint_move *moves; /* borrowed */
	size_t move_count;			 /* 1 to 6 */
	struct uxfrm_attributes attrs;		 /* ptype, encap, offload, if_id, kmaddress */
};

#ifdef __cplusplus
}
#endif
#endif
