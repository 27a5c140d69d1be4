/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* Datagrams of emulated sockets. Results as in supervise/call.h. */

#include "supervise/message.h"

/* ux_call_send - write(), writev(), sendto(), sendmsg(), sendmmsg(). */
long ux_call_send(struct ux_call *c);
/* ux_call_receive - read(), readv(), recvfrom(), recvmsg(), recvmmsg(). One that waits is
 * parked. */
long ux_call_receive(struct ux_call *c);

/* ux_receive_now - without waiting. UX_CALL_DONE: not there any more; -EAGAIN: nothing has come; or
 * what to answer. */
long ux_receive_now(struct ux_call *c);

/*
 * ux_parked_add - @c waits until something comes, its time is up, or it is not there any more.
 * Takes what it holds, and leaves it empty. 0 or -errno, then nothing was taken.
 */
int ux_parked_add(struct ux_call *c);
