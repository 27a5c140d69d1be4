/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* A paced TCP stream in one direction; every byte is compared with the pattern of its offset. */

#include <stdatomic.h>
#include <stdint.h>

#include "flow.h"

struct tcp_flow {
	struct flow flow;
	double bytes_per_second; /* sender only */
	atomic_bool sending;
	_Atomic(uint64_t) sent, received, damaged;
	_Atomic(int) error;   /* errno that ended the stream early */
	atomic_bool finished; /* receiver: the end of the stream came */
	int listener;
};

/* tcp_flow_listen - receiver: before the sender starts. */
void tcp_flow_listen(struct tcp_flow *f);
/* Thread bodies. The sender closes its side when sending becomes false. */
void *tcp_flow_send(void *flow);
void *tcp_flow_receive(void *flow);
