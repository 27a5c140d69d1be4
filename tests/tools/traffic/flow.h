/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* A pair of inner addresses, the same port on both sides, and what was counted on it. */

#include <netinet/in.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FLOWS_MAX 8

union flow_address {
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

struct flow {
	union flow_address local, peer;
	socklen_t len;
	char name[80]; /* "local,peer" as given */
};

/* flow_parse - "LOCAL,PEER" of one family with @port on both sides. */
bool flow_parse(const char *text, uint16_t port, struct flow *ret_flow);
/* flow_socket - a socket bound to the local address; ends the program if it cannot be had. */
int flow_socket(const struct flow *f, int type, int protocol);
