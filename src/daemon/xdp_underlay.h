/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * The underlay by AF_XDP: which devices have our program, and what it knows, in step with the host's
 * devices and addresses, the SAs' UDP ports and marks. Every packet it does not take or cannot send
 * goes by raw sockets as without it. Control thread. NULL stands for a daemon without it: all calls accept that, and do nothing.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/ext_ack.h"
#include "daemon/config.h"
#include "daemon/loop.h"
#include "daemon/workers.h"
#include "io/address_monitor.h"

struct ux_xdp_underlay;

struct ux_xdp_underlay_params {
	const struct ux_config *config;
	struct ux_loop *loop;
	struct ux_netlink *netlink;
	const struct ux_address_monitor *addresses;
	struct ux_port *raw; /* sends what cannot be sent here */
}; /* all borrowed */

/* ux_xdp_underlay_open - without devices yet. 0; -EOPNOTSUPP: this build cannot; -errno, with the
 * reason in @ext. */
int ux_xdp_underlay_open(const struct ux_xdp_underlay_params *params,
			 struct ux_xdp_underlay **ret_underlay,
			 struct ux_ext_ack *ext) UX_MUST_CHECK;
/* ux_xdp_underlay_sender - the port the workers send by; @raw without an underlay. */
struct ux_port *ux_xdp_underlay_sender(struct ux_xdp_underlay *u, struct ux_port *raw);
/* ux_xdp_underlay_start - the workers are there: open devices. They are borrowed until
 * ux_xdp_underlay_stop, before the workers end. */
void ux_xdp_underlay_start(struct ux_xdp_underlay *u, struct ux_workers *workers);
void ux_xdp_underlay_stop(struct ux_xdp_underlay *u);
/* ux_xdp_underlay_free - the workers have ended. Returns NULL. */
struct ux_xdp_underlay *ux_xdp_underlay_free(struct ux_xdp_underlay *u);

/* What the programs have to know. Ports in host order, SPIs in network order. */
void ux_xdp_underlay_address(struct ux_xdp_underlay *u, bool added, int family,
			     const struct ux_addr *addr);
void ux_xdp_underlay_port(struct ux_xdp_underlay *u, bool added, int family, uint16_t port);
void ux_xdp_underlay_exception(struct ux_xdp_underlay *u, bool added, int family,
			       const struct ux_addr *addr, uint16_t port);
void ux_xdp_underlay_marked_sa(struct ux_xdp_underlay *u, bool added, uint32_t spi);
void ux_xdp_underlay_marked_policy(struct ux_xdp_underlay *u, bool added);
/* ux_xdp_underlay_changed - devices, addresses or routes have changed: follows at the next tick. */
void ux_xdp_underlay_changed(struct ux_xdp_underlay *u);
/* ux_xdp_underlay_tick - when to call again (monotonic, ns), UINT64_MAX: no need. */
uint64_t ux_xdp_underlay_tick(struct ux_xdp_underlay *u, uint64_t now_ns);

#define UX_XDP_STATUS_DEVICES 32
struct ux_xdp_device_status {
	char name[16];
	const char *mode; /* "native" or "generic" */
	bool zero_copy;
	uint32_t queues;
	uint64_t received, sent, malformed, lost;
};
struct ux_xdp_status {
	uint32_t n_devices;
	struct ux_xdp_device_status devices[UX_XDP_STATUS_DEVICES];
	uint64_t sent_raw;  /* packets of SAs that went by raw sockets */
	char problem[160];  /* the latest device that has no program, and why; empty: none */
};
void ux_xdp_underlay_status_get(const struct ux_xdp_underlay *u, struct ux_xdp_status *ret_status);
