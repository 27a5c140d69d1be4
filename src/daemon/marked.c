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
	struct ux_routes *routes; /* NULL: it is not covered */
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

static void close_device(struct ux_marked *m, struct mark *k)
{
	k->routes = ux_routes_free(k->routes);
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

/* Device, table and rule. On an error the mark has none of them. */
static int open_routes(struct ux_marked *m, struct mark *k)
{
	struct ux_routes_params params;
	int err;

	/* our own bit is on no packet that is to be protected */
	if (m->tables == UINT64_MAX || (k->v & m->config->fwmark))
		return -ENOSPC;
	k->number = (uint32_t)__builtin_ctzll(~m->tables);
	m->tables |= UINT64_C(1) << k->number;
	err = open_device(m, k);
	params = params_of(m, k->number);
	params.mark = k->v;
	params.mask = k->m;
	params.tun_ifindex = k->tun.ifindex;
	if (!err)
		err = ux_routes_new(&params, &k->routes);
	if (err)
		close_device(m, k);
	return err;
}

/* One that is not covered stays so until its policies are gone: they are counted all the same. */
static int open_mark(struct ux_marked *m, const struct uxfrm_policy_event *event, struct mark **ret)
{
	struct mark *k = calloc(1, sizeof(*k));
	int err;

	if (!k)
		return -ENOMEM;
	k->v = event->mark;
	k->m = event->mark_mask;
	k->number = UX_MARKED_MAX;
	ux_list_push_back(&m->all, &k->link);
	*ret = k;
	err = open_routes(m, k);
	if (!err || m->complained)
		return 0;
	m->complained = true;
	ux_log(LOG_ERR, "packets with the mark 0x%x/0x%x are not covered by their policies: %s",
	       k->v, k->m, strerror(-err));
	return 0;
}

int ux_marked_policy(struct ux_marked *m, const struct uxfrm_policy_event *event,
		     const struct ux_prefix *dst, const struct ux_prefix *src)
{
	struct mark *k = find(m, event);
	int err = !k && event->added ? open_mark(m, event, &k) : 0;

	if (err || !k)
		return err;
	k->users += event->added ? 1u : -1u;
	if (!k->routes)
		return 0;
	return event->added ? ux_routes_add(k->routes, event->family, dst, src)
			    : ux_routes_remove(k->routes, event->family, dst, src);
}

int ux_marked_settle(struct ux_marked *m, int (*how)(struct ux_routes *routes))
{
	struct ux_list *pos, *next;
	int first = 0;

	ux_list_for_each_safe (pos, next, &m->all) {
		struct mark *k = ux_container_of(pos, struct mark, link);
		int err = k->routes ? how(k->routes) : 0;

		first = first ? first : err;
		if (!k->users)
			close_mark(m, k);
	}
	return first;
}

void ux_marked_fini(struct ux_marked *m, bool keep)
{
	struct ux_list *pos, *next;

	if (!m->all.next) /* never begun */
		return;
	ux_list_for_each_safe (pos, next, &m->all) {
		struct mark *k = ux_container_of(pos, struct mark, link);

		if (keep)
			k->routes = ux_routes_abandon(k->routes);
		close_mark(m, k);
	}
}
