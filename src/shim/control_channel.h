/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* The control channel of an emulated socket: <uxfrm/control.h> as its client speaks it. */

#include <stdint.h>
#include <sys/uio.h>

#include <uxfrm/control.h>

#include "shim/socket_pool.h"

/*
 * shim_control_connect - a connection to the daemon of the calling thread's network namespace;
 * starts one if there is none. Only a server that runs as root or as this process's effective user
 * is accepted. Returns a hidden descriptor; -1 with errno EPROTONOSUPPORT (no daemon, or not a
 * trusted one) or what the system said.
 */
int shim_control_connect(void);

/* shim_control_fwmark - the daemon's bit of the firewall mark. 0: it has none, or there is no
 * daemon. */
uint32_t shim_control_fwmark(void);
/* shim_control_link_add - a link, of the daemon's of the calling thread's network namespace. 0 or -errno:
 * -EPROTONOSUPPORT when there is none, its own answer else. */
int shim_control_link_add(const struct uxfrm_control_link *link);
/* shim_control_ask - a question on the connection @fd for which the daemon need not know the socket, with @rest behind it.
 * 0 or its -errno; -EPIPE: it has gone. */
int shim_control_ask(int fd, uint16_t op, const struct iovec *rest,
		     struct uxfrm_control_msg *ret_answer);
/* shim_control_meet - wait until the daemon has taken the connection @fd, and has seen whose it is.
 * 0 or -errno. */
int shim_control_meet(int fd);

/*
 * All below: the caller holds the socket's lock. 0 or -errno.
 */
/* shim_control_open - make @s known to the daemon; port id @wanted (0 = any). -EADDRINUSE if taken.
 */
int shim_control_open(struct shim_socket *s, uint32_t wanted);
/* shim_control_call - one request, one answer; *ret_value (may be NULL) is the answer's value[0].
 */
int shim_control_call(struct shim_socket *s, uint16_t op, uint32_t a, uint32_t b,
		      uint32_t *ret_value);
/*
 * shim_control_renew - if the daemon has gone, find or start another and give it the socket with
 * its port id, groups and options. 0 when the channel is alive (again), -ECONNREFUSED if not.
 */
int shim_control_renew(struct shim_socket *s);
/*
 * shim_control_end_bundles - a socket that processes share since a fork has no bundles any more:
 * each of them would have its own view of the first one.
 */
void shim_control_end_bundles(struct shim_socket *s);
/* shim_control_await - wait, bounded, until all datagrams sent have been processed. */
void shim_control_await(struct shim_socket *s);
