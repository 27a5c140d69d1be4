/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * Policies with templates of the program's sockets. uxfrmd has them, for what carries the firewall mark that it gives the
 * socket; they end with the connection to it, which is open as long as the socket is. Only inside the program.
 */

#include <stdbool.h>
#include <sys/socket.h>

/*
 * shim_set_socket_templates - setsockopt() of a policy, with templates or without, before any other of its effects. 0: it
 * had templates, and that is all; 1: it had none, and none of an earlier one are left; -1 and errno: the policy
 * before is still in force where the kernel would have refused this one, too; else nothing goes past the policies of all.
 */
int shim_set_socket_templates(int fd, const void *value, socklen_t len);
/* shim_close_socket_templates - @fd is about to be closed. */
void shim_close_socket_templates(int fd);
