/* SPDX-License-Identifier: BSD-2-Clause */

/* Readiness: by a pipe, by a descriptor given, and by systemd's notification socket. */

#include "daemon/ready.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static void wait_for_child(int fd)
{
	ssize_t n;
	char c;

	do {
		n = read(fd, &c, 1);
	} while (n < 0 && errno == EINTR);
	_exit(n == 1 ? 0 : 1);
}

/* Whoever waits for the end of a pipe that our starter had open must not wait for ours. */
static void close_inherited(int keep, int ready_fd)
{
	int low = keep >= 3 && keep < ready_fd ? keep : ready_fd;
	int high = keep > ready_fd ? keep : ready_fd;

	if (low > 3)
		(void)close_range(3, (unsigned int)low - 1, 0);
	if (high > low + 1)
		(void)close_range((unsigned int)low + 1, (unsigned int)high - 1, 0);
	(void)close_range((unsigned int)high + 1, UINT_MAX, 0);
}

int ux_daemonize(int keep_fd)
{
	int fds[2];
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	pid = fork();
	if (pid > 0) {
		close(fds[1]);
		wait_for_child(fds[0]);
	}
	close(fds[0]);
	if (pid < 0)
		goto fail;
	if (setsid() < 0)
		goto fail;
	/* Not the leader of its session, so that it can never acquire a terminal. */
	pid = fork();
	if (pid < 0)
		goto fail;
	if (pid > 0)
		_exit(0);
	if (chdir("/") < 0)
		goto fail;
	close_inherited(keep_fd, fds[1]);
	return fds[1];
fail:
	close(fds[1]);
	return -errno;
}

int ux_detach_stdio(void)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	for (int i = 0; i < 3; i++) {
		if (dup2(fd, i) < 0)
			return -errno;
	}
	if (fd > 2)
		close(fd);
	return 0;
}

void ux_ready_tell(int fd)
{
	if (fd < 0)
		return;
	/* Who waited may have gone; a signal for that is not wanted and SIGPIPE is ignored. */
	(void)!write(fd, "\n", 1);
	close(fd);
}

void ux_sd_notify(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	size_t len = path ? strlen(path) : 0;
	int fd;

	if (!len || len >= sizeof(name.sun_path) || (path[0] != '/' && path[0] != '@'))
		return;
	memcpy(name.sun_path, path, len);
	if (name.sun_path[0] == '@')
		name.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	(void)!sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&name,
		      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
	close(fd);
}
