/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * What the front ends do each in its own way: the preload library, which is inside the program
 * (front.c), and the supervisor, which is not (src/supervise/front.c). The rest of this folder is
 * for both.
 */

#include <sys/types.h>

#include "shim/socket_pool.h"

/* shim_front_pid - the process id of the program that calls, as it knows it itself. */
pid_t shim_front_pid(void);

/*
 * shim_front_connect - a new control channel for @s, with the rights of the program and in the
 * network namespace of the socket. A hidden descriptor; -1 and errno as shim_control_connect(),
 * or ECONNREFUSED when that namespace is out of reach.
 */
int shim_front_connect(struct shim_socket *s);

/* shim_front_ask - question(arg), answered with the rights of the program: 0 or -errno. */
int shim_front_ask(int (*question)(void *arg), void *arg);

/* shim_front_attach - @fd names @s. Takes one reference that the caller holds. */
void shim_front_attach(struct shim_socket *s, int fd);

/* shim_front_listens - @s is in groups now: it wants to hear of the end of its daemon. The caller
 * holds its lock. */
void shim_front_listens(struct shim_socket *s);

/* shim_front_release - the last reference to @s has gone: let go of s->front. */
void shim_front_release(struct shim_socket *s);

/* shim_hide - keep @fd out of the program's sight, close on exec. Takes fd. The number it has now,
 * or -1 and errno. */
int shim_hide(int fd);
