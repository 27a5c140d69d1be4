/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * Outbound policies with a mark. A TUN device does not say which mark a packet had, so each mark of such policies has
 * one of its own, and a table that only packets with this mark look in; with tc the program chooses the device. Control
 * thread.
 */

#include <stdbool.h>
#include <stdint.h>

#include <uxfrm/engine.h>

#include "base/list.h"
#include "daemon/config.h"
#include "daemon/tc_capture.h"
#include "daemon/workers.h"
#include "io/address_monitor.h"
#include "io/netlink.h"
#include "io/route.h"

/* Packets of more than these are refused, which is told. Their tables are those behind the main one. */
#define UX_MARKED_MAX 64

struct ux_marked {
	const struct ux_config *config;		    /* borrowed, and so are the others */
	const struct ux_address_monitor *addresses;
	struct ux_netlink *netlink;
	struct ux_workers *workers;
	struct ux_tc_capture *tc; /* NULL: packets come by routes */
	struct ux_list all;
	uint64_t tables; /* bits: in use */
	bool complained;
};

/* ux_marked_init - the members above are set. What a predecessor left goes, or is taken over: io/route.h. */
void ux_marked_init(struct ux_marked *m);
/* ux_marked_fini - devices, routes and rules go; @keep: what policies cover is refused from then on. */
void ux_marked_fini(struct ux_marked *m, bool keep);
/* ux_marked_covers - has this mark a device, by which its packets come to the engine? */
bool ux_marked_covers(const struct ux_marked *m, uint32_t mark, uint32_t mask);
/* ux_marked_reopen - ux_routes_reopen for all marks. */
void ux_marked_reopen(struct ux_marked *m);
/* ux_marked_policy - one with a mark, for @dst and @src, has come or gone. 0 or -errno. */
int ux_marked_policy(struct ux_marked *m, const struct uxfrm_policy_event *event,
		     const struct ux_prefix *dst, const struct ux_prefix *src) UX_MUST_CHECK;
/* ux_marked_settle - call @how of each mark's routes, such as ux_routes_settle; marks that no policy
 * has any more go. 0 or the first -errno. */
int ux_marked_settle(struct ux_marked *m, int (*how)(struct ux_routes *routes)) UX_MUST_CHECK;
