/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * Sending by AF_XDP, packet by packet where that can be, and by another port otherwise: packets in
 * clear, those with no way or neighbour known, too large ones, and those that leave by a device
 * without our program.
 */

#include <stdatomic.h>

#include "base/ext_ack.h"
#include "io/port.h"
#include "io/xdp_device.h"

struct ux_xdp_sender;

/* ux_xdp_sender_open - @other (borrowed) sends with @own_mark too. 0 or -errno. */
int ux_xdp_sender_open(struct ux_port *other, uint32_t own_mark,
		       struct ux_xdp_sender **ret_sender) UX_MUST_CHECK;
struct ux_xdp_sender *ux_xdp_sender_free(struct ux_xdp_sender *s); /* accepts NULL, returns NULL */
/* ux_xdp_sender_port - it belongs to @s. The worker's. */
struct ux_port *ux_xdp_sender_port(struct ux_xdp_sender *s);

/* ux_xdp_sender_add - send by @device too. Control thread. 0 or -ENOSPC. */
int ux_xdp_sender_add(struct ux_xdp_sender *s, struct ux_xdp_device *device) UX_MUST_CHECK;
/* ux_xdp_sender_remove - no worker begins to use it any more; when all have been at their
 * loop's head since, none uses it. Control thread. */
void ux_xdp_sender_remove(struct ux_xdp_sender *s, const struct ux_xdp_device *device);
/* ux_xdp_sender_forget - routes or neighbours have changed. Any thread. */
void ux_xdp_sender_forget(struct ux_xdp_sender *s);

/* ux_xdp_sender_other - packets of SAs that went by the other port. Any thread. */
uint64_t ux_xdp_sender_other(const struct ux_xdp_sender *s);
