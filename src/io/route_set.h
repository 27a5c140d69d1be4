/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* What route.c and route_settle.c share: the prefixes that are steered, and what the kernel knows
 * of them. */

#include "base/list.h"
#include "base/siphash.h"
#include "io/route.h"

/* A destination prefix, and the source prefixes of the policies that have it. */
struct ux_route {
	struct ux_list link;
	struct ux_list todo; /* ux_routes.todo or .unwanted; else a ring of one */
	int family;
	struct ux_prefix dst;
	struct ux_list sources; /* struct ux_route_source; empty: nobody wants it any more */
	bool told;		/* the kernel may have some of it */
	bool stands;		/* the kernel has it, as far as is known */
	bool asked;		/* own is as the host's other routes have it */
	bool has_own, has_prefsrc;
	struct ux_addr own;	/* the source the host would take without us */
	struct ux_addr prefsrc; /* of the route that stands */
};

struct ux_route_source {
	struct ux_list link;
	struct ux_prefix prefix;
	uint32_t count;
};

/* Prefixes that a predecessor's policies covered: the kernel refuses them still. */
struct ux_routes_left {
	struct ux_left_route {
		int family;
		struct ux_prefix dst;
	} *routes;
	size_t n;
};

struct ux_routes {
	struct ux_routes_params params;
	struct ux_routes_left left;
	struct ux_siphash_key hash_key;
	bool has_ip6;
	struct ux_list *buckets; /* of struct ux_route */
	size_t n_buckets, n_routes;
	struct ux_list todo;	 /* to be looked at */
	struct ux_list unwanted; /* to be removed */
};

/* ux_route_forget - a route the kernel has no more: out of the set, and freed. */
void ux_route_forget(struct ux_routes *r, struct ux_route *route);
