/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* An emulated PF_KEY v2 socket: no addresses, no options of its own. All return as the system call
 * does. */

#include <sys/socket.h>

#include "shim/socket_pool.h"

int shim_pfkey_open(int type, int protocol);
/* shim_pfkey_send - synchronous, as in the kernel: fails where the daemon says the kernel would. */
ssize_t shim_pfkey_send(struct shim_socket *s, int fd, const struct msghdr *msg, int flags);
/* shim_pfkey_is_policy - does the option give a policy to a socket, of whatever kind, in PF_KEY's
 * words? */
bool shim_pfkey_is_policy(int level, int name);
/* shim_pfkey_set_policy - the same in the words that kernels without PF_KEY know. Policies with
 * templates are refused: EOPNOTSUPP. */
int shim_pfkey_set_policy(int fd, int level, const void *value, socklen_t len);
ssize_t shim_pfkey_receive(struct shim_socket *s, int fd, struct msghdr *msg, int flags);
