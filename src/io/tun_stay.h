/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * TUN devices that outlive the process that made them, with their addresses and routes. While
 * nobody has such a device open it drops what is sent to it: what is routed there goes nowhere,
 * instead of elsewhere. Each says in its alias (IFLA_IFALIAS) what it is for.
 */

#include "io/tun.h"

#define UX_TUN_PURPOSE_MAX 64

/*
 * ux_tun_stay - from here on the device stays when its port is closed. @purpose: its alias, shorter
 * than UX_TUN_PURPOSE_MAX. 0 or -errno.
 */
int ux_tun_stay(const struct ux_tun *tun, struct ux_netlink *nl, const char *purpose) UX_MUST_CHECK;
/* ux_tun_go - it goes with its port again. */
void ux_tun_go(const struct ux_tun *tun);

/* A device that somebody has left. ux_tun_open with its name and params.adopt takes it over. */
struct ux_tun_left {
	char name[IFNAMSIZ];
	char purpose[UX_TUN_PURPOSE_MAX];
};
/* ux_tun_find_left - up to @max devices of our group whose alias begins with @prefix and that
 * nobody has open, as far as that can be seen. How many, or -errno. */
int ux_tun_find_left(struct ux_netlink *nl, const char *prefix, struct ux_tun_left *left,
		     size_t max) UX_MUST_CHECK;
