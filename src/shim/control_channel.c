/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Requests and answers alternate; PROCESSED messages may come in between and are counted wherever
 * they are met. Nothing here waits without a limit.
 */

#include "shim/control_channel.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include <linux/netlink.h>

#include <uxfrm/control.h>

#include "shim/bundle.h"
#include "shim/daemon_start.h"
#include "shim/front.h"
#include "shim/real.h"

#define ANSWER_TIMEOUT_MS 5000
#define SHARED_TIMEOUT_MS 200 /* another process may have taken our PROCESSED */
#define CONNECT_TRIES 100
#define OPEN_TRIES 5
#define CONNECT_PAUSE_MS 20

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* The name is in the abstract space of the network namespace, open to every local user. */
static int server_is_trusted(int fd)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (shim_real()->getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0)
		return 0;
	return peer.uid == 0 || peer.uid == geteuid();
}

/* A descriptor; -1 and errno, ECONNREFUSED if nobody listens. */
static int dial(void)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	const struct timeval limit = {.tv_sec = ANSWER_TIMEOUT_MS / 1000};
	size_t len = sizeof(UXFRM_CONTROL_NAME) - 1;
	int fd = shim_real()->socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	(void)shim_real()->setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	memcpy(name.sun_path + 1, UXFRM_CONTROL_NAME, len);
	len += offsetof(struct sockaddr_un, sun_path) + 1;
	if (shim_real()->connect(fd, (struct sockaddr *)&name, (socklen_t)len) == 0) {
		if (server_is_trusted(fd))
			return shim_hide(fd);
		errno = EPROTONOSUPPORT;
	}
	int error = errno;

	shim_real()->close(fd);
	errno = error;
	return -1;
}

int shim_control_connect(void)
{
	int fd = dial();

	if (fd >= 0 || errno != ECONNREFUSED)
		return fd;
	int started = shim_daemon_start();

	/* Not ready may mean that somebody else's daemon was quicker: give that one time. */
	for (int i = 0; i < CONNECT_TRIES; i++) {
		fd = dial();
		if (fd >= 0 || errno != ECONNREFUSED)
			return fd;
		if (started < 0 && i >= CONNECT_TRIES / 4)
			break;
		struct timespec pause = {.tv_nsec = CONNECT_PAUSE_MS * 1000000L};

		nanosleep(&pause, NULL);
	}
	errno = EPROTONOSUPPORT;
	return -1;
}

/* The next message of the daemon: 0, -ETIMEDOUT, or -EPIPE when the daemon has gone. */
static int next_message(struct shim_socket *s, int64_t deadline, struct uxfrm_control_msg *ret_msg)
{
	struct pollfd p = {.fd = atomic_load(&s->control), .events = POLLIN};
	/* mostly the first call waits long enough: dial() has set its limit */
	int flags = s->shared ? MSG_DONTWAIT : 0;

	for (;; flags = MSG_DONTWAIT) {
		ssize_t n = shim_real()->recv(p.fd, ret_msg, sizeof(*ret_msg), flags);

		if (n == (ssize_t)sizeof(*ret_msg) && ret_msg->magic == UXFRM_CONTROL_MAGIC)
			return 0;
		if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
			return -EPIPE;
		int64_t left = deadline - now_ms();

		if (left <= 0)
			return -ETIMEDOUT;
		(void)poll(&p, 1, (int)left);
	}
}

static void count_processed(struct shim_socket *s, const struct uxfrm_control_msg *msg)
{
	uint32_t n = msg->value[0];

	s->unprocessed = s->unprocessed > n ? s->unprocessed - n : 0;
	atomic_fetch_add(&s->bundles, msg->value[1]);
	s->send_result = msg->result;
}

