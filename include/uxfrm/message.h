/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef UXFRM_MESSAGE_H
#define UXFRM_MESSAGE_H

/* Answers and events, taken apart. */

#include <uxfrm/objects.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The numbers are those of the protocol. */
enum uxfrm_message_type {
	UXFRM_MSG_SA = 16,		 /* sa */
	UXFRM_MSG_SA_DELETED = 17,	 /* sa */
	UXFRM_MSG_POLICY = 19,		 /* policy */
	UXFRM_MSG_POLICY_DELETED = 20,	 /* policy */
	UXFRM_MSG_ACQUIRE = 23,		 /* acquire */
	UXFRM_MSG_SA_EXPIRED = 24,	 /* sa, hard */
	UXFRM_MSG_POLICY_UPDATED = 25,	 /* policy */
	UXFRM_MSG_SA_UPDATED = 26,	 /* sa */
	UXFRM_MSG_POLICY_EXPIRED = 27,	 /* policy, hard */
	UXFRM_MSG_SAS_FLUSHED = 28,	 /* flushed */
	UXFRM_MSG_POLICIES_FLUSHED = 29, /* flushed */
	UXFRM_MSG_AEVENT = 30,		 /* aevent */
	UXFRM_MSG_REPORT = 32,		 /* report */
	UXFRM_MSG_POLICY_MOVED = 33,	 /* policy_move */
	UXFRM_MSG_SAD_INFO = 34,	 /* sad */
	UXFRM_MSG_SPD_INFO = 36,	 /* spd */
	UXFRM_MSG_MAPPING = 38,		 /* mapping */
	UXFRM_MSG_DEFAULTS = 40,	 /* defaults */
	UXFRM_MSG_SA_MOVED = 41,	 /* sa_move */
};

/* A packet met a policy whose SA is missing. */
struct uxfrm_acquire {
	struct uxfrm_sa_id id;	    /* what is wanted; family is that of policy.id.sel */
	struct uxfrm_selector sel;  /* of the packet */
	struct uxfrm_policy policy; /* without attributes of its own */
	uint32_t auth_mask, crypt_mask, comp_mask;
	uint32_t seq;
	struct uxfrm_attributes attrs;
};

/* bits of struct uxfrm_aevent: flags */
#define UXFRM_AE_RTHR 1u    /* get, set: replay threshold */
#define UXFRM_AE_RVAL 2u    /* get, set: replay state */
#define UXFRM_AE_LVAL 4u    /* get, set: usage */
#define UXFRM_AE_ETHR 8u    /* get, set: timer threshold */
#define UXFRM_AE_REPLAY 16u /* event because of the replay threshold */
#define UXFRM_AE_TIMER 32u  /* event because of the timer */
#define UXFRM_AE_UPDATE 64u /* event because it was set */

/* The state of an SA that changes with each packet. */
struct uxfrm_aevent {
	struct uxfrm_sa_id id;
	uint32_t flags, reqid;
	struct uxfrm_attributes
	    attrs; /* replay, replay_esn, usage, replay_thresh, timer_thresh, mark */
};

struct uxfrm_report {
	uint8_t proto;
	struct uxfrm_selector sel;
	struct uxfrm_attributes attrs;
};

/* The peer of a UDP-encapsulated SA sends from elsewhere. */
struct uxfrm_mapping {
	struct uxfrm_sa_id id; /* src is old_src */
	union uxfrm_ip old_src, new_src;
	uint16_t old_sport, new_sport;
	uint32_t reqid;
};

struct uxfrm_flushed {
	uint8_t proto;		       /* SAs; 0 = all */
	struct uxfrm_attributes attrs; /* policies: ptype */
};

/* What happens to traffic without a policy: 1 = block, 2 = accept; in requests 0 = as it is. */
struct uxfrm_defaults {
	uint8_t in, fwd, out;
};
#define UXFRM_DEFAULT_BLOCK 1
#define UXFRM_DEFAULT_ACCEPT 2

struct uxfrm_sad_info {
	uint32_t count, buckets, buckets_max;
};

/* Selectors with prefixes at least as long as both thresholds are hashed (bits). */
struct uxfrm_threshold {
	uint8_t local, remote;
};
struct uxfrm_spd_info {
	uint32_t in, out, fwd, socket_in, socket_out, socket_fwd;
	uint32_t buckets, buckets_max;
	struct uxfrm_threshold threshold4, threshold6;
};

#define UXFRM_NO_REQUEST UINT32_MAX

/*
 * One answer or event. Only the member named beside the type is filled; a type that is not listed
 * fills none. Everything is borrowed until the function that was given it returns.
 */
struct uxfrm_message {
	uint16_t type; /* enum uxfrm_message_type */
	uint16_t flags;
	uint32_t length;       /* bytes of the message as it came */
	uint32_t seq, port_id; /* as the server set them */
	uint32_t request; /* of which request (0 = the first since the last run), UXFRM_NO_REQUEST:
			     event */
	int32_t
	    nsid; /* with all_nsid: the kernel's number of the network namespace, -1 = this one */
	bool hard;
	union {
		struct uxfrm_sa sa;
		struct uxfrm_policy policy;
		struct uxfrm_acquire acquire;
		struct uxfrm_aevent aevent;
		struct uxfrm_report report;
		struct uxfrm_mapping mapping;
		struct uxfrm_flushed flushed;
		struct uxfrm_defaults defaults;
		struct uxfrm_sad_info sad;
		struct uxfrm_spd_info spd;
		struct uxfrm_sa_move sa_move;
		struct uxfrm_policy_move policy_move;
	};
};

#ifdef __cplusplus
}
#endif
#endif
