/* SPDX-License-Identifier: BSD-2-Clause */

/* Which prefixes are steered, and for whose policies. The kernel is told by route_settle.c. */

#include "io/route.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "io/route_kernel.h"
#include "io/route_set.h"

#define FIRST_BUCKETS 1024 /* then twice as many, whenever there are as many routes */

void ux_prefix_mask(struct ux_addr *addr, int family, unsigned int bits)
{
	unsigned int len = family == AF_INET ? 4 : 16;

	for (unsigned int i = 0; i < 16; i++) {
		unsigned int left = bits > i * 8 && i < len ? bits - i * 8 : 0;

		addr->b[i] &= left >= 8 ? 0xff : (uint8_t)(0xff00 >> left);
	}
}

static struct ux_prefix network(int family, const struct ux_prefix *prefix)
{
	struct ux_prefix p = *prefix;

	ux_prefix_mask(&p.addr, family, p.bits);
	return p;
}

static bool prefix_equal(const struct ux_prefix *a, const struct ux_prefix *b)
{
	return a->bits == b->bits && memcmp(&a->addr, &b->addr, sizeof(a->addr)) == 0;
}

static struct ux_list *bucket_of(struct ux_routes *r, int family, const struct ux_prefix *dst)
{
	uint8_t bytes[18];

	memcpy(bytes, &dst->addr, 16);
	bytes[16] = dst->bits;
	bytes[17] = (uint8_t)family;
	return &r->buckets[ux_siphash(&r->hash_key, bytes, sizeof(bytes)) % r->n_buckets];
}

static struct ux_route *find_route(struct ux_routes *r, int family, const struct ux_prefix *dst)
{
	struct ux_list *pos;

	ux_list_for_each (pos, bucket_of(r, family, dst)) {
		struct ux_route *route = ux_container_of(pos, struct ux_route, link);

		if (route->family == family && prefix_equal(&route->dst, dst))
			return route;
	}
	return NULL;
}

static struct ux_route_source *find_source(struct ux_route *route, const struct ux_prefix *prefix)
{
	struct ux_list *pos;

	ux_list_for_each (pos, &route->sources) {
		struct ux_route_source *source = ux_container_of(pos, struct ux_route_source, link);

		if (prefix_equal(&source->prefix, prefix))
			return source;
	}
	return NULL;
}

static int buckets_make(struct ux_routes *r, size_t n)
{
	struct ux_list *buckets = malloc(n * sizeof(*buckets));

	if (!buckets)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		ux_list_init(&buckets[i]);
	r->buckets = buckets;
	r->n_buckets = n;
	return 0;
}

/* Without memory for more of them they only get fuller. */
static void buckets_grow(struct ux_routes *r)
{
	struct ux_list *old = r->buckets, *pos, *next;
	size_t n_old = r->n_buckets;

	if (r->n_routes < n_old || buckets_make(r, 2 * n_old) < 0)
		return;
	for (size_t i = 0; i < n_old; i++) {
		ux_list_for_each_safe (pos, next, &old[i]) {
			struct ux_route *route = ux_container_of(pos, struct ux_route, link);

			ux_list_remove(pos);
			ux_list_push_back(bucket_of(r, route->family, &route->dst), pos);
		}
	}
	free(old);
}

static void free_route(struct ux_route *route)
{
	struct ux_list *pos, *next;

	ux_list_for_each_safe (pos, next, &route->sources)
		free(ux_container_of(pos, struct ux_route_source, link));
	ux_list_remove(&route->link);
	ux_list_remove(&route->todo);
	free(route);
}

void ux_route_forget(struct ux_routes *r, struct ux_route *route)
{
	free_route(route);
	r->n_routes--;
}

/* Something about it has changed. */
static void look_at(struct ux_routes *r, struct ux_route *route)
{
	ux_list_remove(&route->todo);
	ux_list_push_back(ux_list_empty(&route->sources) ? &r->unwanted : &r->todo, &route->todo);
}

static struct ux_route *new_route(struct ux_routes *r, int family, const struct ux_prefix *dst)
{
	struct ux_route *route = calloc(1, sizeof(*route));

	if (!route)
		return NULL;
	buckets_grow(r);
	r->n_routes++;
	route->family = family;
	route->dst = *dst;
	ux_list_init(&route->todo);
	ux_list_init(&route->sources);
	ux_list_push_back(bucket_of(r, family, dst), &route->link);
	return route;
}

int ux_routes_add(struct ux_routes *r, int family, const struct ux_prefix *destination,
		  const struct ux_prefix *source)
{
	const struct ux_prefix dst = network(family, destination), src = network(family, source);
	struct ux_route *route = find_route(r, family, &dst);
	struct ux_route_source *known = route ? find_source(route, &src) : NULL;

	if (known) {
		known->count++;
		return 0;
	}
	known = calloc(1, sizeof(*known));
	if (!route && known)
		route = new_route(r, family, &dst);
	if (!known || !route) {
		free(known);
		return -ENOMEM;
	}
	known->prefix = src;
	known->count = 1;
	ux_list_push_back(&route->sources, &known->link);
	look_at(r, route);
	return 0;
}

