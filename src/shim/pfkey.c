/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * PF_KEY is simpler than netlink: the daemon knows the socket from the start, and messages need no
 * address. What a program sends that is no message fails the send, so the daemon's word on it is
 * waited for.
 */

#include "shim/pfkey.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <linux/pfkeyv2.h>

#include "shim/address.h"
#include "shim/control_channel.h"
#include "shim/real.h"
#include "shim/transfer.h"

static int fail(int error)
{
	errno = error;
	return -1;
}

/* The kernel looks at the privilege first, then at the type, then at the protocol. */
static int check_kind(struct shim_socket *s, int protocol)
{
	int err = shim_control_open(s, 0);

	if (err)
		return err == -EPIPE ? -EAFNOSUPPORT : err;
	if (s->type != SOCK_RAW)
		return -ESOCKTNOSUPPORT;
	return protocol == PF_KEY_V2 ? 0 : -EPROTONOSUPPORT;
}

int shim_pfkey_open(int type, int protocol)
{
	int kind = type & ~(SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct shim_socket *s;

	if (kind < SOCK_STREAM || kind > SOCK_PACKET)
		return fail(EINVAL);
	int fd = shim_socket_make(type, &s);

	if (fd < 0) /* without a daemon the system has no PF_KEY */
		return fail(errno == EPROTONOSUPPORT ? EAFNOSUPPORT : errno);
	s->pfkey = true;
	pthread_mutex_lock(&s->lock);
	int err = check_kind(s, protocol);

	pthread_mutex_unlock(&s->lock);
	if (err) {
		shim_real()->close(fd);
		shim_socket_drop(s);
		return fail(-err);
	}
	shim_socket_attach(s, fd);
	return fd;
}

static ssize_t send_locked(struct shim_socket *s, int fd, const struct msghdr *msg, int flags)
{
	struct msghdr plain = {.msg_iov = msg->msg_iov, .msg_iovlen = msg->msg_iovlen};
	int err = shim_control_renew(s);

	if (err)
		return err;
	ssize_t n = shim_real()->sendmsg(fd, &plain, flags | MSG_NOSIGNAL);

	if (n < 0)
		return errno == EPIPE || errno == ECONNRESET ? -ENOBUFS : -errno;
	s->unprocessed++;
	s->send_result = 0;
	shim_control_await(s);
	return s->send_result < 0 ? s->send_result : n;
}

ssize_t shim_pfkey_send(struct shim_socket *s, int fd, const struct msghdr *msg, int flags)
{
	int cancel;

	if (flags & MSG_OOB)
		return fail(EOPNOTSUPP);
	if (shim_iov_length(msg) < sizeof(struct sadb_msg))
		return fail(EMSGSIZE);
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
	pthread_mutex_lock(&s->lock);
	ssize_t n = send_locked(s, fd, msg, flags);

	pthread_mutex_unlock(&s->lock);
	pthread_setcancelstate(cancel, NULL);
	return n < 0 ? fail((int)-n) : n;
}

/* The other end of the data channel has no name, so the source address is empty as the kernel's. */
ssize_t shim_pfkey_receive(struct shim_socket *s, int fd, struct msghdr *msg, int flags)
{
	if (flags & ~(MSG_PEEK | MSG_DONTWAIT | MSG_TRUNC | MSG_CMSG_CLOEXEC))
		return fail(EINVAL);
	return shim_real()->recvmsg(fd, msg, flags);
}
