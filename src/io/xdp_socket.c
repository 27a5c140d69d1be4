/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Rings by libxdp's inline functions. A frame of the receiving part goes back to the fill ring when
 * it was read and there is room: the kernel shows what it has received before it shows that it has taken the
 * frames for it out of the fill ring. Those of the sending part wait in a stack.
 *
 * In copy mode the kernel sends while we are in sendto(), a limited number each time.
 */

#include "io/xdp_socket.h"

#include <errno.h>
#include <linux/if_xdp.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>

#ifndef XDP_MAX_TX_SKB_BUDGET
#define XDP_MAX_TX_SKB_BUDGET 9
#endif

/* The kernel keeps room in front of each frame it receives. */
#define KERNEL_HEADROOM 256
#define SMALL_FRAME 2048u
#define LARGE_FRAME 4096u
#define SEND_BUFFER (8 << 20)
/* A full ring is waited for this often, a millisecond each time at most. */
#define FULL_RETRIES 5
/* Calls without any progress, or with little, in one flush. */
#define KICKS_MAX 64
#define SENT_PER_CALL 256
#define MINIMUM_FRAME 60
/* For frames that another CPU has: pauses of this long, so many; then not for so many changes. */
#define PAUSE_NS 20000
#define PAUSES_MAX 50
#define CHANGES_UNWATCHED 100

