/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Netlink is synchronous: when send() returns, the request has been processed and its replies are
 * queued. Programs rely on it (they receive without waiting right after). So a send waits for the
 * daemon's PROCESSED. Receiving blocks in the kernel, on the data channel itself, so poll(),
 * timeouts and signals are the kernel's.
 */

#include "shim/transfer.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <linux/netlink.h>
#include <linux/xfrm.h>

#include "shim/address.h"
#include "shim/bundle.h"
#include "shim/control_channel.h"
#include "shim/pfkey.h"
#include "shim/real.h"

static int check_destination(const struct shim_socket *s, const struct msghdr *msg)
{
	struct sockaddr_nl n;

	if (!msg->msg_name || msg->msg_namelen == 0)
		return s->peer_port_id ? -ECONNREFUSED : 0;
	if (msg->msg_namelen < sizeof(n))
		return -EINVAL;
	memcpy(&n, msg->msg_name, sizeof(n));
	if (n.nl_family != AF_NETLINK)
		return -EINVAL;
	return n.nl_pid ? -ECONNREFUSED : 0; /* no other program can be reached */
}

size_t shim_iov_length(const struct msghdr *msg)
{
	size_t sum = 0;

	for (size_t i = 0; i < msg->msg_iovlen; i++)
		if (__builtin_add_overflow(sum, msg->msg_iov[i].iov_len, &sum))
			return SSIZE_MAX;
	return sum;
}

static ssize_t send_locked(struct shim_socket *s, int fd, const struct msghdr *msg, int flags)
{
	int err = shim_autobind(s);

	if (err == -ECONNREFUSED || err == -EPIPE) { /* died between the check and the call */
		err = shim_control_renew(s);
		if (!err)
			err = shim_autobind(s);
	}
	if (!err)
		err = check_destination(s, msg);
	if (err)
		return err;
	shim_control_end_bundles(s);
	struct msghdr plain = {.msg_iov = msg->msg_iov, .msg_iovlen = msg->msg_iovlen};
	ssize_t n = shim_real()->sendmsg(fd, &plain, flags | MSG_NOSIGNAL);

	if (n < 0)
		return errno == EPIPE || errno == ECONNRESET ? -ECONNREFUSED : -errno;
	s->unprocessed++;
	shim_control_await(s);
	return n;
}

ssize_t shim_send(struct shim_socket *s, int fd, const struct msghdr *msg, int flags)
{
	int cancel;

	if (s->pfkey)
		return shim_pfkey_send(s, fd, msg, flags);
	if (flags & MSG_OOB) {
		errno = EOPNOTSUPP;
		return -1;
	}
	if (shim_iov_length(msg) == 0) {
		errno = ENODATA;
		return -1;
	}
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
	pthread_mutex_lock(&s->lock);
	ssize_t n = shim_control_renew(s);

	if (n == 0)
		n = send_locked(s, fd, msg, flags);
	pthread_mutex_unlock(&s->lock);
	pthread_setcancelstate(cancel, NULL);
	if (n < 0) {
		errno = (int)-n;
		return -1;
	}
	return n;
}

/* The first bytes of what was received, up to @want; fewer when the buffers are smaller. */
static size_t gather(const struct msghdr *msg, size_t received, void *out, size_t want)
{
	size_t have = 0;

	for (size_t i = 0; i < msg->msg_iovlen && have < want && have < received; i++) {
		size_t n = msg->msg_iov[i].iov_len;

		if (n > want - have)
			n = want - have;
		if (n > received - have)
			n = received - have;
		if (n == 0)
			continue;
		memcpy((char *)out + have, msg->msg_iov[i].iov_base, n);
		have += n;
	}
	return have;
}

/*
 * Is the datagram just received the daemon's word that events were lost? Such a one is a bare
 * header. A program that peeked with a short buffer has not got the header: then look again.
 */
