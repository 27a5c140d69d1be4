/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What a supervisor can get wrong and a library inside the program cannot: signals in the middle of
 * a call, descriptors that move, threads that wait, other filters. Linked statically. Prints TAP.
 * usage: supervised_client RELEASE, which uname() must give; or, by itself: exec FD
 */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <linux/xfrm.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

static int failures, tests;
static atomic_uint next_spi = 0x10000;
static volatile sig_atomic_t signals;

static void check(int ok, const char *what, int line)
{
	int error = errno;

	tests++;
	failures += !ok;
	printf("%sok %d - %s (line %d)%s%s\n", ok ? "" : "not ", tests, what, line, ok ? "" : ": ",
	       ok ? "" : strerror(error));
}
#define CHECK(x) check((x) != 0, #x, __LINE__)

struct request {
	struct nlmsghdr h;
	struct xfrm_userspi_info spi;
};

/* A larval SA with an SPI of its own: done twice, the second time is refused. */
static struct request allocate(void)
{
	struct request r = {.h = {.nlmsg_len = sizeof(r),
				  .nlmsg_type = XFRM_MSG_ALLOCSPI,
				  .nlmsg_flags = NLM_F_REQUEST}};

	r.h.nlmsg_seq = r.spi.min = r.spi.max = next_spi++;
	r.spi.info.family = AF_INET;
	r.spi.info.id.proto = 50;
	r.spi.info.id.daddr.a4 = htonl(0xc0000202);
	r.spi.info.saddr.a4 = htonl(0xc0000203);
	return r;
}

static int xfrm_socket(int flags)
{
	return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | flags, NETLINK_XFRM);
}

/* One request and its one answer, patient with signals. 0, or what was wrong. */
static const char *exchange(int fd)
{
	struct request r = allocate();
	struct sockaddr_nl from;
	socklen_t len = sizeof(from);
	char buf[4096];
	struct nlmsghdr h;
	ssize_t n;

	do
		n = sendto(fd, &r, sizeof(r), 0, NULL, 0);
	while (n < 0 && errno == EINTR);
	if (n != (ssize_t)sizeof(r))
		return "send";
	do
		n = recvfrom(fd, buf, sizeof(buf), 0, (struct sockaddr *)&from, &len);
	while (n < 0 && errno == EINTR);
	if (n < (ssize_t)sizeof(h))
		return "receive";
	if (len != sizeof(from) || from.nl_family != AF_NETLINK || from.nl_pid)
		return "source";
	memcpy(&h, buf, sizeof(h));
	if (h.nlmsg_seq != r.h.nlmsg_seq)
		return "an answer to another request";
	if (h.nlmsg_type != XFRM_MSG_NEWSA)
		return "refused";
	do
		n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	return n < 0 && errno == EAGAIN ? NULL : "a second answer";
}

static void expect_exchange(int fd, const char *what)
{
	const char *wrong = exchange(fd);

	tests++;
	failures += wrong != NULL;
	printf("%sok %d - %s%s%s\n", wrong ? "not " : "", tests, what, wrong ? ": " : "",
	       wrong ? wrong : "");
}

static void on_signal(int number)
{
	signals++;
}

static void handle(int number, int flags)
{
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = flags};

	sigaction(number, &action, NULL);
}

/* A signal every 150 microseconds: most calls are interrupted, some between deed and answer. */
static void under_signals(int flags, const char *what)
{
	const struct itimerval fast = {{0, 150}, {0, 150}}, off = {0};
	const char *wrong = NULL;
	int fd = xfrm_socket(0);

	handle(SIGALRM, flags);
	signals = 0;
	setitimer(ITIMER_REAL, &fast, NULL);
	for (int i = 0; i < 3000 && !wrong; i++)
		wrong = exchange(fd);
	setitimer(ITIMER_REAL, &off, NULL);
	tests++;
	failures += wrong != NULL;
	printf("%sok %d - %s%s%s\n", wrong ? "not " : "", tests, what, wrong ? ": " : "",
	       wrong ? wrong : "");
	CHECK(signals > 100);
	close(fd);
}

struct waiter {
	int fd, error;
	ssize_t n;
	char buf[4096];
};

static void *wait_in_recv(void *arg)
{
	struct waiter *w = arg;

	w->n = recv(w->fd, w->buf, sizeof(w->buf), 0);
	w->error = errno;
	return NULL;
}

