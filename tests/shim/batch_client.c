/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Many requests in a datagram: each answer is received by itself, whatever way it took, in every
 * manner in which a program can receive. The same checks hold on a kernel's own netlink. Prints
 * TAP.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netlink.h>
#include <linux/xfrm.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define BATCH 64
#define ANSWER_MIN 36 /* header, error, header of the request */

static int failures, tests;

static void check(int ok, const char *what, int line)
{
	tests++;
	if (!ok)
		failures++;
	printf("%sok %d - %s (line %d)%s\n", ok ? "" : "not ", tests, what, line,
	       ok ? "" : strerror(errno));
}
#define CHECK(x) check((x) != 0, #x, __LINE__)

struct lookup {
	struct nlmsghdr h;
	struct xfrm_usersa_id id;
};

static uint32_t next_seq = 1;

static int open_socket(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_XFRM);

	CHECK(fd >= 0);
	return fd;
}

/* @n look-ups of an SA that does not exist, in one datagram. The first one's sequence number. */
static uint32_t ask(int fd, uint32_t n)
{
	struct lookup batch[BATCH];
	uint32_t first = next_seq;

	memset(batch, 0, sizeof(batch));
	for (uint32_t i = 0; i < n; i++) {
		batch[i].h = (struct nlmsghdr){.nlmsg_len = sizeof(struct lookup),
					       .nlmsg_type = XFRM_MSG_GETSA,
					       .nlmsg_flags = NLM_F_REQUEST,
					       .nlmsg_seq = next_seq++};
		batch[i].id.daddr.a4 = htonl(0xc0000201);
		batch[i].id.spi = htonl(0xdeadbeef);
		batch[i].id.family = AF_INET;
		batch[i].id.proto = 50;
	}
	CHECK(send(fd, batch, n * sizeof(struct lookup), 0) ==
	      (ssize_t)(n * sizeof(struct lookup)));
	return first;
}

/* Is this one whole answer, to the request with this number? */
static int is_answer(const void *buf, ssize_t n, uint32_t seq)
{
	struct nlmsghdr h;
	int error;

	if (n < ANSWER_MIN)
		return 0;
	memcpy(&h, buf, sizeof(h));
	memcpy(&error, (const char *)buf + sizeof(h), sizeof(error));
	return h.nlmsg_len == (uint32_t)n && h.nlmsg_type == NLMSG_ERROR && h.nlmsg_seq == seq &&
	       error == -ESRCH;
}

static int readable(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	return poll(&p, 1, 0) == 1;
}

static int receive_all(int fd, uint32_t seq, uint32_t n)
{
	char buf[1024];

	for (uint32_t i = 0; i < n; i++)
		if (!is_answer(buf, recv(fd, buf, sizeof(buf), 0), seq + i))
			return 0;
	return 1;
}

static int nothing_left(int fd)
{
	char buf[1024];

	return !readable(fd) && recv(fd, buf, sizeof(buf), MSG_DONTWAIT) == -1 && errno == EAGAIN;
}

static void one_by_one(void)
{
	int fd = open_socket(), told = 1;
	uint32_t seq = ask(fd, BATCH);
	char buf[1024];

	for (uint32_t i = 0; i < BATCH; i++) {
		told &= readable(fd);
		told &= is_answer(buf, recv(fd, buf, sizeof(buf), 0), seq + i);
	}
	check(told, "poll() tells of each answer until it is received", __LINE__);
	CHECK(nothing_left(fd));
	seq = ask(fd, 1);
	CHECK(receive_all(fd, seq, 1) && nothing_left(fd));
	seq = ask(fd, 5);
	(void)ask(fd, 1);
	(void)ask(fd, BATCH);
	CHECK(receive_all(fd, seq, 6 + BATCH) && nothing_left(fd));
	seq = ask(fd, BATCH);
	CHECK(receive_all(fd, seq, 3));
	(void)ask(fd, 2);
	CHECK(receive_all(fd, seq + 3, BATCH - 3 + 2) && nothing_left(fd));
	close(fd);
}

/* Looking first, small buffers, buffers in pieces, the sender's name. */
static void manners(void)
{
	int fd = open_socket();
	uint32_t seq = ask(fd, BATCH);
	char buf[1024], piece[2][512];
	struct sockaddr_nl from = {0};
	struct iovec iov[2] = {{piece[0], 20}, {piece[1], sizeof(piece[1])}};
	struct msghdr m = {&from, sizeof(from), iov, 2, NULL, 0, 0};
	ssize_t n = recv(fd, NULL, 0, MSG_PEEK | MSG_TRUNC);

	CHECK(n >= ANSWER_MIN);
	CHECK(recv(fd, buf, sizeof(buf), MSG_PEEK) == n && is_answer(buf, n, seq));
	CHECK(recvmsg(fd, &m, 0) == n && !(m.msg_flags & MSG_TRUNC));
	memcpy(buf, piece[0], 20);
	memcpy(buf + 20, piece[1], (size_t)n - 20);
	CHECK(is_answer(buf, n, seq));
	CHECK(m.msg_namelen == sizeof(from) && from.nl_family == AF_NETLINK && from.nl_pid == 0);
	iov[0] = (struct iovec){piece[0], 18};
	m.msg_iovlen = 1;
	CHECK(recvmsg(fd, &m, 0) == 18 && m.msg_flags & MSG_TRUNC);
	CHECK(recv(fd, buf, 18, MSG_TRUNC) == n);
	n = read(fd, buf, sizeof(buf));
	CHECK(is_answer(buf, n, seq + 3));
	CHECK(receive_all(fd, seq + 4, BATCH - 4) && nothing_left(fd));
	close(fd);
}

