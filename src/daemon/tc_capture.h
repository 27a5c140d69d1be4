/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * capture = tc: packets of the host come by a program on the way out of its devices (bpf/capture.bpf.c) instead of
 * routes. It knows the selectors of outbound policies, which the engine's events tell; a packet that may be in one is
 * sent to a TUN device, any other passes. It stays on the devices when there are policies in the end, and refuses what
 * they cover; the next daemon's stands in front of it. Control thread. A NULL capture is none: nothing is done.
 */

#include <stdbool.h>
#include <stdint.h>

#include <uxfrm/engine.h>

#include "base/ext_ack.h"
#include "daemon/config.h"
#include "daemon/loop.h"
#include "io/netlink.h"

struct ux_tc_capture;

struct ux_tc_capture_params {
	const struct ux_config *config; /* borrowed, as are the others */
	struct ux_loop *loop;
	struct ux_netlink *netlink;
	int tun_ifindex;
};

/* ux_tc_capture_open - onto all devices. 0 or -errno with the reason in @ext. */
int ux_tc_capture_open(const struct ux_tc_capture_params *params,
		       struct ux_tc_capture **ret_capture, struct ux_ext_ack *ext) UX_MUST_CHECK;
/* ux_tc_capture_close - @keep: what policies cover is refused from now on. Returns NULL. */
struct ux_tc_capture *ux_tc_capture_close(struct ux_tc_capture *c, bool keep);

/* ux_tc_capture_policy - an outbound policy has come or gone; what it covers is captured from the next
 * ux_tc_capture_settle on. */
void ux_tc_capture_policy(struct ux_tc_capture *c, const struct uxfrm_policy_event *event);
void ux_tc_capture_settle(struct ux_tc_capture *c);
/* ux_tc_capture_mark - packets with this mark go by the TUN device @ifindex, 0: nowhere; or no longer. 0 or -errno. */
int ux_tc_capture_mark(struct ux_tc_capture *c, bool added, uint32_t v, uint32_t m,
		       int ifindex) UX_MUST_CHECK;
/* ux_tc_capture_set_device - the TUN device for all others is another one. */
void ux_tc_capture_set_device(struct ux_tc_capture *c, int tun_ifindex);
/* ux_tc_capture_reopen - what predecessors left refuses no longer. */
void ux_tc_capture_reopen(struct ux_tc_capture *c);

/* For the status. */
struct ux_tc_capture_status {
	uint32_t devices;   /* with the program */
	uint32_t selectors; /* it knows */
	uint32_t left;	    /* programs of predecessors that refuse */
	bool all;	    /* everything is captured, as there was no room for all selectors */
	char problem[160];
};
void ux_tc_capture_status_get(const struct ux_tc_capture *c, struct ux_tc_capture_status *ret_status);
