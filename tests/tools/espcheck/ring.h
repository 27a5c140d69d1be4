/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* A packet socket with a large mapped ring on one interface: all frames, both directions, none lost
 * unseen. */

#include <poll.h>

#include "decode.h"

struct ring {
	int fd, ifindex;
	uint8_t *map;
	size_t n_blocks, block;
	enum decoder_link link;
	uint64_t seen, dropped; /* the kernel's own count */
	char name[16];
};

/* ring_open - @megabytes of buffer; each frame cut to @snap bytes. 0, or -1 after saying why. */
int ring_open(struct ring *r, const char *interface, unsigned int megabytes, unsigned int snap);
/* ring_drain - decode what has been filled. Returns the number of blocks. */
unsigned int ring_drain(struct ring *r, struct decoder *d);
/* ring_flush - decode everything that arrived up to now, half-filled blocks as well, and read the
 * counters. */
void ring_flush(struct ring *r, struct decoder *d);
void ring_close(struct ring *r);
