/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* The daemon's main thread: engine, control sockets, timers, signals. */

#include "base/ext_ack.h"
#include "daemon/config.h"

/*
 * ux_control_thread_run - set up, serve until a signal or, on demand, until nobody needs us, and
 * take down. @ready_fd: of ux_daemonize, -1 if none. Without config->foreground the standard
 * descriptors are given up when ready. 0 or -errno with the reason in @ext.
 */
int ux_control_thread_run(const struct ux_config *config, int ready_fd,
			  struct ux_ext_ack *ext) UX_MUST_CHECK;
