/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

#include "shim/socket_pool.h"

/*
 * shim_revive - the daemon of @s, which listens, has gone: give it another one, and tell whoever
 * waits on it that events may have been lost, as netlink does: ENOBUFS. A program that is
 * blocked in recv() or poll() wakes up by that. 0; -ECONNREFUSED: there is no daemon; -EBUSY:
 * another thread works on it.
 */
int shim_revive(struct shim_socket *s);
