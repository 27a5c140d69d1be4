/* SPDX-License-Identifier: BSD-2-Clause */

/* The worker's loop. Level-triggered epoll and one burst per ready port and round: no port waits
 * for another longer than a burst takes, and without packets the thread sleeps. */

#include "daemon/worker.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "daemon/held_packets.h"
#include "daemon/link_ports.h"
#include "daemon/path_mtu.h"
#include "packet/reassembly.h"

#define EVENTS_PER_ROUND 16
/* Buffers lie apart by more than their size, so that their starts do not fall into the same cache
 * sets. */
#define BUFFER_STRIDE ((UX_PORT_BUFFER + 4095) / 4096 * 4096 + 192)
/* Fragments from the host that transport mode must have whole: so many packets at a time, so long
 * (RFC 1122 section 3.3.2 allows 60 to 120 seconds, Linux gives 30). */
#define INCOMPLETE_MAX 64
#define INCOMPLETE_NS 30000000000ull
/* While packets wait, so often it is looked whether they may pass. */
#define HELD_LOOK_MS 1
#define HELD_MANY 100
/* Of the ports that go first, and bursts from one of them before others have their turn. */
#define FIRST_PORTS 256
#define FIRST_BURSTS 256
#define HELD_PAUSE_NS 10000ull /* for each of more than that */

struct ux_packet_worker {
	struct ux_packet_worker_params params;
	_Atomic(struct ux_port *) host;	       /* params.host, or what has taken its place */
	_Atomic(struct ux_link_ports *) links; /* control thread writes, the worker reads */
	/* ux_port.first; control thread writes, the worker reads */
	_Atomic(struct ux_port *) first[FIRST_PORTS];
	_Atomic(uint32_t) n_first; /* places of those that are in use */
	pthread_t thread;
	int epoll_fd;
	int wake_fd; /* the control thread wants the worker to pass its loop's head */
	sem_t passed;
	sem_t started;
	int start_error;
	_Atomic(bool) stop;

	/* the worker thread */
	struct uxfrm_worker *engine_worker;
	struct ux_reassembly *reassembly;
	struct ux_path_mtu *path_mtu;
	struct ux_held held;
	uint64_t next_offer_ns; /* when many wait: not before */
	uint32_t changes; /* uxfrm_changes() when the engine last said that they have to wait */
	uint8_t *memory;
	struct uxfrm_packet packets[UXFRM_BURST];
	struct uxfrm_packet *burst[UXFRM_BURST];

	/* written by the worker, read by the control thread (relaxed) */
	_Atomic(uint64_t) drops[UXFRM_DROP_COUNT];
	_Atomic(uint64_t) fragments_taken, too_big_taken, bursts;
};

static void count(_Atomic(uint64_t) *counter)
{
	atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + 1,
			      memory_order_relaxed);
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static uint64_t real_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME_COARSE, &t);
	return (uint64_t)t.tv_sec;
}

/* Send those with verdict @a or @b by @port, and count what it refuses. */
static void send_sorted(struct ux_packet_worker *w, struct ux_port *port, size_t n, uint8_t a,
			uint8_t b)
{
	struct uxfrm_packet *chosen[UXFRM_BURST];
	size_t m = 0;

	for (size_t i = 0; i < n; i++) {
		if (w->burst[i]->verdict == a || w->burst[i]->verdict == b)
			chosen[m++] = w->burst[i];
	}
	ux_port_send(port, chosen, m);
	for (size_t i = 0; i < m; i++) {
		if (chosen[i]->verdict == UXFRM_DROP)
			count(&w->drops[chosen[i]->drop]);
	}
}

/* A fragment that transport mode could not take: hold it, and when its packet is whole, try that.
 */
static void try_whole(struct ux_packet_worker *w, struct uxfrm_packet *p)
{
	uint8_t *whole;
	uint32_t len;

	count(&w->fragments_taken);
	switch (ux_reassembly_add(w->reassembly, p->data, p->len, now_ns(), &whole, &len)) {
	case UX_REASSEMBLY_DONE:
		if (len > ux_port_room(p)) {
			count(&w->drops[UXFRM_DROP_FRAGMENT]);
			return;
		}
		p->data = ux_port_start(p);
		p->len = len;
		memcpy(p->data, whole, len);
		p->may_split = 1;
		ux_path_mtu_outbound(w->path_mtu, w->engine_worker, &p, 1, now_ns());
		p->may_split = 0;
		return;
	case UX_REASSEMBLY_REFUSED:
		count(&w->drops[UXFRM_DROP_FRAGMENT]);
		return;
	default:
		return;
	}
}

