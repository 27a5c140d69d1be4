/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A socket is known by its cookie, whatever descriptors it has. A child of fork() has copies of sockets and connections
 * alike, and a policy ends when both processes have closed theirs.
 */

#include "shim/socket_templates.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/xfrm.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <uxfrm/control.h>

#include "shim/control_channel.h"
#include "shim/front.h"
#include "shim/real.h"
#include "shim/socket_policy.h"

#define SOCKETS_MAX 64 /* uxfrmd has room for fewer */

static struct entry {
	uint64_t cookie; /* 0: free */
	int control;
} entries[SOCKETS_MAX];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static _Atomic(int) used;
/* A child of vfork() closes descriptors of its own, but in its parent's memory. */
static pid_t owner;

static uint64_t cookie_of(int fd)
{
	uint64_t cookie = 0;
	socklen_t len = sizeof(cookie);
	int error = errno;

	(void)shim_real()->getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &len);
	errno = error;
	return cookie;
}

static struct entry *find(uint64_t cookie)
{
	for (size_t i = 0; i < SOCKETS_MAX && cookie; i++) {
		if (entries[i].cookie == cookie)
			return &entries[i];
	}
	return NULL;
}

static void end(struct entry *e)
{
	shim_real()->close(e->control);
	*e = (struct entry){0};
	atomic_fetch_sub(&used, 1);
}

/* Has the socket a descriptor besides @except? Where that cannot be told: yes. */
static bool is_open(uint64_t cookie, int except)
{
	DIR *all = opendir("/proc/self/fd");
	struct dirent *d;
	bool open = !all;

	while (!open && (d = readdir(all)) != NULL) {
		const int fd = atoi(d->d_name);

		open = d->d_name[0] != '.' && fd != except && cookie_of(fd) == cookie;
	}
	if (all)
		closedir(all);
	return open;
}

/* Those whose sockets went some other way than by close(). */
static void sweep(void)
{
	for (size_t i = 0; i < SOCKETS_MAX; i++) {
		if (entries[i].cookie && !is_open(entries[i].cookie, -1))
			end(&entries[i]);
	}
}

/* A new connection, for a socket that has none. */
static struct entry *begin(uint64_t cookie, int fd)
{
	struct entry *e = NULL;
	int flags = shim_real()->fcntl(fd, F_GETFD);

	sweep();
	for (size_t i = 0; i < SOCKETS_MAX && !e; i++)
		e = entries[i].cookie ? NULL : &entries[i];
	if (!e) {
		errno = ENOBUFS;
		return NULL;
	}
	e->control = shim_control_connect();
	if (e->control < 0)
		return NULL;
	/* a program that is started with the socket has the connection, too */
	if (flags >= 0 && !(flags & FD_CLOEXEC))
		(void)shim_real()->fcntl(e->control, F_SETFD, 0);
	e->cookie = cookie;
	atomic_fetch_add(&used, 1);
	return e;
}

/* ---- what uxfrmd is told ---- */

/* For input there is no mark: the selector has to say what comes to this socket and to no other. false: it cannot. */
static bool narrow(struct xfrm_selector *sel, int fd)
{
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} name = {0};
	socklen_t len = sizeof(name);
	int protocol = 0;

	len = sizeof(protocol);
	(void)shim_real()->getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &len);
	if (protocol != IPPROTO_UDP && protocol != IPPROTO_TCP)
		return false;
	len = sizeof(name);
	if (shim_real()->getsockname(fd, &name.any, &len) < 0)
		return false;
	if (!sel->proto)
		sel->proto = (uint8_t)protocol;
	/* the port is at the same place in both families */
	if (!sel->dport_mask) {
		sel->dport = name.v4.sin_port;
		sel->dport_mask = UINT16_MAX;
	}
	return name.v4.sin_port && sel->proto == protocol && sel->dport == name.v4.sin_port &&
	       sel->dport_mask == UINT16_MAX;
}

static int tell(struct entry *e, const struct uxfrm_control_socket_policy *policy,
		struct uxfrm_control_msg *ret_answer)
{
	const struct iovec rest = {.iov_base = (void *)(uintptr_t)policy,
				   .iov_len = sizeof(*policy)};

	return shim_control_ask(e->control, UXFRM_CONTROL_SOCKET_POLICY, &rest, ret_answer);
}

