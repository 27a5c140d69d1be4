/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* Starting uxfrmd where none is there. */

/*
 * shim_daemon_start - start a daemon in the calling thread's network namespace and wait, at most 10
 * s, until it is ready. It is nobody's child: the program sees no SIGCHLD and has nothing to wait
 * for. 0 when it said it was ready, -1 when it ended or did not say so. errno is undefined.
 */
int shim_daemon_start(void);
