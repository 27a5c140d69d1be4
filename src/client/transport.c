/* SPDX-License-Identifier: BSD-2-Clause */

/* Datagrams to and from uxfrmd or a kernel. */

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client/conn.h"
#include "client/daemon_link.h"

#define RECEIVE_BUFFER (1 << 20)

static int open_kernel(const struct uxfrm_conn_params *params, int *ret_fd)
{
	struct sockaddr_nl self = {.nl_family = AF_NETLINK, .nl_groups = params->groups};
	int one = 1, size = params->receive_buffer ? (int)params->receive_buffer : RECEIVE_BUFFER;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_XFRM), err = 0;

	if (fd < 0)
		return -errno;
	(void)setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one));
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	if (params->all_nsid &&
	    setsockopt(fd, SOL_NETLINK, NETLINK_LISTEN_ALL_NSID, &one, sizeof(one)) < 0)
		err = -errno;
	if (!err && bind(fd, (struct sockaddr *)&self, sizeof(self)) < 0)
		err = -errno;
	if (err) {
		close(fd);
		return err;
	}
	*ret_fd = fd;
	return 0;
}

static int open_daemon(struct uxfrm_conn *c, const struct uxfrm_conn_params *params)
{
	int control = ux_link_connect();

	if (control == -ECONNREFUSED && params->daemon)
		control = ux_link_start(params->daemon);
	if (control < 0)
		return control;
	c->control = control;
	return ux_link_open(control, params->groups, &c->data);
}

int ux_transport_open(struct uxfrm_conn *c, const struct uxfrm_conn_params *params)
{
	switch (params->target) {
	case UXFRM_TARGET_UXFRMD:
		return open_daemon(c, params);
	case UXFRM_TARGET_KERNEL:
		return open_kernel(params, &c->data);
	}
	return -EINVAL;
}

/* We wait for answers, not for PROCESSED messages: take them away before they fill the channel. */
static void drain_control(struct uxfrm_conn *c)
{
	char unread[64];

	while (c->control >= 0 && recv(c->control, unread, sizeof(unread), MSG_DONTWAIT) > 0)
		;
}

int ux_transport_send(struct uxfrm_conn *c, const void *bytes, size_t len)
{
	drain_control(c);
	if (send(c->data, bytes, len, MSG_NOSIGNAL) < 0)
		return errno == ECONNRESET ? -EPIPE : -errno;
	return 0;
}

static int32_t nsid_of(struct msghdr *m)
{
	int32_t nsid = -1;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c))
		if (c->cmsg_level == SOL_NETLINK && c->cmsg_type == NETLINK_LISTEN_ALL_NSID &&
		    c->cmsg_len == CMSG_LEN(sizeof(nsid)))
			memcpy(&nsid, CMSG_DATA(c), sizeof(nsid));
	return nsid;
}

/* -EAGAIN: not from the server, pass over it. */
static ssize_t receive_one(struct uxfrm_conn *c, int32_t *ret_nsid)
{
	struct sockaddr_nl from = {0};
	union {
		char room[CMSG_SPACE(sizeof(int32_t))];
		struct cmsghdr align;
	} ancillary = {0};
	struct iovec iov = {.iov_base = c->in, .iov_len = sizeof(c->in)};
	struct msghdr m = {.msg_name = &from,
			   .msg_namelen = sizeof(from),
			   .msg_iov = &iov,
			   .msg_iovlen = 1,
			   .msg_control = ancillary.room,
			   .msg_controllen = sizeof(ancillary.room)};
	ssize_t n = recvmsg(c->data, &m, 0);

	if (n < 0 && errno == EINTR)
		return -EAGAIN;
	if (n < 0)
		return errno == ECONNRESET ? -EPIPE : -errno;
	if (n == 0)
		return -EPIPE;
	if (c->control < 0 && from.nl_pid != 0)
		return -EAGAIN; /* another program's: only the kernel has port 0 */
	*ret_nsid = nsid_of(&m);
	return m.msg_flags & MSG_TRUNC ? -EMSGSIZE : n;
}

ssize_t ux_transport_receive(struct uxfrm_conn *c, int timeout_ms, int32_t *ret_nsid)
{
	for (;;) {
		struct pollfd p = {.fd = c->data, .events = POLLIN};
		int ready = timeout_ms < 0 ? 1 : poll(&p, 1, timeout_ms);

		if (ready == 0)
			return -ETIMEDOUT;
		if (ready < 0 && errno != EINTR)
			return -errno;
		if (ready < 0)
			continue;
		ssize_t n = receive_one(c, ret_nsid);

		if (n != -EAGAIN)
			return n;
	}
}
