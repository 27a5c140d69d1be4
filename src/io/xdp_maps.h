/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* What the XDP program of the underlay (bpf/underlay.bpf.c) and the process that loads it share. */

#include <linux/types.h>

#define UX_XDP_DEVICES 32
#define UX_XDP_QUEUES 64      /* of one device */
#define UX_XDP_ADDRESSES 4096 /* of a family */
#define UX_XDP_PORTS 8192
#define UX_XDP_EXCEPTIONS 4096
#define UX_XDP_SPIS 65536
#define UX_XDP_KERNEL_SPIS 16384

struct ux_xdp_address {
	__be32 w[4];
};

/* A UDP port of a family; of one address (exceptions), or with zeros there, of all. */
struct ux_xdp_udp_port {
	struct ux_xdp_address addr; /* IPv4: the first word */
	__be16 port;
	__u16 family; /* 4 or 6 */
};

/* For all devices. */
struct ux_xdp_gate {
	__u32 closed; /* not 0: everything is the kernel's */
	__u32 marked; /* SPIs in the map of that name */
};

/*
 * An SPI whose packets the kernel has, since some have to go there: it would not do to have others
 * pass those by. Times as of bpf_ktime_get_ns().
 */
struct ux_xdp_kernel_spi {
	__u64 latest;	/* packet of it */
	__u64 fragment; /* the latest of those */
};

/* Of one device: the address its frames must have, the longest that fits, and where its sockets are
 * in their map. */
struct ux_xdp_own {
	__u8 mac[6];
	__u16 longest;
	__u32 first_socket, queues;
};
