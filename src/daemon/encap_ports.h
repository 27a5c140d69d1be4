/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * The UDP ports that inbound SAs use, opened with the first SA and closed some time after the last,
 * since packets of a moved SA may still be on their way. An IKE daemon may have bound each address
 * of the host by itself; then we share each with it. Control thread.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "daemon/workers.h"
#include "daemon/xdp_underlay.h"
#include "io/udp_gso.h"

struct ux_encap_ports {
	struct ux_list ports;
	struct ux_workers *workers; /* borrowed */
	struct ux_xdp_underlay *xdp;	 /* borrowed; NULL: none */
	struct ux_udp_gso *gso;		 /* borrowed: sends by the sockets */
	uint32_t own_mark;
	uint64_t linger_ns;
	uint64_t next_look_ns; /* for sockets of others on our ports */
	struct {
		uint32_t n_sa; /* when it was last looked */
		uint64_t next_look_ns;
		bool open[2]; /* IPv4, IPv6 */
	} expected;
};

void ux_encap_ports_init(struct ux_encap_ports *e, struct ux_workers *workers,
			 struct ux_udp_gso *gso, struct ux_xdp_underlay *xdp,
			 uint32_t own_mark, uint64_t linger_ns);
void ux_encap_ports_fini(struct ux_encap_ports *e);
void ux_encap_ports_add(struct ux_encap_ports *e, int family, uint16_t port, uint64_t now_ns);
void ux_encap_ports_remove(struct ux_encap_ports *e, int family, uint16_t port, uint64_t now_ns);
/*
 * ux_encap_ports_address - the host has one more address. Where the IKE daemon binds each by itself we are there first: its
 * own socket would take the packets that come until we have seen it.
 */
void ux_encap_ports_address(struct ux_encap_ports *e, int family, const struct ux_addr *addr,
			    uint64_t now_ns);
/*
 * ux_encap_ports_expect - there are @n_sa SAs. While there are any, the port of IKE and ESP in UDP (4500) is open
 * if somebody, an IKE daemon, holds it: behind a new NAT the peer encapsulates before our own daemon has told us.
 * Returns when to call again, UINT64_MAX: when @n_sa changes.
 */
uint64_t ux_encap_ports_expect(struct ux_encap_ports *e, uint32_t n_sa, uint64_t now_ns);
/* ux_encap_ports_tick - close what has lingered long enough, follow what others have bound. Returns
 * when to call again, UINT64_MAX: no need. */
uint64_t ux_encap_ports_tick(struct ux_encap_ports *e, uint64_t now_ns);
