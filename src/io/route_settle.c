/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Bringing the kernel in line with the set of prefixes: so many of them at a time, first asking for
 * all what source the host would take, then changing all. A request and its answer would take
 * longer than the change.
 */

#include <errno.h>
#include <string.h>

#include "io/netlink_batch.h"
#include "io/route_kernel.h"

#define TOGETHER 32 /* their answers fit the socket's buffer, and their changes a batch */
_Static_assert(TOGETHER * 3 <= UX_NETLINK_BATCH_MAX, "three routes for each prefix");

/* A prefix that is looked at, and the source it is to have. */
struct look {
	struct ux_route *route;
	bool has_prefsrc;
	struct ux_addr prefsrc;
	bool source_refused;
	int error; /* of what must stand */
};

struct settling {
	struct ux_routes *routes;
	struct look look[TOGETHER];
	uint32_t n;
	struct ux_netlink_batch batch;
	struct { /* by the number of the request */
		struct look *look;
		uint32_t metric;
	} asked[UX_NETLINK_BATCH_MAX];
};

static void add(struct settling *s, struct look *look, uint32_t metric,
		const struct ux_netlink_msg *m)
{
	s->asked[s->batch.n].look = look;
	s->asked[s->batch.n].metric = metric;
	if (!ux_netlink_batch_add(&s->batch, m))
		look->error = -EMSGSIZE; /* cannot be: there is room for all of TOGETHER */
}

/* ---- what the source is to be ---- */

static void on_source(void *opaque, uint32_t index, const struct nlmsghdr *msg, int error)
{
	struct settling *s = opaque;
	struct ux_route *route = s->asked[index].look->route;

	if (msg)
		route->has_own = ux_route_told_source(msg, route->family, &route->own);
}

static int ask_sources(struct settling *s)
{
	for (uint32_t i = 0; i < s->n; i++) {
		struct ux_route *route = s->look[i].route;
		struct ux_netlink_msg m;

		if (route->asked)
			continue;
		route->asked = true;
		route->has_own = false;
		ux_route_ask_source(&m, &s->routes->params, route);
		add(s, &s->look[i], UX_METRIC_SOURCE, &m);
	}
	return ux_netlink_batch_talk(s->routes->params.nl, &s->batch, on_source, s);
}

static bool inside_sources(const struct ux_route *route, const struct ux_addr *addr)
{
	struct ux_list *pos;

	ux_list_for_each (pos, &route->sources) {
		const struct ux_route_source *source =
		    ux_container_of(pos, struct ux_route_source, link);

		if (ux_addr_match_prefix(addr, &source->prefix.addr, source->prefix.bits))
			return true;
	}
	return false;
}

/*
 * The host's own choice, when the policy covers it; else an address of ours that the policy covers;
 * else the host's own choice all the same; else none.
 */
static void choose_prefsrc(const struct ux_routes *r, struct look *look)
{
	const struct ux_route *route = look->route;
	struct ux_list *pos;

	look->has_prefsrc = route->has_own;
	look->prefsrc = route->own;
	if (route->has_own && inside_sources(route, &route->own))
		return;
	ux_list_for_each (pos, &r->params.addresses->addresses) {
		const struct ux_local_address *a =
		    ux_container_of(pos, struct ux_local_address, link);

		if (a->family == route->family && a->scope == RT_SCOPE_UNIVERSE &&
		    inside_sources(route, &a->addr)) {
			look->has_prefsrc = true;
			look->prefsrc = a->addr;
			return;
		}
	}
}

/* ---- changes ---- */

static void put(struct settling *s, struct look *look, uint32_t metric)
{
	struct ux_netlink_msg m;

	ux_route_put(&m, &s->routes->params, look->route, metric,
		     metric == UX_METRIC_SOURCE ? &look->prefsrc : NULL);
	add(s, look, metric, &m);
}

static void drop(struct settling *s, struct look *look, uint32_t metric)
{
	struct ux_netlink_msg m;

	ux_route_drop(&m, &s->routes->params, look->route, metric);
	add(s, look, 0, &m);
}