int ux_routes_remove(struct ux_routes *r, int family, const struct ux_prefix *destination,
		     const struct ux_prefix *source)
{
	const struct ux_prefix dst = network(family, destination), src = network(family, source);
	struct ux_route *route = find_route(r, family, &dst);
	struct ux_route_source *known = route ? find_source(route, &src) : NULL;

	if (!known)
		return -ENOENT;
	if (--known->count)
		return 0;
	ux_list_remove(&known->link);
	free(known);
	look_at(r, route);
	return 0;
}

/* @stands: but for the preferred source they are as they should be. */
static int look_at_all(struct ux_routes *r, bool stands)
{
	for (size_t i = 0; i < r->n_buckets; i++) {
		struct ux_list *pos;

		ux_list_for_each (pos, &r->buckets[i]) {
			struct ux_route *route = ux_container_of(pos, struct ux_route, link);

			route->stands &= stands;
			route->asked = false;
			look_at(r, route);
		}
	}
	return ux_routes_settle(r);
}

int ux_routes_refresh(struct ux_routes *r)
{
	return look_at_all(r, false);
}

int ux_routes_reconsider(struct ux_routes *r)
{
	return look_at_all(r, true);
}

void ux_routes_set_device(struct ux_routes *r, int tun_ifindex)
{
	r->params.tun_ifindex = tun_ifindex;
}

static void take_down(struct ux_routes *r)
{
	ux_rule_drop(&r->params, AF_INET);
	ux_route_flush(&r->params, AF_INET, NULL);
	ux_rule_drop(&r->params, AF_INET6);
	ux_route_flush(&r->params, AF_INET6, NULL);
}

/* The rules stay, or what is refused would find another way for the moment. */
static void take_over(struct ux_routes *r)
{
	ux_route_flush(&r->params, AF_INET, &r->left);
	ux_route_flush(&r->params, AF_INET6, &r->left);
}

/* One that is there already is a predecessor's. */
static int put_rule(struct ux_routes *r, int family)
{
	int err = ux_rule_put(&r->params, family);

	return err == -EEXIST ? 0 : err;
}

size_t ux_routes_n_left(const struct ux_routes *r)
{
	return r->left.n;
}

void ux_routes_reopen(struct ux_routes *r)
{
	for (size_t i = 0; i < r->left.n; i++) {
		const struct ux_left_route *left = &r->left.routes[i];
		const struct ux_route route = {.family = left->family, .dst = left->dst};
		struct ux_netlink_msg m;

		if (find_route(r, left->family, &left->dst))
			continue;
		ux_route_drop(&m, &r->params, &route, UX_METRIC_REFUSE);
		(void)!ux_netlink_talk(r->params.nl, &m, NULL, NULL); /* it may be gone */
	}
	free(r->left.routes);
	r->left = (struct ux_routes_left){NULL, 0};
}

int ux_routes_new(const struct ux_routes_params *params, struct ux_routes **ret_routes)
{
	struct ux_routes *r = calloc(1, sizeof(*r));
	int err;

	if (!r)
		return -ENOMEM;
	r->params = *params;
	ux_siphash_random_key(&r->hash_key);
	ux_list_init(&r->todo);
	ux_list_init(&r->unwanted);
	if (buckets_make(r, FIRST_BUCKETS) < 0) {
		free(r);
		return -ENOMEM;
	}
	if (params->keep_left)
		take_over(r);
	else
		take_down(r);
	err = put_rule(r, AF_INET);
	if (!err) {
		/* A host without IPv6 refuses its rule; nothing can leak by it then. */
		err = put_rule(r, AF_INET6);
		r->has_ip6 = !err;
		if (err == -EAFNOSUPPORT || err == -EOPNOTSUPP)
			err = 0;
	}
	if (!err && r->has_ip6)
		err = ux_route_put_exceptions(&r->params);
	if (err) {
		ux_routes_abandon(r);
		return err;
	}
	*ret_routes = r;
	return 0;
}

static struct ux_routes *free_memory(struct ux_routes *r)
{
	for (size_t i = 0; i < r->n_buckets; i++) {
		struct ux_list *pos, *next;

		ux_list_for_each_safe (pos, next, &r->buckets[i])
			free_route(ux_container_of(pos, struct ux_route, link));
	}
	free(r->buckets);
	free(r->left.routes);
	free(r);
	return NULL;
}

struct ux_routes *ux_routes_free(struct ux_routes *r)
{
	if (!r)
		return NULL;
	take_down(r);
	return free_memory(r);
}

struct ux_routes *ux_routes_abandon(struct ux_routes *r)
{
	if (!r || (!r->n_routes && !r->left.n))
		return ux_routes_free(r);
	return free_memory(r);
}
