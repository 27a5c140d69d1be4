/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * The daemon sends what one request datagram causes in one datagram, a bundle
 * (<uxfrm/control.h>); the program receives its parts one by one. A bundle stays at the head of
 * the data channel until its last part is received, so that poll() goes on telling the truth.
 */

#include <sys/socket.h>
#include <sys/types.h>

#include "shim/socket_pool.h"

/* shim_bundle_prepare - memory to read bundles to. NULL: no bundles then. */
void shim_bundle_prepare(struct shim_socket *s);
/* shim_bundle_release - the socket ends. */
void shim_bundle_release(struct shim_socket *s);

/*
 * shim_bundle_next - the first part, not yet received, of a bundle at the head of the channel.
 * Its length, and where it is until the next call; -ENOMSG: the head is no bundle, and no other
 * takes its place while the caller holds receive_lock; -EAGAIN: nothing has come.
 */
ssize_t shim_bundle_next(struct shim_socket *s, int fd, const void **ret_part);
/* shim_bundle_took - the program has received that part. The caller holds receive_lock. */
void shim_bundle_took(struct shim_socket *s, int fd);
