/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Whole packets by IPPROTO_RAW sockets. The source address goes along as packet information, so
 * that routing rules by source hold for our packets too; the socket need not own it, as bypassed
 * packets may be forwarded ones. A packet larger than its path is cut up here when it may be:
 * before it is sent when the path is known, else when the kernel has refused it.
 */

#include "io/raw_send.h"

#include <errno.h>
#include <time.h> /* linux/errqueue.h needs it first */
#include <linux/errqueue.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/path.h"
#include "packet/fragment.h"
#include "packet/ip.h"

#define SEND_BUFFER (8 << 20)
/* A full queue is waited for this often, a millisecond each time at most. */
#define FULL_RETRIES 5
#define CONTROL_ROOM (CMSG_SPACE(sizeof(uint32_t)) + CMSG_SPACE(sizeof(struct in6_pktinfo)))
#define FRAGMENT_BUFFER 65600

struct raw_sender {
	struct ux_port port;
	int fds[2]; /* IPv4, IPv6; -1: none */
	uint32_t own_mark;
	uint32_t fragment_id;
	struct ux_udp_gso *gso; /* NULL: none */
	struct mmsghdr msgs[UXFRM_BURST];
	struct iovec iov[UXFRM_BURST];
	struct sockaddr_in6 names[UXFRM_BURST];
	_Alignas(struct cmsghdr) char control[UXFRM_BURST][CONTROL_ROOM];
	uint8_t fragment[FRAGMENT_BUFFER];
};

static bool is_ip6(const struct uxfrm_packet *p)
{
	return p->data[0] >> 4 == 6;
}

static struct cmsghdr *put_cmsg(char *at, int level, int type, const void *data, size_t len)
{
	struct cmsghdr *cm = (struct cmsghdr *)(void *)at;

	cm->cmsg_level = level;
	cm->cmsg_type = type;
	cm->cmsg_len = CMSG_LEN(len);
	memcpy(CMSG_DATA(cm), data, len);
	return cm;
}

/* Fill message @i for the bytes @data, whose header names the addresses, of the packet @p. */
static void describe(struct raw_sender *s, size_t i, const struct uxfrm_packet *p, uint8_t *data,
		     uint32_t len)
{
	struct msghdr *m = &s->msgs[i].msg_hdr;
	uint32_t mark = p->mark | s->own_mark;
	size_t used = CMSG_SPACE(sizeof(mark));

	s->iov[i] = (struct iovec){data, len};
	*m = (struct msghdr){.msg_name = &s->names[i],
			     .msg_iov = &s->iov[i],
			     .msg_iovlen = 1,
			     .msg_control = s->control[i]};
	put_cmsg(s->control[i], SOL_SOCKET, SO_MARK, &mark, sizeof(mark));
	if (data[0] >> 4 == 6) {
		struct sockaddr_in6 name = {.sin6_family = AF_INET6};
		struct in6_pktinfo pktinfo = {.ipi6_ifindex = (unsigned int)p->ifindex};

		memcpy(&pktinfo.ipi6_addr, data + 8, 16);
		memcpy(&name.sin6_addr, data + 24, 16);
		memcpy(&s->names[i], &name, sizeof(name));
		m->msg_namelen = sizeof(name);
		put_cmsg(s->control[i] + used, IPPROTO_IPV6, IPV6_PKTINFO, &pktinfo,
			 sizeof(pktinfo));
		m->msg_controllen = used + CMSG_SPACE(sizeof(pktinfo));
	} else {
		struct sockaddr_in name = {.sin_family = AF_INET};
		struct in_pktinfo pktinfo = {.ipi_ifindex = p->ifindex};

		memcpy(&pktinfo.ipi_spec_dst, data + 12, 4);
		memcpy(&name.sin_addr, data + 16, 4);
		memcpy(&s->names[i], &name, sizeof(name));
		m->msg_namelen = sizeof(name);
		put_cmsg(s->control[i] + used, IPPROTO_IP, IP_PKTINFO, &pktinfo, sizeof(pktinfo));
		m->msg_controllen = used + CMSG_SPACE(sizeof(pktinfo));
	}
}

