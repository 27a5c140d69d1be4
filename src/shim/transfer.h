/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* Sending and receiving on an emulated socket. Results and errno as the system calls'. */

#include <sys/socket.h>
#include <sys/types.h>

#include "shim/socket_pool.h"

/* shim_send - returns when the daemon has processed the datagram (or 5 s have passed). */
ssize_t shim_send(struct shim_socket *s, int fd, const struct msghdr *msg, int flags);
ssize_t shim_receive(struct shim_socket *s, int fd, struct msghdr *msg, int flags);
/* shim_look_after_events - a daemon that died meanwhile must be replaced, or a program that only
 * listens never hears again. */
void shim_look_after_events(struct shim_socket *s);
/* shim_iov_length - bytes of all buffers of @msg. */
size_t shim_iov_length(const struct msghdr *msg);
