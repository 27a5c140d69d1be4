/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * Programs on the way out of network devices: filters of a clsact queueing discipline, by rtnetlink. They stay when
 * the process ends. Ours are known by their handles; one with a higher number is asked before those with lower ones.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ext_ack.h"
#include "io/net_device.h"
#include "io/netlink.h"

/*
 * ux_tc_filter_add - put @program (a descriptor) on the device, as number @number. 0 or -errno. *ret_made: there was no
 * clsact before.
 */
int ux_tc_filter_add(struct ux_netlink *nl, int ifindex, uint16_t number, int program,
		     bool *ret_made) UX_MUST_CHECK;
/* ux_tc_filter_remove - take it away; @made: and the clsact, if nobody has a filter in it. What is not there is no error. */
void ux_tc_filter_remove(struct ux_netlink *nl, int ifindex, uint16_t number, bool made);
/* ux_tc_filter_there - is it on the device? */
bool ux_tc_filter_there(struct ux_netlink *nl, int ifindex, uint16_t number);

/* ux_tc_filters_left - how many filters of ours with a lower number than @number there are on all devices; @drop: they are taken
 * away. *ret_highest: of the numbers that are in use, 0 if none. */
size_t ux_tc_filters_left(struct ux_netlink *nl, uint16_t number, bool drop, uint16_t *ret_highest);
