/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * Paced UDP in both directions between two inner addresses. Each packet says its flow, its 64-bit
 * number and the time it was sent, and the rest of it is a pattern of the number.
 */

#include <stdatomic.h>
#include <stdint.h>

#include "burst_log.h"
#include "flow.h"

struct udp_counts {
	_Atomic(uint64_t) received;   /* different packets */
	_Atomic(uint64_t) duplicated; /* packets received again */
	_Atomic(uint64_t) reordered;  /* came after a later one */
	_Atomic(uint64_t) damaged;    /* not as sent */
	_Atomic(uint64_t) delay_max_us;
};

struct udp_flow {
	struct flow flow;
	uint32_t id;
	double rate;	   /* packets per second */
	unsigned int size; /* bytes of UDP payload */
	int fd;
	atomic_bool sending, receiving;
	_Atomic(uint64_t) sent; /* accepted by the socket */
	_Atomic(uint64_t) send_errors;
	struct udp_counts counts; /* written by the receiver alone */
	uint8_t *seen;		  /* a bit for each number */
	uint64_t seen_bytes, highest;
	struct burst_log *log; /* when what was sent, NULL: nobody asks */
};

#define UDP_FLOW_SIZE_MIN 32

/* udp_flow_open - the socket with the largest buffers to be had. */
void udp_flow_open(struct udp_flow *f);
/* udp_flow_missing - the first run of numbers from @from on, below @sent, that never came; its length,
 * 0 when there is none. */
uint64_t udp_flow_missing(const struct udp_flow *f, uint64_t from, uint64_t sent,
			  uint64_t *ret_first);
/* Thread bodies: until sending or receiving becomes false. */
void *udp_flow_send(void *flow);
void *udp_flow_receive(void *flow);
