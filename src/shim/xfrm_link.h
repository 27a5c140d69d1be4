/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * Interfaces of type xfrm that a program makes over rtnetlink (`ip link add NAME type xfrm if_id N`). uxfrmd makes them,
 * as links; the program's socket stays the kernel's, which answers.
 */

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/types.h>

/* shim_may_make_link - might @msg, on any socket, ask for one? Costs a look at its first bytes. */
bool shim_may_make_link(const struct msghdr *msg);

/*
 * shim_send_link - as sendmsg(), for a message of which that is so. Of a NETLINK_ROUTE socket each request for an xfrm
 * interface is carried out by uxfrmd, and what the kernel gets in its place has the same result: the rest of the
 * request, for the device there is then; or what fails with the same error. What uxfrmd does not
 * do goes to the kernel as it is.
 */
ssize_t shim_send_link(int fd, const struct msghdr *msg, int flags);
