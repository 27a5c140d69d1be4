/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* Echo requests at a steady pace (ICMP, ICMPv6) and the replies counted, each once. */

#include <stdatomic.h>
#include <stdint.h>

#include "flow.h"

struct ping_flow {
	struct flow flow;
	double rate;
	int fd;
	uint16_t id;
	atomic_bool sending, receiving;
	_Atomic(uint64_t) sent, received, duplicated, send_errors;
	_Atomic(uint8_t)
	    seen[1 << 16]; /* replies to this sequence number in this round of 65,536 */
};

void ping_flow_open(struct ping_flow *f);
void *ping_flow_send(void *flow);
void *ping_flow_receive(void *flow);
