/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A subscriber that does not read while events pile up. As on netlink, it gets what there was room
 * for, is told once by ENOBUFS that events are missing, and hears the later ones again; with
 * NETLINK_NO_ENOBUFS it is not told. Run under the shim. Prints TAP.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <linux/netlink.h>
#include <linux/xfrm.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* More than the socket's own buffer and a daemon's queue of 64 KiB hold, in the first case. */
#define EVENTS_LARGE 6000
#define EVENTS_SMALL 1500

static int failures, tests;

static void check(int ok, const char *what, int line)
{
	tests++;
	if (!ok)
		failures++;
	printf("%sok %d - %s (line %d)\n", ok ? "" : "not ", tests, what, line);
}
#define CHECK(x) check((x) != 0, #x, __LINE__)

/* One event in the group of policies; @number, the policy's priority, tells it from others. */
static void cause_event(int fd, uint32_t number)
{
	struct {
		struct nlmsghdr h;
		struct xfrm_userpolicy_info p;
	} r = {.h = {.nlmsg_len = sizeof(r),
		     .nlmsg_type = XFRM_MSG_UPDPOLICY,
		     .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK,
		     .nlmsg_seq = number},
	       .p = {.sel = {.family = AF_INET, .prefixlen_d = 32},
		     .dir = XFRM_POLICY_OUT,
		     .priority = number,
		     .lft = {XFRM_INF, XFRM_INF, XFRM_INF, XFRM_INF, 0, 0, 0, 0}}};
	struct {
		struct nlmsghdr h;
		struct nlmsgerr e;
		char more[256];
	} a;

	r.p.sel.daddr.a4 = htonl(0xc0000201);
	if (send(fd, &r, sizeof(r), 0) != (ssize_t)sizeof(r) ||
	    recv(fd, &a, sizeof(a), 0) < (ssize_t)(sizeof(a.h) + sizeof(a.e)) ||
	    a.h.nlmsg_type != NLMSG_ERROR || a.e.error != 0) {
		printf("Bail out! the policy is refused\n");
		exit(1);
	}
}

struct heard {
	int events, enobufs, other;
	int gaps;	 /* events missing where ENOBUFS did not say so */
	int told_before; /* ENOBUFS came since the event before */
	uint32_t last;	 /* number of the last event */
};

enum way { BY_RECV, BY_PEEK, WAYS };

static ssize_t receive(int fd, void *buf, size_t size, enum way way)
{
	struct iovec none = {0};
	struct msghdr m = {.msg_iov = &none, .msg_iovlen = 1};

	/* as iproute2 and libnl learn the size first */
	if (way == BY_PEEK && recvmsg(fd, &m, MSG_PEEK | MSG_TRUNC) < 0)
		return -1;
	return recv(fd, buf, size, 0);
}

static void hear(struct heard *h, int fd, enum way way)
{
	char buf[8192] = {0};
	struct xfrm_userpolicy_info info;
	struct nlmsghdr msg;
	ssize_t n = receive(fd, buf, sizeof(buf), way);

	if (n < 0 && errno == ENOBUFS) {
		h->enobufs++;
		h->told_before = 1;
		return;
	}
	memcpy(&msg, buf, sizeof(msg));
	if (n < (ssize_t)(sizeof(msg) + sizeof(info)) || msg.nlmsg_type != XFRM_MSG_UPDPOLICY) {
		h->other++;
		return;
	}
	memcpy(&info, buf + sizeof(msg), sizeof(info));
	h->events++;
	h->gaps += info.priority != h->last + 1 && !h->told_before;
	h->told_before = 0;
	h->last = info.priority;
}

/* Until nothing more comes, or @limit datagrams were read. Counts anew; remembers the last event.
 */
static void listen_until_silence(struct heard *h, int fd, enum way way, int limit)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	*h = (struct heard){.last = h->last, .told_before = h->told_before};
	while (limit-- > 0 && poll(&p, 1, 300) > 0)
		hear(h, fd, way);
}

static int subscribe(int receive_buffer, int no_enobufs)
{
	struct sockaddr_nl n = {.nl_family = AF_NETLINK, .nl_groups = 1u << (XFRMNLGRP_POLICY - 1)};
	int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_XFRM);

	if (receive_buffer)
		CHECK(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer,
				 sizeof(receive_buffer)) == 0);
	if (no_enobufs)
		CHECK(setsockopt(fd, SOL_NETLINK, NETLINK_NO_ENOBUFS, &no_enobufs,
				 sizeof(no_enobufs)) == 0);
	CHECK(bind(fd, (struct sockaddr *)&n, sizeof(n)) == 0);
	return fd;
}

static void cause_events(int talker, uint32_t *count, int n)
{
	while (n-- > 0)
		cause_event(talker, ++*count);
}

static void flood(int receive_buffer, int no_enobufs, enum way way)
{
	const int events = receive_buffer ? EVENTS_SMALL : EVENTS_LARGE;
	int fd = subscribe(receive_buffer, no_enobufs);
	int talker = socket(AF_NETLINK, SOCK_RAW, NETLINK_XFRM);
	struct heard h = {0};
	uint32_t count = 0;

	cause_events(talker, &count, events);
	listen_until_silence(&h, fd, way, INT_MAX);
	printf("# buffer %d: %d events, %d times ENOBUFS\n", receive_buffer, h.events, h.enobufs);
	CHECK(h.events > 0 && h.events < events && h.last == (uint32_t)h.events);
	CHECK(h.enobufs == (no_enobufs ? 0 : 1) && h.gaps == 0 && h.other == 0);
	cause_events(talker, &count, 1); /* heard again */
	listen_until_silence(&h, fd, way, INT_MAX);
	CHECK(h.events == 1 && h.enobufs == 0 && h.other == 0 && h.last == count);
	cause_events(talker, &count, events); /* a second loss is told again */
	listen_until_silence(&h, fd, way, INT_MAX);
	CHECK(h.events > 0 && h.events < events && h.enobufs == (no_enobufs ? 0 : 1));
	close(fd);
	close(talker);
}

/* More is lost while the first loss has not been read yet: every gap is told. */
static void flood_while_reading(enum way way)
{
	int fd = subscribe(4096, 0), talker = socket(AF_NETLINK, SOCK_RAW, NETLINK_XFRM);
	struct heard h = {0};
	uint32_t count = 0;
	int enobufs = 0, gaps = 0;

	for (int round = 0; round < 6; round++) {
		cause_events(talker, &count, EVENTS_SMALL);
		listen_until_silence(&h, fd, way, EVENTS_SMALL / 10);
		enobufs += h.enobufs;
		gaps += h.gaps;
	}
	listen_until_silence(&h, fd, way, INT_MAX);
	cause_events(talker, &count, 1);
	enobufs += h.enobufs;
	gaps += h.gaps;
	listen_until_silence(&h, fd, way, INT_MAX);
	CHECK(h.events == 1 && h.last == count);
	CHECK(enobufs > 0);
	CHECK(gaps + h.gaps == 0);
	close(fd);
	close(talker);
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	alarm(60);
	for (enum way way = 0; way < WAYS; way++) {
		flood(0, 0, way);
		flood(4096, 0, way);
		flood(4096, 1, way);
		flood_while_reading(way);
	}
	printf("1..%d\n", tests);
	return failures ? 1 : 0;
}
