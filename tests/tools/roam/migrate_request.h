/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* One XFRM_MSG_MIGRATE_STATE on a netlink socket, written from the layout of the message, timed. */

#include <stdbool.h>
#include <stdint.h>

struct migrate_address {
	int family; /* AF_INET, AF_INET6, 0 = not given */
	uint8_t bytes[16];
};

struct migrate_request {
	struct migrate_address dst, new_dst, new_src;
	uint32_t spi, reqid;
	uint32_t mark_v, mark_m; /* of the SA as it is */
	bool has_new_mark;
	uint32_t new_mark_v, new_mark_m;
	bool has_encap;
	uint16_t sport, dport; /* both 0: no encapsulation any more */
};

struct migrate_answer {
	int error; /* 0 or errno */
	double us; /* from the call of send() to the answer read */
	char text[128];
};

/* migrate_open - a NETLINK_XFRM socket with extended ACK. Ends the program if it cannot be had. */
int migrate_open(void);
/* migrate_send - ask and wait for the answer. */
struct migrate_answer migrate_send(int fd, const struct migrate_request *r);