/* The MTU the kernel left in the error queue with EMSGSIZE; 0 if none. Empties the queue. */
static uint32_t read_mtu(int fd)
{
	_Alignas(struct cmsghdr) char control[256];
	uint32_t mtu = 0;

	for (;;) {
		struct msghdr m = {.msg_control = control, .msg_controllen = sizeof(control)};

		if (recvmsg(fd, &m, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
			return mtu;
		for (struct cmsghdr *cm = CMSG_FIRSTHDR(&m); cm; cm = CMSG_NXTHDR(&m, cm)) {
			struct sock_extended_err e;

			if (cm->cmsg_len < CMSG_LEN(sizeof(e)))
				continue;
			memcpy(&e, CMSG_DATA(cm), sizeof(e));
			if (e.ee_errno == EMSGSIZE && e.ee_origin == SO_EE_ORIGIN_LOCAL)
				mtu = e.ee_info;
		}
	}
}

/* Is it worth sending again? Waits a little for room when there is none. */
static bool wait_for_room(int fd, int err, int *retries)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};

	if (err == EINTR)
		return true;
	if ((err != EAGAIN && err != ENOBUFS) || (*retries)++ >= FULL_RETRIES)
		return false;
	/* A socket that is writable had its packet refused by a full device queue: look away
	 * shortly. */
	if (poll(&p, 1, 1) > 0)
		(void)poll(NULL, 0, 1);
	return true;
}

/* The MTU of the way @p takes, as the system knows it; 0 if it does not. */
static uint32_t ask_mtu(const struct raw_sender *s, const struct uxfrm_packet *p)
{
	const bool six = is_ip6(p);
	struct ux_addr from, to;
	const struct ux_path path = {.family = six ? AF_INET6 : AF_INET,
				     .from = &from,
				     .to = &to,
				     .mark = p->mark | s->own_mark};
	uint32_t mtu;

	ux_ip_addresses(p->data, six ? AF_INET6 : AF_INET, &from, &to);
	return ux_path_ask(&path, &mtu, NULL) == 0 ? mtu : 0;
}

static enum uxfrm_drop send_fragments(struct raw_sender *s, int fd, struct uxfrm_packet *p,
				      uint32_t mtu)
{
	struct ux_fragmenter f;
	uint32_t len;

	if (!p->may_fragment || mtu > FRAGMENT_BUFFER ||
	    !ux_fragment_begin(&f, p->data, p->len, mtu, ++s->fragment_id))
		return UXFRM_DROP_OUT_TOO_BIG;
	while ((len = ux_fragment_next(&f, s->fragment)) > 0) {
		int retries = 0;

		describe(s, 0, p, s->fragment, len);
		while (sendmsg(fd, &s->msgs[0].msg_hdr, MSG_DONTWAIT) < 0) {
			if (!wait_for_room(fd, errno, &retries))
				return UXFRM_DROP_PORT_SEND;
		}
	}
	return UXFRM_DROP_NONE;
}

/* Why the system does not take it. What is let go in clear has no outer way that could be missing.
 */
static enum uxfrm_drop refusal(int err, const struct uxfrm_packet *p)
{
	bool no_route = err == ENETUNREACH || err == EHOSTUNREACH;

	return no_route && p->verdict == UXFRM_UNDERLAY ? UXFRM_DROP_OUT_NO_ROUTE
							: UXFRM_DROP_PORT_SEND;
}

/* The kernel finds it too large: it is told to the worker, if the packet is still its sender's. */
static enum uxfrm_drop send_refused(struct raw_sender *s, int fd, struct uxfrm_packet *p)
{
	uint32_t mtu = read_mtu(fd);
	enum uxfrm_drop drop;

	if (!mtu)
		mtu = ask_mtu(s, p);
	drop = send_fragments(s, fd, p, mtu);
	p->mtu = p->verdict == UXFRM_BYPASS ? mtu : 0;
	return drop;
}

static bool is_too_large(const struct uxfrm_packet *p)
{
	return p->mtu && p->len > p->mtu && p->may_fragment;
}

/* All of @packets are of one family and go one by one. Messages 0..n-1 are described anew after fragments used number
 * 0; those before the refused packet are not needed any more. */
static void send_each(struct raw_sender *s, int fd, struct uxfrm_packet *const *packets, size_t n)
{
	size_t done = 0;
	int retries = 0;

	for (size_t i = 0; i < n; i++)
		describe(s, i, packets[i], packets[i]->data, packets[i]->len);
	while (done < n) {
		enum uxfrm_drop drop;
		size_t run = done;
		int sent = 0;

		while (run < n && !is_too_large(packets[run]))
			run++;
		if (run > done)
			sent =
			    sendmmsg(fd, s->msgs + done, (unsigned int)(run - done), MSG_DONTWAIT);
		if (sent > 0) {
			done += (size_t)sent;
			retries = 0;
			continue;
		}
		/* Retries go on counting: a device that is stuck holds a burst up, not each packet
		 * of it. */
		drop = refusal(errno, packets[done]);
		if (run == done)
			drop = send_fragments(s, fd, packets[done], packets[done]->mtu);
		else if (errno == EMSGSIZE)
			drop = send_refused(s, fd, packets[done]);
		else if (wait_for_room(fd, errno, &retries))
			continue;
		if (drop != UXFRM_DROP_NONE)
			ux_port_refuse(packets[done], drop);
		done++;
	}
}

