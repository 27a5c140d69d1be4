/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

#include "shim/socket_pool.h"

/*
 * shim_watch - a thread of ours in the program waits for the end of the daemon of @s, which
 * listens: a program that is blocked in recv() or poll() makes no call by which the shim could
 * notice. It ends with the socket. The caller holds the lock of @s. Without a thread the
 * program's next call finds the new daemon.
 */
void shim_watch(struct shim_socket *s);
