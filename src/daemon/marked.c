/* SPDX-License-Identifier: BSD-2-Clause */

#include "daemon/marked.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/log.h"
#include "io/route_kernel.h"
#include "io/tun.h"

/* One mark. */
struct mark {
	struct ux_list link;
	uint32_t v, m;
	uint32_t number; /* of its table; UX_MARKED_MAX: none, nor a device */
	uint32_t users;
	struct ux_tun tun;
	struct ux_routes *routes; /* NULL: none of it comes here */
	bool refused;		  /* by a rule, in its place */
};

/* Before the rule for packets of any mark: where a mark has no route they still come to that. */
static struct ux_routes_params params_of(const struct ux_marked *m, uint32_t number)
{
	return (struct ux_routes_params){
	    .nl = m->netlink,
	    .addresses = m->addresses,
	    .fwmark = m->config->fwmark,
	    .table = m->config->table + 1 + number,
	    .priority = m->config->rule_priority ? m->config->rule_priority - 1 : 0,
	    .keep_left = m->config->fail_closed,
	};
}

/* Those of the host itself, and that for what strongSwan routes. */
static bool is_of_others(uint32_t table)
{
	return (table >= RT_TABLE_COMPAT && table <= RT_TABLE_LOCAL) || table == 220;
}

static struct mark *find(const struct ux_marked *m, uint32_t v, uint32_t mask)
{
	struct ux_list *pos;

	ux_list_for_each (pos, &m->all) {
		struct mark *k = ux_container_of(pos, struct mark, link);

		if (k->v == v && k->m == mask)
			return k;
	}
	return NULL;
}

static int open_device(struct ux_marked *m, struct mark *k)
{
	const struct ux_tun_params params = {
	    .name = m->config->tun_name,
	    .mtu = m->config->tun_mtu,
	    .queue_len = m->config->tun_queue,
	    .large = m->config->capture == UX_CAPTURE_TC,
	};
	struct ux_ext_ack ext = {0};
	int err = ux_tun_open(&params, m->netlink, &k->tun, &ext);

	if (err)
		return err;
	k->tun.port->mark = k->v;
	(void)!ux_tun_set_rp_filter(k->tun.name);
	err = ux_tc_capture_mark(m->tc, true, k->v, k->m, k->tun.ifindex);
	if (!err)
		err = ux_workers_add_port(m->workers, k->tun.port);
	if (err)
		k->tun.port = ux_port_free(k->tun.port);
	return err;
}

/* A rule that refuses, of one mark or (@mask UINT32_MAX) of all. */
static struct ux_routes_params refusal_of(const struct ux_marked *m, uint32_t v, uint32_t mask)
{
	struct ux_routes_params params = params_of(m, 0);

	params.table = 0;
	params.mark = v;
	params.mask = mask;
	return params;
}

static void drop_refusals(const struct ux_marked *m, uint32_t v, uint32_t mask)
{
	const struct ux_routes_params params = refusal_of(m, v, mask);

	ux_rule_drop(&params, AF_INET);
	ux_rule_drop(&params, AF_INET6);
}

/* Rather than in clear. One that is there already is a predecessor's; a host without IPv6 takes none for it. */
static int refuse(struct ux_marked *m, struct mark *k)
{
	const struct ux_routes_params params = refusal_of(m, k->v, k->m);
	int err = ux_rule_put(&params, AF_INET), err6 = ux_rule_put(&params, AF_INET6);

	k->refused = true;
	if (err && err != -EEXIST)
		return err;
	return err6 == -EEXIST || err6 == -EAFNOSUPPORT || err6 == -EOPNOTSUPP ? 0 : err6;
}

static void close_device(struct ux_marked *m, struct mark *k)
{
	k->routes = ux_routes_free(k->routes);
	if (k->refused)
		drop_refusals(m, k->v, k->m);
	k->refused = false;
	(void)!ux_tc_capture_mark(m->tc, false, k->v, k->m, 0);
	if (k->tun.port)
		ux_workers_remove_port(m->workers, k->tun.port);
	k->tun.port = ux_port_free(k->tun.port);
	if (k->number < UX_MARKED_MAX)
		m->tables &= ~(UINT64_C(1) << k->number);
	k->number = UX_MARKED_MAX;
}

static void close_mark(struct ux_marked *m, struct mark *k)
{
	close_device(m, k);
	ux_list_remove(&k->link);
	free(k);
}

static int take_table(struct ux_marked *m, struct mark *k, uint32_t number)
{
	struct ux_routes_params params = params_of(m, number);
	int err;

	k->number = number;
	m->tables |= UINT64_C(1) << number;
	params.mark = k->v;
	params.mask = k->m;
	params.tun_ifindex = k->tun.ifindex;
	err = ux_routes_new(&params, &k->routes);
	if (err)
		close_device(m, k);
	return err;
}

/* Device, table and rule. On an error the mark has none of them. */
static int open_routes(struct ux_marked *m, struct mark *k)
{
	int err;

	if (m->tables == UINT64_MAX)
		return -ENOSPC;
	err = k->tun.port ? 0 : open_device(m, k);
	if (err || m->tc)
		return err;
	return take_table(m, k, (uint32_t)__builtin_ctzll(~m->tables));
}

static struct mark *new_mark(struct ux_marked *m, uint32_t v, uint32_t mask)
{
	struct mark *k = calloc(1, sizeof(*k));

	if (!k)
		return NULL;
	k->v = v;
	k->m = mask;
	k->number = UX_MARKED_MAX;
	ux_list_push_back(&m->all, &k->link);
	return k;
}

static void complain(struct ux_marked *m, const struct mark *k, const char *what, int err)
{
	if (!m->complained)
		ux_log(LOG_ERR, "packets with the mark 0x%x/0x%x are %s: %s", k->v, k->m, what,
		       strerror(-err));
	m->complained = true;
}

