/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * One AF_XDP socket: a queue of a device, its memory, and the rings. Frames are Ethernet's. Opening
 * and closing is the control thread's, the rest the worker's.
 */

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <xdp/xsk.h>

#include "base/ext_ack.h"
#include "io/net_device.h"

#define UX_XDP_ETHERNET 14 /* bytes of header */

struct ux_xdp_socket {
	struct xsk_socket *xsk;
	struct xsk_umem *umem;
	int fd;
	uint8_t *memory;
	size_t memory_size;
	uint32_t frame_size;
	struct xsk_ring_prod fill, tx;
	struct xsk_ring_cons completion, rx;
	uint32_t n_read; /* of those in read_frames: received, and to be given back */
	uint32_t *read_frames;
	uint32_t tx_frames; /* 0: it does not send */
	uint32_t n_free;    /* of those in free_frames */
	uint32_t *free_frames;
	bool zero_copy;
	int cpu;	    /* that sent last */
	uint32_t unwatched; /* changes of it that are still to be ignored */
	/* What the kernel has taken and not said anything about: nothing moves while it is down. */
	bool stuck;
};

struct ux_xdp_socket_params {
	const char *device;
	uint32_t queue;
	uint32_t mtu;	    /* of the device; frames up to this fit */
	uint32_t rx_frames; /* powers of two; @tx_frames: 0 = it only receives */
	uint32_t tx_frames;
};

/* ux_xdp_socket_open - bound, zero-copy where the driver can, and not in any map yet. 0 or -errno.
 */
int ux_xdp_socket_open(const struct ux_xdp_socket_params *params,
		       struct ux_xdp_socket *ret_socket) UX_MUST_CHECK;
void ux_xdp_socket_close(struct ux_xdp_socket *s);

/* ux_xdp_socket_longest - frames that are longer do not fit when they come in. */
uint32_t ux_xdp_socket_longest(const struct ux_xdp_socket *s);

/* A frame in the socket's memory. */
struct ux_xdp_frame {
	uint8_t *data;
	uint32_t len;
};

/* ux_xdp_socket_waiting - received frames that are there now. Any worker. */
size_t ux_xdp_socket_waiting(const struct ux_xdp_socket *s);
/* ux_xdp_socket_peek - up to @n received frames, valid until ux_xdp_socket_release for as many. */
size_t ux_xdp_socket_peek(struct ux_xdp_socket *s, struct ux_xdp_frame *frames, size_t n);
void ux_xdp_socket_release(struct ux_xdp_socket *s, size_t n);

/*
 * ux_xdp_socket_reserve - room for up to @n frames to be sent, at frames[].data; how many. Waits some
 * milliseconds for room for the first, as a socket that sends would. Then ux_xdp_socket_submit with the
 * lengths set in frames[], and ux_xdp_socket_flush.
 */
size_t ux_xdp_socket_reserve(struct ux_xdp_socket *s, struct ux_xdp_frame *frames, size_t n);
void ux_xdp_socket_submit(struct ux_xdp_socket *s, const struct ux_xdp_frame *frames, size_t n);
/* ux_xdp_socket_flush - make the kernel take what was submitted. false: it does not; the device is
 * down or full. */
bool ux_xdp_socket_flush(struct ux_xdp_socket *s);

/* ux_xdp_socket_lost - frames that were for us and found no room. Any thread. */
uint64_t ux_xdp_socket_lost(const struct ux_xdp_socket *s);
