/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* The TUN device: what the host sends into the tunnel comes out here, and the other way round. */

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/ext_ack.h"
#include "io/netlink.h"
#include "io/port.h"

/* The device group (IFLA_GROUP) of all our devices, by which a filter knows them. */
#define UX_TUN_GROUP 5210

struct ux_tun_params {
	const char *name; /* may contain %d */
	uint32_t mtu, queue_len;
	uint32_t if_id;	      /* of a link */
	int underlay_ifindex; /* the device that packets received are to leave by; 0 = any */
	bool queues; /* it may get more of them */
	bool large; /* super-packets come as other devices would have them: some leave as two */
	bool adopt; /* there is a device of this name that nobody has open: it keeps what it has */
};

struct ux_tun {
	struct ux_port *port; /* owned by the caller of ux_tun_open */
	int ifindex;
	char name[IFNAMSIZ];
};

/*
 * ux_tun_open - make the device, or adopt it, set it up through @nl and bring it up. It goes with the port. 0 or
 * -errno, with the step that failed in @ext.
 */
int ux_tun_open(const struct ux_tun_params *params, struct ux_netlink *nl, struct ux_tun *ret_tun,
		struct ux_ext_ack *ext) UX_MUST_CHECK;

/*
 * ux_tun_add_queue - another port of a device that was opened with queues; owned. A flow's packets come by one of
 * them, the one that packets the other way were last sent by, if there were any. 0 or -errno.
 */
int ux_tun_add_queue(const struct ux_tun *tun, struct ux_port **ret_port) UX_MUST_CHECK;

/* ux_tun_exists - false: the device was removed, or moved to another namespace. */
bool ux_tun_exists(const struct ux_tun *tun);

/* ux_tun_is_up - false where that cannot be told, too. */
bool ux_tun_is_up(const struct ux_tun *tun, struct ux_netlink *nl);

/* ux_host_rp_filter_is_strict - are other devices' packets checked strictly? ESP from a peer whose
 * own address is inside a protected prefix then does not come in: its way back is the TUN device.
 */
bool ux_host_rp_filter_is_strict(void);

/* ux_tun_set_rp_filter - let in packets whose source is routed elsewhere: 0, or loose where the
 * host filters at all. 0 or -errno. */
int ux_tun_set_rp_filter(const char *name) UX_MUST_CHECK;
