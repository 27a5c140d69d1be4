/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What this library exports: the system call wrappers it stands in front of. Each asks whether the
 * descriptor is an emulated socket, and passes everything else through untouched.
 */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <linux/netlink.h>

#include "shim/address.h"
#include "shim/foreign_bind.h"
#include "shim/front.h"
#include "shim/pfkey.h"
#include "shim/pfkey_adopt.h"
#include "shim/real.h"
#include "shim/socket_policy.h"
#include "shim/socket_table.h"
#include "shim/socket_templates.h"
#include "shim/transfer.h"
#include "shim/xfrm_link.h"

#define EXPORT __attribute__((visibility("default")))

/* Not in the headers under these names. */
ssize_t __recv_chk(int fd, void *buf, size_t n, size_t room, int flags);
ssize_t __recvfrom_chk(int fd, void *buf, size_t n, size_t room, int flags, __SOCKADDR_ARG address,
		       socklen_t *len);
ssize_t __read_chk(int fd, void *buf, size_t n, size_t room);
int fcntl64(int fd, int cmd, ...);

__attribute__((constructor)) static void load(void)
{
	(void)shim_real();
}

/* ---- sockets and names ---- */

EXPORT int socket(int domain, int type, int protocol)
{
	bool netlink = domain == AF_NETLINK && protocol == NETLINK_XFRM;

	if ((netlink || domain == AF_KEY) && shim_active()) {
		shim_socket_watch_forks();
		return netlink ? shim_socket_open(type) : shim_pfkey_open(type, protocol);
	}
	return shim_real()->socket(domain, type, protocol);
}

EXPORT int bind(int fd, __CONST_SOCKADDR_ARG address, socklen_t len)
{
	struct shim_socket *s = shim_socket_of(fd);

	if (s)
		return shim_bind(s, address.__sockaddr__, len);
	if (shim_active())
		shim_before_bind(fd, address.__sockaddr__, len);
	return shim_real()->bind(fd, address.__sockaddr__, len);
}

EXPORT int connect(int fd, __CONST_SOCKADDR_ARG address, socklen_t len)
{
	struct shim_socket *s = shim_socket_of(fd);

	return s ? shim_connect(s, address.__sockaddr__, len)
		 : shim_real()->connect(fd, address.__sockaddr__, len);
}

/* Neither netlink nor PF_KEY has these, but what stands in their place would obey. */
static int refuse(void)
{
	errno = EOPNOTSUPP;
	return -1;
}

EXPORT int listen(int fd, int n)
{
	return shim_socket_of(fd) ? refuse() : shim_real()->listen(fd, n);
}

EXPORT int shutdown(int fd, int how)
{
	return shim_socket_of(fd) ? refuse() : shim_real()->shutdown(fd, how);
}

EXPORT int getsockname(int fd, __SOCKADDR_ARG address, socklen_t *len)
{
	struct shim_socket *s = shim_socket_of(fd);

	return s ? shim_getsockname(s, address.__sockaddr__, len)
		 : shim_real()->getsockname(fd, address.__sockaddr__, len);
}

EXPORT int getpeername(int fd, __SOCKADDR_ARG address, socklen_t *len)
{
	struct shim_socket *s = shim_socket_of(fd);

	return s ? shim_getpeername(s, address.__sockaddr__, len)
		 : shim_real()->getpeername(fd, address.__sockaddr__, len);
}

EXPORT int setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
	struct shim_socket *s = shim_socket_of(fd);

	if (s)
		return shim_setsockopt(s, fd, level, name, value, len);
	if (shim_active() && shim_pfkey_is_policy(level, name))
		return shim_pfkey_set_policy(fd, level, value, len);
	if (shim_active() && shim_is_socket_policy(level, name)) {
		const int done = shim_set_socket_templates(fd, value, len);

		return done <= 0 ? done : shim_set_socket_policy(fd, level, name, value, len);
	}
	if (level == SOL_SOCKET && name == SO_MARK)
		return shim_set_mark(fd, value, len);
	return shim_real()->setsockopt(fd, level, name, value, len);
}

EXPORT int getsockopt(int fd, int level, int name, void *value, socklen_t *len)
{
	struct shim_socket *s = shim_socket_of(fd);

	if (s)
		return shim_getsockopt(s, fd, level, name, value, len);
	if (level == SOL_SOCKET && name == SO_MARK)
		return shim_get_mark(fd, value, len);
	return shim_real()->getsockopt(fd, level, name, value, len);
}

/* ---- sending ---- */

static ssize_t send_bytes(struct shim_socket *s, int fd, const void *buf, size_t n, int flags)
{
	struct iovec iov = {.iov_base = (void *)(uintptr_t)buf, .iov_len = n};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};

	return shim_send(s, fd, &msg, flags);
}