static bool is_overrun(int fd, const struct msghdr *msg, size_t received, bool peeked)
{
	struct nlmsghdr h;

	if (received != sizeof(h))
		return false;
	if (gather(msg, received, &h, sizeof(h)) < sizeof(h)) {
		if (!peeked ||
		    shim_real()->recv(fd, &h, sizeof(h), MSG_PEEK | MSG_DONTWAIT) != sizeof(h))
			return false;
	}
	return h.nlmsg_type == NLMSG_OVERRUN && h.nlmsg_len == sizeof(h);
}

static uint32_t group_of_type(uint16_t type)
{
	switch (type) {
	case XFRM_MSG_ACQUIRE:
		return XFRMNLGRP_ACQUIRE;
	case XFRM_MSG_EXPIRE:
	case XFRM_MSG_POLEXPIRE:
		return XFRMNLGRP_EXPIRE;
	case XFRM_MSG_NEWSA:
	case XFRM_MSG_UPDSA:
	case XFRM_MSG_DELSA:
	case XFRM_MSG_FLUSHSA:
		return XFRMNLGRP_SA;
	case XFRM_MSG_NEWPOLICY:
	case XFRM_MSG_UPDPOLICY:
	case XFRM_MSG_DELPOLICY:
	case XFRM_MSG_FLUSHPOLICY:
		return XFRMNLGRP_POLICY;
	case XFRM_MSG_NEWAE:
		return XFRMNLGRP_AEVENTS;
	case XFRM_MSG_REPORT:
		return XFRMNLGRP_REPORT;
	case XFRM_MSG_MIGRATE:
	case 41: /* XFRM_MSG_MIGRATE_STATE, newer than the system's header */
		return XFRMNLGRP_MIGRATE;
	case XFRM_MSG_MAPPING:
		return XFRMNLGRP_MAPPING;
	default:
		return 0;
	}
}

/*
 * The source address' group mask. The data channel does not carry it: a message of an event's type
 * that is no part of a dump and not addressed to this port id came by the group, if the socket is
 * in it.
 */
static uint32_t source_groups(const struct shim_socket *s, const struct msghdr *msg,
			      size_t received)
{
	struct nlmsghdr h;

	if (s->groups == 0 || gather(msg, received, &h, sizeof(h)) < sizeof(h))
		return 0;
	uint32_t group = group_of_type(h.nlmsg_type);

	if (group == 0 || (h.nlmsg_flags & NLM_F_MULTI) || h.nlmsg_pid == s->port_id)
		return 0;
	return s->groups & (1u << (group - 1));
}

/* Who has the lock sends, and is not waited for; or, once the daemon has gone, looks for another. */
static bool lock_to_renew(struct shim_socket *s)
{
	if (pthread_mutex_trylock(&s->lock) == 0)
		return true;
	struct pollfd p = {.fd = atomic_load(&s->control)};

	if (p.fd >= 0 && (poll(&p, 1, 0) <= 0 || !p.revents))
		return false;
	pthread_mutex_lock(&s->lock);
	return true;
}

void shim_look_after_events(struct shim_socket *s)
{
	int error = errno, cancel;

	if (s->groups == 0)
		return;
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
	if (!lock_to_renew(s)) {
		pthread_setcancelstate(cancel, NULL);
		return;
	}
	(void)shim_control_renew(s);
	pthread_mutex_unlock(&s->lock);
	pthread_setcancelstate(cancel, NULL);
	errno = error;
}

/* The other direction of gather(). */
static void scatter(const struct msghdr *msg, const uint8_t *from, size_t len)
{
	for (size_t i = 0; i < msg->msg_iovlen && len; i++) {
		size_t n = msg->msg_iov[i].iov_len < len ? msg->msg_iov[i].iov_len : len;

		memcpy(msg->msg_iov[i].iov_base, from, n);
		from += n;
		len -= n;
	}
}

/* May the head of the channel be a bundle? Holding lock: no request is under way that causes one.
 */
