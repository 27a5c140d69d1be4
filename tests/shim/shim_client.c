/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Acts as the clients of NETLINK_XFRM act on their sockets, one case for each habit, and checks
 * what netlink would answer. Run under the shim; the same checks hold on a kernel's own netlink,
 * save those of daemon_death. Usage: shim_client [pid of the daemon to kill]. Prints TAP.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/xfrm.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

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

struct request {
	struct nlmsghdr h;
	union {
		struct xfrm_usersa_id id;
		struct xfrm_usersa_flush flush;
		struct xfrm_userspi_info spi;
	};
};

static uint32_t next_seq = 1;

/* A GETSA for an SA that does not exist: answered by ESRCH, whatever the state. */
static struct request lookup(void)
{
	struct request r = {.h = {.nlmsg_len = NLMSG_LENGTH(sizeof(struct xfrm_usersa_id)),
				  .nlmsg_type = XFRM_MSG_GETSA,
				  .nlmsg_flags = NLM_F_REQUEST,
				  .nlmsg_seq = next_seq++}};

	r.id.daddr.a4 = htonl(0xc0000201);
	r.id.spi = htonl(0xdeadbeef);
	r.id.family = AF_INET;
	r.id.proto = 50;
	return r;
}

static struct request flush(void)
{
	struct request r = {.h = {.nlmsg_len = NLMSG_LENGTH(sizeof(struct xfrm_usersa_flush)),
				  .nlmsg_type = XFRM_MSG_FLUSHSA,
				  .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK,
				  .nlmsg_seq = next_seq++}};
	return r;
}

static struct request allocate(uint32_t spi)
{
	struct request r = {.h = {.nlmsg_len = NLMSG_LENGTH(sizeof(struct xfrm_userspi_info)),
				  .nlmsg_type = XFRM_MSG_ALLOCSPI,
				  .nlmsg_flags = NLM_F_REQUEST,
				  .nlmsg_seq = next_seq++}};

	r.spi.min = r.spi.max = spi;
	r.spi.info.family = AF_INET;
	r.spi.info.id.proto = 50;
	r.spi.info.id.daddr.a4 = htonl(0xc0000202);
	r.spi.info.saddr.a4 = htonl(0xc0000203);
	return r;
}

static int error_of(const void *buf, ssize_t n, uint32_t seq)
{
	struct nlmsghdr h;
	struct nlmsgerr e;

	if (n < (ssize_t)(sizeof(h) + sizeof(e)))
		return 1;
	memcpy(&h, buf, sizeof(h));
	memcpy(&e, (const char *)buf + sizeof(h), sizeof(e));
	return h.nlmsg_type == NLMSG_ERROR && h.nlmsg_seq == seq ? e.error : 2;
}

static int xfrm_socket(int flags)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | flags, NETLINK_XFRM);

	CHECK(fd >= 0);
	return fd;
}

static struct sockaddr_nl name_of(int fd)
{
	struct sockaddr_nl n = {0};
	socklen_t len = sizeof(n);

	CHECK(getsockname(fd, (struct sockaddr *)&n, &len) == 0);
	CHECK(len == sizeof(n) && n.nl_family == AF_NETLINK);
	return n;
}

/* iproute2: bind, sendmsg with a name, peek for the size, then receive. */
static void like_iproute2(void)
{
	int fd = xfrm_socket(0), size = 32768, one = 1;
	struct sockaddr_nl self = {.nl_family = AF_NETLINK}, kernel = self, from = {0};
	char buf[32768];

	CHECK(setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)) == 0);
	CHECK(setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one)) == 0);
	CHECK(bind(fd, (struct sockaddr *)&self, sizeof(self)) == 0);
	CHECK(name_of(fd).nl_pid == (uint32_t)getpid());
	struct request r = lookup();
	struct iovec iov = {&r, r.h.nlmsg_len};
	struct msghdr m = {&kernel, sizeof(kernel), &iov, 1, NULL, 0, 0};

	CHECK(sendmsg(fd, &m, 0) == (ssize_t)r.h.nlmsg_len);
	iov = (struct iovec){NULL, 0};
	m = (struct msghdr){&from, sizeof(from), &iov, 1, NULL, 0, 0};
	ssize_t n = recvmsg(fd, &m, MSG_PEEK | MSG_TRUNC);

	CHECK(n >= 36 && m.msg_namelen == sizeof(from));
	iov = (struct iovec){buf, sizeof(buf)};
	m.msg_namelen = sizeof(from);
	CHECK(recvmsg(fd, &m, 0) == n);
	CHECK(m.msg_namelen == 12 && from.nl_family == AF_NETLINK && from.nl_pid == 0);
	CHECK(error_of(buf, n, r.h.nlmsg_seq) == -ESRCH);
	struct nlmsghdr h;

	memcpy(&h, buf, sizeof(h));
	CHECK(h.nlmsg_pid == (uint32_t)getpid());
	close(fd);
}

