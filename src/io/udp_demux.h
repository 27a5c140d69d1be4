/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * Which socket of an SO_REUSEPORT group gets a datagram.
 *
 * The kernel numbers a group's sockets in the order of joining and, when one leaves, puts the last
 * in its place. We join with two sockets at once, so with one IKE socket the group is [ours ours
 * IKE] or [IKE ours ours]: number 1 is ours in any case and gets what is ESP. IKE is number 2 or 0;
 * the wrong guess shows itself, as a zero marker at a socket of ours, and the program is changed.
 */

#include <stdint.h>

#include "base/ext_ack.h"

#define UX_DEMUX_SOCKETS 2
enum ux_demux_ike { UX_DEMUX_IKE_FIRST = 0, UX_DEMUX_IKE_LAST = UX_DEMUX_SOCKETS };

/* ux_demux_attach - to the group that @fd is in; takes the place of an earlier program. 0 or
 * -errno. */
int ux_demux_attach(int fd, enum ux_demux_ike ike) UX_MUST_CHECK;
