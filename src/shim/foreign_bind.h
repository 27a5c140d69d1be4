/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* What sockets of the program that are not emulated need, before it binds them, to live beside
 * uxfrmd. */

#include <sys/socket.h>

/*
 * shim_before_bind - @fd is about to be bound to @address, which may be anything. Keeps errno.
 *
 * UDP ports 500 and 4500: an IKE daemon's, shared with uxfrmd, which takes the ESP packets off;
 * both must ask for that before they bind. Groups of routes: uxfrmd's own do not show, since a
 * kernel's IPsec has none. strongSwan would look at the paths of all its tunnels again for each
 * policy.
 */
void shim_before_bind(int fd, const struct sockaddr *address, socklen_t len);
