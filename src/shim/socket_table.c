/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * by_fd maps a descriptor to an index + 1 into the pool: a static array whose pages come into
 * being only when touched.
 */

#include "shim/socket_table.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "shim/front.h"
#include "shim/real.h"

static _Atomic(uint16_t) by_fd[SHIM_FD_MAX];
static _Atomic(pid_t) owner; /* the process whose table this is */

struct shim_socket *shim_socket_of(int fd)
{
	if (fd < 0 || fd >= SHIM_FD_MAX)
		return NULL;
	unsigned int slot = atomic_load_explicit(&by_fd[fd], memory_order_acquire);

	return slot ? shim_pool_at(slot - 1) : NULL;
}

/*
 * A child of vfork() has descriptors of its own, but uses its parent's memory: what it does to
 * its descriptors before exec() must not be done to the parent's table. Python starts programs
 * so.
 */
static bool is_borrowed(void)
{
	return atomic_load(&owner) != getpid();
}

static void after_fork_in_child(void)
{
	unsigned int n = shim_pool_used();

	atomic_store(&owner, getpid());
	for (unsigned int i = 0; i < n; i++) {
		struct shim_socket *s = shim_pool_at(i);

		pthread_mutex_init(&s->lock, NULL);
		pthread_mutex_init(&s->receive_lock, NULL);
		s->shared = true;
		s->front = NULL; /* threads stay behind */
	}
}

static void after_fork_in_parent(void)
{
	unsigned int n = shim_pool_used();

	for (unsigned int i = 0; i < n; i++)
		shim_pool_at(i)->shared = true;
}

static void register_handlers(void)
{
	atomic_store(&owner, getpid());
	pthread_atfork(NULL, after_fork_in_parent, after_fork_in_child);
}

void shim_socket_watch_forks(void)
{
	static pthread_once_t watching = PTHREAD_ONCE_INIT;

	pthread_once(&watching, register_handlers);
}

void shim_front_attach(struct shim_socket *s, int fd)
{
	if (is_borrowed()) {
		shim_socket_drop(s);
		return;
	}
	shim_socket_detach(fd);
	atomic_store_explicit(&by_fd[fd], (uint16_t)(shim_pool_index(s) + 1), memory_order_release);
}

void shim_socket_detach(int fd)
{
	if (fd < 0 || fd >= SHIM_FD_MAX)
		return;
	if (!atomic_load(&by_fd[fd]) || is_borrowed())
		return;
	unsigned int slot = atomic_exchange(&by_fd[fd], 0);

	if (slot)
		shim_socket_drop(shim_pool_at(slot - 1));
}

/* Where hidden descriptors start: above what select() and shells care for, if the limit allows. */
static int hidden_base(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return 64;
	if (limit.rlim_cur >= 4096)
		return 2048;
	return limit.rlim_cur > 16 ? (int)(limit.rlim_cur / 2) : 3;
}

int shim_hide(int fd)
{
	int high = shim_real()->fcntl(fd, F_DUPFD_CLOEXEC, hidden_base());
	int error = errno;

	shim_real()->close(fd);
	errno = error;
	return high;
}

int shim_next_hidden(unsigned int from)
{
	unsigned int n = shim_pool_used();
	int best = -1;

	for (unsigned int i = 0; i < n; i++) {
		struct shim_socket *s = shim_pool_at(i);

		if (atomic_load(&s->refs) == 0)
			continue;
		int fds[2] = {s->peer, atomic_load(&s->control)};

		for (int k = 0; k < 2; k++)
			if (fds[k] >= 0 && (unsigned int)fds[k] >= from &&
			    (best < 0 || fds[k] < best))
				best = fds[k];
	}
	return best;
}

bool shim_is_hidden(int fd)
{
	return fd >= 0 && shim_next_hidden((unsigned int)fd) == fd;
}

int shim_vacate(int fd)
{
	unsigned int n = shim_pool_used();

	/* A copy in descriptors of the child's own may go: it is the parent who uses them. */
	if (is_borrowed())
		return 0;
	for (unsigned int i = 0; i < n; i++) {
		struct shim_socket *s = shim_pool_at(i);

		if (atomic_load(&s->refs) == 0)
			continue;
		if (s->peer != fd && atomic_load(&s->control) != fd)
			continue;
		pthread_mutex_lock(&s->lock);
		int high = shim_real()->fcntl(fd, F_DUPFD_CLOEXEC, hidden_base());

		if (high >= 0 && s->peer == fd)
			s->peer = high;
		else if (high >= 0)
			atomic_store(&s->control, high);
		pthread_mutex_unlock(&s->lock);
		return high < 0 ? -1 : 0;
	}
	return 0;
}
