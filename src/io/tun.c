/* SPDX-License-Identifier: BSD-2-Clause */

/* The device itself. Which of two ports it gets depends on what the kernel can. */

#include "io/tun.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/if_tun.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "io/tun_plain.h"
#include "io/tun_vnet.h"

/* A super-packet of TCP that is no larger becomes one message of UDP_SEGMENT, which has 64 KiB: each
 * segment of 1,228 bytes or more gets headers and what ESP adds, 88 bytes together. */
#define SUPER_PACKET_MAX 61100

/* A queue of the device @name, which is made if there is none. *ret_vnet: its packets have a header
 * of virtio. */
static int attach(char name[IFNAMSIZ], bool queues, int *ret_fd, bool *ret_vnet)
{
	const int kind = IFF_TUN | IFF_NO_PI | (queues ? IFF_MULTI_QUEUE : 0);
	struct ifreq req = {.ifr_flags = (short)(kind | IFF_VNET_HDR)};
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
	int err = 0;

	if (fd < 0)
		return -errno;
	memcpy(req.ifr_name, name, IFNAMSIZ);
	*ret_vnet = true;
	if (ioctl(fd, TUNSETIFF, &req) < 0)
		err = -errno;
	if (err == -EINVAL) {
		*ret_vnet = false;
		req.ifr_flags = (short)kind;
		err = ioctl(fd, TUNSETIFF, &req) < 0 ? -errno : 0;
	}
	if (err) {
		close(fd);
		return err;
	}
	memcpy(name, req.ifr_name, IFNAMSIZ);
	name[IFNAMSIZ - 1] = '\0';
	*ret_fd = fd;
	return 0;
}

static void copy_name(char to[IFNAMSIZ], const char *name)
{
	memset(to, 0, IFNAMSIZ);
	memcpy(to, name, strnlen(name, IFNAMSIZ - 1));
}

/* No address of its own, also no link-local one: the device is a way out, not a place. */
static int set_up(const struct ux_tun_params *params, struct ux_netlink *nl, int ifindex)
{
	const uint8_t mode = IN6_ADDR_GEN_MODE_NONE;
	const struct ifinfomsg header = {.ifi_family = AF_UNSPEC,
					 .ifi_index = ifindex,
					 .ifi_flags = params->adopt ? 0 : IFF_UP,
					 .ifi_change = params->adopt ? 0 : IFF_UP};
	struct ifinfomsg down = header;
	struct ux_netlink_msg m;
	size_t spec, family;

	/* A host without IPv6 refuses this. A new device is still down, so nothing was generated
	 * yet; one that is there already is left up or down. */
	down.ifi_flags = 0;
	ux_netlink_begin(&m, RTM_NEWLINK, 0, &down, sizeof(down));
	spec = ux_netlink_nest(&m, IFLA_AF_SPEC);
	family = ux_netlink_nest(&m, AF_INET6);
	ux_netlink_put(&m, IFLA_INET6_ADDR_GEN_MODE, &mode, sizeof(mode));
	ux_netlink_nest_end(&m, family);
	ux_netlink_nest_end(&m, spec);
	if (ux_netlink_talk(nl, &m, NULL, NULL) == -ENODEV)
		return -ENODEV;

	ux_netlink_begin(&m, RTM_NEWLINK, 0, &header, sizeof(header));
	ux_netlink_put_u32(&m, IFLA_MTU, params->mtu);
	ux_netlink_put_u32(&m, IFLA_TXQLEN, params->queue_len);
	ux_netlink_put_u32(&m, IFLA_GROUP, UX_TUN_GROUP);
	return ux_netlink_talk(nl, &m, NULL, NULL);
}

/* A kernel that does not do it: longer ones are sent as two. False then. */
static bool limit_super_packets(struct ux_netlink *nl, int ifindex)
{
	const struct ifinfomsg header = {.ifi_family = AF_UNSPEC, .ifi_index = ifindex};
	struct ux_netlink_msg m;

	ux_netlink_begin(&m, RTM_NEWLINK, 0, &header, sizeof(header));
	ux_netlink_put_u32(&m, IFLA_GSO_MAX_SIZE, SUPER_PACKET_MAX);
	return ux_netlink_talk(nl, &m, NULL, NULL) == 0;
}

static struct ux_port *new_port(int fd, bool vnet, const struct ux_tun_params *params)
{
	const struct ux_tun_facts facts = {params->if_id, params->underlay_ifindex};
	unsigned int kinds;