static bool same_prefsrc(const struct look *look)
{
	return look->has_prefsrc == look->route->has_prefsrc &&
	       (!look->has_prefsrc ||
		memcmp(&look->prefsrc, &look->route->prefsrc, sizeof(look->prefsrc)) == 0);
}

static void change(struct settling *s, struct look *look)
{
	struct ux_route *route = look->route;

	route->told = true;
	choose_prefsrc(s->routes, look);
	if (!route->stands) {
		/* least preferred first: at no time does a packet find only the main table */
		put(s, look, UX_METRIC_REFUSE);
		put(s, look, UX_METRIC_DEVICE);
	} else if (same_prefsrc(look)) {
		return;
	}
	if (look->has_prefsrc)
		put(s, look, UX_METRIC_SOURCE);
	else if (route->has_prefsrc)
		drop(s, look, UX_METRIC_SOURCE);
}

static void on_change(void *opaque, uint32_t index, const struct nlmsghdr *msg, int error)
{
	struct settling *s = opaque;
	struct look *look = s->asked[index].look;
	uint32_t metric = s->asked[index].metric; /* 0: what was to go is not there */

	if (!error || !metric)
		return;
	if (metric == UX_METRIC_SOURCE)
		look->source_refused = true;
	else if (!look->error)
		look->error = error;
}

static int finish(struct settling *s, struct look *look)
{
	struct ux_route *route = look->route;

	if (look->source_refused && route->has_prefsrc)
		drop(s, look, UX_METRIC_SOURCE); /* the one before it */
	route->stands = !look->error;
	route->has_prefsrc = look->has_prefsrc && !look->source_refused;
	route->prefsrc = look->prefsrc;
	return look->error;
}

/* Take the first ones of a list. */
static void take(struct settling *s, struct ux_list *todo)
{
	s->n = 0;
	while (s->n < TOGETHER && !ux_list_empty(todo)) {
		struct ux_route *route = ux_container_of(todo->next, struct ux_route, todo);

		ux_list_remove(&route->todo);
		s->look[s->n++] = (struct look){.route = route};
	}
}

static int settle_some(struct settling *s)
{
	struct ux_netlink *nl = s->routes->params.nl;
	int first, err;

	take(s, &s->routes->todo);
	first = ask_sources(s);
	for (uint32_t i = 0; i < s->n; i++)
		change(s, &s->look[i]);
	err = ux_netlink_batch_talk(nl, &s->batch, on_change, s);
	for (uint32_t i = 0; i < s->n; i++) {
		if (err) /* what stands is unknown */
			s->look[i].error = err;

		int failed = finish(s, &s->look[i]);

		first = first ? first : failed;
	}
	err = ux_netlink_batch_talk(nl, &s->batch, on_change, s);
	return first ? first : err;
}

static int clear_some(struct settling *s)
{
	take(s, &s->routes->unwanted);
	for (uint32_t i = 0; i < s->n; i++)
		for (uint32_t metric = UX_METRIC_SOURCE;
		     s->look[i].route->told && metric <= UX_METRIC_REFUSE; metric++)
			drop(s, &s->look[i], metric);

	int err = ux_netlink_batch_talk(s->routes->params.nl, &s->batch, on_change, s);

	for (uint32_t i = 0; i < s->n; i++)
		ux_route_forget(s->routes, s->look[i].route);
	return err;
}

int ux_routes_settle(struct ux_routes *r)
{
	struct settling s;
	int err, first = 0;

	if (ux_list_empty(&r->todo) && ux_list_empty(&r->unwanted))
		return 0;
	s.routes = r;
	ux_netlink_batch_init(&s.batch);
	/* what comes first: what goes may have covered it so far */
	while (!ux_list_empty(&r->todo) || !ux_list_empty(&r->unwanted)) {
		err = ux_list_empty(&r->todo) ? clear_some(&s) : settle_some(&s);
		first = first ? first : err;
	}
	return first;
}
