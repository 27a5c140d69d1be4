/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * Which packets that reach the host in clear are to be shown to us: a table of nftables for each IP
 * version whose sets hold the prefixes of inbound policies, one set for each length. What matches
 * is queued (clear_port.h). Nobody at the queue: it is dropped, so a crash lets nothing in.
 *
 * Not shown: what comes from our own devices or loopback; ESP, AH and UDP ports of IKE and of ESP
 * to the host itself; neighbour discovery.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/ext_ack.h"
#include "io/route.h"

struct ux_clear_filter;

struct ux_clear_filter_params {
	uint32_t own_group;	      /* of our devices (IFLA_GROUP) */
	uint16_t queue_in, queue_fwd; /* for the host itself; to be forwarded */
};

/* ux_clear_filter_open - the tables, in the place of a predecessor's. 0 or -errno: this system
 * cannot do it. */
int ux_clear_filter_open(const struct ux_clear_filter_params *params,
			 struct ux_clear_filter **ret_filter) UX_MUST_CHECK;
/* ux_clear_filter_free - take them down; @keep: not if there are prefixes, all of which is dropped
 * when nobody is at the queues. Accepts NULL; returns NULL. */
struct ux_clear_filter *ux_clear_filter_free(struct ux_clear_filter *f, bool keep);

/* One policy that wants what matches it protected or blocked; equal ones are counted. In the kernel
 * by the next flush. 0, -ENOMEM, -ENOENT. */
struct ux_clear_selector {
	int family;
	bool forwarded;
	struct ux_prefix source, destination;
};
int ux_clear_filter_add(struct ux_clear_filter *f, const struct ux_clear_selector *s) UX_MUST_CHECK;
int ux_clear_filter_remove(struct ux_clear_filter *f,
			   const struct ux_clear_selector *s) UX_MUST_CHECK;
/* ux_clear_filter_port - a UDP port of ours is (not) in use. */
void ux_clear_filter_port(struct ux_clear_filter *f, int family, uint16_t port, bool used);

/*
 * ux_clear_filter_check - are the tables still there? Who empties nftables takes them too; then
 * they are made again, with all prefixes. 0: they were there, or there is nothing to hold; 1: made
 * again; or -errno.
 */
int ux_clear_filter_check(struct ux_clear_filter *f) UX_MUST_CHECK;

/* ux_clear_filter_flush - 0, or the first error since the last flush; then all was told again. */
int ux_clear_filter_flush(struct ux_clear_filter *f) UX_MUST_CHECK;
