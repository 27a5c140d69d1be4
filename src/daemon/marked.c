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
	uint32_t number; /* of its table */
	uint32_t users;
	struct ux_tun tun;
	struct ux_routes *routes;
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
	};
}

/* Those of the host itself, and that for what strongSwan routes. */
static bool is_of_others(uint32_t table)
{
	return (table >= RT_TABLE_COMPAT && table <= RT_TABLE_LOCAL) || table == 220;
}

void ux_marked_init(struct ux_marked *m)
{
	ux_list_init(&m->all);
	for (uint32_t i = 0; i < UX_MARKED_MAX; i++) {
		struct ux_routes_params params = params_of(m, i);

		if (is_of_others(params.table)) {
			m->tables |= UINT64_C(1) << i;
			continue;
		}
		params.mask = UINT32_MAX;
		ux_rule_drop(&params, AF_INET);
		ux_rule_drop(&params, AF_INET6);
	}
}

static struct mark *find(const struct ux_marked *m, const struct uxfrm_policy_event *event)
{
	struct ux_list *pos;

	ux_list_for_each (pos, &m->all) {
		struct mark *k = ux_container_of(pos, struct mark, link);

		if (k->v == event->mark && k->m == event->mark_mask)
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
	};
	struct ux_ext_ack ext = {0};
	int err = ux_tun_open(&params, m->netlink, &k->tun, &ext);

	if (err)
		return err;
	k->tun.port->mark = k->v;
	(void)!ux_tun_set_rp_filter(k->tun.name);
	err = ux_workers_add_port(m->workers, k->tun.port);
	if (err)
		k->tun.port = ux_port_free(k->tun.port);
	return err;
}

static void close_mark(struct ux_marked *m, struct mark *k)
{
	k->routes = ux_routes_free(k->routes);
	if (k->tun.port)
		ux_workers_remove_port(m->workers, k->tun.port);
	ux_port_free(k->tun.port);
	m->tables &= ~(UINT64_C(1) << k->number);
	ux_list_remove(&k->link);
	free(k);
}

static int open_mark(struct ux_marked *m, const struct uxfrm_policy_event *event, struct mark **ret)
{
	struct ux_routes_params params;
	struct mark *k;
	int err;

	/* our own bit is on no packet that is to be protected */
	if (m->tables == UINT64_MAX || (event->mark & m->config->fwmark))
		return -ENOSPC;
	k = calloc(1, sizeof(*k));
	if (!k)
		return -ENOMEM;
	k->v = event->mark;
	k->m = event->mark_mask;
	k->number = (uint32_t)__builtin_ctzll(~m->tables);
	m->tables |= UINT64_C(1) << k->number;
	ux_list_push_back(&m->all, &k->link);
	err = open_device(m, k);
	params = params_of(m, k->number);
	params.mark = k->v;
	params.mask = k->m;
	params.tun_ifindex = k->tun.ifindex;
	if (!err)
		err = ux_routes_new(&params, &k->routes);
	if (err) {
		close_mark(m, k);
		return err;
	}
	*ret = k;
	return 0;
}

int ux_marked_policy(struct ux_marked *m, const struct uxfrm_policy_event *event,
		     const struct ux_prefix *dst, const struct ux_prefix *src)
{
	struct mark *k = find(m, event);
	int err = 0;

	if (!k && event->added)
		err = open_mark(m, event, &k);
	if (err && !m->complained) {
		m->complained = true;
		ux_log(LOG_ERR, "packets with the mark 0x%x/0x%x are not covered by their policies: %s",
		       event->mark, event->mark_mask, strerror(-err));
	}
	if (!k)
		return 0;
	if (event->added) {
		k->users++;
		return ux_routes_add(k->routes, event->family, dst, src);
	}
	k->users--;
	return ux_routes_remove(k->routes, event->family, dst, src);
}

int ux_marked_settle(struct ux_marked *m, int (*how)(struct ux_routes *routes))
{
	struct ux_list *pos, *next;
	int first = 0;

	ux_list_for_each_safe (pos, next, &m->all) {
		struct mark *k = ux_container_of(pos, struct mark, link);
		int err = how(k->routes);

		first = first ? first : err;
		if (!k->users)
			close_mark(m, k);
	}
	return first;
}

void ux_marked_fini(struct ux_marked *m)
{
	struct ux_list *pos, *next;

	if (!m->all.next) /* never begun */
		return;
	ux_list_for_each_safe (pos, next, &m->all)
		close_mark(m, ux_container_of(pos, struct mark, link));
}
