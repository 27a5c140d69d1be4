/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Any thread takes the next notification; when all are at work, another one is started, so that a
 * call that takes long (a daemon is started, or does not answer) holds up no other. The first
 * thread looks after ends: of sockets, of daemons, of the program.
 */

#include "supervise/supervisor.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "shim/revive.h"
#include "supervise/dispatch.h"
#include "supervise/sockets.h"

#define THREADS_MAX 256
#define AGAIN_MS 1000 /* between attempts to find a daemon for a socket that listens */
#define NOTIFICATION_MAX 4096

struct supervisor {
	int listener;
	const struct ux_filter *filter;
	size_t notification_size; /* the kernel's, which may be larger than our header's */
	atomic_int idle, threads;
};

static void *serve(void *arg);

/* The caller was idle and has got work. */
static void keep_one_idle(struct supervisor *v)
{
	pthread_t thread;

	if (atomic_fetch_sub(&v->idle, 1) > 1)
		return;
	if (atomic_fetch_add(&v->threads, 1) >= THREADS_MAX ||
	    pthread_create(&thread, NULL, serve, v) != 0) {
		atomic_fetch_sub(&v->threads, 1);
		return;
	}
	pthread_detach(thread);
}

static void handle(struct supervisor *v, const struct seccomp_notif *n)
{
	struct ux_call call = {
	    .listener = v->listener, .id = n->id, .tid = (pid_t)n->pid, .nr = n->data.nr};

	for (int i = 0; i < 6; i++)
		call.args[i] = n->data.args[i];
	ux_dispatch(&call, v->filter);
}

static void *serve(void *arg)
{
	_Alignas(struct seccomp_notif) uint8_t room[NOTIFICATION_MAX];
	struct supervisor *v = arg;
	struct seccomp_notif *n = (void *)room;

	for (;;) {
		atomic_fetch_add(&v->idle, 1);
		do
			memset(room, 0, v->notification_size);
		while (ioctl(v->listener, SECCOMP_IOCTL_NOTIF_RECV, n) < 0 &&
		       (errno == EINTR || errno == ENOENT));
		keep_one_idle(v);
		if (n->id)
			handle(v, n);
	}
	return NULL;
}

/* What the first thread waits for: the listener, news of sockets, and two ends of each socket. */
struct watch {
	struct pollfd fds[2 + 2 * SHIM_SOCKET_MAX];
	struct shim_socket *sockets[SHIM_SOCKET_MAX];
	bool failed[SHIM_SOCKET_MAX]; /* by index in the pool: no daemon was found */
};

static int watch_all(struct watch *w, unsigned int n)
{
	int timeout = -1;

	for (unsigned int i = 0; i < n; i++) {
		struct shim_socket *s = w->sockets[i];
		bool failed = w->failed[shim_pool_index(s)];

		w->fds[2 + 2 * i] = (struct pollfd){.fd = s->peer};
		w->fds[3 + 2 * i] = (struct pollfd){
		    .fd = s->groups && !failed ? atomic_load(&s->control) : -1};
		if (failed)
			timeout = AGAIN_MS;
	}
	return timeout;
}

static void look_after(struct watch *w, unsigned int i, bool time_is_up)
{
	struct shim_socket *s = w->sockets[i];
	bool *failed = &w->failed[shim_pool_index(s)];

	if (w->fds[2 + 2 * i].revents) {
		*failed = false;
		ux_sockets_remove(s);
	} else if (w->fds[3 + 2 * i].revents || (*failed && time_is_up)) {
		*failed = shim_revive(s) < 0;
	}
}

static void watch(struct supervisor *v)
{
	static struct watch w;

	for (;;) {
		unsigned int n = ux_sockets_list(w.sockets);
		int timeout = watch_all(&w, n);
		uint64_t count;

		w.fds[0] = (struct pollfd){.fd = v->listener};
		w.fds[1] = (struct pollfd){.fd = ux_sockets_changed(), .events = POLLIN};
		int ready = poll(w.fds, 2 + 2 * n, timeout);

		if (ready > 0 && w.fds[0].revents & (POLLHUP | POLLERR | POLLNVAL))
			_exit(0);
		if (ready > 0 && w.fds[1].revents)
			(void)!read(w.fds[1].fd, &count, sizeof(count));
		for (unsigned int i = 0; i < n; i++) {
			if (ready >= 0)
				look_after(&w, i, ready == 0);
			shim_socket_drop(w.sockets[i]);
		}
	}
}

void ux_supervisor_run(int listener, const struct ux_filter *filter)
{
	static struct supervisor v;
	struct seccomp_notif_sizes sizes = {0};
	pthread_t thread;

	v.listener = listener;
	v.filter = filter;
	if (syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes) < 0 ||
	    sizes.seccomp_notif > NOTIFICATION_MAX)
		_exit(1);
	v.notification_size = sizes.seccomp_notif;
	atomic_store(&v.threads, 1);
	if (pthread_create(&thread, NULL, serve, &v) != 0)
		_exit(1);
	pthread_detach(thread);
	watch(&v);
	_exit(0);
}