/* charon: blocking recv without an address. pluto: never bound, write, recvfrom at once on a
 * non-blocking socket. */
static void like_ike_daemons(void)
{
	char buf[8192];
	struct sockaddr_nl from = {0};
	socklen_t len = sizeof(from);
	int fd = xfrm_socket(0);
	struct request r = lookup();

	CHECK(sendto(fd, &r, r.h.nlmsg_len, 0, NULL, 0) == (ssize_t)r.h.nlmsg_len);
	ssize_t n = recv(fd, buf, sizeof(buf), MSG_TRUNC);

	CHECK(error_of(buf, n, r.h.nlmsg_seq) == -ESRCH);
	close(fd);
	for (int i = 0; i < 50; i++) {
		fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_NONBLOCK, NETLINK_XFRM);
		r = lookup();
		n = write(fd, &r, r.h.nlmsg_len);
		ssize_t got = recvfrom(fd, buf, sizeof(buf), 0, (struct sockaddr *)&from, &len);

		if (n != (ssize_t)r.h.nlmsg_len || error_of(buf, got, r.h.nlmsg_seq) != -ESRCH) {
			check(0, "the answer is there when write() returns", __LINE__);
			break;
		}
		close(fd);
	}
	CHECK(from.nl_family == AF_NETLINK && from.nl_pid == 0 && len == 12);
	fd = xfrm_socket(SOCK_NONBLOCK);
	CHECK(recv(fd, buf, sizeof(buf), 0) == -1 && errno == EAGAIN);
	CHECK(read(fd, buf, sizeof(buf)) == -1 && errno == EAGAIN);
	close(fd);
}

/* libnl: an explicit port id. Python: connect. */
static void port_ids(void)
{
	uint32_t wanted = ((uint32_t)getpid() & 0x3fffff) | 5u << 22;
	struct sockaddr_nl n = {.nl_family = AF_NETLINK, .nl_pid = wanted}, peer = {0};
	socklen_t len = sizeof(peer);
	int a = xfrm_socket(0), b = xfrm_socket(0), c = xfrm_socket(0), d = xfrm_socket(0);

	CHECK(name_of(a).nl_pid == 0);
	CHECK(bind(a, (struct sockaddr *)&n, sizeof(n)) == 0);
	CHECK(name_of(a).nl_pid == wanted);
	CHECK(bind(b, (struct sockaddr *)&n, sizeof(n)) == -1 && errno == EADDRINUSE);
	n.nl_pid = wanted + 1;
	CHECK(bind(a, (struct sockaddr *)&n, sizeof(n)) == -1 && errno == EINVAL);
	CHECK(bind(a, (struct sockaddr *)&n, 4) == -1 && errno == EINVAL);
	n.nl_pid = 0;
	CHECK(connect(c, (struct sockaddr *)&n, sizeof(n)) == 0);
	CHECK(name_of(c).nl_pid == (uint32_t)getpid());
	CHECK(getpeername(c, (struct sockaddr *)&peer, &len) == 0 && peer.nl_pid == 0);
	CHECK(connect(d, (struct sockaddr *)&n, sizeof(n)) == 0);
	CHECK((int32_t)name_of(d).nl_pid < 0);
	n.nl_pid = 12345;
	struct request r = lookup();

	CHECK(sendto(c, &r, r.h.nlmsg_len, 0, (struct sockaddr *)&n, sizeof(n)) == -1 &&
	      errno == ECONNREFUSED);
	CHECK(send(c, &r, 0, 0) == -1 && errno == ENODATA);
	CHECK(send(c, &r, r.h.nlmsg_len, MSG_OOB) == -1 && errno == EOPNOTSUPP);
	close(a);
	n.nl_pid = wanted;
	int ok = 0;

	for (int i = 0; i < 100 && !ok; i++) { /* the daemon frees it when it sees the end */
		ok = bind(b, (struct sockaddr *)&n, sizeof(n)) == 0;
		if (!ok)
			usleep(1000);
	}
	CHECK(ok);
	close(b);
	close(c);
	close(d);
}