static void many_at_once(void)
{
	int fd = open_socket(), good = 1;
	uint32_t seq = ask(fd, BATCH);
	static char buf[2 * BATCH][256];
	struct iovec iov[2 * BATCH];
	struct mmsghdr m[2 * BATCH];

	memset(m, 0, sizeof(m));
	for (int i = 0; i < 2 * BATCH; i++) {
		iov[i] = (struct iovec){buf[i], sizeof(buf[i])};
		m[i].msg_hdr.msg_iov = &iov[i];
		m[i].msg_hdr.msg_iovlen = 1;
	}
	CHECK(recvmmsg(fd, m, 2 * BATCH, MSG_WAITFORONE, NULL) == BATCH);
	for (uint32_t i = 0; i < BATCH; i++)
		good &= is_answer(buf[i], (ssize_t)m[i].msg_len, seq + i);
	check(good, "recvmmsg() receives each by itself", __LINE__);
	CHECK(nothing_left(fd));
	close(fd);
}

/* A program whose receive buffer is small is answered all the same. */
static void small_buffer(void)
{
	int fd = open_socket(), size = 16384;

	CHECK(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)) == 0);
	for (int i = 0; i < 4; i++) {
		uint32_t seq = ask(fd, 16);

		CHECK(receive_all(fd, seq, 16) && nothing_left(fd));
	}
	close(fd);
}

/* The events of its own requests come before their acknowledgements. */
static void own_events(void)
{
	struct {
		struct nlmsghdr h;
		struct xfrm_userspi_info spi;
		struct nlmsghdr flush_h;
		struct xfrm_usersa_flush flush;
	} r = {.h = {.nlmsg_len = NLMSG_LENGTH(sizeof(r.spi)),
		     .nlmsg_type = XFRM_MSG_ALLOCSPI,
		     .nlmsg_flags = NLM_F_REQUEST},
	       .flush_h = {.nlmsg_len = NLMSG_LENGTH(sizeof(r.flush)),
			   .nlmsg_type = XFRM_MSG_FLUSHSA,
			   .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK}};
	struct sockaddr_nl name = {.nl_family = AF_NETLINK, .nl_groups = 1u << (XFRMNLGRP_SA - 1)};
	const uint16_t expected[] = {XFRM_MSG_NEWSA, XFRM_MSG_FLUSHSA, NLMSG_ERROR};
	int fd = open_socket();

	r.spi.min = r.spi.max = 0x7100;
	r.spi.info.family = AF_INET;
	r.spi.info.id.proto = 50;
	r.spi.info.id.daddr.a4 = htonl(0xc0000202);
	r.spi.info.saddr.a4 = htonl(0xc0000203);
	CHECK(bind(fd, (struct sockaddr *)&name, sizeof(name)) == 0);
	CHECK(send(fd, &r, sizeof(r.h) + NLMSG_ALIGN(sizeof(r.spi)) + r.flush_h.nlmsg_len, 0) > 0);
	for (int i = 0; i < 3; i++) {
		struct sockaddr_nl from = {0};
		socklen_t len = sizeof(from);
		char buf[1024];
		struct nlmsghdr h = {0};

		CHECK(recvfrom(fd, buf, sizeof(buf), 0, (struct sockaddr *)&from, &len) > 0);
		memcpy(&h, buf, sizeof(h));
		CHECK(h.nlmsg_type == expected[i]);
		CHECK(h.nlmsg_type != XFRM_MSG_FLUSHSA || from.nl_groups == name.nl_groups);
	}
	CHECK(nothing_left(fd));
	close(fd);
}

/* One thread waits for what another asks for. */
struct waiting {
	int fd, good;
	uint32_t seq;
};

#define ROUNDS 20 /* what a receive buffer holds */

static void *receive_in_thread(void *opaque)
{
	struct waiting *w = opaque;

	w->good = receive_all(w->fd, w->seq, ROUNDS * 7);
	return NULL;
}

static void threads(void)
{
	int fd = open_socket(), good = 1;

	for (int turn = 0; turn < 20; turn++) {
		struct waiting w = {.fd = fd, .seq = next_seq};
		pthread_t thread;

		CHECK(pthread_create(&thread, NULL, receive_in_thread, &w) == 0);
		usleep(2000); /* most often it waits by then; whether it does makes no difference */
		for (int i = 0; i < ROUNDS; i++)
			(void)ask(fd, i % 2 ? 1 : 13);
		pthread_join(thread, NULL);
		good &= w.good;
	}
	check(good, "a thread that waits receives what another asks for", __LINE__);
	CHECK(nothing_left(fd));
	close(fd);
}

/* A socket is shared with a child; one after the other uses it. */
static void forks(void)
{
	int fd = open_socket(), status = 1;
	uint32_t seq = ask(fd, BATCH);

	CHECK(receive_all(fd, seq, BATCH));
	fflush(stdout);
	pid_t child = fork();

	if (child == 0) {
		seq = ask(fd, BATCH);
		_exit(receive_all(fd, seq, BATCH) && nothing_left(fd) ? 0 : 1);
	}
	CHECK(child > 0 && waitpid(child, &status, 0) == child && status == 0);
	seq = ask(fd, BATCH);
	CHECK(receive_all(fd, seq, BATCH) && nothing_left(fd));
	close(fd);
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	alarm(60);
	one_by_one();
	manners();
	many_at_once();
	small_buffer();
	own_events();
	threads();
	forks();
	printf("1..%d\n", tests);
	return failures ? 1 : 0;
}
