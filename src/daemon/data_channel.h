/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* Sizes of the data channel. */

/* The longest datagram taken from a client; the rest of a longer one is cut off, and netlink
 * framing then finds the message incomplete. */
#define UX_DATAGRAM_MAX (1u << 20)