static int option(int fd, int level, int name)
{
	int v = -1;
	socklen_t len = sizeof(v);

	return getsockopt(fd, level, name, &v, &len) == 0 ? v : -1;
}

static void options(void)
{
	int fd = xfrm_socket(0), one = 1, group = 3;

	CHECK(option(fd, SOL_SOCKET, SO_DOMAIN) == AF_NETLINK);
	CHECK(option(fd, SOL_SOCKET, SO_PROTOCOL) == NETLINK_XFRM);
	CHECK(option(fd, SOL_SOCKET, SO_TYPE) == SOCK_RAW);
	CHECK(option(fd, SOL_NETLINK, NETLINK_EXT_ACK) == 0);
	CHECK(setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one)) == 0);
	CHECK(setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof(one)) == 0);
	CHECK(setsockopt(fd, SOL_NETLINK, NETLINK_NO_ENOBUFS, &one, sizeof(one)) == 0);
	CHECK(option(fd, SOL_NETLINK, NETLINK_EXT_ACK) == 1);
	CHECK(option(fd, SOL_NETLINK, NETLINK_LISTEN_ALL_NSID) == 0);
	CHECK(setsockopt(fd, SOL_NETLINK, NETLINK_LISTEN_ALL_NSID, &one, sizeof(one)) == 0);
	CHECK(option(fd, SOL_NETLINK, NETLINK_LISTEN_ALL_NSID) == 1);
	CHECK(setsockopt(fd, SOL_NETLINK, 77, &one, sizeof(one)) == -1 && errno == ENOPROTOOPT);
	CHECK(setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) == 0);
	CHECK(option(fd, SOL_NETLINK, NETLINK_LIST_MEMBERSHIPS) == 4);
	CHECK(name_of(fd).nl_groups == 4);
	CHECK(setsockopt(fd, SOL_NETLINK, NETLINK_DROP_MEMBERSHIP, &group, sizeof(group)) == 0);
	CHECK(name_of(fd).nl_groups == 0);
	group = 33;
	CHECK(setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) == -1 &&
	      errno == EINVAL);
	close(fd);
	CHECK(socket(AF_NETLINK, SOCK_STREAM, NETLINK_XFRM) == -1 && errno == ESOCKTNOSUPPORT);
	fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE); /* not ours to touch */
	CHECK(fd >= 0 && option(fd, SOL_SOCKET, SO_PROTOCOL) == NETLINK_ROUTE);
	close(fd);
}

static void events(void)
{
	int fd = xfrm_socket(SOCK_NONBLOCK), other = xfrm_socket(0);
	struct sockaddr_nl n = {.nl_family = AF_NETLINK, .nl_groups = 0xc7}, from = {0};
	socklen_t len = sizeof(from);
	char buf[8192];
	struct request r = allocate(0x7001);

	CHECK(bind(fd, (struct sockaddr *)&n, sizeof(n)) == 0);
	CHECK(send(other, &r, r.h.nlmsg_len, 0) > 0);
	CHECK(recv(other, buf, sizeof(buf), 0) > 16);
	r = flush();
	CHECK(send(other, &r, r.h.nlmsg_len, 0) > 0);
	CHECK(error_of(buf, recv(other, buf, sizeof(buf), 0), r.h.nlmsg_seq) == 0);
	struct pollfd p = {.fd = fd, .events = POLLIN};

	CHECK(poll(&p, 1, 1000) == 1);
	ssize_t got = recvfrom(fd, buf, sizeof(buf), MSG_DONTWAIT, (struct sockaddr *)&from, &len);
	struct nlmsghdr h;

	CHECK(got >= (ssize_t)sizeof(h));
	memcpy(&h, buf, sizeof(h));
	CHECK(h.nlmsg_type == XFRM_MSG_FLUSHSA);
	CHECK(from.nl_pid == 0 && from.nl_groups == 1u << (XFRMNLGRP_SA - 1));
	close(fd);
	close(other);
}

