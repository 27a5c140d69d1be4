/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef UXFRM_ATTRIBUTES_H
#define UXFRM_ATTRIBUTES_H

/*
 * The values SAs and policies are made of, and the attributes that they, requests and events may
 * have. The words are those of ip-xfrm(8) and RFC 4301.
 *
 * All numbers are in host byte order. Addresses are in network byte order; the family stands
 * beside them. Times of day are seconds since 1970, spans of time are seconds unless named.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* An IPv4 address stands in the first 4 bytes. */
union uxfrm_ip {
	uint8_t bytes[16];
	uint32_t words[4];
};

enum uxfrm_mode {
	UXFRM_MODE_TRANSPORT,
	UXFRM_MODE_TUNNEL,
	UXFRM_MODE_ROUTE_OPTIMIZATION,
	UXFRM_MODE_IN_TRIGGER,
	UXFRM_MODE_BEET,
	UXFRM_MODE_IPTFS,
};

enum uxfrm_policy_dir { UXFRM_POLICY_IN, UXFRM_POLICY_OUT, UXFRM_POLICY_FWD };
/* added to the direction of a policy that belongs to one socket */
#define UXFRM_POLICY_SOCKET 3
enum uxfrm_action { UXFRM_ALLOW, UXFRM_BLOCK };
enum uxfrm_policy_type { UXFRM_POLICY_MAIN, UXFRM_POLICY_SUB };
enum uxfrm_sa_dir { UXFRM_SA_IN = 1, UXFRM_SA_OUT };

/* bits of struct uxfrm_sa: flags */
#define UXFRM_SA_NOECN 0x01
#define UXFRM_SA_DECAP_DSCP 0x02
#define UXFRM_SA_NOPMTUDISC 0x04
#define UXFRM_SA_WILDRECV 0x08
#define UXFRM_SA_ICMP 0x10
#define UXFRM_SA_AF_UNSPEC 0x20
#define UXFRM_SA_ALIGN4 0x40
#define UXFRM_SA_ESN 0x80
/* bits of struct uxfrm_attributes: extra_flags */
#define UXFRM_SA_DONT_ENCAP_DSCP 1u
#define UXFRM_SA_OSEQ_MAY_WRAP 2u
/* bits of struct uxfrm_policy: flags */
#define UXFRM_POLICY_LOCALOK 1
#define UXFRM_POLICY_ICMP 2
/* bits of struct uxfrm_offload: flags */
#define UXFRM_OFFLOAD_IPV6 1
#define UXFRM_OFFLOAD_INBOUND 2
#define UXFRM_OFFLOAD_PACKET 4
/* bits of struct uxfrm_sa_move: flags */
#define UXFRM_MOVE_CLEAR_OFFLOAD 1u
#define UXFRM_MOVE_UPDATE_H2H_SELECTOR 2u

struct uxfrm_mark {
	uint32_t value, mask;
};

/* Traffic. A mask of 0 = any port; for ICMP the ports are type and code, for GRE the key's halves.
 */
struct uxfrm_selector {
	uint16_t family; /* AF_INET, AF_INET6; 0 = not said */
	uint8_t src_bits, dst_bits;
	union uxfrm_ip src, dst;
	uint16_t sport, sport_mask, dport, dport_mask;
	int32_t ifindex; /* 0 = any */
	uint32_t uid;
	uint8_t proto; /* 0 = any */
};

#define UXFRM_NO_LIMIT UINT64_MAX

struct uxfrm_limits {
	uint64_t byte_soft, byte_hard, packet_soft, packet_hard; /* UXFRM_NO_LIMIT = none */
	uint64_t time_soft, time_hard;				 /* since it was made; 0 = none */
	uint64_t time_use_soft, time_use_hard; /* since its first packet; 0 = none */
};

struct uxfrm_usage {
	uint64_t bytes, packets;
	uint64_t add_time, use_time; /* times of day; use_time 0 = not used yet */
};

#define UXFRM_ALGO_NAME 64

/* icv_bits: AEAD: of the ICV; auth_trunc: of the ICV that is sent; others: 0. */
struct uxfrm_algo {
	char name[UXFRM_ALGO_NAME]; /* the kernel's name, "rfc4106(gcm(aes))" */
	uint32_t key_bits, icv_bits;
	const uint8_t *key; /* (key_bits + 7) / 8 bytes, borrowed */
};

enum uxfrm_encap_type {
	UXFRM_ENCAP_NONE,
	UXFRM_ENCAP_UDP_NONIKE,
	UXFRM_ENCAP_UDP,
	UXFRM_ENCAP_TCP = 7,
};

struct uxfrm_encap {
	uint16_t type, sport, dport;
	union uxfrm_ip original; /* the address before a NAT; zero where not used */
};

struct uxfrm_offload {
	int32_t ifindex;
	uint8_t flags;
};

/* Bit i of the bitmap of the short form: the packet numbered seq - i came. The long form's bitmap
 * is a ring of window bits, least significant bit of the first word first. */
