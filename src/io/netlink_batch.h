/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * Many rtnetlink requests in one datagram, and one wait for all of them. The kernel works on them
 * in their order and goes on behind one it refuses.
 */

#include "io/netlink.h"

#define UX_NETLINK_BATCH_MAX 96 /* requests */

struct ux_netlink_batch {
	uint32_t n;
	size_t len;
	size_t last; /* where the latest begins */
	_Alignas(struct nlmsghdr) uint8_t bytes[UX_NETLINK_BATCH_MAX * 128];
};

void ux_netlink_batch_init(struct ux_netlink_batch *b);
/* ux_netlink_batch_add - one more, which is the n-th from 0 on. false: there is no room. */
bool ux_netlink_batch_add(struct ux_netlink_batch *b, const struct ux_netlink_msg *m);

/* What came back for the @index-th request: a message (borrowed), or NULL and why it was refused,
 * as -errno. Nothing at all is success. */
typedef void (*ux_netlink_answered)(void *opaque, uint32_t index, const struct nlmsghdr *msg,
				    int error);

/*
 * ux_netlink_batch_talk - send what was added, wait until all of it is done, and empty the batch.
 * 0; -errno: what was done and what not is unknown.
 */
int ux_netlink_batch_talk(struct ux_netlink *nl, struct ux_netlink_batch *b,
			  ux_netlink_answered answered, void *opaque) UX_MUST_CHECK;
