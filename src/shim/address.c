/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Port ids as the kernel hands them out: the first socket of a process gets the process id, others
 * a random negative number. The daemon hears of a socket only when it takes its port id (bind,
 * autobind, a group), as a program may still ask for the process id on another socket until then.
 */

#include "shim/address.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <linux/netlink.h>

#include <uxfrm/control.h>

#include "shim/control_channel.h"
#include "shim/front.h"
#include "shim/real.h"

#define PORT_ID_TRIES 64

static int fail(int error)
{
	errno = error;
	return -1;
}

static int result(int err)
{
	return err ? fail(-err) : 0;
}

/* The data channel: the program's end gets the lowest number, the other is hidden. */
static int make_data_channel(struct shim_socket *s, int type)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -1;
	s->peer = shim_hide(pair[1]);
	if (s->peer < 0 || pair[0] >= SHIM_FD_MAX) {
		shim_real()->close(pair[0]);
		return fail(EMFILE);
	}
	if (!(type & SOCK_CLOEXEC))
		shim_real()->fcntl(pair[0], F_SETFD, 0);
	if (type & SOCK_NONBLOCK)
		shim_real()->fcntl(pair[0], F_SETFL, O_RDWR | O_NONBLOCK);
	return pair[0];
}

int shim_socket_make(int type, struct shim_socket **ret_socket)
{
	struct shim_socket *s = shim_socket_new();

	if (!s)
		return -1;
	s->type = type & ~(SOCK_CLOEXEC | SOCK_NONBLOCK);
	int control = shim_front_connect(s);

	atomic_store(&s->control, control);
	int fd = control < 0 ? -1 : make_data_channel(s, type);

	if (fd < 0) {
		shim_socket_drop(s);
		return -1;
	}
	*ret_socket = s;
	return fd;
}