static void waiting(void)
{
	struct waiter w[8];
	pthread_t t[8];
	int fd = xfrm_socket(0);

	for (int i = 0; i < 8; i++) {
		w[i].fd = xfrm_socket(0);
		pthread_create(&t[i], NULL, wait_in_recv, &w[i]);
	}
	usleep(50000);
	expect_exchange(fd, "eight threads wait, another one is served");
	handle(SIGUSR1, 0);
	for (int i = 0; i < 4; i++)
		pthread_kill(t[i], SIGUSR1);
	for (int i = 4; i < 8; i++) {
		struct request r = allocate();

		CHECK(send(w[i].fd, &r, sizeof(r), 0) == (ssize_t)sizeof(r));
	}
	for (int i = 0; i < 8; i++)
		pthread_join(t[i], NULL);
	for (int i = 0; i < 4; i++)
		CHECK(w[i].n == -1 && w[i].error == EINTR);
	for (int i = 4; i < 8; i++)
		CHECK(w[i].n > (ssize_t)sizeof(struct nlmsghdr));
	for (int i = 0; i < 8; i++)
		close(w[i].fd);
	const struct timeval limit = {0, 100000};
	char buf[64];

	CHECK(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) == 0);
	CHECK(recv(fd, buf, sizeof(buf), 0) == -1 && errno == EAGAIN);
	close(fd);
}

static void *exchange_often(void *arg)
{
	const char *wrong = NULL;
	int fd = xfrm_socket(0);

	for (int i = 0; i < 300 && !wrong; i++)
		wrong = exchange(fd);
	close(fd);
	return (void *)(uintptr_t)wrong;
}

static void threads_and_processes(void)
{
	enum { PROCESSES = 3, THREADS = 4 };

	for (int p = 0; p < PROCESSES; p++) {
		if (fork() != 0)
			continue;
		pthread_t t[THREADS];
		void *wrong = NULL;
		int bad = 0;

		next_spi = 0x100000u * (uint32_t)(p + 1);
		for (int i = 0; i < THREADS; i++)
			pthread_create(&t[i], NULL, exchange_often, NULL);
		for (int i = 0; i < THREADS; i++) {
			pthread_join(t[i], &wrong);
			bad += wrong != NULL;
		}
		_exit(bad);
	}
	for (int p = 0; p < PROCESSES; p++) {
		int status;

		CHECK(wait(&status) > 0 && status == 0);
	}
}

static void across_exec(void)
{
	int fd = xfrm_socket(0), status;
	char number[16];

	snprintf(number, sizeof(number), "%d", fd);
	CHECK(fcntl(fd, F_GETFD) == FD_CLOEXEC && fcntl(fd, F_SETFD, 0) == 0);
	if (fork() == 0) {
		execl("/proc/self/exe", "supervised_client", "exec", number, NULL);
		_exit(99);
	}
	CHECK(wait(&status) > 0 && status == 0);
	next_spi += 10;
	expect_exchange(fd, "the socket after another program has used it");
	close(fd);
}

static void copies(void)
{
	int fd = xfrm_socket(0), other[2];
	char byte = 0;

	int copy = dup(fd), at = fcntl(fd, F_DUPFD_CLOEXEC, fd + 40);

	CHECK(copy >= 0 && at == fd + 40 && fcntl(at, F_GETFD) == FD_CLOEXEC);
	CHECK(dup2(fd, fd + 20) == fd + 20 && dup3(fd, fd + 21, O_CLOEXEC) == fd + 21);
	CHECK(dup2(fd, fd) == fd && dup3(fd, fd, 0) == -1 && errno == EINVAL);
	CHECK(dup2(fd, 100000000) == -1 && errno == EBADF);
	close(fd);
	expect_exchange(copy, "dup()");
	expect_exchange(at, "fcntl(F_DUPFD_CLOEXEC)");
	expect_exchange(fd + 20, "dup2()");
	expect_exchange(fd + 21, "dup3()");
	/* a number that was a socket's is a pipe's now */
	CHECK(pipe(other) == 0 && dup2(other[0], copy) == copy && dup2(other[1], at) == at);
	CHECK(write(at, "x", 1) == 1 && read(copy, &byte, 1) == 1 && byte == 'x');
	CHECK(send(at, "x", 1, 0) == -1 && errno == ENOTSOCK);
	/* outside the range: the bare channel */
	CHECK(dup2(fd + 20, 9) == 9);
	struct request r = allocate();
	char buf[4096];

	CHECK(write(9, &r, sizeof(r)) == (ssize_t)sizeof(r));
	CHECK(read(9, buf, sizeof(buf)) > (ssize_t)sizeof(struct nlmsghdr));
	CHECK(close_range(3, ~0u, 0) == 0);
	CHECK(recv(fd + 20, buf, sizeof(buf), MSG_DONTWAIT) == -1 && errno == EBADF);
}

static void numbers_end_and_begin(void)
{
	int bad = 0;

	for (int i = 0; i < 600; i++) {
		int fd = xfrm_socket(0);
		struct sockaddr_nl n = {.nl_family = AF_NETLINK};
		socklen_t len = sizeof(n);

		bad += bind(fd, (struct sockaddr *)&n, sizeof(n)) != 0;
		bad += getsockname(fd, (struct sockaddr *)&n, &len) != 0 ||
		       n.nl_pid != (uint32_t)getpid();
		close(fd);
	}
	CHECK(bad == 0);
	int fds[2000], n = 0;

	while (n < 2000 && (fds[n] = xfrm_socket(0)) >= 0)
		n++;
	CHECK(errno == EMFILE && n > 100);
	expect_exchange(fds[n - 1], "the last of as many sockets as there may be");
	while (n > 0)
		close(fds[--n]);
}