/* Those of the own namespace have no number, so nothing comes beside them. */
static void events_of_all_namespaces(void)
{
	int fd = xfrm_socket(SOCK_NONBLOCK), other = xfrm_socket(0), one = 1;
	struct sockaddr_nl n = {.nl_family = AF_NETLINK, .nl_groups = 1u << (XFRMNLGRP_SA - 1)};
	char buf[8192], control[256];
	struct iovec iov = {buf, sizeof(buf)};
	struct msghdr m = {.msg_iov = &iov,
			   .msg_iovlen = 1,
			   .msg_control = control,
			   .msg_controllen = sizeof(control)};
	struct request r = allocate(0x7002);
	struct pollfd p = {.fd = fd, .events = POLLIN};

	CHECK(setsockopt(fd, SOL_NETLINK, NETLINK_LISTEN_ALL_NSID, &one, sizeof(one)) == 0);
	CHECK(bind(fd, (struct sockaddr *)&n, sizeof(n)) == 0);
	CHECK(setsockopt(fd, SOL_NETLINK, NETLINK_LISTEN_ALL_NSID, &one, sizeof(one)) == 0);
	CHECK(send(other, &r, r.h.nlmsg_len, 0) > 0);
	CHECK(recv(other, buf, sizeof(buf), 0) > 16);
	r = flush();
	CHECK(send(other, &r, r.h.nlmsg_len, 0) > 0);
	CHECK(error_of(buf, recv(other, buf, sizeof(buf), 0), r.h.nlmsg_seq) == 0);
	CHECK(poll(&p, 1, 1000) == 1);
	CHECK(recvmsg(fd, &m, 0) > 0 && m.msg_controllen == 0 && !(m.msg_flags & MSG_CTRUNC));
	close(fd);
	close(other);
}

static void descriptors(void)
{
	int fd = xfrm_socket(0), copy = dup(fd), third = fcntl(fd, F_DUPFD_CLOEXEC, 100);
	char buf[8192];
	struct request r = lookup();

	CHECK(copy >= 0 && third >= 100);
	close(fd);
	CHECK(send(copy, &r, r.h.nlmsg_len, 0) > 0);
	CHECK(error_of(buf, recv(third, buf, sizeof(buf), 0), r.h.nlmsg_seq) == -ESRCH);
	CHECK(dup2(copy, 200) == 200);
	close(copy);
	r = lookup();
	CHECK(send(200, &r, r.h.nlmsg_len, 0) > 0);
	CHECK(error_of(buf, read(200, buf, sizeof(buf)), r.h.nlmsg_seq) == -ESRCH);
	int null = open("/dev/null", O_RDWR);

	CHECK(dup2(null, 200) == 200); /* the number is an ordinary file now */
	CHECK(write(200, "x", 1) == 1);
	CHECK(option(200, SOL_SOCKET, SO_DOMAIN) == -1);
	close(null);
	close(200);
	close(third);
	fd = xfrm_socket(0);
	CHECK(close_range(3, ~0u, 0) == 0);
	CHECK(fcntl(fd, F_GETFD) == -1 && errno == EBADF);
	fd = xfrm_socket(0);
	r = lookup();
	for (int i = fd + 1; i < 4096; i++) /* as daemons do: must not cut the socket off */
		close(i);
	CHECK(send(fd, &r, r.h.nlmsg_len, 0) > 0);
	CHECK(error_of(buf, recv(fd, buf, sizeof(buf), 0), r.h.nlmsg_seq) == -ESRCH);
	close(fd);
}

static void several_messages(void)
{
	int fd = xfrm_socket(0);
	char a[4][4096];
	struct mmsghdr m[4] = {0};
	struct iovec iov[4];
	struct request r[4];

	for (int i = 0; i < 4; i++) {
		r[i] = lookup();
		iov[i] = (struct iovec){&r[i], r[i].h.nlmsg_len};
		m[i].msg_hdr.msg_iov = &iov[i];
		m[i].msg_hdr.msg_iovlen = 1;
	}
	CHECK(sendmmsg(fd, m, 4, 0) == 4);
	for (int i = 0; i < 4; i++)
		iov[i] = (struct iovec){a[i], sizeof(a[i])};
	CHECK(recvmmsg(fd, m, 4, MSG_WAITFORONE, NULL) == 4);
	for (int i = 0; i < 4; i++)
		CHECK(error_of(a[i], m[i].msg_len, r[i].h.nlmsg_seq) == -ESRCH);
	close(fd);
}

static void forks(void)
{
	int fd = xfrm_socket(0), status = -1;
	char buf[8192];
	pid_t child = fork();

	if (child == 0) {
		struct request r = lookup();

		_exit(send(fd, &r, r.h.nlmsg_len, 0) > 0 &&
			      error_of(buf, recv(fd, buf, sizeof(buf), 0), r.h.nlmsg_seq) == -ESRCH
			  ? 0
			  : 1);
	}
	CHECK(waitpid(child, &status, 0) == child && status == 0);
	struct request r = lookup();

	CHECK(send(fd, &r, r.h.nlmsg_len, 0) > 0);
	CHECK(error_of(buf, recv(fd, buf, sizeof(buf), 0), r.h.nlmsg_seq) == -ESRCH);
	close(fd);
}