int shim_socket_open(int type)
{
	int kind = type & ~(SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct shim_socket *s;

	if (kind != SOCK_RAW && kind != SOCK_DGRAM)
		return fail(kind == SOCK_STREAM || kind == SOCK_SEQPACKET || kind == SOCK_RDM
				? ESOCKTNOSUPPORT
				: EINVAL);
	int fd = shim_socket_make(type, &s);

	if (fd >= 0)
		shim_front_attach(s, fd);
	return fd;
}

/* Another process that shares the socket since a fork was quicker: take what it got. */
static int learn_port_id(struct shim_socket *s)
{
	uint32_t port_id = 0;
	int err = shim_control_call(s, UXFRM_CONTROL_BIND, 0, s->groups, &port_id);

	if (err)
		return err;
	s->opened = s->bound = true;
	s->port_id = port_id;
	return 0;
}

static int open_as(struct shim_socket *s, uint32_t port_id)
{
	int err = s->opened ? shim_control_call(s, UXFRM_CONTROL_BIND, port_id, s->groups, NULL)
			    : shim_control_open(s, port_id);

	if (err == -EBUSY && s->shared)
		return learn_port_id(s);
	if (err)
		return err == -EPIPE ? -ECONNREFUSED : err;
	s->port_id = port_id;
	s->bound = true;
	return 0;
}

/* Options set before the daemon knew the socket. */
static int tell_options(struct shim_socket *s)
{
	for (int option = 1; option < 32; option++) {
		if (!(atomic_load(&s->options) & (1u << option)))
			continue;
		int err = shim_control_call(s, UXFRM_CONTROL_OPTION, (uint32_t)option, 1, NULL);

		if (err && err != -ENOPROTOOPT)
			return err;
	}
	return 0;
}

static int take_port_id(struct shim_socket *s, uint32_t wanted)
{
	bool fresh = !s->opened;
	int err = open_as(s, wanted ? wanted : (uint32_t)shim_front_pid());

	for (int i = 0; err == -EADDRINUSE && !wanted && i < PORT_ID_TRIES; i++) {
		uint32_t number = 0;

		if (getrandom(&number, sizeof(number), 0) != (ssize_t)sizeof(number))
			number = (uint32_t)shim_front_pid() * 2654435761u + (uint32_t)i;
		err = open_as(s, (number % 0x7fffefffu) | 0x80000000u);
	}
	return err || !fresh ? err : tell_options(s);
}

int shim_autobind(struct shim_socket *s)
{
	return s->bound ? 0 : take_port_id(s, 0);
}

static int set_groups(struct shim_socket *s, uint32_t groups)
{
	int err = shim_control_call(s, UXFRM_CONTROL_BIND, 0, groups, NULL);

	if (!err)
		s->groups = groups;
	if (!err && groups)
		shim_front_listens(s);
	return err == -EPIPE ? -ECONNREFUSED : err;
}

static int check_address(const struct sockaddr *address, socklen_t len)
{
	if (!address || len < sizeof(struct sockaddr_nl) || address->sa_family != AF_NETLINK)
		return -EINVAL;
	return 0;
}

static int bind_locked(struct shim_socket *s, const struct sockaddr_nl *n)
{
	if (s->bound && n->nl_pid != s->port_id)
		return -EINVAL;
	int err = shim_control_renew(s);

	if (!err && !s->bound)
		err = take_port_id(s, n->nl_pid);
	if (!err && n->nl_groups != s->groups)
		err = set_groups(s, n->nl_groups);
	return err;
}

int shim_bind(struct shim_socket *s, const struct sockaddr *address, socklen_t len)
{
	struct sockaddr_nl n;

	if (s->pfkey)
		return fail(EOPNOTSUPP);
	if (check_address(address, len))
		return fail(EINVAL);
	memcpy(&n, address, sizeof(n));
	pthread_mutex_lock(&s->lock);
	int err = bind_locked(s, &n);

	pthread_mutex_unlock(&s->lock);
	return result(err);
}

int shim_connect(struct shim_socket *s, const struct sockaddr *address, socklen_t len)
{
	struct sockaddr_nl n = {0};
	int err = 0;

	if (s->pfkey)
		return fail(EOPNOTSUPP);
	if (!address || len < sizeof(address->sa_family))
		return fail(EINVAL);
	if (address->sa_family != AF_UNSPEC) {
		if (check_address(address, len))
			return fail(EINVAL);
		memcpy(&n, address, sizeof(n));
	}
	pthread_mutex_lock(&s->lock);
	if (address->sa_family != AF_UNSPEC) {
		err = shim_control_renew(s);
		if (!err)
			err = shim_autobind(s);
	}
	if (!err) {
		s->peer_port_id = n.nl_pid;
		s->peer_groups = n.nl_groups;
	}
	pthread_mutex_unlock(&s->lock);
	return result(err);
}

void shim_write_address(struct sockaddr *address, socklen_t *len, uint32_t port_id, uint32_t groups)
{
	struct sockaddr_nl n = {.nl_family = AF_NETLINK, .nl_pid = port_id, .nl_groups = groups};

	memcpy(address, &n, *len < sizeof(n) ? *len : sizeof(n));
	*len = sizeof(n);
}

int shim_getsockname(struct shim_socket *s, struct sockaddr *address, socklen_t *len)
{
	if (s->pfkey)
		return fail(EOPNOTSUPP);
	pthread_mutex_lock(&s->lock);
	shim_write_address(address, len, s->bound ? s->port_id : 0, s->groups);
	pthread_mutex_unlock(&s->lock);
	return 0;
}

int shim_getpeername(struct shim_socket *s, struct sockaddr *address, socklen_t *len)
{
	if (s->pfkey)
		return fail(EOPNOTSUPP);
	pthread_mutex_lock(&s->lock);
	shim_write_address(address, len, s->peer_port_id, s->peer_groups);
	pthread_mutex_unlock(&s->lock);
	return 0;
}

static int change_membership(struct shim_socket *s, uint32_t group, bool join)
{
	if (group < 1 || group > 32)
		return -EINVAL;
	uint32_t bit = 1u << (group - 1);
	int err = shim_control_renew(s);

	/* The daemon must know the socket to send it events; netlink would leave it without a
	 * port id until it sends. */
	if (!err && !s->opened)
		err = take_port_id(s, 0);
	return err ? err : set_groups(s, join ? s->groups | bit : s->groups & ~bit);
}

static bool is_flag_option(int name)
{
	switch (name) {
	case NETLINK_PKTINFO:
	case NETLINK_BROADCAST_ERROR:
	case NETLINK_NO_ENOBUFS:
	case NETLINK_LISTEN_ALL_NSID:
	case NETLINK_CAP_ACK:
	case NETLINK_EXT_ACK:
	case NETLINK_GET_STRICT_CHK:
		return true;
	default:
		return false;
	}
}

/*
 * Events of all namespaces that have a number here: uxfrmd has those of this namespace, which has
 * no number, so they come as they would otherwise. Only who may ask for it is of interest (with
 * CAP_NET_BROADCAST), and that the kernel itself says best.
 */
static int may_listen_to_all(void *arg)
{
	const uint32_t *value = arg;
	int fd = shim_real()->socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	int err = 0;

	if (fd < 0)
		return -errno;
	if (shim_real()->setsockopt(fd, SOL_NETLINK, NETLINK_LISTEN_ALL_NSID, value,
				    sizeof(*value)) < 0)
		err = -errno;
	shim_real()->close(fd);
	return err;
}

static int set_netlink_option(struct shim_socket *s, int name, const void *value, socklen_t len)
{
	uint32_t v;

	if (len < sizeof(v))
		return -EINVAL;
	memcpy(&v, value, sizeof(v));
	if (name == NETLINK_ADD_MEMBERSHIP || name == NETLINK_DROP_MEMBERSHIP)
		return change_membership(s, v, name == NETLINK_ADD_MEMBERSHIP);
	if (!is_flag_option(name))
		return -ENOPROTOOPT;
	int err = name == NETLINK_LISTEN_ALL_NSID ? shim_front_ask(may_listen_to_all, &v) : 0;

	if (err)
		return err;
	if (v)
		atomic_fetch_or(&s->options, 1u << name);
	else
		atomic_fetch_and(&s->options, ~(1u << name));
	if (!s->opened)
		return 0;
	err = shim_control_renew(s);
	if (!err)
		err = shim_control_call(s, UXFRM_CONTROL_OPTION, (uint32_t)name, v ? 1 : 0, NULL);
	return err == -ENOPROTOOPT ? 0 : err; /* those the shim alone is concerned with */
}

int shim_setsockopt(struct shim_socket *s, int fd, int level, int name, const void *value,
		    socklen_t len)
{
	if (s->pfkey && level != SOL_SOCKET)
		return fail(EOPNOTSUPP);
	if (level == SOL_NETLINK) {
		pthread_mutex_lock(&s->lock);
		int err = set_netlink_option(s, name, value, len);

		pthread_mutex_unlock(&s->lock);
		return result(err);
	}
	/* On AF_UNIX the sender's buffer is what limits a queue. */
	if (level == SOL_SOCKET && name == SO_RCVBUF)
		(void)shim_real()->setsockopt(s->peer, level, SO_SNDBUF, value, len);
	if (level == SOL_SOCKET && name == SO_RCVBUFFORCE)
		(void)shim_real()->setsockopt(s->peer, level, SO_SNDBUFFORCE, value, len);
	return shim_real()->setsockopt(fd, level, name, value, len);
}

static int put_int(int v, void *value, socklen_t *len)
{
	if (*len > sizeof(v))
		*len = sizeof(v);
	memcpy(value, &v, *len);
	return 0;
}

static int get_netlink_option(struct shim_socket *s, int name, void *value, socklen_t *len)
{
	if (name == NETLINK_LIST_MEMBERSHIPS) {
		uint32_t groups = s->groups;

		if (*len >= sizeof(groups))
			memcpy(value, &groups, sizeof(groups));
		*len = sizeof(groups);
		return 0;
	}
	if (!is_flag_option(name))
		return fail(ENOPROTOOPT);
	if (*len < sizeof(int))
		return fail(EINVAL);
	return put_int(atomic_load(&s->options) & (1u << name) ? 1 : 0, value, len);
}

int shim_getsockopt(struct shim_socket *s, int fd, int level, int name, void *value, socklen_t *len)
{
	if (s->pfkey && level != SOL_SOCKET)
		return fail(EOPNOTSUPP);
	if (level == SOL_NETLINK)
		return get_netlink_option(s, name, value, len);
	if (level == SOL_SOCKET && name == SO_DOMAIN)
		return put_int(s->pfkey ? AF_KEY : AF_NETLINK, value, len);
	if (level == SOL_SOCKET && name == SO_PROTOCOL) /* the kernel forgets that of PF_KEY */
		return put_int(s->pfkey ? 0 : NETLINK_XFRM, value, len);
	if (level == SOL_SOCKET && name == SO_TYPE)
		return put_int(s->type, value, len);
	return shim_real()->getsockopt(fd, level, name, value, len);
}
