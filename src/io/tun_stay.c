/* SPDX-License-Identifier: BSD-2-Clause */

#include "io/tun_stay.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/if_tun.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>

int ux_tun_stay(const struct ux_tun *tun, struct ux_netlink *nl, const char *purpose)
{
	const struct ifinfomsg header = {.ifi_family = AF_UNSPEC, .ifi_index = tun->ifindex};
	struct ux_netlink_msg m;
	int err;

	/* The alias first: one that stays and says nothing would be nobody's. */
	ux_netlink_begin(&m, RTM_NEWLINK, 0, &header, sizeof(header));
	ux_netlink_put(&m, IFLA_IFALIAS, purpose, strlen(purpose));
	err = ux_netlink_talk(nl, &m, NULL, NULL);
	if (!err && ioctl(tun->port->fd, TUNSETPERSIST, 1ul) < 0)
		err = -errno;
	return err;
}

void ux_tun_go(const struct ux_tun *tun)
{
	/* it fails where the device is gone already */
	(void)ioctl(tun->port->fd, TUNSETPERSIST, 0ul);
}

struct search {
	const char *prefix;
	struct ux_tun_left *left;
	size_t max;
	size_t n;
};

/* A text attribute; "" where there is none. */
static void read_text(const struct nlmsghdr *msg, uint16_t type, char *ret, size_t size)
{
	const char *text = ux_netlink_attr(msg, sizeof(struct ifinfomsg), type, 1);
	size_t rest = text ? (size_t)((const char *)msg + msg->nlmsg_len - text) : 0;
	size_t len = text ? strnlen(text, rest) : 0;

	if (len >= size)
		len = 0;
	if (len)
		memcpy(ret, text, len);
	ret[len] = '\0';
}

static bool is_open(const struct nlmsghdr *msg)
{
	const uint8_t *carrier =
	    ux_netlink_attr(msg, sizeof(struct ifinfomsg), IFLA_CARRIER, sizeof(*carrier));

	return carrier && *carrier;
}

static void look_at(void *opaque, const struct nlmsghdr *msg)
{
	struct search *s = opaque;
	struct ux_tun_left found;
	uint32_t group = 0;
	const void *attr;

	if (msg->nlmsg_type != RTM_NEWLINK || s->n == s->max)
		return;
	attr = ux_netlink_attr(msg, sizeof(struct ifinfomsg), IFLA_GROUP, sizeof(group));
	if (attr)
		memcpy(&group, attr, sizeof(group));
	read_text(msg, IFLA_IFNAME, found.name, sizeof(found.name));
	read_text(msg, IFLA_IFALIAS, found.purpose, sizeof(found.purpose));
	if (group != UX_TUN_GROUP || is_open(msg) || !found.name[0] ||
	    strncmp(found.purpose, s->prefix, strlen(s->prefix)) != 0)
		return;
	s->left[s->n++] = found;
}

int ux_tun_find_left(struct ux_netlink *nl, const char *prefix, struct ux_tun_left *left,
		     size_t max)
{
	const struct ifinfomsg header = {.ifi_family = AF_UNSPEC};
	struct search s = {.prefix = prefix, .left = left, .max = max};
	struct ux_netlink_msg m;
	int err;

	ux_netlink_begin(&m, RTM_GETLINK, NLM_F_DUMP, &header, sizeof(header));
	err = ux_netlink_talk(nl, &m, look_at, &s);
	/* an inconsistent dump has what was there all the time */
	return err && err != -EINTR ? err : (int)s.n;
}