/* A child that shares the memory until it calls exec() closes what is its own, and puts other
 * files there, also where the shim's own descriptors are. */
static void borrows(void)
{
	int fd = xfrm_socket(0), null = open("/dev/null", O_RDWR), status = -1;
	struct request r = lookup();
	char buf[8192];
	pid_t child = vfork();

	if (child == 0) {
		close(fd);
		for (int to = null + 1; to < 4096; to++)
			(void)dup2(null, to);
		_exit(0);
	}
	close(null);
	CHECK(waitpid(child, &status, 0) == child && status == 0);
	CHECK(send(fd, &r, r.h.nlmsg_len, 0) > 0);
	CHECK(error_of(buf, recv(fd, buf, sizeof(buf), 0), r.h.nlmsg_seq) == -ESRCH);
	CHECK(name_of(fd).nl_family == AF_NETLINK);
	close(fd);
}

#define THREADS 8

static void *thread_main(void *opaque)
{
	long bad = 0;

	for (int i = 0; i < 50; i++) {
		char buf[4096];
		int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_XFRM);
		struct request r = lookup();

		r.h.nlmsg_seq = (uint32_t)(i + 1);
		if (send(fd, &r, r.h.nlmsg_len, 0) < 0 ||
		    error_of(buf, recv(fd, buf, sizeof(buf), 0), r.h.nlmsg_seq) != -ESRCH)
			bad++;
		close(fd);
	}
	(void)opaque;
	return (void *)bad;
}

static void threads(void)
{
	pthread_t t[THREADS];
	void *bad;

	for (int i = 0; i < THREADS; i++)
		pthread_create(&t[i], NULL, thread_main, NULL);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(t[i], &bad);
		CHECK(bad == NULL);
	}
}

/* netlink has no end: the next request finds a new daemon; nobody sees SIGPIPE or an end of file.
 */
static void daemon_death(pid_t daemon)
{
	int fd = xfrm_socket(0);
	struct sockaddr_nl n = {.nl_family = AF_NETLINK, .nl_groups = 4};
	char buf[8192];

	CHECK(bind(fd, (struct sockaddr *)&n, sizeof(n)) == 0);
	uint32_t port = name_of(fd).nl_pid;

	CHECK(kill(daemon, SIGKILL) == 0);
	usleep(100000);
	struct pollfd p = {.fd = fd, .events = POLLIN};

	/* who listens is told, as by netlink, that events may have been lost, and nothing more */
	CHECK(poll(&p, 1, 5000) == 1 && p.revents == POLLIN);
	CHECK(recv(fd, buf, sizeof(buf), MSG_DONTWAIT) == -1 && errno == ENOBUFS);
	CHECK(poll(&p, 1, 50) == 0);
	CHECK(recv(fd, buf, sizeof(buf), MSG_DONTWAIT) == -1 && errno == EAGAIN);
	struct request r = lookup();

	CHECK(send(fd, &r, r.h.nlmsg_len, 0) > 0);
	CHECK(error_of(buf, recv(fd, buf, sizeof(buf), 0), r.h.nlmsg_seq) == -ESRCH);
	CHECK(name_of(fd).nl_pid == port);
	r = allocate(0x7002);
	CHECK(send(fd, &r, r.h.nlmsg_len, 0) > 0 && recv(fd, buf, sizeof(buf), 0) > 16);
	r = flush();
	CHECK(send(fd, &r, r.h.nlmsg_len, 0) > 0);
	ssize_t got = recv(fd, buf, sizeof(buf), 0); /* the group came back: the event is first */
	struct nlmsghdr h;

	memcpy(&h, buf, sizeof(h));
	CHECK(got > 16 && h.nlmsg_type == XFRM_MSG_FLUSHSA);
	CHECK(error_of(buf, recv(fd, buf, sizeof(buf), 0), r.h.nlmsg_seq) == 0);
	close(fd);
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	alarm(60);
	like_iproute2();
	like_ike_daemons();
	port_ids();
	options();
	events();
	events_of_all_namespaces();
	descriptors();
	several_messages();
	forks();
	borrows();
	threads();
	if (argc > 1)
		daemon_death((pid_t)atoi(argv[1]));
	printf("1..%d\n", tests);
	return failures ? 1 : 0;
}
