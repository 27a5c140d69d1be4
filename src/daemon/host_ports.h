/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * All ports of a daemon that serves its host, and the workers on them: the TUN device with its
 * routes, raw sockets for ESP, a pair of sockets for each UDP port that an SA uses, and the sender.
 * Control thread.
 */

#include <stdbool.h>

#include <uxfrm/engine.h>

#include "base/ext_ack.h"
#include "daemon/config.h"
#include "daemon/loop.h"
#include "daemon/workers.h"
#include "daemon/xdp_underlay.h"

struct ux_host_ports;
struct ux_links;
struct ux_tc_capture;

/*
 * ux_host_ports_open - set everything up; policies, SAs and local addresses of @engine are followed
 * from here on. 0 or -errno with the step that failed in @ext. Engine, config and loop are
 * borrowed.
 */
int ux_host_ports_open(struct uxfrm *engine, const struct ux_config *config, struct ux_loop *loop,
		       struct ux_host_ports **ret_ports, struct ux_ext_ack *ext) UX_MUST_CHECK;
/* ux_host_ports_close - take it all down again. Accepts NULL; returns NULL. */
struct ux_host_ports *ux_host_ports_close(struct ux_host_ports *ports);

/* ux_host_ports_settle - what requests have changed so far holds for the host's packets when this
 * returns: routes of policies are told to the kernel many at a time. Nothing to do costs nothing.
 */
void ux_host_ports_settle(struct ux_host_ports *ports);

/* ux_host_ports_covers_mark - do packets with a mark that outbound policies have come to the engine? */
bool ux_host_ports_covers_mark(const struct ux_host_ports *ports, uint32_t mark, uint32_t mask);

/* ux_host_ports_tick - close UDP ports that no SA uses any more, some time after, and follow what
 * changes at the host's addresses, links and routes. Returns when to
 * call again (monotonic, ns), UINT64_MAX: no need. */
uint64_t ux_host_ports_tick(struct ux_host_ports *ports, uint64_t now_ns);

/* ux_host_ports_links - borrowed until the ports are closed. */
struct ux_links *ux_host_ports_links(struct ux_host_ports *ports);

/* For the status. *ret_why: that there is no AF_XDP though the settings ask for it; empty: it is
 * so. */
const struct ux_xdp_underlay *ux_host_ports_xdp(const struct ux_host_ports *ports,
						const char **ret_why);
const char *ux_host_ports_tun_name(const struct ux_host_ports *ports);
/* ux_host_ports_tc - NULL: packets come by routes. */
const struct ux_tc_capture *ux_host_ports_tc(const struct ux_host_ports *ports);
struct ux_workers *ux_host_ports_workers(const struct ux_host_ports *ports);