struct uxfrm_replay {
	uint32_t seq, oseq, bitmap;
};
struct uxfrm_replay_esn {
	uint32_t seq, seq_hi, oseq, oseq_hi;
	uint32_t window;	/* packets */
	uint32_t words;		/* that a bitmap of the window takes */
	const uint32_t *bitmap; /* borrowed; NULL = zeros */
	uint32_t bitmap_words;	/* how many of them are at bitmap */
};

struct uxfrm_security {
	uint8_t doi, algorithm;
	uint16_t len; /* bytes of text, as the sender counts them */
	const char *text;
};

struct uxfrm_kmaddress {
	uint16_t family;
	union uxfrm_ip local, remote;
};

/* The SA that a policy asks for. */
struct uxfrm_template {
	uint16_t family;
	uint8_t proto, mode;
	union uxfrm_ip src, dst; /* zero = of the packet */
	uint32_t spi, reqid;
	uint8_t share, optional;
	uint32_t auth_mask, crypt_mask, comp_mask; /* UINT32_MAX = any algorithm */
};

/* Which members of struct uxfrm_attributes are there. */
enum uxfrm_has {
	UXFRM_HAS_MARK,
	UXFRM_HAS_OUTPUT_MARK,
	UXFRM_HAS_OUTPUT_MASK,
	UXFRM_HAS_IF_ID,
	UXFRM_HAS_TFC_PAD,
	UXFRM_HAS_EXTRA_FLAGS,
	UXFRM_HAS_DIR,
	UXFRM_HAS_CPU,
	UXFRM_HAS_MAPPING_THRESH,
	UXFRM_HAS_NAT_KEEPALIVE,
	UXFRM_HAS_REPLAY_THRESH,
	UXFRM_HAS_TIMER_THRESH,
	UXFRM_HAS_LAST_USED,
	UXFRM_HAS_IPTFS_DROP_TIME,
	UXFRM_HAS_IPTFS_REORDER_WINDOW,
	UXFRM_HAS_IPTFS_DONT_FRAG,
	UXFRM_HAS_IPTFS_INIT_DELAY,
	UXFRM_HAS_IPTFS_MAX_QSIZE,
	UXFRM_HAS_IPTFS_PKT_SIZE,
	UXFRM_HAS_PTYPE,
	UXFRM_HAS_SRC,
	UXFRM_HAS_CARE_OF,
	UXFRM_HAS_ENCAP,
	UXFRM_HAS_OFFLOAD,
	UXFRM_HAS_REPLAY,
	UXFRM_HAS_REPLAY_ESN,
	UXFRM_HAS_USAGE,
	UXFRM_HAS_SECURITY,
	UXFRM_HAS_KMADDRESS,
	UXFRM_HAS_AUTH,
	UXFRM_HAS_AUTH_TRUNC,
	UXFRM_HAS_CRYPT,
	UXFRM_HAS_AEAD,
	UXFRM_HAS_COMP,
	UXFRM_HAS_TEMPLATES,
};

/*
 * What an SA, policy, request or event may have besides its fixed part. @has: bit n is set where
 * the member of enum uxfrm_has number n is there; test with uxfrm_has(), set with uxfrm_give().
 */
struct uxfrm_attributes {
	uint64_t has;
	struct uxfrm_mark mark;			    /* of the packets that use it */
	uint32_t output_mark, output_mask;	    /* of the packets an SA sends */
	uint32_t if_id;				    /* xfrm interface */
	uint32_t tfc_pad;			    /* bytes */
	uint32_t extra_flags;			    /* UXFRM_SA_DONT_ENCAP_DSCP, ... */
	uint32_t cpu;				    /* RFC 9611 */
	uint32_t mapping_thresh;		    /* seconds between two events */
	uint32_t nat_keepalive;			    /* seconds; 0 = off */
	uint32_t replay_thresh;			    /* packets */
	uint32_t timer_thresh;			    /* 100 ms */
	uint32_t iptfs_drop_time, iptfs_init_delay; /* microseconds */
	uint32_t iptfs_max_qsize, iptfs_pkt_size;   /* bytes */
	uint16_t iptfs_reorder_window;		    /* packets */
	uint8_t dir;				    /* enum uxfrm_sa_dir */
	uint8_t ptype;				    /* enum uxfrm_policy_type */
	uint64_t last_used;			    /* time of day */
	union uxfrm_ip src, care_of;
	struct uxfrm_encap encap;
	struct uxfrm_offload offload;
	struct uxfrm_replay replay;
	struct uxfrm_replay_esn replay_esn;
	struct uxfrm_usage usage;
	struct uxfrm_security security;
	struct uxfrm_kmaddress kmaddress;
	struct uxfrm_algo auth, auth_trunc, crypt, aead, comp;
	const struct uxfrm_template *templates; /* borrowed */
	size_t template_count;
};

static inline bool uxfrm_has(const struct uxfrm_attributes *a, enum uxfrm_has what)
{
	return a->has >> what & 1;
}
static inline void uxfrm_give(struct uxfrm_attributes *a, enum uxfrm_has what)
{
	a->has |= (uint64_t)1 << what;
}

#ifdef __cplusplus
}
#endif
#endif