/* Many descriptors of other kinds in the range where emulated sockets are. */
static void many_others(void)
{
	int fds[900], n = 0, channel[2];
	char byte = 0;

	while (n < 900 && (fds[n] = open("/dev/null", O_RDWR)) >= 0)
		n++;
	CHECK(socketpair(AF_UNIX, SOCK_DGRAM, 0, channel) == 0 && channel[0] > 768);
	CHECK(send(channel[0], "y", 1, 0) == 1 && read(channel[1], &byte, 1) == 1 && byte == 'y');
	CHECK(recv(channel[1], &byte, 1, MSG_DONTWAIT) == -1 && errno == EAGAIN);
	CHECK(write(fds[n - 1], "z", 1) == 1 && read(fds[n - 1], &byte, 1) == 0);
	int fd = xfrm_socket(0);

	expect_exchange(fd, "a socket beside nine hundred descriptors");
	close(fd);
	close(channel[0]);
	close(channel[1]);
	while (n > 0)
		close(fds[--n]);
}

static void bad_memory(void)
{
	int fd = xfrm_socket(0);
	struct request r = allocate();
	struct sockaddr_nl from;
	char buf[4096];

	CHECK(send(fd, (void *)16, sizeof(r), 0) == -1 && errno == EFAULT);
	CHECK(bind(fd, (void *)16, sizeof(from)) == -1 && errno == EFAULT);
	CHECK(syscall(SYS_getsockname, fd, &from, 16) == -1 && errno == EFAULT);
	CHECK(setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, (void *)16, 4) == -1 && errno == EFAULT);
	CHECK(send(fd, buf, (size_t)64 << 20, 0) == -1 && errno == EMSGSIZE);
	CHECK(send(fd, &r, sizeof(r), 0) == (ssize_t)sizeof(r));
	CHECK(recv(fd, (void *)16, 4096, 0) == -1 && errno == EFAULT);
	expect_exchange(fd, "the socket is as before");
	close(fd);
}

static void *in_another_namespace(void *arg)
{
	int *result = arg, fd;
	struct request r = allocate();
	char buf[4096];
	struct nlmsghdr h;

	r.h.nlmsg_seq = r.spi.min = r.spi.max = 0x7777;
	*result = unshare(CLONE_NEWNET);
	fd = xfrm_socket(0);
	if (fd < 0 || send(fd, &r, sizeof(r), 0) < 0 || recv(fd, buf, sizeof(buf), 0) < 16)
		*result = -1;
	memcpy(&h, buf, sizeof(h));
	if (h.nlmsg_type != XFRM_MSG_NEWSA)
		*result = -2;
	close(fd);
	return NULL;
}

/* The same SPI twice: two databases. */
static void namespaces(void)
{
	for (int i = 0; i < 2; i++) {
		pthread_t t;
		int result = -3;

		pthread_create(&t, NULL, in_another_namespace, &result);
		pthread_join(t, NULL);
		CHECK(result == 0);
	}
}

/* A program with a filter of its own on top: the stricter of both holds. */
static void under_own_filter(void)
{
	struct sock_filter code[] = {
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_getpeername, 0, 1),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOANO),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog prog = {sizeof(code) / sizeof(code[0]), code};
	struct sockaddr_nl n;
	socklen_t len = sizeof(n);
	int fd = xfrm_socket(0);

	CHECK(getpeername(fd, (struct sockaddr *)&n, &len) == 0);
	CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	CHECK(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog) == 0);
	CHECK(getpeername(fd, (struct sockaddr *)&n, &len) == -1 && errno == ENOANO);
	expect_exchange(fd, "a socket from before the filter");
	close(fd);
	fd = xfrm_socket(0);
	expect_exchange(fd, "a socket from after it");
	close(fd);
}

static void release(const char *wanted)
{
	struct utsname name;
	char host[256];

	CHECK(uname(&name) == 0 && strcmp(name.release, wanted) == 0);
	CHECK(gethostname(host, sizeof(host)) == 0 && strcmp(name.sysname, "Linux") == 0);
	CHECK(unshare(CLONE_NEWUTS) == 0 && sethostname("elsewhere", 9) == 0);
	CHECK(uname(&name) == 0 && strcmp(name.nodename, "elsewhere") == 0);
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	alarm(0);
	if (argc == 3) {
		next_spi = 0x9000000;
		return exchange(atoi(argv[2])) != NULL;
	}
	under_signals(SA_RESTART, "each request is done once, its answer comes once (restarted)");
	under_signals(0, "each request is done once, its answer comes once (interrupted)");
	waiting();
	threads_and_processes();
	across_exec();
	copies();
	numbers_end_and_begin();
	many_others();
	bad_memory();
	namespaces();
	release(argc > 1 ? argv[1] : "");
	under_own_filter();
	printf("1..%d\n", tests);
	return failures != 0;
}
