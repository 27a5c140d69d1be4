/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* What rtnetlink says of a network device. */

#include <net/if.h>
#include <stdint.h>

#include "io/netlink.h"

#define UX_MAC_LEN 6

struct ux_net_device {
	int ifindex;
	char name[IFNAMSIZ];
	char kind[16]; /* "veth", "vlan", ...; empty: of hardware */
	uint32_t flags; /* IFF_* */
	uint16_t type;	/* ARPHRD_* */
	uint32_t mtu;
	uint32_t group; /* IFLA_GROUP */
	int master; /* ifindex of the bridge, bond, ... it is a port of; 0: of none */
	uint8_t mac[UX_MAC_LEN]; /* of Ethernet devices */
};

/* ux_net_device_parse - of an RTM_NEWLINK message. false: it is none, or malformed. */
bool ux_net_device_parse(const struct nlmsghdr *msg, struct ux_net_device *ret_device);

/* ux_net_device_each - call @each for all devices of the network namespace. 0 or -errno. */
typedef void (*ux_net_device_call)(void *opaque, const struct ux_net_device *device);
int ux_net_device_each(struct ux_netlink *nl, ux_net_device_call each, void *opaque) UX_MUST_CHECK;

/* ux_net_device_is_inner - a TUN device, or the loopback; false where that cannot be told. */
bool ux_net_device_is_inner(int ifindex);
