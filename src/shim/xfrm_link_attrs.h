/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* Messages about interfaces, of any content and alignment; for xfrm_link.c and xfrm_link_show.c. */

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define UX_XFRM_KIND "xfrm"
#define UX_LINK_BODY NLMSG_LENGTH(sizeof(struct ifinfomsg)) /* where attributes begin */

/* shim_is_route_socket - whatever @fd is. Keeps errno. */
bool shim_is_route_socket(int fd);

static inline struct nlmsghdr ux_link_header_at(const uint8_t *bytes)
{
	struct nlmsghdr h;

	memcpy(&h, bytes, sizeof(h));
	return h;
}

/* The next attribute of those in @bytes from *@at on; false: no more that are well-formed. */
static inline bool ux_link_next_attr(const uint8_t *bytes, size_t len, size_t *at, struct nlattr *ret)
{
	if (*at > len || len - *at < sizeof(*ret))
		return false;
	memcpy(ret, bytes + *at, sizeof(*ret));
	ret->nla_type &= NLA_TYPE_MASK;
	return ret->nla_len >= sizeof(*ret) && ret->nla_len <= len - *at;
}

static inline void ux_link_step(size_t *at, const struct nlattr *attr)
{
	*at += NLA_ALIGN(attr->nla_len);
}

static inline uint32_t ux_link_u32_of(const uint8_t *value, size_t len)
{
	uint32_t number = 0;

	if (len >= sizeof(number))
		memcpy(&number, value, sizeof(number));
	return number;
}
