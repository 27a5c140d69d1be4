/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* An emulated PF_KEY v2 socket: no addresses, no options of its own. All return as the system call
 * does. */

#include <sys/socket.h>

#include "shim/socket_table.h"

int shim_pfkey_open(int type, int protocol);
/* shim_pfkey_send - synchronous, as in the kernel: fails where the daemon says the kernel would. */
ssize_t shim_pfkey_send(struct shim_socket *s, int fd, const struct msghdr *msg, int flags);
ssize_t shim_pfkey_receive(struct shim_socket *s, int fd, struct msghdr *msg, int flags);
