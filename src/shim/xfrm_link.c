/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The kernel's answers carry the number of the request, so there must be one of the kernel's own for each request. None
 * of those here is longer than what it takes the place of.
 */

#include "shim/xfrm_link.h"

#include <errno.h>
#include <limits.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <uxfrm/control.h>

#include "shim/control_channel.h"
#include "shim/real.h"
#include "shim/transfer.h"
#include "shim/xfrm_link_attrs.h"

#define DATAGRAM_MAX 65536 /* requests for interfaces are short */
#define NUMBERED "%d" /* the kernel puts the first free number there */
#define NUMBERS 1000

/* What a request says of an interface. */
struct wish {
	struct uxfrm_control_link link;
	bool is_xfrm; /* and nothing that uxfrmd does not do */
};

static void read_data(struct wish *w, const uint8_t *bytes, size_t len)
{
	struct nlattr attr;

	for (size_t at = 0; ux_link_next_attr(bytes, len, &at, &attr); ux_link_step(&at, &attr)) {
		const uint8_t *value = bytes + at + sizeof(attr);
		const size_t value_len = attr.nla_len - sizeof(attr);
		const uint32_t number = ux_link_u32_of(value, value_len);

		if (attr.nla_type == IFLA_XFRM_IF_ID)
			w->link.if_id = number;
		else if (attr.nla_type == IFLA_XFRM_LINK && number)
			w->is_xfrm &= if_indextoname(number, w->link.underlay) != NULL;
		else if (attr.nla_type > IFLA_XFRM_IF_ID)
			w->is_xfrm = false; /* external mode */
	}
}

static void read_kind(struct wish *w, const uint8_t *bytes, size_t len)
{
	struct nlattr attr;

	for (size_t at = 0; ux_link_next_attr(bytes, len, &at, &attr); ux_link_step(&at, &attr)) {
		const char *kind = (const char *)bytes + at + sizeof(attr);
		const size_t kind_len = attr.nla_len - sizeof(attr);

		if (attr.nla_type == IFLA_INFO_KIND)
			w->is_xfrm = strnlen(kind, kind_len) == strlen(UX_XFRM_KIND) &&
				     memcmp(kind, UX_XFRM_KIND, strlen(UX_XFRM_KIND)) == 0;
	}
	for (size_t at = 0; w->is_xfrm && ux_link_next_attr(bytes, len, &at, &attr); ux_link_step(&at, &attr)) {
		if (attr.nla_type == IFLA_INFO_DATA)
			read_data(w, bytes + at + sizeof(attr), attr.nla_len - sizeof(attr));
	}
}

static bool is_elsewhere(uint16_t type)
{
	return type == IFLA_NET_NS_PID || type == IFLA_NET_NS_FD || type == IFLA_TARGET_NETNSID;
}

/* Of a request to make an interface. */
static struct wish read_wish(const uint8_t *bytes, size_t len)
{
	struct wish w = {0};
	struct nlattr attr;
	bool elsewhere = false, has_name = false;

	for (size_t at = UX_LINK_BODY; ux_link_next_attr(bytes, len, &at, &attr); ux_link_step(&at, &attr)) {
		const char *value = (const char *)bytes + at + sizeof(attr);
		const size_t value_len = attr.nla_len - sizeof(attr);

		if (attr.nla_type == IFLA_LINKINFO)
			read_kind(&w, (const uint8_t *)value, value_len);
		elsewhere |= is_elsewhere(attr.nla_type);
		if (attr.nla_type != IFLA_IFNAME || strnlen(value, value_len) >= IFNAMSIZ)
			continue;
		memcpy(w.link.name, value, strnlen(value, value_len));
		has_name = true;
	}
	if (!has_name)
		strcpy(w.link.name, UX_XFRM_KIND NUMBERED);
	w.is_xfrm &= !elsewhere && w.link.name[0];
	return w;
}

/* As the kernel does with names that end so. */
static void choose_number(char name[IFNAMSIZ])
{
	const size_t len = strlen(name);
	char chosen[IFNAMSIZ + 8];

	if (len < strlen(NUMBERED) || strcmp(name + len - strlen(NUMBERED), NUMBERED) != 0)
		return;
	for (int i = 0; i < NUMBERS; i++) {
		snprintf(chosen, sizeof(chosen), "%.*s%d", (int)(len - strlen(NUMBERED)), name, i);
		if (strlen(chosen) < IFNAMSIZ && if_nametoindex(chosen) == 0) {
			strcpy(name, chosen);
			return;
		}
	}
}

/* ---- what the kernel gets ---- */

static void begin(uint8_t *out, const struct nlmsghdr *request, uint16_t type, int32_t ifindex)
{
	const struct ifinfomsg body = {.ifi_index = ifindex};
	struct nlmsghdr h = *request;

	h.nlmsg_type = type;
	h.nlmsg_flags &= (uint16_t)~(NLM_F_CREATE | NLM_F_EXCL | NLM_F_REPLACE);
	h.nlmsg_len = UX_LINK_BODY;
	memcpy(out, &h, sizeof(h));
	memcpy(out + NLMSG_HDRLEN, &body, sizeof(body));
}

/* A request that fails with this error, and without a text of the kernel's. 0: there is none. */
static size_t write_failing(uint8_t *out, const struct nlmsghdr *request, int error)
{
	if (error != -EINVAL && error != -ENODEV)
		return 0;
	begin(out, request, RTM_SETLINK, error == -ENODEV ? INT_MAX : 0);
	return UX_LINK_BODY;
}

/* Of an interface's own, which is fixed. */
static bool is_of_new(uint16_t type)
{
	return type == IFLA_LINKINFO || type == IFLA_IFNAME || type == IFLA_LINK;
}

