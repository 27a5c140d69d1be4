/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* Sockets, their names and options; a little of other sockets too. Results as in supervise/call.h.
 */

#include "supervise/call.h"
#include "supervise/filter.h"

long ux_call_socket(struct ux_call *c, const struct ux_filter *filter);
/* bind() of any socket. */
long ux_call_bind(struct ux_call *c);
long ux_call_connect(struct ux_call *c);
/* getsockname(), getpeername(). */
long ux_call_name(struct ux_call *c);
/* Of an emulated socket, and marks and policies of any. */
long ux_call_setsockopt(struct ux_call *c);
long ux_call_getsockopt(struct ux_call *c);