	if (!vnet)
		return ux_tun_plain_port_new(fd, &facts);
	ux_tun_vnet_offer(fd, &kinds);
	return ux_tun_vnet_port_new(fd, kinds, &facts);
}

int ux_tun_open(const struct ux_tun_params *params, struct ux_netlink *nl, struct ux_tun *ret_tun,
		struct ux_ext_ack *ext)
{
	struct ux_tun tun;
	bool vnet = false;
	int fd = -1, err;

	copy_name(tun.name, params->name);
	err = attach(tun.name, params->queues, &fd, &vnet);
	if (err)
		return ux_fail_at(ext, -err, NULL,
				  err == -EBUSY ? "the TUN device's name is taken"
						: "cannot make a TUN device");
	tun.port = new_port(fd, vnet, params);
	if (!tun.port) {
		close(fd);
		return -ENOMEM;
	}
	tun.ifindex = (int)if_nametoindex(tun.name);
	err = tun.ifindex ? set_up(params, nl, tun.ifindex) : -ENODEV;
	if (err) {
		ux_port_free(tun.port);
		return ux_fail_at(ext, -err, NULL, "cannot set up the TUN device");
	}
	if (!params->large)
		(void)limit_super_packets(nl, tun.ifindex);
	*ret_tun = tun;
	return 0;
}

int ux_tun_add_queue(const struct ux_tun *tun, struct ux_port **ret_port)
{
	const struct ux_tun_params params = {0};
	char name[IFNAMSIZ];
	bool vnet;
	int fd, err;

	/* It may have another name by now. */
	if (!if_indextoname((unsigned int)tun->ifindex, name))
		return -ENODEV;
	err = attach(name, true, &fd, &vnet);
	if (err)
		return err;
	/* Had it gone in between, this would be another one. */
	if ((int)if_nametoindex(name) != tun->ifindex) {
		close(fd);
		return -ENODEV;
	}
	*ret_port = new_port(fd, vnet, &params);
	if (!*ret_port) {
		close(fd);
		return -ENOMEM;
	}
	return 0;
}

bool ux_tun_exists(const struct ux_tun *tun)
{
	char name[IFNAMSIZ];

	return if_indextoname((unsigned int)tun->ifindex, name) != NULL;
}

static void read_flags(void *opaque, const struct nlmsghdr *msg)
{
	struct ifinfomsg header;

	if (msg->nlmsg_type != RTM_NEWLINK || msg->nlmsg_len < NLMSG_LENGTH(sizeof(header)))
		return;
	memcpy(&header, NLMSG_DATA(msg), sizeof(header));
	*(unsigned int *)opaque = header.ifi_flags;
}

bool ux_tun_is_up(const struct ux_tun *tun, struct ux_netlink *nl)
{
	const struct ifinfomsg header = {.ifi_family = AF_UNSPEC, .ifi_index = tun->ifindex};
	struct ux_netlink_msg m;
	unsigned int flags = 0;

	ux_netlink_begin(&m, RTM_GETLINK, 0, &header, sizeof(header));
	return ux_netlink_talk(nl, &m, read_flags, &flags) == 0 && flags & IFF_UP;
}

static int open_rp_filter(const char *name, int flags)
{
	char path[64 + IFNAMSIZ];

	snprintf(path, sizeof(path), "/proc/sys/net/ipv4/conf/%s/rp_filter", name);
	return open(path, flags | O_CLOEXEC);
}

bool ux_host_rp_filter_is_strict(void)
{
	static const char *const names[] = {"all", "default"};
	bool strict = false;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char value = '0';
		int fd = open_rp_filter(names[i], O_RDONLY);

		if (fd < 0)
			continue;
		strict |= read(fd, &value, 1) == 1 && value == '1';
		close(fd);
	}
	return strict;
}

int ux_tun_set_rp_filter(const char *name)
{
	char all = '0';
	int err = 0;
	int fd = open_rp_filter("all", O_RDONLY);

	if (fd >= 0) {
		if (read(fd, &all, 1) != 1)
			all = '0';
		close(fd);
	}
	fd = open_rp_filter(name, O_WRONLY);
	if (fd < 0)
		return -errno;
	/* The kernel takes the larger of both; strict (1) is lifted only by loose (2). */
	if (write(fd, all == '0' ? "0" : "2", 1) != 1)
		err = -errno;
	close(fd);
	return err;
}
