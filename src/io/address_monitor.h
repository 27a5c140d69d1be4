/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* The host's own addresses: those there are, and what changes; and that links and other routes
 * change. */

#include <stdbool.h>

#include "base/addr.h"
#include "base/ext_ack.h"
#include "base/list.h"
#include "io/netlink.h"

struct ux_local_address {
	struct ux_list link;
	int family, ifindex;
	struct ux_addr addr;
	uint8_t scope; /* RT_SCOPE_* */
	bool stale;    /* not seen yet in the dump that is being read */
};

/* @family, @addr: an address that was on no interface and is on one now, or the reverse. */
typedef void (*ux_address_change)(void *opaque, bool added, int family, const struct ux_addr *addr);

struct ux_address_monitor {
	struct ux_netlink events;
	struct ux_netlink *ask;	  /* borrowed */
	struct ux_list addresses; /* of struct ux_local_address */
	ux_address_change change;
	void *opaque;
	bool routes_changed; /* set by ux_address_monitor_read, reset by who has seen it */
};

/* ux_address_monitor_open - reports all addresses there are before it returns. events.fd is for
 * epoll. */
int ux_address_monitor_open(struct ux_address_monitor *mon, struct ux_netlink *ask,
			    ux_address_change change, void *opaque) UX_MUST_CHECK;
void ux_address_monitor_close(struct ux_address_monitor *mon);

/* ux_address_monitor_read - take in the events that are there. Returns true if any address or link
 * changed, with which the kernel may have removed routes of ours. */
bool ux_address_monitor_read(struct ux_address_monitor *mon);