/* Tell the senders of packets that are too big; some go on all the same. */
static void reply(struct ux_packet_worker *w, size_t n, uint64_t now)
{
	struct uxfrm_packet *const *burst = w->burst;
	size_t taken =
	    ux_path_mtu_reply(w->path_mtu, w->engine_worker, w->params.underlay, burst, n, now);

	if (taken)
		atomic_fetch_add_explicit(&w->too_big_taken, taken, memory_order_relaxed);
}

static void give_to_engine(struct ux_packet_worker *w, enum ux_port_side side,
			   struct uxfrm_packet *const *packets, size_t n)
{
	if (side == UX_PORT_UNDERLAY) {
		uxfrm_inbound(w->engine_worker, packets, n);
		return;
	}
	ux_path_mtu_outbound(w->path_mtu, w->engine_worker, packets, n, now_ns());
	for (size_t i = 0; i < n; i++) {
		if (packets[i]->verdict == UXFRM_DROP && packets[i]->drop == UXFRM_DROP_FRAGMENT)
			try_whole(w, packets[i]);
	}
}

/* Those that have to wait wait; for which there is no room goes on as if it had waited.
 * @deadlines: of each, or NULL. */
static void keep_held(struct ux_packet_worker *w, enum ux_port_side side, size_t n,
		      const uint64_t *deadlines)
{
	struct uxfrm_packet *refused[UXFRM_BURST];
	size_t m = 0;

	for (size_t i = 0; i < n; i++) {
		struct uxfrm_packet *p = w->burst[i];

		if (p->verdict != UXFRM_HOLD ||
		    ux_held_add(&w->held, p, side, now_ns(), deadlines ? deadlines[i] : 0))
			continue;
		p->may_hold = UXFRM_MAY_HOLD_NOT;
		refused[m++] = p;
	}
	if (m)
		give_to_engine(w, side, refused, m);
}

/* The next packet from @from on that belongs to a link; n: there is none. */
static size_t next_of_link(const struct ux_packet_worker *w, size_t from, size_t n)
{
	while (from < n && (w->burst[from]->verdict != UXFRM_DELIVER || !w->burst[from]->if_id))
		from++;
	return from;
}

/* Those of one link, which go together. */
static void deliver_by_link(struct ux_packet_worker *w, struct ux_port *port,
			    struct uxfrm_packet *const *packets, size_t n)
{
	if (port)
		ux_port_send(port, packets, n);
	for (size_t i = 0; i < n; i++) {
		if (!port) /* it has just gone */
			ux_port_refuse(packets[i], UXFRM_DROP_PORT_SEND);
		if (packets[i]->verdict == UXFRM_DROP)
			count(&w->drops[packets[i]->drop]);
		else
			packets[i]->verdict = UXFRM_CONSUMED;
	}
}

/* What belongs to links is given to them, and is then done with. */
static void deliver_by_links(struct ux_packet_worker *w, size_t n)
{
	const struct ux_link_ports *links = atomic_load(&w->links);

	for (size_t at = next_of_link(w, 0, n); at < n;) {
		const uint32_t if_id = w->burst[at]->if_id;
		struct uxfrm_packet *chosen[UXFRM_BURST];
		size_t m = 0;

		for (; at < n && w->burst[at]->if_id == if_id; at = next_of_link(w, at + 1, n))
			chosen[m++] = w->burst[at];
		deliver_by_link(w, ux_link_ports_find(links, if_id), chosen, m);
	}
}

static void deliver(struct ux_packet_worker *w, size_t n)
{
	if (atomic_load(&w->links))
		deliver_by_links(w, n);
	send_sorted(w, atomic_load(&w->host), n, UXFRM_DELIVER, UXFRM_DELIVER);
}

/* Packets that came in clear go on in the kernel or end there: the port tells it. */
static void cleartext(struct ux_packet_worker *w, struct ux_port *port, size_t n)
{
	uxfrm_cleartext(w->engine_worker, w->burst, n, port->side == UX_PORT_CLEAR_FWD);
	ux_port_send(port, w->burst, n);
}

