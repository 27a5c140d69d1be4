/* SPDX-License-Identifier: BSD-2-Clause */

/* The worker's loop. Level-triggered epoll and one burst per ready port and round: no port waits
 * for another longer than a burst takes, and without packets the thread sleeps, some
 * of the time not at once: daemon/polling.h. */

#include "daemon/worker.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include "daemon/clock.h"
#include "daemon/polling.h"
#include "daemon/waiting.h"

#define EVENTS_PER_ROUND 16
/* While packets wait, so often it is looked whether they may pass. */
#define HELD_LOOK_MS 1

struct ux_worker {
	struct ux_worker_params params;
	pthread_t thread;
	int epoll_fd;
	int wake_fd; /* the control thread wants the worker to pass its loop's head */
	sem_t passed;
	sem_t started;
	int start_error;
	_Atomic(bool) stop;
	struct ux_burst burst; /* the worker thread */
	struct ux_polling polling; /* the worker thread */
};

/* ---- the worker thread ---- */

/* What waits goes on if it may; of that, too, some may have to go behind what is in ports' queues. */
static void look(struct ux_worker *w)
{
	ux_waiting_look(&w->burst);
	ux_underlay_ports_take_older(w->params.ports, &w->burst, NULL);
}

/* A burst of a port. Returns how many packets there were. */
static size_t serve_burst(struct ux_worker *w, struct ux_port *port, bool *ret_more)
{
	size_t n;

	look(w);
	if (port->side == UX_PORT_UNDERLAY && !port->first)
		ux_underlay_ports_serve_first(w->params.ports, &w->burst);
	n = ux_burst_serve(&w->burst, port, ret_more);
	ux_underlay_ports_take_older(w->params.ports, &w->burst, port);
	return n;
}

static void serve_port(struct ux_worker *w, struct ux_port *port, uint32_t events)
{
	bool more;
	size_t n = serve_burst(w, port, &more);

	while (more)
		(void)serve_burst(w, port, &more);
	/* A TUN device that was removed is ready for ever. A socket's error ends with its being
	 * read. */
	if (!n && port->side == UX_PORT_HOST && (events & EPOLLERR))
		(void)epoll_ctl(w->epoll_fd, EPOLL_CTL_DEL, port->fd, NULL);
}

/* What is ready, without sleeping, as long as looking for it may help and is in nobody's way. */
static int poll_ports(struct ux_worker *w, struct epoll_event *ready)
{
	while (ux_polling_in_time(&w->polling, ux_now_ns())) {
		int n = epoll_wait(w->epoll_fd, ready, EVENTS_PER_ROUND, 0);

		if (n || !ux_polling_alone(&w->polling))
			return n;
	}
	return 0;
}

static int wait_for_ports(struct ux_worker *w, struct epoll_event *ready)
{
	const bool held = ux_burst_any_held(&w->burst);
	int n = 0;

	if (w->polling.limit_ns && !held)
		n = poll_ports(w, ready);
	if (!n)
		n = epoll_wait(w->epoll_fd, ready, EVENTS_PER_ROUND, held ? HELD_LOOK_MS : -1);
	/* The control thread's call is no packet. */
	if (w->polling.limit_ns && n > 0 && ready[n - 1].data.ptr)
		ux_polling_end(&w->polling, ux_now_ns());
	return n;
}

static void run(struct ux_worker *w)
{
	struct epoll_event ready[EVENTS_PER_ROUND];

	while (!atomic_load(&w->stop)) {
		int n = wait_for_ports(w, ready);
		bool wake = false;

		look(w);
		for (int i = 0; i < n; i++) {
			struct ux_port *port = ready[i].data.ptr;

			if (port)
				serve_port(w, port, ready[i].events);
			else
				wake = true;
		}
		if (wake) {
			uint64_t dummy;

			(void)!read(w->wake_fd, &dummy, sizeof(dummy));
			sem_post(&w->passed);
		}
		if (w->polling.limit_ns)
			ux_polling_begin(&w->polling, ux_now_ns());
	}
}

/* Packets wait in queues of limited size while another thread runs; best effort. */
static void raise_priority(void)
{
	const struct sched_param p = {.sched_priority = 1};

	if (pthread_setschedparam(pthread_self(), SCHED_FIFO, &p) != 0)
		(void)setpriority(PRIO_PROCESS, 0, -10);
}