static int await_answer(struct shim_socket *s, uint16_t op, uint32_t *ret_value)
{
	int64_t deadline = now_ms() + ANSWER_TIMEOUT_MS;
	struct uxfrm_control_msg msg;

	for (;;) {
		int err = next_message(s, deadline, &msg);

		if (err)
			return err;
		if (msg.op == UXFRM_CONTROL_PROCESSED) {
			count_processed(s, &msg);
			continue;
		}
		if (msg.op != op)
			continue; /* the late answer to a call that timed out */
		if (ret_value && msg.result == 0)
			*ret_value = msg.value[0];
		return msg.result;
	}
}

static int send_message(struct shim_socket *s, const struct uxfrm_control_msg *msg, int pass_fd)
{
	union {
		char room[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = {0};
	struct iovec iov = {.iov_base = (void *)(uintptr_t)msg, .iov_len = sizeof(*msg)};
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};

	if (pass_fd >= 0) {
		m.msg_control = control.room;
		m.msg_controllen = sizeof(control.room);
		struct cmsghdr *c = CMSG_FIRSTHDR(&m);

		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &pass_fd, sizeof(int));
	}
	for (;;) {
		if (shim_real()->sendmsg(atomic_load(&s->control), &m, MSG_NOSIGNAL) >= 0)
			return 0;
		if (errno != EINTR)
			return errno == EPIPE || errno == ECONNRESET ? -EPIPE : -errno;
	}
}

static struct uxfrm_control_msg message(uint16_t op, uint32_t a, uint32_t b)
{
	return (struct uxfrm_control_msg){
	    .magic = UXFRM_CONTROL_MAGIC,
	    .version = UXFRM_CONTROL_VERSION,
	    .op = op,
	    .value = {a, b},
	};
}

int shim_control_ask(int fd, uint16_t op, const struct iovec *rest,
		     struct uxfrm_control_msg *ret_answer)
{
	struct uxfrm_control_msg msg = message(op, 0, 0);
	struct iovec iov[] = {{.iov_base = &msg, .iov_len = sizeof(msg)}, *rest};
	const struct msghdr question = {.msg_iov = iov, .msg_iovlen = 2};
	ssize_t n = -1;

	if (shim_real()->sendmsg(fd, &question, MSG_NOSIGNAL) >= 0) {
		do
			n = shim_real()->recv(fd, ret_answer, sizeof(*ret_answer), 0);
		while (n < 0 && errno == EINTR);
	}
	if (n != (ssize_t)sizeof(*ret_answer) || ret_answer->magic != UXFRM_CONTROL_MAGIC)
		return -EPIPE;
	return ret_answer->result;
}

static int ask_once(int fd, uint16_t op, uint32_t *ret_value)
{
	struct uxfrm_control_msg answer;
	int err = shim_control_ask(fd, op, &(struct iovec){0}, &answer);

	if (err != -EPIPE)
		*ret_value = err ? 0 : answer.value[0];
	return err;
}

int shim_control_link_add(const struct uxfrm_control_link *link)
{
	const struct iovec rest = {.iov_base = (void *)(uintptr_t)link, .iov_len = sizeof(*link)};
	int fd = shim_control_connect(), err;
	struct uxfrm_control_msg answer;

	if (fd < 0)
		return -errno;
	err = shim_control_ask(fd, UXFRM_CONTROL_LINK_ADD, &rest, &answer);
	shim_real()->close(fd);
	return err;
}

uint32_t shim_control_fwmark(void)
{
	int fd = shim_control_connect();
	uint32_t mark = 0;

	if (fd < 0)
		return 0;
	(void)ask_once(fd, UXFRM_CONTROL_FWMARK, &mark);
	shim_real()->close(fd);
	return mark;
}

int shim_control_meet(int fd)
{
	uint32_t mark;

	return ask_once(fd, UXFRM_CONTROL_FWMARK, &mark);
}

int shim_control_call(struct shim_socket *s, uint16_t op, uint32_t a, uint32_t b,
		      uint32_t *ret_value)
{
	struct uxfrm_control_msg msg = message(op, a, b);
	int err = send_message(s, &msg, -1);

	return err ? err : await_answer(s, op, ret_value);
}