/* On a socket that is not emulated: is it a request that may be for us all the same? */
static bool is_for_link(int fd, const struct msghdr *msg)
{
	return shim_makes_link(fd, msg) && shim_active();
}

static bool bytes_for_link(int fd, const void *buf, size_t n, struct msghdr *msg, struct iovec *iov)
{
	*iov = (struct iovec){.iov_base = (void *)(uintptr_t)buf, .iov_len = n};
	*msg = (struct msghdr){.msg_iov = iov, .msg_iovlen = 1};
	return is_for_link(fd, msg);
}

EXPORT ssize_t send(int fd, const void *buf, size_t n, int flags)
{
	struct shim_socket *s = shim_socket_of(fd);
	struct msghdr msg;
	struct iovec iov;

	if (!s && bytes_for_link(fd, buf, n, &msg, &iov))
		return shim_send_link(fd, &msg, flags);
	return s ? send_bytes(s, fd, buf, n, flags) : shim_real()->send(fd, buf, n, flags);
}

EXPORT ssize_t sendto(int fd, const void *buf, size_t n, int flags, __CONST_SOCKADDR_ARG address,
		      socklen_t len)
{
	struct shim_socket *s = shim_socket_of(fd);

	struct iovec iov;
	struct msghdr msg;
	const bool for_link = bytes_for_link(fd, buf, n, &msg, &iov) && !s;

	if (!s && !for_link)
		return shim_real()->sendto(fd, buf, n, flags, address.__sockaddr__, len);
	msg.msg_name = (void *)(uintptr_t)address.__sockaddr__;
	msg.msg_namelen = len;
	return s ? shim_send(s, fd, &msg, flags) : shim_send_link(fd, &msg, flags);
}

EXPORT ssize_t sendmsg(int fd, const struct msghdr *msg, int flags)
{
	struct shim_socket *s = shim_socket_of(fd);

	if (!s && msg && is_for_link(fd, msg))
		return shim_send_link(fd, msg, flags);
	return s ? shim_send(s, fd, msg, flags) : shim_real()->sendmsg(fd, msg, flags);
}

EXPORT int sendmmsg(int fd, struct mmsghdr *msgs, unsigned int n, int flags)
{
	struct shim_socket *s = shim_socket_of(fd);
	unsigned int sent = 0;

	if (!s)
		return shim_real()->sendmmsg(fd, msgs, n, flags);
	for (; sent < n; sent++) {
		ssize_t len = shim_send(s, fd, &msgs[sent].msg_hdr, flags);

		if (len < 0)
			return sent ? (int)sent : -1;
		msgs[sent].msg_len = (unsigned int)len;
	}
	return (int)sent;
}

EXPORT ssize_t write(int fd, const void *buf, size_t n)
{
	struct shim_socket *s = shim_socket_of(fd);
	struct msghdr msg;
	struct iovec iov;

	if (!s && bytes_for_link(fd, buf, n, &msg, &iov))
		return shim_send_link(fd, &msg, 0);
	return s ? send_bytes(s, fd, buf, n, 0) : shim_real()->write(fd, buf, n);
}

EXPORT ssize_t writev(int fd, const struct iovec *iov, int n)
{
	struct shim_socket *s = shim_socket_of(fd);

	if (n < 0)
		return shim_real()->writev(fd, iov, n);
	struct msghdr msg = {.msg_iov = (struct iovec *)(uintptr_t)iov, .msg_iovlen = (size_t)n};

	if (s)
		return shim_send(s, fd, &msg, 0);
	return is_for_link(fd, &msg) ? shim_send_link(fd, &msg, 0) : shim_real()->writev(fd, iov, n);
}

/* ---- receiving ---- */

static ssize_t receive_bytes(struct shim_socket *s, int fd, void *buf, size_t n, int flags)
{
	struct iovec iov = {.iov_base = buf, .iov_len = n};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};

	return shim_receive(s, fd, &msg, flags);
}

/* What was received on a socket that is not emulated, of which there are @received bytes and room for @n. */
static ssize_t shown(int fd, void *buf, size_t n, ssize_t received)
{
	if (received > 0 && shim_active())
		shim_show_links(fd, buf, (size_t)received < n ? (size_t)received : n);
	return received;
}

EXPORT ssize_t recv(int fd, void *buf, size_t n, int flags)
{
	struct shim_socket *s = shim_socket_of(fd);

	return s ? receive_bytes(s, fd, buf, n, flags)
		 : shown(fd, buf, n, shim_real()->recv(fd, buf, n, flags));
}

