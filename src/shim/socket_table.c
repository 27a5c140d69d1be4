/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * by_fd maps a descriptor to an index + 1 into the pool. Both are static arrays whose pages come
 * into being only when touched.
 */

#include "shim/socket_table.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "shim/bundle.h"
#include "shim/real.h"

static struct shim_socket pool[SHIM_SOCKET_MAX];
static _Atomic(uint16_t) by_fd[SHIM_FD_MAX];
static atomic_int pool_used; /* entries ever used: bounds the scans */
static _Atomic(pid_t) owner; /* the process whose table this is */

struct shim_socket *shim_socket_of(int fd)
{
	if (fd < 0 || fd >= SHIM_FD_MAX)
		return NULL;
	unsigned int slot = atomic_load_explicit(&by_fd[fd], memory_order_acquire);

	return slot ? &pool[slot - 1] : NULL;
}

static void note_used(int index)
{
	int used = atomic_load(&pool_used);

	while (used <= index && !atomic_compare_exchange_weak(&pool_used, &used, index + 1))
		;
}

/*
 * A child of vfork() has descriptors of its own, but uses its parent's memory: what it does to its
 * descriptors before exec() must not be done to the parent's table. Python starts programs so.
 */
static bool is_borrowed(void)
{
	return atomic_load(&owner) != getpid();
}

static void after_fork_in_child(void)
{
	int n = atomic_load(&pool_used);

	atomic_store(&owner, getpid());
	for (int i = 0; i < n; i++) {
		pthread_mutex_init(&pool[i].lock, NULL);
		pthread_mutex_init(&pool[i].receive_lock, NULL);
		pool[i].shared = true;
	}
}

static void after_fork_in_parent(void)
{
	int n = atomic_load(&pool_used);

	for (int i = 0; i < n; i++)
		pool[i].shared = true;
}

static void watch_forks(void)
{
	atomic_store(&owner, getpid());
	pthread_atfork(NULL, after_fork_in_parent, after_fork_in_child);
}

struct shim_socket *shim_socket_new(void)
{
	static pthread_once_t watching = PTHREAD_ONCE_INIT;

	pthread_once(&watching, watch_forks);
	for (int i = 0; i < SHIM_SOCKET_MAX; i++) {
		int none = 0;
		struct shim_socket *s = &pool[i];

		if (!atomic_compare_exchange_strong(&s->refs, &none, 1))
			continue;
		pthread_mutex_init(&s->lock, NULL);
		pthread_mutex_init(&s->receive_lock, NULL);
		s->peer = -1;
		atomic_store(&s->control, -1);
		s->opened = s->bound = s->shared = s->bundling = s->uncertain = false;
		s->pfkey = s->adopted = false;
		s->send_result = 0;
		s->port_id = s->groups = s->peer_port_id = s->peer_groups = s->unprocessed = 0;
		atomic_store(&s->options, 0);
		atomic_store(&s->bundles, 0);
		note_used(i);
		return s;
	}
	errno = ENOBUFS;
	return NULL;
}

void shim_socket_hold(struct shim_socket *s)
{
	atomic_fetch_add(&s->refs, 1);
}

void shim_socket_drop(struct shim_socket *s)
{
	int refs = atomic_load(&s->refs);

	while (refs > 1)
		if (atomic_compare_exchange_weak(&s->refs, &refs, refs - 1))
			return;
	int error = errno;

	/* still counted as one, so that nobody takes the entry while its descriptors are closed */
	pthread_mutex_lock(&s->lock);
	int control = atomic_exchange(&s->control, -1), peer = s->peer;

	s->peer = -1;
	pthread_mutex_unlock(&s->lock);
	/* another thread may be copying out of it */
	pthread_mutex_lock(&s->receive_lock);
	shim_bundle_release(s);
	pthread_mutex_unlock(&s->receive_lock);
	if (control >= 0)
		shim_real()->close(control);
	if (peer >= 0)
		shim_real()->close(peer);
	atomic_store(&s->refs, 0);
	errno = error;
}

void shim_socket_attach(struct shim_socket *s, int fd)
{
	if (is_borrowed()) {
		shim_socket_drop(s);
		return;
	}
	shim_socket_detach(fd);
	atomic_store_explicit(&by_fd[fd], (uint16_t)(s - pool + 1), memory_order_release);
}

void shim_socket_detach(int fd)
{
	if (fd < 0 || fd >= SHIM_FD_MAX)
		return;
	if (!atomic_load(&by_fd[fd]) || is_borrowed())
		return;
	unsigned int slot = atomic_exchange(&by_fd[fd], 0);

	if (slot)
		shim_socket_drop(&pool[slot - 1]);
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
	int n = atomic_load(&pool_used), best = -1;

	for (int i = 0; i < n; i++) {
		if (atomic_load(&pool[i].refs) == 0)
			continue;
		int fds[2] = {pool[i].peer, atomic_load(&pool[i].control)};

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
	int n = atomic_load(&pool_used);

	/* A copy in descriptors of the child's own may go: it is the parent who uses them. */
	if (is_borrowed())
		return 0;
	for (int i = 0; i < n; i++) {
		struct shim_socket *s = &pool[i];

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
