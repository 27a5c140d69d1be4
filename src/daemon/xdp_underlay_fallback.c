/* SPDX-License-Identifier: BSD-2-Clause */

/* A build without libxdp: there is no underlay by AF_XDP, so nobody has one to hand in here. */

#include "daemon/xdp_underlay.h"

#include <errno.h>

int ux_xdp_underlay_open(const struct ux_xdp_underlay_params *params,
			 struct ux_xdp_underlay **ret_underlay, struct ux_ext_ack *ext)
{
	return ux_fail(ext, EOPNOTSUPP, "this build has no AF_XDP");
}

struct ux_port *ux_xdp_underlay_sender(struct ux_xdp_underlay *u, struct ux_port *raw)
{
	return raw;
}

void ux_xdp_underlay_start(struct ux_xdp_underlay *u, struct ux_workers *workers)
{
}

void ux_xdp_underlay_stop(struct ux_xdp_underlay *u)
{
}

struct ux_xdp_underlay *ux_xdp_underlay_free(struct ux_xdp_underlay *u)
{
	return NULL;
}

void ux_xdp_underlay_address(struct ux_xdp_underlay *u, bool added, int family,
			     const struct ux_addr *addr)
{
}

void ux_xdp_underlay_port(struct ux_xdp_underlay *u, bool added, int family, uint16_t port)
{
}

void ux_xdp_underlay_exception(struct ux_xdp_underlay *u, bool added, int family,
			       const struct ux_addr *addr, uint16_t port)
{
}

void ux_xdp_underlay_marked_sa(struct ux_xdp_underlay *u, bool added, uint32_t spi)
{
}

void ux_xdp_underlay_marked_policy(struct ux_xdp_underlay *u, bool added)
{
}

void ux_xdp_underlay_changed(struct ux_xdp_underlay *u)
{
}

uint64_t ux_xdp_underlay_tick(struct ux_xdp_underlay *u, uint64_t now_ns)
{
	return UINT64_MAX;
}

void ux_xdp_underlay_status_get(const struct ux_xdp_underlay *u, struct ux_xdp_status *ret_status)
{
	*ret_status = (struct ux_xdp_status){0};
}
