/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* socket(), bind(), names and options of an emulated netlink socket. All return as the system call
 * does. */

#include <sys/socket.h>

#include "shim/socket_pool.h"

int shim_socket_open(int type);
/* shim_socket_make - the data channel's program end, and what stands for it: not attached to it
 * yet, and the daemon does not know it. -1 and errno. */
int shim_socket_make(int type, struct shim_socket **ret_socket);
int shim_bind(struct shim_socket *s, const struct sockaddr *address, socklen_t len);
int shim_connect(struct shim_socket *s, const struct sockaddr *address, socklen_t len);
int shim_getsockname(struct shim_socket *s, struct sockaddr *address, socklen_t *len);
int shim_getpeername(struct shim_socket *s, struct sockaddr *address, socklen_t *len);

/* shim_autobind - take a port id if there is none yet. The caller holds the lock. 0 or -errno. */
int shim_autobind(struct shim_socket *s);

/* shim_write_address - an AF_NETLINK address into a caller's buffer, cut as getsockname() cuts. */
void shim_write_address(struct sockaddr *address, socklen_t *len, uint32_t port_id,
			uint32_t groups);

/* shim_setsockopt, shim_getsockopt - those levels and names netlink answers itself; others go to
 * the data channel @fd. */
int shim_setsockopt(struct shim_socket *s, int fd, int level, int name, const void *value,
		    socklen_t len);
int shim_getsockopt(struct shim_socket *s, int fd, int level, int name, void *value,
		    socklen_t *len);
