/* SPDX-License-Identifier: BSD-2-Clause */

/* RTM_GETLINK. */

#include "io/net_device.h"

#include <errno.h>
#include <linux/if_link.h>
#include <net/if_arp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* A dump that changed while it was read is read again this often. */
#define DUMP_TRIES 5

static void copy_text(char *to, size_t size, const char *from, size_t len)
{
	size_t n = strnlen(from, len < size - 1 ? len : size - 1);

	memcpy(to, from, n);
	to[n] = 0;
}

/* Bytes of an attribute that ux_netlink_attr has found. */
static size_t attr_len(const void *value)
{
	struct rtattr attr;

	memcpy(&attr, (const uint8_t *)value - sizeof(attr), sizeof(attr));
	return attr.rta_len - sizeof(attr);
}

static void parse_kind(struct ux_net_device *d, const uint8_t *info)
{
	size_t len = attr_len(info), at = 0;

	while (at + sizeof(struct rtattr) <= len) {
		struct rtattr attr;

		memcpy(&attr, info + at, sizeof(attr));
		if (attr.rta_len < sizeof(attr) || attr.rta_len > len - at)
			return;
		if ((attr.rta_type & NLA_TYPE_MASK) == IFLA_INFO_KIND)
			copy_text(d->kind, sizeof(d->kind),
				  (const char *)info + at + sizeof(attr),
				  attr.rta_len - sizeof(attr));
		at += RTA_ALIGN(attr.rta_len);
	}
}

bool ux_net_device_parse(const struct nlmsghdr *msg, struct ux_net_device *d)
{
	struct ifinfomsg header;
	const void *value;

	if (msg->nlmsg_type != RTM_NEWLINK || msg->nlmsg_len < NLMSG_LENGTH(sizeof(header)))
		return false;
	memcpy(&header, NLMSG_DATA(msg), sizeof(header));
	*d = (struct ux_net_device){
	    .ifindex = header.ifi_index, .flags = header.ifi_flags, .type = header.ifi_type};
	value = ux_netlink_attr(msg, sizeof(header), IFLA_IFNAME, 1);
	if (!value)
		return false;
	copy_text(d->name, sizeof(d->name), value, attr_len(value));
	value = ux_netlink_attr(msg, sizeof(header), IFLA_MTU, sizeof(d->mtu));
	if (value)
		memcpy(&d->mtu, value, sizeof(d->mtu));
	value = ux_netlink_attr(msg, sizeof(header), IFLA_MASTER, sizeof(d->master));
	if (value)
		memcpy(&d->master, value, sizeof(d->master));
	value = ux_netlink_attr(msg, sizeof(header), IFLA_GROUP, sizeof(d->group));
	if (value)
		memcpy(&d->group, value, sizeof(d->group));
	value = ux_netlink_attr(msg, sizeof(header), IFLA_ADDRESS, sizeof(d->mac));
	if (value)
		memcpy(d->mac, value, sizeof(d->mac));
	value = ux_netlink_attr(msg, sizeof(header), IFLA_LINKINFO, 0);
	if (value)
		parse_kind(d, value);
	return true;
}

struct walk {
	ux_net_device_call each;
	void *opaque;
};

static void on_message(void *opaque, const struct nlmsghdr *msg)
{
	const struct walk *walk = opaque;
	struct ux_net_device device;

	if (ux_net_device_parse(msg, &device))
		walk->each(walk->opaque, &device);
}

int ux_net_device_each(struct ux_netlink *nl, ux_net_device_call each, void *opaque)
{
	const struct ifinfomsg header = {.ifi_family = AF_UNSPEC};
	struct walk walk = {each, opaque};
	struct ux_netlink_msg m;
	int err = -EINTR;

	for (int i = 0; i < DUMP_TRIES && err == -EINTR; i++) {
		ux_netlink_begin(&m, RTM_GETLINK, NLM_F_DUMP, &header, sizeof(header));
		err = ux_netlink_talk(nl, &m, on_message, &walk);
	}
	return err;
}

bool ux_net_device_is_inner(int ifindex)
{
	struct ifreq req = {0};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool inner;

	if (fd < 0)
		return false;
	inner = if_indextoname((unsigned int)ifindex, req.ifr_name) &&
		ioctl(fd, SIOCGIFHWADDR, &req) == 0 &&
		(req.ifr_hwaddr.sa_family == ARPHRD_NONE ||
		 req.ifr_hwaddr.sa_family == ARPHRD_LOOPBACK);
	close(fd);
	return inner;
}
