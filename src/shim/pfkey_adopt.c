/* SPDX-License-Identifier: BSD-2-Clause */

/* PF_KEY sockets that come from another process, which had them from its own copy of this library.
 */

#include "shim/pfkey_adopt.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/un.h>

#include <uxfrm/control.h>

#include "shim/front.h"
#include "shim/real.h"
#include "shim/socket_table.h"

static bool has_name(int fd)
{
	const size_t len = sizeof(UXFRM_PFKEY_NAME) - 1;
	struct sockaddr_un name = {0};
	socklen_t room = sizeof(name);

	return shim_real()->getsockname(fd, (struct sockaddr *)&name, &room) == 0 &&
	       name.sun_family == AF_UNIX &&
	       room > offsetof(struct sockaddr_un, sun_path) + 1 + len && !name.sun_path[0] &&
	       memcmp(name.sun_path + 1, UXFRM_PFKEY_NAME, len) == 0;
}

static void adopt(int fd)
{
	struct shim_socket *s;

	if (fd < 0 || fd >= SHIM_FD_MAX || shim_socket_of(fd) || !has_name(fd))
		return;
	shim_socket_watch_forks();
	s = shim_socket_new();
	if (!s)
		return;
	s->type = SOCK_RAW;
	s->pfkey = s->adopted = true;
	shim_front_attach(s, fd);
}

void shim_pfkey_adopt(const struct msghdr *msg)
{
	struct msghdr *m = (struct msghdr *)(uintptr_t)msg; /* CMSG_NXTHDR's type */
	int error = errno, fd;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t at = 0; at + sizeof(fd) <= c->cmsg_len - CMSG_LEN(0);
		     at += sizeof(fd)) {
			memcpy(&fd, CMSG_DATA(c) + at, sizeof(fd));
			adopt(fd);
		}
	}
	errno = error;
}