static int set_templates(int fd, const struct xfrm_userpolicy_info *given, const void *templates,
			 size_t len)
{
	struct uxfrm_control_socket_policy policy = {
	    .n_templates = (uint32_t)(len / sizeof(policy.templates[0]))};
	struct xfrm_userpolicy_info info = *given;
	const uint64_t cookie = cookie_of(fd);
	struct uxfrm_control_msg answer;
	struct entry *e = find(cookie);
	const bool fresh = !e;
	int err;

	if (!cookie || policy.n_templates > UXFRM_CONTROL_TEMPLATES)
		return cookie ? -EINVAL : -EOPNOTSUPP;
	if (info.dir == XFRM_POLICY_IN && !narrow(&info.sel, fd))
		return -EOPNOTSUPP;
	e = e ? e : begin(cookie, fd);
	if (!e)
		return -errno;
	memcpy(policy.info, &info, sizeof(policy.info));
	memcpy(policy.templates, templates, policy.n_templates * sizeof(policy.templates[0]));
	err = tell(e, &policy, &answer);
	if (err == -EPIPE && !fresh) { /* of a daemon that has gone, as the policies it had */
		end(e);
		e = begin(cookie, fd);
		err = e ? tell(e, &policy, &answer) : -errno;
	}
	if (!err && info.dir == XFRM_POLICY_OUT)
		err = shim_mark_for_policy(fd, answer.value[0], answer.value[1]);
	if (err && e && (fresh || err == -EPIPE))
		end(e);
	return err == -EPIPE ? -ECONNREFUSED : err;
}

static void remove_templates(int fd, uint8_t dir)
{
	struct uxfrm_control_socket_policy policy = {.remove = 1};
	const struct xfrm_userpolicy_info info = {.dir = dir};
	struct entry *e = find(cookie_of(fd));
	struct uxfrm_control_msg answer;

	if (!e)
		return;
	/* without the mark first: the policy is for what has it */
	if (dir == XFRM_POLICY_OUT)
		(void)shim_mark_for_policy(fd, 0, UINT32_MAX);
	memcpy(policy.info, &info, sizeof(policy.info));
	(void)tell(e, &policy, &answer);
}

static int set(int fd, const void *value, socklen_t len)
{
	struct xfrm_userpolicy_info info = {.dir = XFRM_POLICY_MAX};

	if (value && len >= sizeof(info))
		memcpy(&info, value, sizeof(info));
	if (value && len >= sizeof(info) + sizeof(struct xfrm_user_tmpl))
		return set_templates(fd, &info, (const uint8_t *)value + sizeof(info),
				     len - sizeof(info));
	if (!value || info.dir == XFRM_POLICY_OUT)
		remove_templates(fd, XFRM_POLICY_OUT);
	if (!value || info.dir == XFRM_POLICY_IN)
		remove_templates(fd, XFRM_POLICY_IN);
	return 1;
}

static bool is_for_output(const void *value, socklen_t len)
{
	struct xfrm_userpolicy_info info;

	if (!value || len < sizeof(info))
		return false;
	memcpy(&info, value, sizeof(info));
	return info.dir == XFRM_POLICY_OUT;
}

static bool is_borrowed(void)
{
	return owner && owner != getpid();
}

static void after_fork(void)
{
	pthread_mutex_init(&lock, NULL);
	owner = getpid();
}

static void watch_forks(void)
{
	owner = getpid();
	pthread_atfork(NULL, NULL, after_fork);
}

int shim_set_socket_templates(int fd, const void *value, socklen_t len)
{
	static pthread_once_t watching = PTHREAD_ONCE_INIT;
	int result;

	pthread_once(&watching, watch_forks);
	pthread_mutex_lock(&lock);
	result = is_borrowed() ? -EOPNOTSUPP : set(fd, value, len);
	/* The kernel would have taken it: then nothing goes past the policies that was to be protected. */
	if (result < 0 && result != -EINVAL && result != -EPERM && is_for_output(value, len))
		(void)shim_mark_for_policy(fd, 0, UINT32_MAX);
	pthread_mutex_unlock(&lock);
	if (result >= 0)
		return result;
	errno = -result;
	return -1;
}

void shim_close_socket_templates(int fd)
{
	int error = errno;
	struct entry *e;

	if (!atomic_load_explicit(&used, memory_order_relaxed) || is_borrowed())
		return;
	pthread_mutex_lock(&lock);
	e = find(cookie_of(fd));
	if (e && !is_open(e->cookie, fd))
		end(e);
	pthread_mutex_unlock(&lock);
	errno = error;
}
