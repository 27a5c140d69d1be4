/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* The buffers of a sending or receiving call, where they are in the program's memory. */

#include <stddef.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "supervise/call.h"

struct ux_message {
	struct iovec one, *iov; /* addresses in the program; iov may be &one */
	size_t n_iov;
	size_t length;	   /* of all buffers */
	uint64_t name;	   /* address of the socket address, 0 = none */
	socklen_t name_len; /* bytes there */
	uint64_t name_len_at; /* recvfrom(): where its length is written to; 0 = none */
	uint64_t header;   /* recvmsg(): the msghdr that gets name length and flags; 0 = none */
	uint64_t count_at; /* mmsghdr: where the number of bytes is written to; 0 = none */
	int flags;
};

/* ux_message_count - how many messages @c, one of the sending and receiving calls, is for. */
unsigned int ux_message_count(const struct ux_call *c);
/* ux_message_read - number @at of them. 0 or -errno. ux_message_release() at the end, also after an
 * error. */
int ux_message_read(const struct ux_call *c, unsigned int at, struct ux_message *ret_message);
void ux_message_release(struct ux_message *m);
