/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* Receiving by AF_XDP: frames to packets, with the checks that the kernel's IP and UDP would have
 * made. */

#include "io/xdp_device.h"

/* ux_xdp_receive_init - @p has its socket; make a port of it. */
void ux_xdp_receive_init(struct ux_xdp_port *p, struct ux_xdp_device *device);

/* ux_xdp_packet_good - is @len bytes at @data a packet the kernel would have taken? *ret_len: its
 * length, without what fills up the frame. */
bool ux_xdp_packet_good(const uint8_t *data, uint32_t len, uint32_t *ret_len);
