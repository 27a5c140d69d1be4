/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* Numbers of emulated sockets in the program, and copies of its descriptors. */

#include "supervise/call.h"
#include "supervise/filter.h"

/* ux_descriptor_put - give the program what our @fd is, at the lowest free number of the range that
 * is not below @from, which is the result, as in supervise/call.h. */
long ux_descriptor_put(struct ux_call *c, const struct ux_filter *filter, int fd, int from,
		       bool cloexec);

/* ux_call_copy - dup(), dup2(), dup3(), fcntl(F_DUPFD) of an emulated socket. */
long ux_call_copy(struct ux_call *c, const struct ux_filter *filter);
