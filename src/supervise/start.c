/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The process that was called becomes the program, so that its parent sees that one's signals and
 * its end. The supervisor is made before the filter is there, and gets the listener through a
 * socket pair.
 */

#include "supervise/start.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shim/real.h"
#include "supervise/filter.h"
#include "supervise/supervisor.h"

#define CHANNEL_FD 3 /* its number in the supervisor */

static int send_listener(int channel, int listener)
{
	union {
		char room[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = {0};
	char byte = 0;
	struct iovec iov = {&byte, sizeof(byte)};
	struct msghdr m = {.msg_iov = &iov,
			   .msg_iovlen = 1,
			   .msg_control = control.room,
			   .msg_controllen = sizeof(control.room)};
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &listener, sizeof(int));
	return sendmsg(channel, &m, MSG_NOSIGNAL) == 1 ? 0 : -errno;
}

static int receive_listener(int channel)
{
	union {
		char room[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	char byte;
	int listener = -1;
	struct iovec iov = {&byte, sizeof(byte)};
	struct msghdr m = {.msg_iov = &iov,
			   .msg_iovlen = 1,
			   .msg_control = control.room,
			   .msg_controllen = sizeof(control.room)};

	if (recvmsg(channel, &m, MSG_CMSG_CLOEXEC) != 1)
		return -1;
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	if (c && c->cmsg_type == SCM_RIGHTS)
		memcpy(&listener, CMSG_DATA(c), sizeof(int));
	return listener;
}

/* It outlives whoever asks it to end, since the program's calls would fail without it: its end is
 * the program's. */
static void detach_from_everything(int channel)
{
	static const int ignored[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE, SIGUSR1, SIGUSR2};
	struct rlimit limit;
	sigset_t none;

	(void)setsid();
	for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		(void)signal(ignored[i], SIG_IGN);
	(void)signal(SIGCHLD, SIG_DFL);
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)!chdir("/");
	(void)dup2(channel, CHANNEL_FD);
	int null = open("/dev/null", O_RDWR);

	for (int i = 0; i < 3 && null >= 0; i++)
		(void)dup2(null, i);
	(void)close_range(CHANNEL_FD + 1, ~0u, 0);
	/* it sees keys */
	(void)prctl(PR_SET_DUMPABLE, 0);
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
	(void)prctl(PR_SET_NAME, "uxfrm-supervise");
}

_Noreturn static void supervise(int channel, const struct ux_filter *filter)
{
	pid_t self = getpid();

	detach_from_everything(channel);
	if (write(CHANNEL_FD, &self, sizeof(self)) != (ssize_t)sizeof(self))
		_exit(1);
	int listener = receive_listener(CHANNEL_FD);

	if (listener < 0)
		_exit(1);
	(void)!write(CHANNEL_FD, "", 1);
	close(CHANNEL_FD);
	ux_supervisor_run(listener, filter);
}

/* Its process id, or -errno. */
static pid_t make_supervisor(int channel[2], const struct ux_filter *filter)
{
	pid_t pid = -1, middle = fork();

	if (middle == 0) {
		close(channel[0]);
		if (fork() == 0)
			supervise(channel[1], filter);
		_exit(0);
	}
	close(channel[1]);
	if (middle < 0)
		return -errno;
	while (waitpid(middle, NULL, 0) < 0 && errno == EINTR)
		;
	return read(channel[0], &pid, sizeof(pid)) == (ssize_t)sizeof(pid) ? pid : -EAGAIN;
}

static int hand_over(int channel, const struct ux_filter *filter, const char **ret_reason)
{
	int listener = ux_filter_install(filter);
	char byte;

	if (listener == -EBUSY)
		*ret_reason = "another supervisor has the program's system calls already";
	else if (listener < 0)
		*ret_reason = "the kernel refuses a seccomp filter with notifications, which came "
			      "with Linux 5.19";
	if (listener < 0)
		return listener;
	*ret_reason = "the supervisor could not be started";
	int err = send_listener(channel, listener);

	close(listener);
	return !err && read(channel, &byte, 1) == 1 ? 0 : -EPIPE;
}

int ux_supervise_exec(char **argv, const char **ret_reason)
{
	static struct ux_filter filter;
	int channel[2];

	*ret_reason = "the supervisor could not be started";
	ux_filter_choose(&filter);
	filter.tells_of_uname = shim_setting(SHIM_RELEASE) != NULL;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, channel) < 0)
		return -errno;
	pid_t supervisor = make_supervisor(channel, &filter);
	int err = supervisor < 0 ? supervisor : hand_over(channel[0], &filter, ret_reason);

	close(channel[0]);
	if (err)
		return err;
	/* where only a parent may look into a process (Yama) */
	(void)prctl(PR_SET_PTRACER, (unsigned long)supervisor, 0, 0, 0);
	execvp(argv[0], argv);
	*ret_reason = "";
	return -errno;
}