static void send_outbound(struct ux_packet_worker *w, size_t n)
{
	const uint64_t now = now_ns();

	reply(w, n, now);
	ux_path_mtu_tell_unreachable(w->path_mtu, w->engine_worker, w->params.underlay, w->burst, n,
				     now);
	send_sorted(w, w->params.underlay, n, UXFRM_UNDERLAY, UXFRM_BYPASS);
	reply(w, n, now);
}

/* The burst through the engine and out. */
static void carry(struct ux_packet_worker *w, enum ux_port_side side, size_t n,
		  const uint64_t *deadlines)
{
	uxfrm_worker_clock(w->engine_worker, real_s());
	give_to_engine(w, side, w->burst, n);
	keep_held(w, side, n, deadlines);
	if (side == UX_PORT_HOST)
		send_outbound(w, n);
	else
		deliver(w, n);
}

/* Up to a burst of those that wait, from the front and of one side. */
static size_t take_held(struct ux_packet_worker *w, size_t max, enum ux_port_side *ret_side,
			uint64_t deadlines[UXFRM_BURST])
{
	uint64_t now = now_ns();
	size_t n = 0;

	while (n < max && ux_held_any(&w->held)) {
		struct ux_held_packet *next = ux_held_first(&w->held), *held;

		if (n && next->side != *ret_side)
			break;
		held = ux_held_take(&w->held);
		*ret_side = held->side;
		ux_held_put(held, w->burst[n]);
		w->burst[n]->may_hold =
		    held->deadline_ns > now ? UXFRM_MAY_HOLD_AGAIN : UXFRM_MAY_HOLD_NOT;
		deadlines[n++] = held->deadline_ns;
		free(held);
	}
	return n;
}

/* Once through all that wait, in their order. */
static void offer_held(struct ux_packet_worker *w)
{
	uint64_t deadlines[UXFRM_BURST];
	enum ux_port_side side = UX_PORT_HOST;

	ux_held_begin(&w->held);
	for (size_t left = w->held.n; left > 0;) {
		size_t n = take_held(w, left < UXFRM_BURST ? left : UXFRM_BURST, &side, deadlines);

		left -= n;
		carry(w, side, n, deadlines);
	}
}

/* What waits goes first, when it may. */
static void look_after_held(struct ux_packet_worker *w)
{
	uint32_t changes = uxfrm_changes(w->params.engine);
	uint64_t now = now_ns();
	bool due = changes != w->changes || w->held.earliest_ns <= now;

	if (ux_held_any(&w->held) && now < w->next_offer_ns) {
		uxfrm_worker_held(w->engine_worker, true, w->changes);
		return;
	}
	w->changes = changes;
	uxfrm_worker_held(w->engine_worker, ux_held_any(&w->held), changes);
	if (!ux_held_any(&w->held) || !due)
		return;
	/* Others have as much time as a great many take that wait. */
	w->next_offer_ns = w->held.n > HELD_MANY ? now + w->held.n * HELD_PAUSE_NS : 0;
	offer_held(w);
}

/* A burst of a port that goes first. Returns how many packets it had. */
static size_t serve_first_burst(struct ux_packet_worker *w, struct ux_port *port)
{
	size_t n = ux_port_receive(port, w->burst, UXFRM_BURST);

	if (!n)
		return 0;
	count(&w->bursts);
	for (size_t i = 0; i < n; i++)
		w->burst[i]->may_hold = UXFRM_MAY_HOLD_FIRST;
	carry(w, port->side, n, NULL);
	return n;
}

static void serve_first(struct ux_packet_worker *w)
{
	uint32_t n_first = atomic_load_explicit(&w->n_first, memory_order_acquire);

	for (uint32_t i = 0; i < n_first; i++) {
		struct ux_port *port = atomic_load_explicit(&w->first[i], memory_order_acquire);

		for (int k = 0; port && k < FIRST_BURSTS; k++) {
			if (serve_first_burst(w, port) < UXFRM_BURST)
				break;
		}
	}
}

/* A burst of a port. Returns how many packets there were. */
static size_t serve_burst(struct ux_packet_worker *w, struct ux_port *port)
{
	size_t n;

	look_after_held(w);
	if (port->side == UX_PORT_UNDERLAY && !port->first)
		serve_first(w);
	n = ux_port_receive(port, w->burst, UXFRM_BURST);
	if (!n)
		return 0;
	count(&w->bursts);
	if (port->side != UX_PORT_HOST && port->side != UX_PORT_UNDERLAY) {
		uxfrm_worker_clock(w->engine_worker, real_s());
		cleartext(w, port, n);
		return n;
	}
	for (size_t i = 0; i < n; i++)
		w->burst[i]->may_hold = UXFRM_MAY_HOLD_FIRST;
	carry(w, port->side, n, NULL);
	return n;
}