/* All of @packets are of one family: runs of ESP in UDP go together, what is between them one by
 * one, in order. */
static void send_family(struct raw_sender *s, int fd, struct uxfrm_packet *const *packets, size_t n)
{
	size_t done = 0, at = 0;

	while (s->gso && at < n) {
		size_t run = ux_udp_gso_run(s->gso, packets + at, n - at);

		if (run < 2) {
			at++;
			continue;
		}
		send_each(s, fd, packets + done, at - done);
		done = at;
		at += run;
		if (ux_udp_gso_send(s->gso, packets + done, run))
			done = at;
	}
	send_each(s, fd, packets + done, n - done);
}

static void raw_send(struct ux_port *port, struct uxfrm_packet *const *packets, size_t n)
{
	struct raw_sender *s = (struct raw_sender *)port;
	struct uxfrm_packet *sorted[UXFRM_BURST];

	for (int six = 0; six < 2; six++) {
		size_t count = 0;

		for (size_t i = 0; i < n; i++) {
			if (is_ip6(packets[i]) == six)
				sorted[count++] = packets[i];
		}
		if (!count)
			continue;
		if (s->fds[six] >= 0)
			send_family(s, s->fds[six], sorted, count);
		for (size_t i = 0; i < count && s->fds[six] < 0; i++)
			ux_port_refuse(sorted[i], UXFRM_DROP_PORT_SEND);
	}
}

static void raw_send_free(struct ux_port *port)
{
	struct raw_sender *s = (struct raw_sender *)port;

	for (int six = 0; six < 2; six++) {
		if (s->fds[six] >= 0)
			close(s->fds[six]);
	}
	free(s);
}

static const struct ux_port_ops raw_send_ops = {.send = raw_send, .free = raw_send_free};

static int open_family(int family, int *ret_fd)
{
	const int on = 1, size = SEND_BUFFER;
	int level = family == AF_INET ? IPPROTO_IP : IPPROTO_IPV6;
	int fd = socket(family, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_RAW);

	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)) < 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	if (setsockopt(fd, level, family == AF_INET ? IP_RECVERR : IPV6_RECVERR, &on, sizeof(on)) <
		0 ||
	    setsockopt(fd, level, family == AF_INET ? IP_FREEBIND : IPV6_FREEBIND, &on,
		       sizeof(on)) < 0 ||
	    /* What is let go in clear may be a broadcast. */
	    setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof(on)) < 0) {
		int err = -errno;

		close(fd);
		return err;
	}
	*ret_fd = fd;
	return 0;
}

int ux_raw_send_open(uint32_t own_mark, struct ux_udp_gso *gso, struct ux_port **ret_port)
{
	struct raw_sender *s = calloc(1, sizeof(*s));
	int err;

	if (!s)
		return -ENOMEM;
	s->port = (struct ux_port){.ops = &raw_send_ops, .fd = -1, .side = UX_PORT_UNDERLAY};
	s->own_mark = own_mark;
	s->gso = gso;
	s->fds[0] = s->fds[1] = -1;
	err = open_family(AF_INET, &s->fds[0]);
	if (!err)
		err = open_family(AF_INET6, &s->fds[1]);
	if (err && err != -EAFNOSUPPORT) {
		raw_send_free(&s->port);
		return err;
	}
	*ret_port = &s->port;
	return 0;
}

void ux_raw_send_ignore_paths(struct ux_port *port)
{
	struct raw_sender *s = (struct raw_sender *)port;
	const int four = IP_PMTUDISC_PROBE, six = IPV6_PMTUDISC_PROBE;

	if (s->fds[0] >= 0)
		(void)setsockopt(s->fds[0], IPPROTO_IP, IP_MTU_DISCOVER, &four, sizeof(four));
	if (s->fds[1] >= 0)
		(void)setsockopt(s->fds[1], IPPROTO_IPV6, IPV6_MTU_DISCOVER, &six, sizeof(six));
}
