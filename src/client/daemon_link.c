/* SPDX-License-Identifier: BSD-2-Clause */

#include "client/daemon_link.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <linux/netlink.h>

#include <uxfrm/control.h>

#define ANSWER_TIMEOUT_MS 5000
#define READY_TIMEOUT_MS 10000
#define CONNECT_TRIES 25
#define MAX_WORDS 32
#define CONNECT_PAUSE_US 20000

/* The name is open to every local user of the network namespace: never give keys to just anyone. */
static int check_server(int fd)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0)
		return -errno;
	return peer.uid == 0 || peer.uid == geteuid() ? 0 : -EPROTONOSUPPORT;
}

int ux_link_connect(void)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	size_t len = sizeof(UXFRM_CONTROL_NAME) - 1;
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	memcpy(name.sun_path + 1, UXFRM_CONTROL_NAME, len);
	len += offsetof(struct sockaddr_un, sun_path) + 1;
	int err =
	    connect(fd, (struct sockaddr *)&name, (socklen_t)len) < 0 ? -errno : check_server(fd);

	if (err) {
		close(fd);
		return err;
	}
	return fd;
}

static void become_daemon(const char *path, int ready)
{
	static char on_demand[] = "--on-demand", option[] = "--ready-fd", number[] = "3";
	char name[4096];
	char *argv[MAX_WORDS] = {name, on_demand, option, number};
	char words[1024], *rest = NULL;
	const char *extra = getenv("UXFRM_DAEMON_ARGS"); /* as the shim does */
	sigset_t none;
	int n = 4;

	snprintf(name, sizeof(name), "%s", path);
	snprintf(words, sizeof(words), "%s", extra ? extra : "");
	for (char *w = strtok_r(words, " ", &rest); w && n < MAX_WORDS - 1;
	     w = strtok_r(NULL, " ", &rest))
		argv[n++] = w;
	setsid();
	if (chdir("/") < 0)
		_exit(127);
	umask(022);
	ready = fcntl(ready, F_DUPFD, 10);
	int null = fcntl(open("/dev/null", O_RDWR), F_DUPFD, 10);

	for (int i = 0; i < 3; i++)
		dup2(null, i);
	dup2(ready, 3);
	close_range(4, ~0u, 0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execv(path, argv);
	_exit(127);
}

int ux_link_start(const char *path)
{
	int ready[2];

	if (pipe2(ready, O_CLOEXEC) < 0)
		return -errno;
	pid_t middle = fork();

	if (middle == 0) {
		if (fork() == 0)
			become_daemon(path, ready[1]);
		_exit(0);
	}
	close(ready[1]);
	if (middle > 0)
		(void)waitpid(middle, NULL, 0);
	struct pollfd p = {.fd = ready[0], .events = POLLIN};

	if (middle > 0)
		(void)poll(&p, 1, READY_TIMEOUT_MS);
	close(ready[0]);
	/* An end of file may mean that another program's daemon was quicker: try for a moment. */
	int fd = -ECONNREFUSED;

	for (int i = 0; i < CONNECT_TRIES && fd == -ECONNREFUSED; i++) {
		if (i)
			usleep(CONNECT_PAUSE_US);
		fd = ux_link_connect();
	}
	return fd;
}

static ssize_t receive(int control, void *buf, size_t size)
{
	struct pollfd p = {.fd = control, .events = POLLIN};
	int n = poll(&p, 1, ANSWER_TIMEOUT_MS);

	if (n <= 0)
		return n < 0 ? -errno : -ETIMEDOUT;
	ssize_t len = recv(control, buf, size, 0);

	if (len == 0)
		return -EPIPE;
	return len < 0 ? -errno : len;
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

/* The answer to @op; PROCESSED messages are passed over. */
static int await_answer(int control, uint16_t op)
{
	struct uxfrm_control_msg answer;

	for (;;) {
		ssize_t len = receive(control, &answer, sizeof(answer));

		if (len < 0)
			return (int)len;
		if (len < (ssize_t)sizeof(answer) || answer.magic != UXFRM_CONTROL_MAGIC)
			return -EPROTO;
		if (answer.op == op)
			return answer.result;
	}
}

static int send_message(int control, const struct uxfrm_control_msg *msg, int pass_fd)
{
	union {
		char room[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} ancillary = {0};
	struct iovec iov = {.iov_base = (void *)(uintptr_t)msg, .iov_len = sizeof(*msg)};
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};

	if (pass_fd >= 0) {
		m.msg_control = ancillary.room;
		m.msg_controllen = sizeof(ancillary.room);
		struct cmsghdr *c = CMSG_FIRSTHDR(&m);

		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &pass_fd, sizeof(int));
	}
	return sendmsg(control, &m, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

static int open_channel(int control, int daemon_end, uint32_t groups)
{
	struct uxfrm_control_msg msg = message(UXFRM_CONTROL_OPEN, 0, 0);
	int err = send_message(control, &msg, daemon_end);

	if (!err)
		err = await_answer(control, UXFRM_CONTROL_OPEN);
	if (!err) {
		msg = message(UXFRM_CONTROL_OPTION, NETLINK_EXT_ACK, 1);
		err = send_message(control, &msg, -1);
	}
	if (!err)
		err = await_answer(control, UXFRM_CONTROL_OPTION);
	if (err || !groups)
		return err;
	msg = message(UXFRM_CONTROL_BIND, 0, groups);
	err = send_message(control, &msg, -1);
	return err ? err : await_answer(control, UXFRM_CONTROL_BIND);
}

int ux_link_open(int control, uint32_t groups, int *ret_data)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	int err = open_channel(control, pair[1], groups);

	close(pair[1]); /* unlike a program under the shim, we want to see the daemon go */
	if (err) {
		close(pair[0]);
		return err;
	}
	*ret_data = pair[0];
	return 0;
}

static int send_question(int control, const struct ux_link_question *question)
{
	struct uxfrm_control_msg msg = message(question->op, 0, 0);
	struct iovec iov[] = {{&msg, sizeof(msg)},
			      {(void *)(uintptr_t)question->more, question->len}};
	const struct msghdr m = {.msg_iov = iov, .msg_iovlen = 2};

	return sendmsg(control, &m, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

ssize_t ux_link_ask(int control, const struct ux_link_question *question, void *more, size_t size,
		    int *ret_result)
{
	static _Thread_local char buf[sizeof(struct uxfrm_control_msg) + UXFRM_CONTROL_STATUS_MAX];
	struct uxfrm_control_msg msg = {0};
	int err = send_question(control, question);
	ssize_t len = 0;

	if (err)
		return err;
	do { /* PROCESSED messages are passed over */
		len = receive(control, buf, sizeof(buf));
		if (len < 0)
			return len;
		if ((size_t)len < sizeof(msg))
			return -EPROTO;
		memcpy(&msg, buf, sizeof(msg));
		if (msg.magic != UXFRM_CONTROL_MAGIC)
			return -EPROTO;
	} while (msg.op != question->op);
	len -= (ssize_t)sizeof(msg);
	if ((size_t)len > size)
		return -EMSGSIZE;
	memcpy(more, buf + sizeof(msg), (size_t)len);
	*ret_result = msg.result;
	return len;
}

int ux_link_settle(ssize_t n, int refusal, const char *text, struct uxfrm_result *ret_result)
{
	size_t len = n > 0 ? (size_t)n : 0;

	*ret_result = (struct uxfrm_result){.error = -refusal};
	if (n < 0)
		return (int)n;
	if (!refusal)
		return 0;
	if (len >= sizeof(ret_result->text))
		len = sizeof(ret_result->text) - 1;
	memcpy(ret_result->text, text, len);
	return 1;
}

ssize_t ux_link_status(int control, char *text, size_t size)
{
	const struct ux_link_question question = {.op = UXFRM_CONTROL_STATUS};
	int result = 0;
	ssize_t len = size ? ux_link_ask(control, &question, text, size - 1, &result) : -EMSGSIZE;

	if (len < 0 || result)
		return len < 0 ? len : result;
	text[len] = '\0';
	return len;
}
