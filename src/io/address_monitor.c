/* SPDX-License-Identifier: BSD-2-Clause */

/* A copy of the kernel's address lists. When events are lost it is compared with a new dump. Links
 * and routes are not copied: of those it is only told that something changed. */

#include "io/address_monitor.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/if_addr.h>
#include <stdlib.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

#define GROUPS                                                                       \
	(RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_LINK | RTMGRP_IPV4_ROUTE | \
	 RTMGRP_IPV6_ROUTE)
/* A dump that changed while it was read is read again this often. */
#define DUMP_TRIES 5

static struct ux_local_address *find(struct ux_address_monitor *mon, int family,
				     const struct ux_addr *addr, int ifindex)
{
	struct ux_list *pos;

	ux_list_for_each (pos, &mon->addresses) {
		struct ux_local_address *a = ux_container_of(pos, struct ux_local_address, link);

		if (a->family == family && ux_addr_equal(&a->addr, addr, (uint16_t)family) &&
		    (!ifindex || a->ifindex == ifindex))
			return a;
	}
	return NULL;
}

static void add(struct ux_address_monitor *mon, const struct ux_local_address *seen)
{
	struct ux_local_address *a = find(mon, seen->family, &seen->addr, seen->ifindex);
	bool is_new;

	if (a) {
		a->stale = false;
		return;
	}
	a = malloc(sizeof(*a));
	if (!a)
		return;
	is_new = !find(mon, seen->family, &seen->addr, 0);
	*a = *seen;
	ux_list_push_back(&mon->addresses, &a->link);
	if (is_new)
		mon->change(mon->opaque, true, a->family, &a->addr);
}

static void discard(struct ux_address_monitor *mon, struct ux_local_address *a)
{
	ux_list_remove(&a->link);
	if (!find(mon, a->family, &a->addr, 0))
		mon->change(mon->opaque, false, a->family, &a->addr);
	free(a);
}

static void on_message(void *opaque, const struct nlmsghdr *msg)
{
	struct ux_address_monitor *mon = opaque;
	struct ux_local_address seen = {0};
	struct ux_local_address *a;
	struct ifaddrmsg header;
	const void *bytes;
	size_t len;

	if ((msg->nlmsg_type != RTM_NEWADDR && msg->nlmsg_type != RTM_DELADDR) ||
	    msg->nlmsg_len < NLMSG_LENGTH(sizeof(header)))
		return;
	memcpy(&header, NLMSG_DATA(msg), sizeof(header));
	if (header.ifa_family != AF_INET && header.ifa_family != AF_INET6)
		return;
	len = header.ifa_family == AF_INET ? 4 : 16;
	/* On a point-to-point link IFA_ADDRESS is the other end. */
	bytes = ux_netlink_attr(msg, sizeof(header), IFA_LOCAL, len);
	if (!bytes)
		bytes = ux_netlink_attr(msg, sizeof(header), IFA_ADDRESS, len);
	if (!bytes)
		return;
	seen.family = header.ifa_family;
	seen.ifindex = (int)header.ifa_index;
	seen.scope = header.ifa_scope;
	memcpy(&seen.addr, bytes, len);
	if (msg->nlmsg_type == RTM_NEWADDR) {
		add(mon, &seen);
		return;
	}
	a = find(mon, seen.family, &seen.addr, seen.ifindex);
	if (a)
		discard(mon, a);
}

static int dump(struct ux_address_monitor *mon)
{
	const struct ifaddrmsg header = {.ifa_family = AF_UNSPEC};
	struct ux_list *pos, *next;
	struct ux_netlink_msg m;
	int err = -EINTR;

	ux_list_for_each (pos, &mon->addresses)
		ux_container_of(pos, struct ux_local_address, link)->stale = true;
	for (int i = 0; i < DUMP_TRIES && err == -EINTR; i++) {
		ux_netlink_begin(&m, RTM_GETADDR, NLM_F_DUMP, &header, sizeof(header));
		err = ux_netlink_talk(mon->ask, &m, on_message, mon);
	}
	if (err)
		return err;
	ux_list_for_each_safe (pos, next, &mon->addresses) {
		struct ux_local_address *a = ux_container_of(pos, struct ux_local_address, link);

		if (a->stale)
			discard(mon, a);
	}
	return 0;
}

/* Our own routes are no news, and with thousands of policies there are many. */
static int filter_own_routes(int fd)
{
	/* Loads take big endian; the message's type is in host order. */
	struct sock_filter code[] = {
	    BPF_STMT(BPF_LD | BPF_H | BPF_ABS, offsetof(struct nlmsghdr, nlmsg_type)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htobe16(RTM_NEWROUTE), 1, 0),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htobe16(RTM_DELROUTE), 0, 2),
	    BPF_STMT(BPF_LD | BPF_B | BPF_ABS, NLMSG_HDRLEN + offsetof(struct rtmsg, rtm_protocol)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, UXFRM_ROUTE_PROTOCOL, 1, 0),
	    BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
	    BPF_STMT(BPF_RET | BPF_K, 0),
	};
	const struct sock_fprog program = {.len = sizeof(code) / sizeof(code[0]), .filter = code};

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) < 0 ? -errno
											   : 0;
}

int ux_address_monitor_open(struct ux_address_monitor *mon, struct ux_netlink *ask,
			    ux_address_change change, void *opaque)
{
	int err;

	*mon = (struct ux_address_monitor){.ask = ask, .change = change, .opaque = opaque};
	ux_list_init(&mon->addresses);
	/* Subscribed before the dump, so that nothing falls between. */
	err = ux_netlink_open(&mon->events, GROUPS);
	if (err)
		return err;
	err = filter_own_routes(mon->events.fd);
	err = err ? err : dump(mon);
	if (err)
		ux_address_monitor_close(mon);
	return err;
}

void ux_address_monitor_close(struct ux_address_monitor *mon)
{
	struct ux_list *pos, *next;

	if (!mon->addresses.next)
		return;
	ux_list_for_each_safe (pos, next, &mon->addresses) {
		ux_list_remove(pos);
		free(ux_container_of(pos, struct ux_local_address, link));
	}
	ux_netlink_close(&mon->events);
}

struct change_note {
	struct ux_address_monitor *mon;
	bool any;
};

static void on_event(void *opaque, const struct nlmsghdr *msg)
{
	struct change_note *note = opaque;

	if (msg->nlmsg_type == RTM_NEWROUTE || msg->nlmsg_type == RTM_DELROUTE)
		note->mon->routes_changed = true;
	else
		note->any = true;
	on_message(note->mon, msg);
}

bool ux_address_monitor_read(struct ux_address_monitor *mon)
{
	struct change_note note = {.mon = mon};

	if (ux_netlink_events(&mon->events, on_event, &note) == -ENOBUFS) {
		(void)dump(mon);
		note.any = true;
	}
	return note.any;
}