static int stay_on(int cpu)
{
	cpu_set_t set;

	if (cpu < 0)
		return 0;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return -pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
}

static void *thread_main(void *opaque)
{
	struct ux_worker *w = opaque;
	struct ux_burst *b = &w->burst;

	raise_priority();
	w->start_error = stay_on(w->params.cpu);
	b->worker = w->start_error ? NULL : uxfrm_worker_new(w->params.shared->engine);
	if (b->worker)
		w->start_error = uxfrm_worker_follow_paths(b->worker);
	else if (!w->start_error)
		w->start_error = -ENOMEM;
	if (!w->start_error)
		uxfrm_worker_set_order(b->worker, &ux_order_ops, &b->order);
	if (!w->start_error)
		uxfrm_worker_set_several_ports(b->worker, true);
	sem_post(&w->started);
	if (!w->start_error)
		run(w);
	b->worker = uxfrm_worker_free(b->worker);
	return NULL;
}

/* ---- the control thread ---- */

static int allocate(struct ux_worker *w)
{
	w->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	w->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (w->epoll_fd < 0 || w->wake_fd < 0)
		return -EMFILE;
	w->burst.underlay = w->params.underlay;
	ux_polling_init(&w->polling, w->params.poll_us);
	return ux_burst_init(&w->burst, w->params.shared);
}

static void release(struct ux_worker *w)
{
	if (w->epoll_fd >= 0)
		close(w->epoll_fd);
	if (w->wake_fd >= 0)
		close(w->wake_fd);
	sem_destroy(&w->passed);
	sem_destroy(&w->started);
	ux_burst_fini(&w->burst);
	ux_polling_fini(&w->polling);
	free(w);
}

static int watch(struct ux_worker *w, int fd, struct ux_port *port, uint32_t events)
{
	struct epoll_event e = {.events = events, .data.ptr = port};

	return epoll_ctl(w->epoll_fd, EPOLL_CTL_ADD, fd, &e) < 0 ? -errno : 0;
}

/* Signals are the control thread's. */
static int start_thread(struct ux_worker *w)
{
	sigset_t all, old;
	int err;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	err = pthread_create(&w->thread, NULL, thread_main, w);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (err)
		return -err;
	while (sem_wait(&w->started) < 0)
		;
	if (w->start_error)
		pthread_join(w->thread, NULL);
	return w->start_error;
}

int ux_worker_start(const struct ux_worker_params *params, struct ux_worker **ret_worker)
{
	struct ux_worker *w = calloc(1, sizeof(*w));
	int err;

	if (!w)
		return -ENOMEM;
	w->params = *params;
	w->epoll_fd = w->wake_fd = w->polling.load_fd = -1;
	sem_init(&w->passed, 0, 0);
	sem_init(&w->started, 0, 0);
	err = allocate(w);
	err = err ? err : watch(w, w->wake_fd, NULL, EPOLLIN);
	err = err ? err : start_thread(w);
	if (err) {
		release(w);
		return err;
	}
	*ret_worker = w;
	return 0;
}

static bool notify(struct ux_worker *w)
{
	const uint64_t one = 1;

	return write(w->wake_fd, &one, sizeof(one)) == sizeof(one);
}

void ux_worker_pass_by(struct ux_worker *w)
{
	if (!notify(w))
		return;
	while (sem_wait(&w->passed) < 0)
		;
}

struct ux_worker *ux_worker_stop(struct ux_worker *w)
{
	if (!w)
		return NULL;
	atomic_store(&w->stop, true);
	/* Nobody may be left at the loop's head to answer: the end of the thread is the answer. */
	notify(w);
	pthread_join(w->thread, NULL);
	release(w);
	return NULL;
}

int ux_worker_watch(struct ux_worker *w, struct ux_port *port, bool others)
{
	/* One packet is to wake one of them. */
	return watch(w, port->fd, port, EPOLLIN | (others ? EPOLLEXCLUSIVE : 0));
}

void ux_worker_unwatch(struct ux_worker *w, const struct ux_port *port)
{
	(void)epoll_ctl(w->epoll_fd, EPOLL_CTL_DEL, port->fd, NULL);
}

const struct ux_burst_counts *ux_worker_counts(const struct ux_worker *w)
{
	return &w->burst.counts;
}
