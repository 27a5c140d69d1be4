/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* As much rtnetlink as devices, rules, routes and addresses take: bounded messages, one at a time,
 * each waited for. */

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uxfrm/control.h>

#include "base/ext_ack.h"

struct ux_netlink {
	int fd;
	uint32_t seq;
};

/* ux_netlink_open - @groups: RTMGRP_* mask to subscribe to, 0 for a socket that asks. 0 or -errno.
 */
int ux_netlink_open(struct ux_netlink *nl, uint32_t groups) UX_MUST_CHECK;
void ux_netlink_close(struct ux_netlink *nl);

/* A message being built. What does not fit sets overflow, and talking then fails with EMSGSIZE. */
struct ux_netlink_msg {
	_Alignas(struct nlmsghdr) uint8_t bytes[512];
	size_t len;
	bool overflow;
};

void ux_netlink_begin(struct ux_netlink_msg *m, uint16_t type, uint16_t flags, const void *header,
		      size_t header_len);
void ux_netlink_put(struct ux_netlink_msg *m, uint16_t type, const void *data, size_t len);
void ux_netlink_put_u32(struct ux_netlink_msg *m, uint16_t type, uint32_t value);
/* ux_netlink_nest - begin a nested attribute; returns what ux_netlink_nest_end takes. */
size_t ux_netlink_nest(struct ux_netlink_msg *m, uint16_t type);
void ux_netlink_nest_end(struct ux_netlink_msg *m, size_t nest);

/* Called for each message of an answer. The message is borrowed. */
typedef void (*ux_netlink_each)(void *opaque, const struct nlmsghdr *msg);

/*
 * ux_netlink_talk - send, and read answers up to the acknowledgement or the end of the dump. @each
 * may be NULL. 0 or the kernel's -errno; -EINTR when a dump was inconsistent.
 */
int ux_netlink_talk(struct ux_netlink *nl, struct ux_netlink_msg *m, ux_netlink_each each,
		    void *opaque) UX_MUST_CHECK;

/* ux_netlink_events - read what has come on a subscribed socket. 0, or -ENOBUFS when events were
 * lost. */
int ux_netlink_events(struct ux_netlink *nl, ux_netlink_each each, void *opaque) UX_MUST_CHECK;

/* ux_netlink_next - the message at offset *@at of a datagram, and move *@at behind it. NULL at the
 * end or when what is left is no whole message. @datagram is aligned as a message. */
const struct nlmsghdr *ux_netlink_next(const void *datagram, size_t len, size_t *at);

/* ux_netlink_attr - find attribute @type behind a fixed header of @header_len bytes; NULL if it is
 * not there or shorter than @min_len. */
const void *ux_netlink_attr(const struct nlmsghdr *msg, size_t header_len, uint16_t type,
			    size_t min_len);
