/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* Going into the background, and telling those who wait that everything is set up. */

#include "base/ext_ack.h"

/*
 * ux_daemonize - continue in a child without terminal, in the root directory, and without the
 * descriptors it inherited, but the standard ones and @keep_fd (-1: none). The caller's process
 * ends when the child is ready (status 0) or has failed (1). Returns in the child: the descriptor
 * to give to ux_ready_tell, or -errno.
 */
int ux_daemonize(int keep_fd) UX_MUST_CHECK;

/* ux_detach_stdio - standard descriptors to /dev/null. 0 or -errno. */
int ux_detach_stdio(void) UX_MUST_CHECK;

/* ux_ready_tell - write a newline to @fd (-1: nobody waits) and close it. */
void ux_ready_tell(int fd);

/* ux_sd_notify - tell systemd, if it started us (NOTIFY_SOCKET), e.g. "READY=1". */
void ux_sd_notify(const char *state);
