/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * Speaking NETLINK_XFRM to uxfrmd, or to a Linux kernel. The bytes are the same either way.
 *
 * One thread at a time per client. Nothing is printed here, and no key is kept: buffers are wiped
 * when the client is closed.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/abi.h"
#include "wire/writer.h"

struct ux_client;

enum ux_client_target {
	UX_CLIENT_UXFRMD, /* of the calling thread's network namespace; started if none is there */
	UX_CLIENT_KERNEL,
};

/* Answer to a request that was refused, or accepted with a warning. */
struct ux_client_error {
	int code;	/* 0 or a positive errno */
	char text[160]; /* the extended acknowledgement's text; empty if there was none */
};

/*
 * ux_client_open - @groups: mask of multicast groups (bit n-1 = group n), 0 for none.
 * @daemon_path: what to start when there is no daemon; NULL = do not start one. Not used for a
 * kernel. 0 or -errno: -ECONNREFUSED when there is no daemon and none could be started,
 * -EPROTONOSUPPORT when what is there runs as another user (it was sent nothing).
 * Returns owned.
 */
int ux_client_open(enum ux_client_target target, uint32_t groups, const char *daemon_path,
		   struct ux_client **ret_client);
struct ux_client *ux_client_close(struct ux_client *c); /* accepts NULL, returns NULL */

/* ux_client_fd - to poll for events. */
int ux_client_fd(const struct ux_client *c);

/* Called with each message of a reply or dump; non-zero ends the receiving and is returned. @msg is
 * borrowed until the function returns; its length has been checked against the datagram's. */
typedef int (*ux_client_message_fn)(const struct nlmsghdr *msg, void *opaque);

/*
 * ux_client_request - send the one message in @w, wait for what answers it.
 * The message's flags decide: with NLM_F_DUMP, until DONE; with NLM_F_ACK, until the
 * acknowledgement; otherwise until the first reply. The sequence number is set here. 0; -errno of
 * the transport; a positive number: refused, see @ret_error. @ret_error is always filled. -EPIPE:
 * the daemon went away; nobody knows whether the request was carried out.
 */
int ux_client_request(struct ux_client *c, struct ux_writer *w, ux_client_message_fn fn,
		      void *opaque, struct ux_client_error *ret_error);

/* ux_client_listen - receive events until @fn returns non-zero. The group is not told. -errno on
 * failure. */
int ux_client_listen(struct ux_client *c, ux_client_message_fn fn, void *opaque);

/*
 * ux_client_status - the daemon's status as JSON text, into @text of @size bytes, zero-terminated.
 * 0 or -errno as ux_client_open. Never starts a daemon.
 */
int ux_client_status(char *text, size_t size);
