/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* The netlink messages behind route.h; private to the two files. */

#include "io/route.h"

enum { UX_METRIC_SOURCE = 1, UX_METRIC_DEVICE = 2, UX_METRIC_REFUSE = 3 };

/* ux_route_put - add or replace the route of @metric. @prefsrc: for UX_METRIC_SOURCE only. 0 or
 * -errno. */
int ux_route_put(const struct ux_routes_params *p, int family, const struct ux_prefix *dst,
		 uint32_t metric, const struct ux_addr *prefsrc) UX_MUST_CHECK;
/* ux_route_drop - remove it; if it is not there, so much the better. */
void ux_route_drop(const struct ux_routes_params *p, int family, const struct ux_prefix *dst,
		   uint32_t metric);
/* ux_route_ask_source - the source the host would use towards @dst without us. 0 or -errno. */
int ux_route_ask_source(const struct ux_routes_params *p, int family, const struct ux_prefix *dst,
			struct ux_addr *ret_source) UX_MUST_CHECK;
/* ux_route_flush - empty our table. */
void ux_route_flush(const struct ux_routes_params *p, int family);
/* ux_rule_put, ux_rule_drop - our rule; dropping removes all that look like it. 0 or -errno. */
int ux_rule_put(const struct ux_routes_params *p, int family) UX_MUST_CHECK;
void ux_rule_drop(const struct ux_routes_params *p, int family);
/* ux_route_put_exceptions - what never goes into the tunnel: IPv6 link-local traffic. 0 or -errno.
 */
int ux_route_put_exceptions(const struct ux_routes_params *p) UX_MUST_CHECK;