static int allocate(struct ux_xdp_socket *s, uint32_t frames)
{
	s->memory_size = (size_t)frames * s->frame_size;
	s->memory = mmap(NULL, s->memory_size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (s->memory == MAP_FAILED) {
		s->memory = NULL;
		return -ENOMEM;
	}
	s->read_frames = calloc(frames - s->tx_frames, sizeof(*s->read_frames));
	if (!s->read_frames)
		return -ENOMEM;
	if (!s->tx_frames)
		return 0;
	s->free_frames = calloc(s->tx_frames, sizeof(*s->free_frames));
	return s->free_frames ? 0 : -ENOMEM;
}

static int bind_socket(struct ux_xdp_socket *s, const struct ux_xdp_socket_params *params)
{
	const struct xsk_umem_config memory = {
	    .fill_size = params->rx_frames,
	    .comp_size = params->tx_frames ? params->tx_frames : 64,
	    .frame_size = s->frame_size,
	};
	const struct xsk_socket_config config = {
	    .rx_size = params->rx_frames,
	    .tx_size = params->tx_frames,
	    .libxdp_flags = XSK_LIBXDP_FLAGS__INHIBIT_PROG_LOAD,
	    .bind_flags = XDP_USE_NEED_WAKEUP,
	};
	int err = xsk_umem__create(&s->umem, s->memory, s->memory_size, &s->fill, &s->completion,
				   &memory);

	if (err)
		return err;
	return xsk_socket__create(&s->xsk, params->device, params->queue, s->umem, &s->rx,
				  params->tx_frames ? &s->tx : NULL, &config);
}

static void set_options(struct ux_xdp_socket *s)
{
	const int size = SEND_BUFFER, budget = SENT_PER_CALL;
	struct xdp_options options = {0};
	socklen_t len = sizeof(options);

	if (setsockopt(s->fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)) < 0)
		(void)setsockopt(s->fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	/* Where the kernel does not know it, it takes 32 at a time. */
	(void)setsockopt(s->fd, SOL_XDP, XDP_MAX_TX_SKB_BUDGET, &budget, sizeof(budget));
	if (getsockopt(s->fd, SOL_XDP, XDP_OPTIONS, &options, &len) == 0)
		s->zero_copy = options.flags & XDP_OPTIONS_ZEROCOPY;
}

/* The first frames are for receiving. */
static void hand_out_frames(struct ux_xdp_socket *s, uint32_t rx_frames)
{
	uint32_t at;

	if (xsk_ring_prod__reserve(&s->fill, rx_frames, &at) == rx_frames) {
		for (uint32_t i = 0; i < rx_frames; i++)
			*xsk_ring_prod__fill_addr(&s->fill, at + i) =
			    (uint64_t)i * s->frame_size;
		xsk_ring_prod__submit(&s->fill, rx_frames);
	}
	for (uint32_t i = 0; i < s->tx_frames; i++)
		s->free_frames[s->n_free++] = rx_frames + i;
}

int ux_xdp_socket_open(const struct ux_xdp_socket_params *params, struct ux_xdp_socket *s)
{
	const uint32_t longest = params->mtu + UX_XDP_ETHERNET;
	int err;

	*s = (struct ux_xdp_socket){.fd = -1, .tx_frames = params->tx_frames};
	s->frame_size = longest + KERNEL_HEADROOM <= SMALL_FRAME ? SMALL_FRAME : LARGE_FRAME;
	err = allocate(s, params->rx_frames + params->tx_frames);
	err = err ? err : bind_socket(s, params);
	if (err) {
		ux_xdp_socket_close(s);
		return err;
	}
	s->fd = xsk_socket__fd(s->xsk);
	set_options(s);
	hand_out_frames(s, params->rx_frames);
	return 0;
}

void ux_xdp_socket_close(struct ux_xdp_socket *s)
{
	if (s->xsk)
		xsk_socket__delete(s->xsk);
	if (s->umem)
		(void)xsk_umem__delete(s->umem);
	if (s->memory)
		munmap(s->memory, s->memory_size);
	free(s->free_frames);
	free(s->read_frames);
	*s = (struct ux_xdp_socket){.fd = -1};
}

uint32_t ux_xdp_socket_longest(const struct ux_xdp_socket *s)
{
	return s->frame_size - KERNEL_HEADROOM;
}

size_t ux_xdp_socket_waiting(const struct ux_xdp_socket *s)
{
	return __atomic_load_n(s->rx.producer, __ATOMIC_ACQUIRE) -
	       __atomic_load_n(s->rx.consumer, __ATOMIC_RELAXED);
}

/* Give back what was read, as far as there is room. */
static void refill(struct ux_xdp_socket *s)
{
	uint32_t to, count = xsk_prod_nb_free(&s->fill, s->n_read);

	if (count > s->n_read)
		count = s->n_read;
	if (!count || xsk_ring_prod__reserve(&s->fill, count, &to) != count)
		return;
	for (uint32_t i = 0; i < count; i++)
		*xsk_ring_prod__fill_addr(&s->fill, to + i) =
		    (uint64_t)s->read_frames[--s->n_read] * s->frame_size;
	xsk_ring_prod__submit(&s->fill, count);
	if (xsk_ring_prod__needs_wakeup(&s->fill))
		(void)recvfrom(s->fd, NULL, 0, MSG_DONTWAIT, NULL, NULL);
}

size_t ux_xdp_socket_peek(struct ux_xdp_socket *s, struct ux_xdp_frame *frames, size_t n)
{
	uint32_t at, got;

	if (s->n_read)
		refill(s);
	got = xsk_ring_cons__peek(&s->rx, (uint32_t)n, &at);
	for (uint32_t i = 0; i < got; i++) {
		const struct xdp_desc *d = xsk_ring_cons__rx_desc(&s->rx, at + i);

		frames[i] = (struct ux_xdp_frame){s->memory + d->addr, d->len};
		__builtin_prefetch(frames[i].data);
	}
	return got;
}

void ux_xdp_socket_release(struct ux_xdp_socket *s, size_t n)
{
	const uint32_t count = (uint32_t)n;
	uint32_t from = s->rx.cached_cons - count;

	for (uint32_t i = 0; i < count; i++)
		s->read_frames[s->n_read++] =
		    (uint32_t)(xsk_ring_cons__rx_desc(&s->rx, from + i)->addr / s->frame_size);
	xsk_ring_cons__release(&s->rx, count);
	refill(s);
}

/* Take back frames that were sent. */
static void reap(struct ux_xdp_socket *s)
{
	uint32_t at, n = xsk_ring_cons__peek(&s->completion, s->tx_frames, &at);

	for (uint32_t i = 0; i < n; i++)
		s->free_frames[s->n_free++] =
		    (uint32_t)(*xsk_ring_cons__comp_addr(&s->completion, at + i) / s->frame_size);
	if (n)
		xsk_ring_cons__release(&s->completion, n);
}

/* What was submitted and the kernel has not taken. */
static uint32_t waiting(const struct ux_xdp_socket *s)
{
	return s->tx.cached_prod - __atomic_load_n(s->tx.consumer, __ATOMIC_ACQUIRE);
}

/* What the kernel has taken and not given back. */
static uint32_t under_way(struct ux_xdp_socket *s)
{
	reap(s);
	return s->tx_frames - s->n_free - waiting(s);
}

/*
 * Behind a virtual device the frames wait for the CPU that has sent them, and what is sent on another
 * CPU would overtake them, by more than a replay window perhaps. So they get a moment to be first. A
 * receiver on this host may keep its frames longer: then waiting is in vain, and left for a while.
 */
static void let_others_go_first(struct ux_xdp_socket *s)
{
	const struct timespec pause = {.tv_nsec = PAUSE_NS};
	const int cpu = sched_getcpu();

	if (cpu == s->cpu || s->zero_copy)
		return;
	s->cpu = cpu;
	if (s->unwatched) {
		s->unwatched--;
		return;
	}
	for (int i = 0; under_way(s); i++) {
		if (i == PAUSES_MAX) {
			s->unwatched = CHANGES_UNWATCHED;
			return;
		}
		(void)nanosleep(&pause, NULL);
	}
}

bool ux_xdp_socket_flush(struct ux_xdp_socket *s)
{
	int retries = 0;

	let_others_go_first(s);
	for (int i = 0; i < KICKS_MAX && waiting(s); i++) {
		uint32_t before = waiting(s);
		struct pollfd p = {.fd = s->fd, .events = POLLOUT};

		if (xsk_ring_prod__needs_wakeup(&s->tx) &&
		    sendto(s->fd, NULL, 0, MSG_DONTWAIT, NULL, 0) < 0 && errno != EAGAIN &&
		    errno != EBUSY && errno != ENOBUFS && errno != EINTR)
			break;
		if (s->zero_copy) /* the driver goes on by itself */
			return true;
		if (waiting(s) != before)
			continue;
		reap(s);
		if (retries++ >= FULL_RETRIES)
			break;
		(void)poll(&p, 1, 1);
	}
	s->stuck = waiting(s) != 0;
	return !s->stuck;
}

size_t ux_xdp_socket_reserve(struct ux_xdp_socket *s, struct ux_xdp_frame *frames, size_t n)
{
	uint32_t got = 0, at;

	for (int retries = 0; retries <= FULL_RETRIES; retries++) {
		struct pollfd p = {.fd = s->fd, .events = POLLOUT};

		if (s->n_free < n)
			reap(s);
		got = s->n_free < n ? s->n_free : (uint32_t)n;
		/* As many ring entries as frames, so those that are free have room. */
		if (got || s->stuck)
			break;
		(void)ux_xdp_socket_flush(s);
		(void)poll(&p, 1, 1);
	}
	if (!got || xsk_ring_prod__reserve(&s->tx, got, &at) != got)
		return 0;
	for (uint32_t i = 0; i < got; i++) {
		struct xdp_desc *d = xsk_ring_prod__tx_desc(&s->tx, at + i);

		d->addr = (uint64_t)s->free_frames[--s->n_free] * s->frame_size;
		d->options = 0;
		frames[i] = (struct ux_xdp_frame){s->memory + d->addr, 0};
	}
	return got;
}

void ux_xdp_socket_submit(struct ux_xdp_socket *s, const struct ux_xdp_frame *frames, size_t n)
{
	uint32_t at = s->tx.cached_prod - (uint32_t)n;

	for (uint32_t i = 0; i < n; i++) {
		uint32_t len = frames[i].len;

		if (len < MINIMUM_FRAME) {
			memset(frames[i].data + len, 0, MINIMUM_FRAME - len);
			len = MINIMUM_FRAME;
		}
		xsk_ring_prod__tx_desc(&s->tx, at + i)->len = len;
	}
	xsk_ring_prod__submit(&s->tx, (uint32_t)n);
}

uint64_t ux_xdp_socket_lost(const struct ux_xdp_socket *s)
{
	struct xdp_statistics st = {0};
	socklen_t len = sizeof(st);

	if (getsockopt(s->fd, SOL_XDP, XDP_STATISTICS, &st, &len) < 0)
		return 0;
	/* rx_dropped: other reasons; frames that are too large among them */
	return st.rx_dropped + st.rx_ring_full + st.rx_fill_ring_empty_descs;
}
