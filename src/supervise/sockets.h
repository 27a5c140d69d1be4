/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * Which emulated socket a descriptor of a program is. Numbers say little: descriptors are copied,
 * passed on and closed unseen. The inode of the data channel's program end is the socket's for as
 * long as anybody has it open.
 */

#include "shim/socket_pool.h"

/* ux_sockets_find - the socket behind our copy @fd of a descriptor, held for the caller; or
 * NULL. */
struct shim_socket *ux_sockets_find(int fd);

/* ux_sockets_add - know the socket whose program end is @fd. Takes the caller's reference. 0 or
 * -errno, then the reference is still the caller's. */
int ux_sockets_add(struct shim_socket *s, int fd);

/* ux_sockets_remove - nobody has the program end of @s any more. Gives the reference back. */
void ux_sockets_remove(struct shim_socket *s);

/* ux_sockets_list - all of them, held for the caller; at most SHIM_SOCKET_MAX. Their number. */
unsigned int ux_sockets_list(struct shim_socket **list);

/* ux_sockets_changed - readable when one was added, or has begun to listen. */
int ux_sockets_changed(void);
void ux_sockets_tell(void);
