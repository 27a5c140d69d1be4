/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Receiving calls that wait, all in one thread. Nobody tells us of the program's end, nor of
 * signals that it waits for an answer to be given: so these are looked for from time to time.
 */

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "supervise/program.h"
#include "supervise/transfer.h"

#define PARKED_MAX 1024
#define LOOK_MS 20

struct parked {
	struct ux_call call;
	int64_t deadline_ms; /* monotonic; 0: none */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct parked *waiting[PARKED_MAX]; /* guarded by lock, as the next two */
static unsigned int n_waiting;
static int wake = -1;

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int64_t deadline_of(int fd)
{
	struct timeval limit = {0};
	socklen_t len = sizeof(limit);

	if (getsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, &len) < 0 ||
	    (!limit.tv_sec && !limit.tv_usec))
		return 0;
	return now_ms() + (int64_t)limit.tv_sec * 1000 + (limit.tv_usec + 999) / 1000;
}

/*
 * A signal for this very thread is dealt with when it leaves the call, which the kernel then
 * starts again, or not, as the handler says. One for the whole of a program with threads may be
 * another thread's by then, and EINTR is the only answer that is right in any case.
 */
static long look_for_signals(pid_t tid)
{
	struct ux_program_signals signals;

	if (ux_program_signals(tid, &signals) < 0)
		return -EAGAIN;
	if (signals.own || (signals.shared && signals.threads == 1))
		return UX_CALL_AGAIN;
	return signals.shared ? -EINTR : -EAGAIN;
}

/* true: it waits no longer. */
static bool settle(struct parked *p, bool ready)
{
	long result = -EAGAIN;

	if (!ux_call_is_there(&p->call))
		return true;
	if (ready) {
		ux_call_set_current(&p->call);
		result = ux_receive_now(&p->call);
		ux_call_set_current(NULL);
	}
	bool late = p->deadline_ms && now_ms() >= p->deadline_ms;

	if (result == -EAGAIN && !late)
		result = look_for_signals(p->call.tid);
	if (result == -EAGAIN && !late)
		return false;
	ux_call_close(&p->call);
	if (result != UX_CALL_DONE)
		ux_call_answer(&p->call, result);
	return true;
}

static void forget(struct parked *p)
{
	pthread_mutex_lock(&lock);
	for (unsigned int i = 0; i < n_waiting; i++) {
		if (waiting[i] != p)
			continue;
		waiting[i] = waiting[--n_waiting];
		break;
	}
	pthread_mutex_unlock(&lock);
	ux_call_close(&p->call);
	free(p);
}

/* Only this thread takes entries out, so they stay when the lock is given up. */
static unsigned int gather(struct pollfd *fds, struct parked **list, int *ret_timeout)
{
	int64_t next = INT64_MAX;

	pthread_mutex_lock(&lock);
	unsigned int n = n_waiting;

	memcpy(list, waiting, n * sizeof(*list));
	pthread_mutex_unlock(&lock);
	fds[0] = (struct pollfd){.fd = wake, .events = POLLIN};
	for (unsigned int i = 0; i < n; i++) {
		fds[i + 1] = (struct pollfd){.fd = list[i]->call.fd, .events = POLLIN};
		if (list[i]->deadline_ms && list[i]->deadline_ms < next)
			next = list[i]->deadline_ms;
	}
	int64_t left = next == INT64_MAX ? LOOK_MS : next - now_ms();

	*ret_timeout = left < 0 ? 0 : left < LOOK_MS ? (int)left + 1 : LOOK_MS;
	if (!n)
		*ret_timeout = -1;
	return n;
}

static void *serve(void *arg)
{
	static struct pollfd fds[PARKED_MAX + 1];
	static struct parked *list[PARKED_MAX];

	for (;;) {
		uint64_t count;
		int timeout;
		unsigned int n = gather(fds, list, &timeout);

		if (poll(fds, n + 1, timeout) < 0)
			continue;
		if (fds[0].revents)
			(void)!read(wake, &count, sizeof(count));
		for (unsigned int i = 0; i < n; i++)
			if (settle(list[i], fds[i + 1].revents != 0))
				forget(list[i]);
	}
	return arg;
}

/* The caller holds the lock. */
static int start(void)
{
	pthread_t thread;

	if (wake >= 0)
		return 0;
	wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (wake < 0)
		return -errno;
	int err = pthread_create(&thread, NULL, serve, NULL);

	if (err) {
		close(wake);
		wake = -1;
	} else {
		pthread_detach(thread);
	}
	return -err;
}

int ux_parked_add(struct ux_call *c)
{
	struct parked *p = malloc(sizeof(*p));
	const uint64_t one = 1;

	if (!p)
		return -ENOMEM;
	*p = (struct parked){.call = *c, .deadline_ms = deadline_of(c->fd)};
	pthread_mutex_lock(&lock);
	int err = n_waiting < PARKED_MAX ? start() : -ENOBUFS;

	if (!err)
		waiting[n_waiting++] = p;
	pthread_mutex_unlock(&lock);
	if (err) {
		free(p);
		return err;
	}
	c->fd = -1;
	c->socket = NULL;
	(void)!write(wake, &one, sizeof(one));
	return 0;
}
