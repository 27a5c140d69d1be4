/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * The requests that bench/control sends, as netlink bytes. Entry number n of the databases has an
 * SA, a policy and an SPI to ask for; everything about it follows from n.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/netlink.h>

#define REQUEST_MAX 512 /* bytes of the longest request */

/*
 * How addresses, SPIs and reqids follow from the number. Scattered: by functions that share no
 * pattern. Correlated: all count up together, as an IKE daemon may choose them, which puts all SAs
 * into few chains of a hash that combines them by XOR.
 */
enum pattern { PATTERN_SCATTERED, PATTERN_CORRELATED };

struct request {
	union {
		_Alignas(8) struct nlmsghdr header; /* what follows it has members of 64 bits */
		uint8_t bytes[REQUEST_MAX];
	};
};

/*
 * A builder: the request about entry @n. @place: which of its two addresses the SA has now (0 or
 * 1). All requests but GET and ALLOCSPI, which are answered anyway, ask for an acknowledgement.
 */
typedef void (*request_builder)(struct request *r, enum pattern pattern, uint32_t n, int place);

void build_newsa(struct request *r, enum pattern pattern, uint32_t n, int place);
void build_delsa(struct request *r, enum pattern pattern, uint32_t n, int place);
void build_getsa(struct request *r, enum pattern pattern, uint32_t n, int place);
void build_newpolicy(struct request *r, enum pattern pattern, uint32_t n, int place);
void build_delpolicy(struct request *r, enum pattern pattern, uint32_t n, int place);
void build_getpolicy(struct request *r, enum pattern pattern, uint32_t n, int place);
void build_allocspi(struct request *r, enum pattern pattern, uint32_t n, int place);
/* both: from @place to the other */
void build_migrate(struct request *r, enum pattern pattern, uint32_t n, int place);
void build_migrate_state(struct request *r, enum pattern pattern, uint32_t n, int place);

/* build_plain - a request with an empty fixed part of @size bytes: a dump, a flush, a question. */
void build_plain(struct request *r, uint16_t type, uint16_t flags, size_t size);
