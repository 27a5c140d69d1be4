/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* The data channel: what its files share. */

#include <stddef.h>

struct ux_connection;

/* The longest datagram taken from a client; the rest of a longer one is cut off, and netlink
 * framing then finds the message incomplete. */
#define UX_DATAGRAM_MAX (1u << 20)

/* ux_connection_send_gathered - bundle.c: send or queue what deliver() has accepted already. */
void ux_connection_send_gathered(struct ux_connection *c, const void *datagram, size_t len);