/* The request without what made the interface: what else there is to set. */
static size_t write_rest(uint8_t *out, const uint8_t *bytes, size_t len, uint32_t ifindex)
{
	struct nlmsghdr h = ux_link_header_at(bytes);
	struct ifinfomsg body;
	struct nlattr attr;
	size_t n = UX_LINK_BODY;

	begin(out, &h, RTM_SETLINK, 0);
	memcpy(&body, bytes + NLMSG_HDRLEN, sizeof(body));
	body.ifi_index = (int32_t)ifindex;
	body.ifi_type = 0;
	memcpy(out + NLMSG_HDRLEN, &body, sizeof(body));
	for (size_t at = UX_LINK_BODY; ux_link_next_attr(bytes, len, &at, &attr); ux_link_step(&at, &attr)) {
		if (is_of_new(attr.nla_type))
			continue;
		memcpy(out + n, bytes + at, attr.nla_len);
		n += NLA_ALIGN(attr.nla_len);
	}
	h = ux_link_header_at(out);
	h.nlmsg_len = (uint32_t)n;
	memcpy(out, &h, sizeof(h));
	return n;
}

/* One that exists already, so that the error says so. */
static size_t write_existing(uint8_t *out, const struct nlmsghdr *request)
{
	static const char name[] = "lo";
	const struct nlattr attr = {.nla_len = sizeof(attr) + sizeof(name), .nla_type = IFLA_IFNAME};
	struct nlmsghdr h;

	begin(out, request, RTM_NEWLINK, 0);
	h = *request;
	h.nlmsg_flags |= NLM_F_CREATE | NLM_F_EXCL;
	h.nlmsg_len = (uint32_t)(UX_LINK_BODY + attr.nla_len);
	memcpy(out, &h, sizeof(h));
	memcpy(out + UX_LINK_BODY, &attr, sizeof(attr));
	memcpy(out + UX_LINK_BODY + sizeof(attr), name, sizeof(name));
	return UX_LINK_BODY + NLA_ALIGN(attr.nla_len);
}

/* Carry out one request; what is to be said to the kernel instead goes to @out. 0: what the program said. */
static size_t take_over(uint8_t *out, const uint8_t *bytes, size_t len)
{
	const struct nlmsghdr h = ux_link_header_at(bytes);
	struct wish w;
	int err;

	if (h.nlmsg_type != RTM_NEWLINK || !(h.nlmsg_flags & NLM_F_CREATE) || len < UX_LINK_BODY)
		return 0;
	w = read_wish(bytes, len);
	if (!w.is_xfrm)
		return 0;
	choose_number(w.link.name);
	if (if_nametoindex(w.link.name))
		return 0; /* the kernel sees that, too */
	err = w.link.if_id ? shim_control_link_add(&w.link) : -EINVAL;
	if (!err)
		return write_rest(out, bytes, len, if_nametoindex(w.link.name));
	return err == -EEXIST ? write_existing(out, &h) : write_failing(out, &h, err);
}

/* Each request of the datagram @in of @len bytes, as the kernel is to get it, to @out. How many bytes. */
static size_t translate(uint8_t *out, const uint8_t *in, size_t len)
{
	size_t n = 0, at = 0;

	while (len - at >= sizeof(struct nlmsghdr)) {
		const struct nlmsghdr h = ux_link_header_at(in + at);
		const size_t whole = NLMSG_ALIGN((size_t)h.nlmsg_len);
		const size_t taken = whole < len - at ? whole : len - at;
		size_t written;

		if (h.nlmsg_len < sizeof(h) || h.nlmsg_len > len - at)
			break;
		written = take_over(out + n, in + at, h.nlmsg_len);
		if (!written) {
			memcpy(out + n, in + at, taken);
			written = taken;
		}
		n += written;
		at += taken;
	}
	memcpy(out + n, in + at, len - at);
	return n + len - at;
}

/* ---- sockets ---- */

static bool has_request(const struct msghdr *msg)
{
	struct nlmsghdr h;

	if (!msg->msg_iovlen || msg->msg_iov[0].iov_len < sizeof(h) || !msg->msg_iov[0].iov_base)
		return false;
	memcpy(&h, msg->msg_iov[0].iov_base, sizeof(h));
	return h.nlmsg_type >= RTM_BASE && h.nlmsg_type <= RTM_MAX && h.nlmsg_len >= UX_LINK_BODY &&
	       h.nlmsg_flags & NLM_F_REQUEST && shim_iov_length(msg) >= h.nlmsg_len &&
	       shim_iov_length(msg) <= DATAGRAM_MAX;
}

bool shim_makes_link(int fd, const struct msghdr *msg)
{
	return has_request(msg) && shim_is_route_socket(fd);
}

static void gather(uint8_t *to, const struct msghdr *msg)
{
	for (size_t i = 0; i < msg->msg_iovlen; i++) {
		memcpy(to, msg->msg_iov[i].iov_base, msg->msg_iov[i].iov_len);
		to += msg->msg_iov[i].iov_len;
	}
}

ssize_t shim_send_link(int fd, const struct msghdr *msg, int flags)
{
	const size_t len = shim_iov_length(msg);
	struct msghdr translated = *msg;
	struct iovec iov;
	uint8_t *bytes;
	ssize_t n;

	/* no request becomes longer than the shortest that one can be for an xfrm interface */
	bytes = calloc(2, len);
	if (!bytes)
		return shim_real()->sendmsg(fd, msg, flags);
	gather(bytes + len, msg);
	iov = (struct iovec){.iov_base = bytes, .iov_len = translate(bytes, bytes + len, len)};
	translated.msg_iov = &iov;
	translated.msg_iovlen = 1;
	n = shim_real()->sendmsg(fd, &translated, flags);
	free(bytes);
	return n < 0 ? n : (ssize_t)len;
}
