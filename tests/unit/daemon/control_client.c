/* SPDX-License-Identifier: BSD-2-Clause */

#include "control_client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/control_thread.h"
#include "daemon/log.h"

#define WAIT_MS 2000

pid_t test_daemon_start(void)
{
	int fds[2];
	pid_t pid;
	char c;

	if (unshare(CLONE_NEWNET) < 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0)
		return -1;
	assert_int_equal(pipe(fds), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct ux_ext_ack ext = {0};
		struct ux_config config;

		close(fds[0]);
		ux_config_init(&config);
		config.foreground = true;
		config.ports = false;
		config.queue_bytes = 65536;
		config.ready_fd = fds[1];
		_exit(ux_control_thread_run(&config, -1, &ext) ? 1 : 0);
	}
	close(fds[1]);
	assert_int_equal(read(fds[0], &c, 1), 1);
	close(fds[0]);
	return pid;
}

int test_daemon_stop(pid_t pid)
{
	int status = 0;

	assert_int_equal(kill(pid, SIGTERM), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

void control_connect(struct control_client *c)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};

	*c = (struct control_client){-1, -1, -1, 0};
	c->control = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	assert_true(c->control >= 0);
	memcpy(name.sun_path + 1, UXFRM_CONTROL_NAME, strlen(UXFRM_CONTROL_NAME));
	assert_int_equal(connect(c->control, (struct sockaddr *)&name,
				 (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
					     strlen(UXFRM_CONTROL_NAME))),
			 0);
}

void control_close(struct control_client *c)
{
	if (c->control >= 0)
		close(c->control);
	if (c->data >= 0)
		close(c->data);
	if (c->kept >= 0)
		close(c->kept);
	*c = (struct control_client){-1, -1, -1, 0};
}

static struct uxfrm_control_msg read_control(struct control_client *c)
{
	struct pollfd p = {.fd = c->control, .events = POLLIN};
	struct uxfrm_control_msg msg = {0};

	assert_int_equal(poll(&p, 1, WAIT_MS), 1);
	assert_true(recv(c->control, &msg, sizeof(msg), 0) >= 0);
	return msg;
}

static struct uxfrm_control_msg read_answer(struct control_client *c)
{
	struct uxfrm_control_msg msg;

	do {
		msg = read_control(c);
	} while (msg.op == UXFRM_CONTROL_PROCESSED);
	return msg;
}

struct uxfrm_control_msg control_ask(struct control_client *c, uint16_t op, uint32_t a, uint32_t b)
{
	struct uxfrm_control_msg msg = {.magic = UXFRM_CONTROL_MAGIC,
					.version = UXFRM_CONTROL_VERSION,
					.op = op,
					.value = {a, b}};

	assert_int_equal(send(c->control, &msg, sizeof(msg), 0), sizeof(msg));
	msg = read_answer(c);
	assert_int_equal(msg.op, op);
	return msg;
}

int control_open_with(struct control_client *c, uint32_t wanted_port, uint32_t flags)
{
	struct uxfrm_control_msg msg = {.magic = UXFRM_CONTROL_MAGIC,
					.version = UXFRM_CONTROL_VERSION,
					.op = UXFRM_CONTROL_OPEN,
					.value = {wanted_port, flags}};
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {0};
	struct iovec iov = {&msg, sizeof(msg)};
	struct msghdr m = {.msg_iov = &iov,
			   .msg_iovlen = 1,
			   .msg_control = control,
			   .msg_controllen = sizeof(control)};
	struct cmsghdr *cm = CMSG_FIRSTHDR(&m);
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds), 0);
	cm->cmsg_level = SOL_SOCKET;
	cm->cmsg_type = SCM_RIGHTS;
	cm->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cm), &fds[1], sizeof(int));
	assert_int_equal(sendmsg(c->control, &m, 0), sizeof(msg));
	c->data = fds[0];
	c->kept = fds[1];
	msg = read_answer(c);
	assert_int_equal(msg.op, UXFRM_CONTROL_OPEN);
	c->port_id = msg.value[0];
	return msg.result;
}

int control_open(struct control_client *c, uint32_t wanted_port)
{
	return control_open_with(c, wanted_port, 0);
}

void control_wait_processed(struct control_client *c, uint32_t n)
{
	uint32_t done = 0;

	while (done < n) {
		struct uxfrm_control_msg msg = read_control(c);

		assert_int_equal(msg.op, UXFRM_CONTROL_PROCESSED);
		done += msg.value[0];
	}
	assert_int_equal(done, n);
}

void control_request(struct control_client *c, const void *bytes, size_t len)
{
	assert_int_equal(send(c->data, bytes, len, 0), len);
	control_wait_processed(c, 1);
}

ssize_t control_receive(struct control_client *c, void *buf, size_t size)
{
	struct pollfd p = {.fd = c->data, .events = POLLIN};

	if (poll(&p, 1, WAIT_MS) != 1)
		return -1;
	return recv(c->data, buf, size, 0);
}
