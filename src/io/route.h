/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * Policy routing: how the host's packets get into the TUN device. One rule per family, "what does
 * not carry our mark bit looks in our table", and in that table a route for each destination prefix
 * of an outbound policy that protects something.
 *
 * Each prefix has three routes, best first: by the TUN device with a preferred source address; by
 * the device without one, as the kernel removes a route with its preferred source; and one that
 * refuses, which outlives the device, so that after a crash nothing leaves in clear. The next start
 * takes it over: it is there until a policy for the prefix has come and gone, or ux_routes_reopen.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/ext_ack.h"
#include "io/address_monitor.h"
#include "io/netlink.h"

struct ux_routes;

struct ux_routes_params {
	struct ux_netlink *nl;			    /* borrowed */
	const struct ux_address_monitor *addresses; /* borrowed; may be empty, not NULL */
	int tun_ifindex;
	uint32_t fwmark; /* the mark bit of our own packets */
	uint32_t mark, mask; /* only for packets of this mark; 0, 0: for all */
	uint32_t table, priority; /* @table 0, with a mark: a rule that refuses, and no routes (route_kernel.h) */
	bool keep_left; /* what refuses for a predecessor stays: ux_routes_reopen */
};

/* Prefixes with host bits set are taken as their network. */
struct ux_prefix {
	struct ux_addr addr;
	uint8_t bits;
};

/* ux_routes_new - clear what a predecessor left, or take it over, and install the rules. 0 or
 * -errno. */
int ux_routes_new(const struct ux_routes_params *params,
		  struct ux_routes **ret_routes) UX_MUST_CHECK;
/* ux_routes_free - take down rules and routes. Accepts NULL; returns NULL. */
struct ux_routes *ux_routes_free(struct ux_routes *r);
/* ux_routes_abandon - free, and if there are routes leave the rules and what refuses: the device's
 * routes go with it, and then what policies covered goes nowhere. Accepts NULL; returns NULL. */
struct ux_routes *ux_routes_abandon(struct ux_routes *r);
/* ux_routes_n_left - prefixes taken over from a predecessor. ux_routes_reopen - those of them that
 * no policy covers are not refused any more. */
size_t ux_routes_n_left(const struct ux_routes *r);
void ux_routes_reopen(struct ux_routes *r);

/*
 * ux_routes_add, ux_routes_remove - one policy's pair of prefixes; equal pairs are counted. The
 * kernel is told by the next ux_routes_settle. 0 or -errno.
 */
int ux_routes_add(struct ux_routes *r, int family, const struct ux_prefix *destination,
		  const struct ux_prefix *source) UX_MUST_CHECK;
int ux_routes_remove(struct ux_routes *r, int family, const struct ux_prefix *destination,
		     const struct ux_prefix *source) UX_MUST_CHECK;
/*
 * ux_routes_settle - what is steered is what should be when this returns: all changes since the
 * last time together, what comes before what goes. Nothing to do costs nothing. 0, or the first
 * -errno; what failed is tried again by ux_routes_refresh.
 */
int ux_routes_settle(struct ux_routes *r) UX_MUST_CHECK;

/* ux_routes_refresh - addresses or links changed: install all routes anew, as the kernel may have
 * removed some, with preferred sources chosen anew. As ux_routes_settle. */
int ux_routes_refresh(struct ux_routes *r) UX_MUST_CHECK;
/* ux_routes_reconsider - other routes changed: install those whose preferred source is another now.
 * As ux_routes_settle. */
int ux_routes_reconsider(struct ux_routes *r) UX_MUST_CHECK;
/* ux_routes_set_device - the device is another one; ux_routes_refresh then brings the routes to it.
 */
void ux_routes_set_device(struct ux_routes *r, int tun_ifindex);

/* ux_prefix_mask - clear the bits of @addr behind the first @bits. */
void ux_prefix_mask(struct ux_addr *addr, int family, unsigned int bits);
