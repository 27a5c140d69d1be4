/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * PF_KEY is simpler than netlink: the daemon knows the socket from the start, and messages need no
 * address. What a program sends that is no message fails the send, so the daemon's word on it is
 * waited for.
 */

#include "shim/pfkey.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/un.h>
#include <linux/ipsec.h>
#include <linux/pfkeyv2.h>
#include <linux/sockios.h>
#include <linux/xfrm.h>

#include <uxfrm/control.h>

#include "shim/address.h"
#include "shim/control_channel.h"
#include "shim/front.h"
#include "shim/real.h"
#include "shim/socket_policy.h"
#include "shim/transfer.h"

/* How often the fate of a request is looked at when no control channel tells it; five seconds. */
#define PAUSE_NS 50000
#define PAUSES_MAX 100000

static int fail(int error)
{
	errno = error;
	return -1;
}

/* So that other processes can know it when it is passed to them. */
static int give_name(int fd)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	uint64_t number;

	if (getrandom(&number, sizeof(number), 0) != (ssize_t)sizeof(number))
		return -1;
	int n = snprintf(name.sun_path + 1, sizeof(name.sun_path) - 1, UXFRM_PFKEY_NAME "%016llx",
			 (unsigned long long)number);

	return shim_real()->bind(
	    fd, (struct sockaddr *)&name,
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)n));
}

/* The kernel looks at the privilege first, then at the type, then at the protocol. */
static int check_kind(struct shim_socket *s, int fd, int protocol)
{
	int err = give_name(fd) < 0 ? -errno : shim_control_open(s, 0);

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
	int err = check_kind(s, fd, protocol);

	pthread_mutex_unlock(&s->lock);
	if (err) {
		shim_real()->close(fd);
		shim_socket_drop(s);
		return fail(-err);
	}
	shim_front_attach(s, fd);
	return fd;
}

/* What the socket will listen to, for a daemon that takes the place of this one. */
static void note_listening(struct shim_socket *s, const struct sadb_msg *m, size_t len)
{
	bool bare = len == sizeof(*m);

	if (m->sadb_msg_type == SADB_REGISTER && m->sadb_msg_satype &&
	    m->sadb_msg_satype <= SADB_SATYPE_MAX)
		s->groups |= 1u << m->sadb_msg_satype;
	if (m->sadb_msg_type == SADB_X_PROMISC && bare && m->sadb_msg_satype <= 1)
		s->groups = (s->groups & ~1u) | m->sadb_msg_satype;
}

/* Until the daemon has taken the request out of the socket, which it does when it is done. */
static void await_processing(int fd)
{
	const struct timespec pause = {.tv_nsec = PAUSE_NS};
	int left = 0;

	for (int i = 0; i < PAUSES_MAX && ioctl(fd, SIOCOUTQ, &left) == 0 && left > 0; i++)
		nanosleep(&pause, NULL);
}

static void read_base(const struct msghdr *msg, struct sadb_msg *ret)
{
	size_t have = 0;

	for (size_t i = 0; i < msg->msg_iovlen && have < sizeof(*ret); i++) {
		size_t n = msg->msg_iov[i].iov_len;

		if (n > sizeof(*ret) - have)
			n = sizeof(*ret) - have;
		if (n)
			memcpy((char *)ret + have, msg->msg_iov[i].iov_base, n);
		have += n;
	}
}

/* What the daemon would say of it. */
static int check_base(const struct sadb_msg *m, size_t len)
{
	if (m->sadb_msg_version != PF_KEY_V2 || m->sadb_msg_reserved || !m->sadb_msg_type ||
	    m->sadb_msg_type > SADB_MAX)
		return -EINVAL;
	return m->sadb_msg_len == len / sizeof(uint64_t) ? 0 : -EMSGSIZE;
}

static ssize_t send_adopted(int fd, const struct msghdr *msg, int flags)
{
	struct msghdr plain = {.msg_iov = msg->msg_iov, .msg_iovlen = msg->msg_iovlen};
	struct sadb_msg m;

	read_base(msg, &m);
	int err = check_base(&m, shim_iov_length(msg));

	if (err)
		return err;
	ssize_t n = shim_real()->sendmsg(fd, &plain, flags | MSG_NOSIGNAL);

	if (n < 0)
		return errno == EPIPE || errno == ECONNRESET ? -ENOBUFS : -errno;
	await_processing(fd);
	return n;
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
	if (s->send_result < 0)
		return s->send_result;
	struct sadb_msg m;

	read_base(msg, &m);
	note_listening(s, &m, (size_t)n);
	return n;
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
	ssize_t n = s->adopted ? send_adopted(fd, msg, flags) : send_locked(s, fd, msg, flags);

	pthread_mutex_unlock(&s->lock);
	pthread_setcancelstate(cancel, NULL);
	return n < 0 ? fail((int)-n) : n;
}

/* The other end of the data channel has no name, so the source address is empty as the kernel's. */
ssize_t shim_pfkey_receive(struct shim_socket *s, int fd, struct msghdr *msg, int flags)
{
	if (flags & ~(MSG_PEEK | MSG_DONTWAIT | MSG_TRUNC | MSG_CMSG_CLOEXEC))
		return fail(EINVAL);
	if (!s->adopted)
		shim_look_after_events(s);
	return shim_real()->recvmsg(fd, msg, flags);
}

bool shim_pfkey_is_policy(int level, int name)
{
	return (level == IPPROTO_IP && name == IP_IPSEC_POLICY) ||
	       (level == IPPROTO_IPV6 && name == IPV6_IPSEC_POLICY);
}

int shim_pfkey_set_policy(int fd, int level, const void *value, socklen_t len)
{
	bool six = level == IPPROTO_IPV6;
	struct xfrm_userpolicy_info info;
	struct sadb_x_policy p;

	if (!value || len < sizeof(p))
		return fail(EINVAL);
	memcpy(&p, value, sizeof(p));
	if (p.sadb_x_policy_len * sizeof(uint64_t) > len ||
	    p.sadb_x_policy_type > IPSEC_POLICY_BYPASS || !p.sadb_x_policy_dir ||
	    p.sadb_x_policy_dir > IPSEC_DIR_OUTBOUND)
		return fail(EINVAL);
	if (p.sadb_x_policy_type == IPSEC_POLICY_IPSEC)
		return fail(EOPNOTSUPP);
	memset(&info, 0, sizeof(info));
	info.sel.family = six ? AF_INET6 : AF_INET;
	info.lft.soft_byte_limit = info.lft.hard_byte_limit = XFRM_INF;
	info.lft.soft_packet_limit = info.lft.hard_packet_limit = XFRM_INF;
	info.dir = (uint8_t)(p.sadb_x_policy_dir - 1);
	info.action =
	    p.sadb_x_policy_type == IPSEC_POLICY_DISCARD ? XFRM_POLICY_BLOCK : XFRM_POLICY_ALLOW;
	return shim_set_socket_policy(fd, level, six ? IPV6_XFRM_POLICY : IP_XFRM_POLICY, &info,
				      sizeof(info));
}
