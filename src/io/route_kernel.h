/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* The netlink messages behind route.h; private to its files. */

#include "io/route_set.h"

enum { UX_METRIC_SOURCE = 1, UX_METRIC_DEVICE = 2, UX_METRIC_REFUSE = 3 };

/* ux_route_put - a request to add or replace the route of @metric. @prefsrc: for UX_METRIC_SOURCE
 * only. */
void ux_route_put(struct ux_netlink_msg *m, const struct ux_routes_params *p,
		  const struct ux_route *route, uint32_t metric, const struct ux_addr *prefsrc);
/* ux_route_drop - a request to remove it. Refused when it is not there: so much the better. */
void ux_route_drop(struct ux_netlink_msg *m, const struct ux_routes_params *p,
		   const struct ux_route *route, uint32_t metric);
/* ux_route_ask_source - a request for the source the host would use towards @route without us, and
 * what an answer says: false: nothing of it. */
void ux_route_ask_source(struct ux_netlink_msg *m, const struct ux_routes_params *p,
			 const struct ux_route *route);
bool ux_route_told_source(const struct nlmsghdr *msg, int family, struct ux_addr *ret_source);
/* ux_route_flush - empty our table. @left, unless NULL: but for what refuses, which is added there.
 */
void ux_route_flush(const struct ux_routes_params *p, int family, struct ux_routes_left *left);
/* ux_rule_put, ux_rule_drop - our rule; dropping removes all that look like it, with @mask UINT32_MAX of whatever mark. 0
 * or -errno. */
int ux_rule_put(const struct ux_routes_params *p, int family) UX_MUST_CHECK;
void ux_rule_drop(const struct ux_routes_params *p, int family);
/* ux_rules_each - what rules of @family there are for packets of one mark in tables from p->table on, as
 * ux_rule_put makes them: their mark and mask without our own bit. 0 or -errno. */
typedef void (*ux_rule_told)(void *opaque, uint32_t table, uint32_t mark, uint32_t mask);
int ux_rules_each(const struct ux_routes_params *p, int family, ux_rule_told told,
		  void *opaque) UX_MUST_CHECK;
/* ux_route_put_exceptions - what never goes into the tunnel: IPv6 link-local traffic. 0 or -errno.
 */
int ux_route_put_exceptions(const struct ux_routes_params *p) UX_MUST_CHECK;
