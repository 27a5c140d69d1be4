/* SPDX-License-Identifier: BSD-2-Clause */

/* A raw socket that is connected and never sends: the kernel has to look for the way then, and
 * tells what it found. */

#include "io/path.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef IPV6_FREEBIND
#define IPV6_FREEBIND 78
#endif

/* Either family's. */
union name {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static socklen_t make_name(int family, const struct ux_addr *addr, union name *ret_name)
{
	memset(ret_name, 0, sizeof(*ret_name));
	if (family == AF_INET) {
		ret_name->v4.sin_family = AF_INET;
		memcpy(&ret_name->v4.sin_addr, addr, 4);
		return sizeof(ret_name->v4);
	}
	ret_name->v6.sin6_family = AF_INET6;
	memcpy(&ret_name->v6.sin6_addr, addr, 16);
	return sizeof(ret_name->v6);
}

static int connect_path(int fd, const struct ux_path *path)
{
	bool six = path->family == AF_INET6;
	const int on = 1;
	union name name;
	socklen_t len;

	if (setsockopt(fd, SOL_SOCKET, SO_MARK, &path->mark, sizeof(path->mark)) < 0)
		return -errno;
	if (path->from) {
		/* It need not be there any more, or be ours at all. */
		if (setsockopt(fd, six ? IPPROTO_IPV6 : IPPROTO_IP,
			       six ? IPV6_FREEBIND : IP_FREEBIND, &on, sizeof(on)) < 0)
			return -errno;
		len = make_name(path->family, path->from, &name);
		if (bind(fd, &name.any, len) < 0)
			return -errno;
	}
	len = make_name(path->family, path->to, &name);
	return connect(fd, &name.any, len) < 0 ? -errno : 0;
}

static int read_path(int fd, int family, uint32_t *ret_mtu, struct ux_addr *ret_source)
{
	bool six = family == AF_INET6;
	struct ux_addr source = {0};
	union name name = {0};
	socklen_t len = sizeof(name);
	int mtu;

	if (getsockname(fd, &name.any, &len) < 0)
		return -errno;
	len = sizeof(mtu);
	if (getsockopt(fd, six ? IPPROTO_IPV6 : IPPROTO_IP, six ? IPV6_MTU : IP_MTU, &mtu, &len) <
	    0)
		return -errno;
	if (six)
		memcpy(&source, &name.v6.sin6_addr, 16);
	else
		memcpy(&source, &name.v4.sin_addr, 4);
	if (ret_mtu)
		*ret_mtu = (uint32_t)mtu;
	if (ret_source)
		*ret_source = source;
	return 0;
}

int ux_path_ask(const struct ux_path *path, uint32_t *ret_mtu, struct ux_addr *ret_source)
{
	int fd = socket(path->family, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	int err;

	if (fd < 0)
		return -errno;
	err = connect_path(fd, path);
	if (!err)
		err = read_path(fd, path->family, ret_mtu, ret_source);
	close(fd);
	return err;
}
