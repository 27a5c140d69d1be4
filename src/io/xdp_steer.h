/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * The XDP program, loaded once for all devices, and what it knows: our addresses and UDP ports, and
 * which packets are not ours to take. What does not fit is left to the kernel, and so to the other ports. Control
 * thread.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/ext_ack.h"
#include "io/xdp_maps.h"

struct ux_xdp_steer {
	void *skeleton; /* struct ux_xdp_underlay_bpf */
	int program;
	/* descriptors of the maps that bpf/underlay.bpf.c names */
	int sockets, devices, addresses4, addresses6, ports, exceptions, marked_spis, gate;
	struct ux_xdp_gate gate_value;
	bool taken[UX_XDP_DEVICES]; /* places for a device's sockets */
};

/* ux_xdp_steer_open - 0 or -errno. Needs CAP_BPF, which nothing later does. */
int ux_xdp_steer_open(struct ux_xdp_steer *s) UX_MUST_CHECK;
void ux_xdp_steer_close(struct ux_xdp_steer *s);

/* ux_xdp_steer_device_add - the program may have packets of device @ifindex, whose n sockets are
 * @fds; *@own gets its place. 0 or -errno. */
int ux_xdp_steer_device_add(struct ux_xdp_steer *s, int ifindex, struct ux_xdp_own *own,
			    const int *fds) UX_MUST_CHECK;
void ux_xdp_steer_device_remove(struct ux_xdp_steer *s, int ifindex, const struct ux_xdp_own *own);

void ux_xdp_steer_address(struct ux_xdp_steer *s, bool added, int family,
			  const struct ux_addr *addr);
/* ux_xdp_steer_port - ESP in UDP at @port (host order) of all local addresses is ours. */
void ux_xdp_steer_port(struct ux_xdp_steer *s, bool added, int family, uint16_t port);
/* ux_xdp_steer_exception - but not at @addr. */
void ux_xdp_steer_exception(struct ux_xdp_steer *s, bool added, int family,
			    const struct ux_addr *addr, uint16_t port);
/* ux_xdp_steer_marked - an inbound SA with the SPI @spi (network order) needs the mark of its
 * packets, or needs it no longer. Calls for one SPI are counted. */
void ux_xdp_steer_marked(struct ux_xdp_steer *s, bool added, uint32_t spi);
/* ux_xdp_steer_closed - take nothing at all, until as many calls have opened it again. */
void ux_xdp_steer_closed(struct ux_xdp_steer *s, bool closed);