static ssize_t receive_from(struct shim_socket *s, int fd, struct iovec *iov, int flags,
			    struct sockaddr *address, socklen_t *len)
{
	struct msghdr msg = {.msg_iov = iov, .msg_iovlen = 1};

	if (address && len) {
		msg.msg_name = address;
		msg.msg_namelen = *len;
	}
	ssize_t n = shim_receive(s, fd, &msg, flags);

	if (n >= 0 && address && len)
		*len = msg.msg_namelen;
	return n;
}

EXPORT ssize_t recvfrom(int fd, void *buf, size_t n, int flags, __SOCKADDR_ARG address,
			socklen_t *len)
{
	struct shim_socket *s = shim_socket_of(fd);
	struct iovec iov = {.iov_base = buf, .iov_len = n};

	return s ? receive_from(s, fd, &iov, flags, address.__sockaddr__, len)
		 : shown(fd, buf, n,
			 shim_real()->recvfrom(fd, buf, n, flags, address.__sockaddr__, len));
}

EXPORT ssize_t recvmsg(int fd, struct msghdr *msg, int flags)
{
	struct shim_socket *s = shim_socket_of(fd);

	if (s)
		return shim_receive(s, fd, msg, flags);
	ssize_t n = shim_real()->recvmsg(fd, msg, flags);

	if (n > 0 && msg->msg_iovlen)
		(void)shown(fd, msg->msg_iov[0].iov_base, msg->msg_iov[0].iov_len, n);
	if (n >= 0 && msg->msg_controllen && shim_active())
		shim_pfkey_adopt(msg);
	return n;
}

static bool is_past(const struct timespec *deadline)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec > deadline->tv_sec ||
	       (now.tv_sec == deadline->tv_sec && now.tv_nsec >= deadline->tv_nsec);
}

/* As in the kernel, the time limit is looked at only after each datagram. */
EXPORT int recvmmsg(int fd, struct mmsghdr *msgs, unsigned int n, int flags,
		    struct timespec *timeout)
{
	struct shim_socket *s = shim_socket_of(fd);
	struct timespec deadline = {0};
	unsigned int got = 0;

	if (!s)
		return shim_real()->recvmmsg(fd, msgs, n, flags, timeout);
	if (timeout) {
		clock_gettime(CLOCK_MONOTONIC, &deadline);
		deadline.tv_sec +=
		    timeout->tv_sec + (deadline.tv_nsec + timeout->tv_nsec) / 1000000000;
		deadline.tv_nsec = (deadline.tv_nsec + timeout->tv_nsec) % 1000000000;
	}
	while (got < n && (got == 0 || !timeout || !is_past(&deadline))) {
		ssize_t len = shim_receive(s, fd, &msgs[got].msg_hdr, flags & ~MSG_WAITFORONE);

		if (len < 0)
			return got ? (int)got : -1;
		msgs[got++].msg_len = (unsigned int)len;
		if (flags & MSG_WAITFORONE)
			flags |= MSG_DONTWAIT;
	}
	return (int)got;
}

EXPORT ssize_t read(int fd, void *buf, size_t n)
{
	struct shim_socket *s = shim_socket_of(fd);

	return s ? receive_bytes(s, fd, buf, n, 0) : shown(fd, buf, n, shim_real()->read(fd, buf, n));
}

EXPORT ssize_t readv(int fd, const struct iovec *iov, int n)
{
	struct shim_socket *s = shim_socket_of(fd);

	if (!s || n < 0)
		return shim_real()->readv(fd, iov, n);
	struct msghdr msg = {.msg_iov = (struct iovec *)(uintptr_t)iov, .msg_iovlen = (size_t)n};

	return shim_receive(s, fd, &msg, 0);
}

/* What a fortified program calls; where its check would fail, libc's own function ends the program.
 */
EXPORT ssize_t __recv_chk(int fd, void *buf, size_t n, size_t room, int flags)
{
	struct shim_socket *s = shim_socket_of(fd);

	return s && n <= room ? receive_bytes(s, fd, buf, n, flags)
			      : shown(fd, buf, n, shim_real()->recv_chk(fd, buf, n, room, flags));
}

EXPORT ssize_t __recvfrom_chk(int fd, void *buf, size_t n, size_t room, int flags,
			      __SOCKADDR_ARG address, socklen_t *len)
{
	struct shim_socket *s = shim_socket_of(fd);
	struct iovec iov = {.iov_base = buf, .iov_len = n};

	return s && n <= room
		   ? receive_from(s, fd, &iov, flags, address.__sockaddr__, len)
		   : shown(fd, buf, n,
			   shim_real()->recvfrom_chk(fd, buf, n, room, flags, address.__sockaddr__,
						     len));
}

