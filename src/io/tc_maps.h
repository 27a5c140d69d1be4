/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* What the program that captures packets (bpf/capture.bpf.c) and the process that loads it share. */

#include <linux/types.h>

#define UX_TC_ENTRIES 3 /* in a chunk, which then takes 256 bytes of the kernel's */
#define UX_TC_CHUNKS 64 /* of one prefix; with more selectors all packets to it are taken */
#define UX_TC_PREFIXES (1u << 20)
#define UX_TC_MARKS 64

/* A destination prefix, or a packet's destination. */
struct ux_tc_prefix {
	__u32 bits; /* that count: those of family, too */
	__be32 family; /* 4 or 6 */
	__be32 addr[4]; /* IPv4: the first word */
};
#define UX_TC_FAMILY_BITS 32

/* Further selectors of a prefix; all bits count. */
struct ux_tc_place {
	__u32 bits;
	__u32 id;
	__u32 chunk; /* from 1 */
};
#define UX_TC_PLACE_BITS 64

#define UX_TC_USED 1
#define UX_TC_ICMP 2 /* errors about packets the other way, whatever their source */

/* The selector of a policy, but for its destination. As XFRM has it: 0 is any. */
struct ux_tc_entry {
	__be32 src[4], src_mask[4];
	__u8 proto;
	__u8 flags; /* UX_TC_USED: 0 is a hole */
	__u16 unused;
	__be16 sport, sport_mask, dport, dport_mask;
	__u32 ifindex;
	__u32 mark, mark_mask;
};

#define UX_TC_ALL 1   /* every packet to the prefix */
#define UX_TC_CLEAR 2 /* packets to it that nothing here takes are not to be refused behind us */

struct ux_tc_chunk {
	__u16 n_chunks; /* of the prefix; in the first of them */
	__u8 flags;	/* in the first */
	__u8 bits;	/* of the prefix, without those of family */
	__u32 id;	/* of the prefix: never another's */
	struct ux_tc_entry entries[UX_TC_ENTRIES];
};

/* Packets with this mark go by this device. */
struct ux_tc_mark {
	__u32 used;
	__u32 v, m;
	__u32 ifindex; /* 0: they are dropped */
};

struct ux_tc_settings {
	__u32 own_mark;
	__u32 ifindex; /* of the TUN device for packets of no mark that is listed; 0: dropped */
	__u32 all;     /* not 0: every packet is taken */
	__u32 left;    /* not 0: a predecessor's program stands behind us and refuses */
	struct ux_tc_mark marks[UX_TC_MARKS];
};
