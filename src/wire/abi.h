/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * The numbers and layouts of NETLINK_XFRM up to Linux 7.2. The system's <linux/xfrm.h> (6.1 on
 * Debian 12) gives most; what is newer stands here, from the published numbers.
 */

#include <linux/netlink.h>
#include <linux/types.h>
#include <linux/xfrm.h>
#include <stdint.h>

enum {
	UX_XFRM_MSG_SETDEFAULT = 39,
	UX_XFRM_MSG_GETDEFAULT = 40,
	UX_XFRM_MSG_MIGRATE_STATE = 41,
	UX_XFRM_MSG_MAX = 41,
};

enum {
	UX_XFRMA_MTIMER_THRESH = 32,
	UX_XFRMA_SA_DIR = 33,
	UX_XFRMA_NAT_KEEPALIVE_INTERVAL = 34,
	UX_XFRMA_SA_PCPU = 35,
	UX_XFRMA_IPTFS_DROP_TIME = 36,
	UX_XFRMA_IPTFS_REORDER_WINDOW = 37,
	UX_XFRMA_IPTFS_DONT_FRAG = 38,
	UX_XFRMA_IPTFS_INIT_DELAY = 39,
	UX_XFRMA_IPTFS_MAX_QSIZE = 40,
	UX_XFRMA_IPTFS_PKT_SIZE = 41,
	UX_XFRMA_MAX = 41,
};

enum {
	UX_XFRM_GROUP_ACQUIRE = 1,
	UX_XFRM_GROUP_EXPIRE,
	UX_XFRM_GROUP_SA,
	UX_XFRM_GROUP_POLICY,
	UX_XFRM_GROUP_AEVENTS,
	UX_XFRM_GROUP_REPORT,
	UX_XFRM_GROUP_MIGRATE,
	UX_XFRM_GROUP_MAPPING,
	UX_XFRM_GROUP_MAX = 8
};

/* values of XFRMA_SA_DIR */
#define UX_WIRE_DIR_IN 1
#define UX_WIRE_DIR_OUT 2

#define UX_XFRM_OFFLOAD_IPV6 1
#define UX_XFRM_OFFLOAD_INBOUND 2
#define UX_XFRM_OFFLOAD_PACKET 4

#define UX_MIGRATE_CLEAR_OFFLOAD 1u
#define UX_MIGRATE_UPDATE_H2H_SEL 2u
#define UX_MIGRATE_KNOWN_FLAGS 3u

struct ux_xfrm_user_migrate_state {
	struct xfrm_usersa_id id;
	xfrm_address_t new_daddr;
	xfrm_address_t new_saddr;
	struct xfrm_mark old_mark;
	struct xfrm_selector new_sel;
	uint32_t new_reqid;
	uint32_t flags;
	uint16_t new_family;
	uint16_t reserved;
};
_Static_assert(sizeof(struct ux_xfrm_user_migrate_state) == 132, "132 bytes on every ABI");

/* netlink.h of Debian 12 has these; named here so that a reader finds all in one place */
#define UX_NLMSG_OVERRUN 4 /* in-band marker between uxfrmd and the shim: events were lost */