EXPORT ssize_t __read_chk(int fd, void *buf, size_t n, size_t room)
{
	struct shim_socket *s = shim_socket_of(fd);

	return s && n <= room ? receive_bytes(s, fd, buf, n, 0)
			      : shown(fd, buf, n, shim_real()->read_chk(fd, buf, n, room));
}

/* ---- descriptors ---- */

EXPORT int close(int fd)
{
	if (!shim_socket_of(fd)) {
		if (shim_is_hidden(fd)) {
			errno = EBADF; /* to the program this number is not open */
			return -1;
		}
		shim_close_socket_templates(fd);
		return shim_real()->close(fd);
	}
	/* first forget it: the number may be used again as soon as it is closed */
	shim_socket_detach(fd);
	return shim_real()->close(fd);
}

EXPORT int close_range(unsigned int first, unsigned int last, int flags)
{
	if (shim_next_hidden(0) < 0 || first > last || (flags & CLOSE_RANGE_CLOEXEC))
		return shim_real()->close_range(first, last, flags);
	for (unsigned int fd = first; fd <= last && fd < SHIM_FD_MAX; fd++)
		shim_socket_detach((int)fd);
	for (int hidden = shim_next_hidden(first); hidden >= 0 && (unsigned int)hidden <= last;
	     hidden = shim_next_hidden(first)) {
		unsigned int h = (unsigned int)hidden;

		if (h > first && shim_real()->close_range(first, h - 1, flags) < 0)
			return -1;
		if (h == last)
			return 0;
		first = h + 1;
	}
	return shim_real()->close_range(first, last, flags);
}

EXPORT void closefrom(int first)
{
	(void)close_range(first < 0 ? 0 : (unsigned int)first, UINT_MAX, 0);
}

static int name_copy(struct shim_socket *s, int copy)
{
	if (!s)
		return copy;
	if (copy >= SHIM_FD_MAX) {
		shim_socket_drop(s);
		shim_real()->close(copy);
		errno = EMFILE;
		return -1;
	}
	if (copy < 0)
		shim_socket_drop(s);
	else
		shim_front_attach(s, copy);
	return copy;
}

static struct shim_socket *hold_socket_of(int fd)
{
	struct shim_socket *s = shim_socket_of(fd);

	if (s)
		shim_socket_hold(s);
	return s;
}

EXPORT int dup(int fd)
{
	struct shim_socket *s = hold_socket_of(fd);

	return name_copy(s, shim_real()->dup(fd));
}

/* The target's number may be an emulated socket, which ends, or a hidden descriptor, which moves.
 */
static int copy_onto(int from, int to, int flags, bool three)
{
	if (from == to)
		return three ? shim_real()->dup3(from, to, flags) : shim_real()->dup2(from, to);
	if (shim_is_hidden(to) && shim_vacate(to) < 0)
		return -1;
	struct shim_socket *s = hold_socket_of(from);
	int copy = three ? shim_real()->dup3(from, to, flags) : shim_real()->dup2(from, to);

	if (copy >= 0 && !s)
		shim_socket_detach(copy);
	return name_copy(s, copy);
}

EXPORT int dup2(int from, int to)
{
	return copy_onto(from, to, 0, false);
}

EXPORT int dup3(int from, int to, int flags)
{
	return copy_onto(from, to, flags, true);
}

/* The third argument is an int or a pointer, or there is none; as a pointer it passes unchanged. */
static int do_fcntl(int fd, int cmd, void *argument)
{
	if (cmd != F_DUPFD && cmd != F_DUPFD_CLOEXEC)
		return shim_real()->fcntl(fd, cmd, argument);
	struct shim_socket *s = hold_socket_of(fd);

	return name_copy(s, shim_real()->fcntl(fd, cmd, argument));
}

EXPORT int fcntl(int fd, int cmd, ...)
{
	va_list list;

	va_start(list, cmd);
	void *argument = va_arg(list, void *);

	va_end(list);
	return do_fcntl(fd, cmd, argument);
}

EXPORT int fcntl64(int fd, int cmd, ...)
{
	va_list list;

	va_start(list, cmd);
	void *argument = va_arg(list, void *);

	va_end(list);
	return do_fcntl(fd, cmd, argument);
}

/* ---- the kernel's release ---- */

EXPORT int uname(struct utsname *name)
{
	int err = shim_real()->uname(name);
	const char *release = shim_setting(SHIM_RELEASE);

	if (err == 0 && release && shim_active())
		snprintf(name->release, sizeof(name->release), "%s", release);
	return err;
}
