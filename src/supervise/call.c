/* SPDX-License-Identifier: BSD-2-Clause */

#include "supervise/call.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "supervise/program.h"
#include "supervise/sockets.h"

static __thread struct ux_call *current;
struct ux_call *ux_call_current(void)
{
	return current;
}

void ux_call_set_current(struct ux_call *c)
{
	current = c;
}

int ux_call_open(struct ux_call *c)
{
	int fd = ux_program_descriptor(c->tid, (int)c->args[0]);

	if (fd < 0)
		return fd;
	c->fd = fd;
	c->socket = ux_sockets_find(fd);
	return 0;
}

void ux_call_close(struct ux_call *c)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	if (c->socket)
		shim_socket_drop(c->socket);
	c->socket = NULL;
}

bool ux_call_is_there(const struct ux_call *c)
{
	return ioctl(c->listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &c->id) == 0;
}

void ux_call_answer(const struct ux_call *c, long result)
{
	struct seccomp_notif_resp answer = {.id = c->id};

	if (result == UX_CALL_PASS)
		answer.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
	else if (result < 0)
		answer.error = (int)result;
	else
		answer.val = result;
	while (ioctl(c->listener, SECCOMP_IOCTL_NOTIF_SEND, &answer) < 0)
		if (errno != EINTR)
			return;
}

int ux_call_give(const struct ux_call *c, int fd, int at, bool cloexec)
{
	struct seccomp_notif_addfd add = {
	    .id = c->id,
	    .flags = SECCOMP_ADDFD_FLAG_SETFD,
	    .srcfd = (uint32_t)fd,
	    .newfd = (uint32_t)at,
	    .newfd_flags = cloexec ? O_CLOEXEC : 0,
	};

	while (ioctl(c->listener, SECCOMP_IOCTL_NOTIF_ADDFD, &add) < 0)
		if (errno != EINTR)
			return errno == EBADF ? -EBADF : -ENOENT;
	return 0;
}