static void serve_port(struct ux_packet_worker *w, struct ux_port *port, uint32_t events)
{
	size_t n = serve_burst(w, port);

	while (port->pending)
		(void)serve_burst(w, port);
	/* A TUN device that was removed is ready for ever. A socket's error ends with its being
	 * read. */
	if (!n && port->side == UX_PORT_HOST && (events & EPOLLERR))
		(void)epoll_ctl(w->epoll_fd, EPOLL_CTL_DEL, port->fd, NULL);
}

static void run(struct ux_packet_worker *w)
{
	struct epoll_event ready[EVENTS_PER_ROUND];

	while (!atomic_load(&w->stop)) {
		int n = epoll_wait(w->epoll_fd, ready, EVENTS_PER_ROUND,
				   ux_held_any(&w->held) ? HELD_LOOK_MS : -1);
		bool wake = false;

		look_after_held(w);

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
	}
}

/* Packets wait in queues of limited size while another thread runs; best effort. */
static void raise_priority(void)
{
	const struct sched_param p = {.sched_priority = 1};

	if (pthread_setschedparam(pthread_self(), SCHED_FIFO, &p) != 0)
		(void)setpriority(PRIO_PROCESS, 0, -10);
}

static void *thread_main(void *opaque)
{
	struct ux_packet_worker *w = opaque;

	raise_priority();
	w->engine_worker = uxfrm_worker_new(w->params.engine);
	w->start_error = w->engine_worker ? uxfrm_worker_follow_paths(w->engine_worker) : -ENOMEM;
	sem_post(&w->started);
	if (!w->start_error)
		run(w);
	w->engine_worker = uxfrm_worker_free(w->engine_worker);
	return NULL;
}

static int allocate(struct ux_packet_worker *w)
{
	w->memory = malloc((size_t)BUFFER_STRIDE * UXFRM_BURST);
	w->reassembly = ux_reassembly_new(INCOMPLETE_MAX, INCOMPLETE_NS);
	w->path_mtu = ux_path_mtu_new(w->params.engine, w->params.own_mark);
	w->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	w->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (!w->memory || !w->reassembly || !w->path_mtu)
		return -ENOMEM;
	if (w->epoll_fd < 0 || w->wake_fd < 0)
		return -EMFILE;
	for (size_t i = 0; i < UXFRM_BURST; i++) {
		w->packets[i].buf = w->memory + i * BUFFER_STRIDE;
		w->packets[i].size = UX_PORT_BUFFER;
		w->burst[i] = &w->packets[i];
		/* The first touch of memory is slow; it is done here. */
		memset(w->packets[i].buf, 0, 4096);
	}
	return 0;
}

static void release(struct ux_packet_worker *w)
{
	if (w->epoll_fd >= 0)
		close(w->epoll_fd);
	if (w->wake_fd >= 0)
		close(w->wake_fd);
	sem_destroy(&w->passed);
	sem_destroy(&w->started);
	ux_reassembly_free(w->reassembly);
	free(atomic_load(&w->links));
	ux_path_mtu_free(w->path_mtu);
	ux_held_fini(&w->held);
	free(w->memory);
	free(w);
}

static int watch(struct ux_packet_worker *w, int fd, struct ux_port *port)
{
	struct epoll_event e = {.events = EPOLLIN, .data.ptr = port};

	return epoll_ctl(w->epoll_fd, EPOLL_CTL_ADD, fd, &e) < 0 ? -errno : 0;
}

/* Signals are the control thread's. */
static int start_thread(struct ux_packet_worker *w)
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

int ux_packet_worker_start(const struct ux_packet_worker_params *params,
			   struct ux_packet_worker **ret_worker)
{
	struct ux_packet_worker *w = calloc(1, sizeof(*w));
	int err;

