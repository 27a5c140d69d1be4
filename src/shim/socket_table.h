/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* Which file descriptors of this process are an emulated socket. A look-up takes no lock. */

#include "shim/socket_pool.h"

/* shim_socket_of - the emulated socket behind @fd, or NULL. */
struct shim_socket *shim_socket_of(int fd);
/* shim_socket_detach - @fd no longer names an emulated socket; gives its reference back. */
void shim_socket_detach(int fd);
/* shim_socket_watch_forks - before the first socket: both sides of a fork share what is there. */
void shim_socket_watch_forks(void);

/* Hidden descriptors: open in this process, but not the program's business. */
bool shim_is_hidden(int fd);
/* shim_next_hidden - the lowest hidden descriptor that is not below @from, or -1. */
int shim_next_hidden(unsigned int from);
/* shim_vacate - the program wants the number @fd for itself: move what is hidden there. 0 or -1. */
int shim_vacate(int fd);