/* For the first of its policies. Where that fails its packets are refused until they are gone. */
static void open_mark(struct ux_marked *m, struct mark *k)
{
	int err = 0;

	if (k->v & m->config->fwmark) { /* on no packet that is to be protected */
		complain(m, k, "not covered by their policies", -EINVAL);
		return;
	}
	if (!k->routes)
		err = open_routes(m, k);
	else if (!k->tun.port)
		err = open_device(m, k); /* without it what a predecessor left refuses */
	if (k->routes)
		ux_routes_set_device(k->routes, k->tun.ifindex);
	if (err && !k->routes && refuse(m, k) < 0)
		complain(m, k, "not covered by their policies", err);
	else if (err)
		complain(m, k, "refused, as there is no device for them", err);
}

int ux_marked_policy(struct ux_marked *m, const struct uxfrm_policy_event *event,
		     const struct ux_prefix *dst, const struct ux_prefix *src)
{
	struct mark *k = find(m, event->mark, event->mark_mask);

	if (!k && !event->added)
		return 0;
	if (!k)
		k = new_mark(m, event->mark, event->mark_mask);
	if (!k)
		return -ENOMEM;
	if (!k->users)
		open_mark(m, k);
	k->users += event->added ? 1u : -1u;
	if (!k->routes)
		return 0;
	return event->added ? ux_routes_add(k->routes, event->family, dst, src)
			    : ux_routes_remove(k->routes, event->family, dst, src);
}

bool ux_marked_covers(const struct ux_marked *m, uint32_t mark, uint32_t mask)
{
	const struct mark *k = find(m, mark & mask, mask);

	return k && k->tun.port && (k->routes || m->tc);
}

static bool has_left(const struct mark *k)
{
	return k->routes && ux_routes_n_left(k->routes);
}

int ux_marked_settle(struct ux_marked *m, int (*how)(struct ux_routes *routes))
{
	struct ux_list *pos, *next;
	int first = 0;

	ux_list_for_each_safe (pos, next, &m->all) {
		struct mark *k = ux_container_of(pos, struct mark, link);
		int err = k->routes ? how(k->routes) : 0;

		first = first ? first : err;
		if (!k->users && !has_left(k))
			close_mark(m, k);
	}
	return first;
}

void ux_marked_reopen(struct ux_marked *m)
{
	struct ux_list *pos;

	ux_list_for_each (pos, &m->all) {
		struct mark *k = ux_container_of(pos, struct mark, link);

		if (k->routes)
			ux_routes_reopen(k->routes);
	}
	drop_refusals(m, 0, UINT32_MAX);
	ux_list_for_each (pos, &m->all) {
		struct mark *k = ux_container_of(pos, struct mark, link);

		if (k->refused)
			(void)!refuse(m, k);
	}
}

/* ---- what a predecessor left ---- */

static bool is_free(const struct ux_marked *m, uint32_t number)
{
	return !(m->tables & UINT64_C(1) << number);
}

/* The rules there are, by their table's number. */
struct left_rules {
	const struct ux_marked *m;
	struct left_rule {
		bool there;
		uint32_t v, m;
	} of[UX_MARKED_MAX];
};

static void on_rule(void *opaque, uint32_t table, uint32_t v, uint32_t mask)
{
	struct left_rules *left = opaque;
	const uint32_t number = table - left->m->config->table - 1; /* UINT32_MAX: that of all */

	if (number < UX_MARKED_MAX)
		left->of[number] = (struct left_rule){true, v, mask};
}

static void take_over(struct ux_marked *m, const struct left_rules *left)
{
	for (uint32_t i = 0; i < UX_MARKED_MAX; i++) {
		const struct left_rule *rule = &left->of[i];
		struct mark *k;

		if (!rule->there || !is_free(m, i) || find(m, rule->v, rule->m))
			continue;
		k = new_mark(m, rule->v, rule->m);
		if (k && take_table(m, k, i) < 0)
			close_mark(m, k);
	}
}

static void drop_rules(const struct ux_marked *m)
{
	for (uint32_t i = 0; i < UX_MARKED_MAX; i++) {
		struct ux_routes_params params = params_of(m, i);

		params.mask = UINT32_MAX;
		if (is_free(m, i)) {
			ux_rule_drop(&params, AF_INET);
			ux_rule_drop(&params, AF_INET6);
		}
	}
}

void ux_marked_init(struct ux_marked *m)
{
	const struct ux_routes_params params = params_of(m, 0);
	struct left_rules left = {.m = m};

	ux_list_init(&m->all);
	for (uint32_t i = 0; i < UX_MARKED_MAX; i++) {
		if (is_of_others(params.table + i))
			m->tables |= UINT64_C(1) << i;
	}
	/* without an answer there is nothing to take over */
	if (params.keep_left) {
		(void)!ux_rules_each(&params, AF_INET, on_rule, &left);
		(void)!ux_rules_each(&params, AF_INET6, on_rule, &left);
		take_over(m, &left);
	}
	drop_rules(m);
	if (!params.keep_left)
		drop_refusals(m, 0, UINT32_MAX);
	(void)!ux_marked_settle(m, ux_routes_settle); /* marks of which nothing is left go */
}

void ux_marked_fini(struct ux_marked *m, bool keep)
{
	struct ux_list *pos, *next;

	if (!m->all.next) /* never begun */
		return;
	ux_list_for_each_safe (pos, next, &m->all) {
		struct mark *k = ux_container_of(pos, struct mark, link);

		if (keep) {
			k->routes = ux_routes_abandon(k->routes);
			k->refused = false; /* the rule stays */
		}
		close_mark(m, k);
	}
}