static bool may_be_bundle(const struct shim_socket *s)
{
	return s->bundle_len || atomic_load(&s->bundles) || s->unprocessed || s->uncertain ||
	       s->shared;
}

/* Without waiting. ret_plain: it was a datagram of its own. Holds receive_lock. */
static ssize_t take_locked(struct shim_socket *s, int fd, struct msghdr *msg, int flags,
			   bool *ret_plain)
{
	bool quiet = pthread_mutex_trylock(&s->lock) == 0;
	ssize_t n = -ENOMSG;
	const void *part;

	if (!quiet || may_be_bundle(s))
		n = shim_bundle_next(s, fd, &part);
	*ret_plain = n < 0;
	if (n == -EAGAIN && !(flags & MSG_ERRQUEUE)) {
		/* what has come since may be a bundle: it is for the next look */
		errno = EAGAIN;
		n = -1;
	} else if (n < 0) {
		n = shim_real()->recvmsg(fd, msg, flags | MSG_TRUNC | MSG_DONTWAIT);
	} else {
		scatter(msg, part, (size_t)n);
		msg->msg_controllen = 0;
		msg->msg_flags = (size_t)n > shim_iov_length(msg) ? MSG_TRUNC : 0;
		if (!(flags & MSG_PEEK))
			shim_bundle_took(s, fd);
	}
	if (quiet)
		pthread_mutex_unlock(&s->lock);
	return n;
}

static ssize_t take(struct shim_socket *s, int fd, struct msghdr *msg, int flags, bool *ret_plain)
{
	int cancel, error;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
	pthread_mutex_lock(&s->receive_lock);
	ssize_t n = take_locked(s, fd, msg, flags, ret_plain);

	error = errno;
	pthread_mutex_unlock(&s->receive_lock);
	pthread_setcancelstate(cancel, NULL);
	errno = error;
	return n;
}

/* Until something is there, as long as the program's socket waits: what it is, take() finds out. */
static ssize_t take_or_wait(struct shim_socket *s, int fd, struct msghdr *msg, int flags,
			    bool *ret_plain)
{
	size_t control_len = msg->msg_controllen;

	for (;;) {
		char byte;
		ssize_t n = take(s, fd, msg, flags, ret_plain);

		if (n >= 0 || errno != EAGAIN || flags & (MSG_DONTWAIT | MSG_ERRQUEUE))
			return n;
		msg->msg_controllen = control_len;
		if (shim_real()->recv(fd, &byte, sizeof(byte), MSG_PEEK) < 0)
			return -1;
	}
}

ssize_t shim_receive(struct shim_socket *s, int fd, struct msghdr *msg, int flags)
{
	void *name = msg->msg_name;
	socklen_t name_len = msg->msg_namelen;
	size_t control_len = msg->msg_controllen, room = shim_iov_length(msg);
	bool plain;

	if (s->pfkey)
		return shim_pfkey_receive(s, fd, msg, flags);
	shim_look_after_events(s);
	for (;;) {
		msg->msg_name = NULL;
		msg->msg_namelen = 0;
		msg->msg_controllen = control_len;
		ssize_t n = take_or_wait(s, fd, msg, flags, &plain);

		msg->msg_name = name;
		msg->msg_namelen = name_len;
		if (n < 0)
			return -1;
		size_t received = (size_t)n;

		if (plain && is_overrun(fd, msg, received, flags & MSG_PEEK)) {
			char gone[sizeof(struct nlmsghdr)];

			if (flags & MSG_PEEK)
				(void)shim_real()->recv(fd, gone, sizeof(gone), MSG_DONTWAIT);
			if (atomic_load(&s->options) & (1u << NETLINK_NO_ENOBUFS))
				continue;
			errno = ENOBUFS;
			return -1;
		}
		if (name)
			shim_write_address(name, &msg->msg_namelen, 0,
					   source_groups(s, msg, received));
		return flags & MSG_TRUNC || received < room ? n : (ssize_t)room;
	}
}
