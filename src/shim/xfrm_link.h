/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * Interfaces of type xfrm that a program makes over rtnetlink (`ip link add NAME type xfrm if_id N`). uxfrmd makes them,
 * as links; the program's socket stays the kernel's, which answers.
 */

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/types.h>

/* shim_makes_link - is @fd, which may be anything, a NETLINK_ROUTE socket, and may @msg ask for one? Mostly costs a look
 * at its first bytes. Keeps errno. */
bool shim_makes_link(int fd, const struct msghdr *msg);

/*
 * shim_send_link - as sendmsg(), for a message of which that is so. Each request for an xfrm
 * interface is carried out by uxfrmd, and what the kernel gets in its place has the same result: the rest of the
 * request, for the device there is then; or what fails with the same error. What uxfrmd does not
 * do goes to the kernel as it is.
 */
ssize_t shim_send_link(int fd, const struct msghdr *msg, int flags);

/*
 * shim_show_links - @n bytes at @buf were received on @fd, which may be anything. Where they tell of links of uxfrmd's on a
 * NETLINK_ROUTE socket these are shown as what they stand for: interfaces of type xfrm. Nothing
 * changes its length. Keeps errno.
 */
void shim_show_links(int fd, void *buf, size_t n);
