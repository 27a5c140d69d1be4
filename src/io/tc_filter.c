/* SPDX-License-Identifier: BSD-2-Clause */

#include "io/tc_filter.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <stdlib.h>
#include <string.h>

/* Before all others: one that lets a packet pass ends the matter. */
#define PRIORITY 1u
#define HANDLE 0x75780000u /* and the number */
#define HANDLE_MASK 0xffff0000u
#define EGRESS TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_EGRESS)
#define INGRESS TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS)
#define ON_ONE_DEVICE 64 /* filters of ours */

static struct tcmsg filter_header(int ifindex, uint16_t number)
{
	return (struct tcmsg){
	    .tcm_family = AF_UNSPEC,
	    .tcm_ifindex = ifindex,
	    .tcm_parent = EGRESS,
	    .tcm_handle = HANDLE | number,
	    .tcm_info = TC_H_MAKE(PRIORITY << 16, htons(ETH_P_ALL)),
	};
}

static void put_kind(struct ux_netlink_msg *m, const char *kind)
{
	ux_netlink_put(m, TCA_KIND, kind, strlen(kind) + 1);
}

static int change_clsact(struct ux_netlink *nl, int ifindex, uint16_t type, uint16_t flags)
{
	const struct tcmsg header = {
	    .tcm_family = AF_UNSPEC,
	    .tcm_ifindex = ifindex,
	    .tcm_parent = TC_H_CLSACT,
	    .tcm_handle = TC_H_MAKE(TC_H_CLSACT, 0),
	};
	struct ux_netlink_msg m;

	ux_netlink_begin(&m, type, flags, &header, sizeof(header));
	put_kind(&m, "clsact");
	return ux_netlink_talk(nl, &m, NULL, NULL);
}

int ux_tc_filter_add(struct ux_netlink *nl, int ifindex, uint16_t number, int program,
		     bool *ret_made)
{
	const struct tcmsg header = filter_header(ifindex, number);
	struct ux_netlink_msg m;
	size_t options;
	int err = change_clsact(nl, ifindex, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL);

	*ret_made = !err;
	if (err && err != -EEXIST)
		return err;
	ux_netlink_begin(&m, RTM_NEWTFILTER, NLM_F_CREATE | NLM_F_EXCL, &header, sizeof(header));
	put_kind(&m, "bpf");
	options = ux_netlink_nest(&m, TCA_OPTIONS);
	ux_netlink_put_u32(&m, TCA_BPF_FD, (uint32_t)program);
	ux_netlink_put(&m, TCA_BPF_NAME, "uxfrm", sizeof("uxfrm"));
	ux_netlink_put_u32(&m, TCA_BPF_FLAGS, TCA_BPF_FLAG_ACT_DIRECT);
	ux_netlink_nest_end(&m, options);
	return ux_netlink_talk(nl, &m, NULL, NULL);
}

/* What a dump of one device's filters has shown. */
struct seen {
	size_t n_all;
	uint16_t ours[ON_ONE_DEVICE]; /* numbers */
	size_t n_ours;
};

static void on_filter(void *opaque, const struct nlmsghdr *msg)
{
	struct seen *seen = opaque;
	struct tcmsg header;

	if (msg->nlmsg_type != RTM_NEWTFILTER || msg->nlmsg_len < NLMSG_LENGTH(sizeof(header)))
		return;
	memcpy(&header, NLMSG_DATA(msg), sizeof(header));
	if (!header.tcm_handle) /* a priority, not a filter */
		return;
	seen->n_all++;
	if (TC_H_MAJ(header.tcm_info) == PRIORITY << 16 && (header.tcm_handle & HANDLE_MASK) == HANDLE &&
	    header.tcm_parent == EGRESS && seen->n_ours < ON_ONE_DEVICE)
		seen->ours[seen->n_ours++] = (uint16_t)header.tcm_handle;
}

static void look_at(struct ux_netlink *nl, int ifindex, uint32_t parent, struct seen *seen)
{
	const struct tcmsg header = {
	    .tcm_family = AF_UNSPEC, .tcm_ifindex = ifindex, .tcm_parent = parent};
	struct ux_netlink_msg m;

	ux_netlink_begin(&m, RTM_GETTFILTER, NLM_F_DUMP, &header, sizeof(header));
	(void)!ux_netlink_talk(nl, &m, on_filter, seen);
}

void ux_tc_filter_remove(struct ux_netlink *nl, int ifindex, uint16_t number, bool made)
{
	const struct tcmsg header = filter_header(ifindex, number);
	struct seen seen = {0};
	struct ux_netlink_msg m;

	ux_netlink_begin(&m, RTM_DELTFILTER, 0, &header, sizeof(header));
	put_kind(&m, "bpf");
	(void)!ux_netlink_talk(nl, &m, NULL, NULL); /* the device may be gone */
	if (!made)
		return;
	look_at(nl, ifindex, EGRESS, &seen);
	look_at(nl, ifindex, INGRESS, &seen);
	if (!seen.n_all)
		(void)!change_clsact(nl, ifindex, RTM_DELQDISC, 0);
}

bool ux_tc_filter_there(struct ux_netlink *nl, int ifindex, uint16_t number)
{
	struct seen seen = {0};

	look_at(nl, ifindex, EGRESS, &seen);
	for (size_t i = 0; i < seen.n_ours; i++) {
		if (seen.ours[i] == number)
			return true;
	}
	return false;
}

/* ---- all devices ---- */

struct indices {
	int *of;
	size_t n, room;
};

static void on_device(void *opaque, const struct ux_net_device *device)
{
	struct indices *all = opaque;

	if (all->n == all->room) {
		size_t room = all->room ? 2 * all->room : 64;
		int *of = realloc(all->of, room * sizeof(*of));

		if (!of)
			return;
		all->of = of;
		all->room = room;
	}
	all->of[all->n++] = device->ifindex;
}

/* One device's; all of them, however many do not fit @seen at once. */
static size_t left_on(struct ux_netlink *nl, int ifindex, uint16_t number, bool drop,
		      uint16_t *highest)
{
	struct seen seen;
	size_t n = 0, before;

	do {
		before = n;
		seen = (struct seen){0};
		look_at(nl, ifindex, EGRESS, &seen);
		for (size_t k = 0; k < seen.n_ours; k++) {
			*highest = seen.ours[k] > *highest ? seen.ours[k] : *highest;
			if (seen.ours[k] >= number)
				continue;
			n++;
			if (drop)
				ux_tc_filter_remove(nl, ifindex, seen.ours[k], true);
		}
	} while (drop && seen.n_ours == ON_ONE_DEVICE && n > before && n < UINT16_MAX);
	return n;
}

size_t ux_tc_filters_left(struct ux_netlink *nl, uint16_t number, bool drop, uint16_t *ret_highest)
{
	struct indices all = {0};
	size_t n = 0;

	*ret_highest = 0;
	(void)!ux_net_device_each(nl, on_device, &all);
	for (size_t i = 0; i < all.n; i++)
		n += left_on(nl, all.of[i], number, drop, ret_highest);
	free(all.of);
	return n;
}