static int open_once(struct shim_socket *s, uint32_t wanted)
{
	struct uxfrm_control_msg msg;
	uint32_t port_id = wanted;
	int err;

	if (!s->shared && !s->pfkey)
		shim_bundle_prepare(s);
	msg = message(UXFRM_CONTROL_OPEN, wanted,
		      s->bundle && !s->shared ? UXFRM_CONTROL_BUNDLES : 0);
	if (s->pfkey)
		msg.value[1] = UXFRM_CONTROL_PFKEY;
	err = send_message(s, &msg, s->peer);

	if (!err)
		err = await_answer(s, UXFRM_CONTROL_OPEN, &port_id);
	if (err)
		return err;
	s->opened = true;
	s->bundling = msg.value[1] & UXFRM_CONTROL_BUNDLES;
	s->port_id = port_id;
	return 0;
}

/* Has the daemon closed its end? */
static bool daemon_has_gone(struct shim_socket *s)
{
	struct pollfd p = {.fd = atomic_load(&s->control), .events = 0};

	return p.fd < 0 || (poll(&p, 1, 0) > 0 && (p.revents & (POLLHUP | POLLERR | POLLNVAL)));
}

/* A new control channel in the place of one whose daemon has gone. */
static int reconnect(struct shim_socket *s)
{
	int fresh = shim_front_connect(s);

	if (fresh < 0)
		return -ECONNREFUSED;
	int old = atomic_exchange(&s->control, fresh);

	if (old >= 0)
		shim_real()->close(old);
	return 0;
}

/* A daemon that dies is for a moment gone already when its name still is not. */
int shim_control_open(struct shim_socket *s, uint32_t wanted)
{
	int err = open_once(s, wanted);

	for (int i = 0; i < OPEN_TRIES && err == -EPIPE; i++) {
		err = reconnect(s);
		if (!err)
			err = open_once(s, wanted);
	}
	return err;
}

static int restore_options(struct shim_socket *s)
{
	unsigned int options = atomic_load(&s->options);

	for (uint32_t option = 1; option < 32; option++) {
		if (!(options & (1u << option)))
			continue;
		int err = shim_control_call(s, UXFRM_CONTROL_OPTION, option, 1, NULL);

		if (err && err != -ENOPROTOOPT)
			return err;
	}
	return s->groups ? shim_control_call(s, UXFRM_CONTROL_BIND, 0, s->groups, NULL) : 0;
}

int shim_control_renew(struct shim_socket *s)
{
	if (!daemon_has_gone(s))
		return 0;
	int err = reconnect(s);

	if (err)
		return err;
	s->unprocessed = 0;
	s->uncertain |= s->bundling;
	if (!s->opened)
		return 0;
	s->opened = false;
	err = shim_control_open(s, s->port_id);
	if (!err)
		err = restore_options(s);
	return err ? -ECONNREFUSED : 0;
}

void shim_control_end_bundles(struct shim_socket *s)
{
	if (!s->shared || !s->bundling)
		return;
	/* Its failure does no harm as long as one process receives at a time. */
	(void)shim_control_call(s, UXFRM_CONTROL_OPTION, UXFRM_OPTION_BUNDLES, 0, NULL);
	s->bundling = false;
}

void shim_control_await(struct shim_socket *s)
{
	int64_t deadline = now_ms() + (s->shared ? SHARED_TIMEOUT_MS : ANSWER_TIMEOUT_MS);
	struct uxfrm_control_msg msg;

	while (s->unprocessed > 0) {
		int err = next_message(s, deadline, &msg);

		if (!err && msg.op == UXFRM_CONTROL_PROCESSED)
			count_processed(s, &msg);
		else if (err == -ETIMEDOUT && s->shared)
			s->unprocessed = 0;
		if (err)
			return;
	}
}