	if (!w)
		return -ENOMEM;
	w->params = *params;
	atomic_init(&w->host, params->host);
	w->epoll_fd = w->wake_fd = -1;
	ux_held_init(&w->held, params->hold_bytes);
	sem_init(&w->passed, 0, 0);
	sem_init(&w->started, 0, 0);
	err = allocate(w);
	err = err ? err : watch(w, w->wake_fd, NULL);
	err = err ? err : watch(w, w->params.host->fd, w->params.host);
	err = err ? err : start_thread(w);
	if (err) {
		release(w);
		return err;
	}
	*ret_worker = w;
	return 0;
}

static bool notify(struct ux_packet_worker *w)
{
	const uint64_t one = 1;

	return write(w->wake_fd, &one, sizeof(one)) == sizeof(one);
}

/* Returns when the worker has been at its loop's head after the call. */
static void wake(struct ux_packet_worker *w)
{
	if (!notify(w))
		return;
	while (sem_wait(&w->passed) < 0)
		;
}

struct ux_packet_worker *ux_packet_worker_stop(struct ux_packet_worker *w)
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

/* A place for a port that goes first, or where @port is. */
static _Atomic(struct ux_port *) *first_place(struct ux_packet_worker *w, const struct ux_port *port)
{
	for (uint32_t i = 0; i < FIRST_PORTS; i++) {
		if (atomic_load_explicit(&w->first[i], memory_order_relaxed) != port)
			continue;
		if (i >= atomic_load_explicit(&w->n_first, memory_order_relaxed))
			atomic_store_explicit(&w->n_first, i + 1, memory_order_release);
		return &w->first[i];
	}
	return NULL;
}

int ux_packet_worker_add_port(struct ux_packet_worker *w, struct ux_port *port)
{
	_Atomic(struct ux_port *) *place = port->first ? first_place(w, NULL) : NULL;
	int err;

	if (port->first && !place)
		return -ENOSPC;
	err = watch(w, port->fd, port);
	if (!err && place)
		atomic_store_explicit(place, port, memory_order_release);
	return err;
}

void ux_packet_worker_remove_port(struct ux_packet_worker *w, struct ux_port *port)
{
	_Atomic(struct ux_port *) *place = port->first ? first_place(w, port) : NULL;

	(void)epoll_ctl(w->epoll_fd, EPOLL_CTL_DEL, port->fd, NULL);
	if (place)
		atomic_store_explicit(place, NULL, memory_order_release);
	/* Events that were fetched before the removal end with that round. */
	wake(w);
}

int ux_packet_worker_replace_host(struct ux_packet_worker *w, struct ux_port *host)
{
	struct ux_port *old = atomic_load(&w->host);
	int err = watch(w, host->fd, host);

	if (err)
		return err;
	atomic_store(&w->host, host);
	ux_packet_worker_remove_port(w, old);
	return 0;
}

/* The table before goes when the worker does not use it any more. */
static void publish_links(struct ux_packet_worker *w, struct ux_link_ports *fresh)
{
	struct ux_link_ports *old = atomic_exchange(&w->links, fresh);

	wake(w);
	free(old);
}

int ux_packet_worker_add_link(struct ux_packet_worker *w, struct ux_port *port)
{
	struct ux_link_ports *fresh = ux_link_ports_with(atomic_load(&w->links), port);
	int err = fresh ? watch(w, port->fd, port) : -ENOMEM;

	if (err) {
		free(fresh);
		return err;
	}
	publish_links(w, fresh);
	return 0;
}

int ux_packet_worker_remove_link(struct ux_packet_worker *w, struct ux_port *port)
{
	struct ux_link_ports *fresh = ux_link_ports_without(atomic_load(&w->links), port);

	if (!fresh)
		return -ENOMEM;
	(void)epoll_ctl(w->epoll_fd, EPOLL_CTL_DEL, port->fd, NULL);
	publish_links(w, fresh);
	return 0;
}

void ux_packet_worker_stats_get(struct ux_packet_worker *w,
				struct ux_packet_worker_stats *ret_stats)
{
	for (int i = 0; i < UXFRM_DROP_COUNT; i++)
		ret_stats->drops[i] = atomic_load_explicit(&w->drops[i], memory_order_relaxed);
	ret_stats->fragments_taken =
	    atomic_load_explicit(&w->fragments_taken, memory_order_relaxed);
	ret_stats->too_big_taken = atomic_load_explicit(&w->too_big_taken, memory_order_relaxed);
	ret_stats->bursts = atomic_load_explicit(&w->bursts, memory_order_relaxed);
}
