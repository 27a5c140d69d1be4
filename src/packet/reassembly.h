/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * Putting fragments of IPv4 and IPv6 packets together, for packets that must be whole before they
 * can be looked at or protected (RFC 4303 section 3.3.4).
 *
 * All memory is allocated at creation: so many packets may be incomplete at a time, and the oldest
 * gives way to a new one. A packet with overlapping fragments is thrown away, all of it
 * (RFC 5722; for IPv4 too, as nobody sends such). One thread; time is what the caller says.
 */

#include <stdbool.h>
#include <stdint.h>

struct ux_reassembly;

enum ux_reassembly_result {
	UX_REASSEMBLY_HELD,   /* copied; more to come */
	UX_REASSEMBLY_DONE,   /* whole: see ret_packet */
	UX_REASSEMBLY_REFUSED /* malformed or overlapping; what was held of this packet is gone */
};

/* ux_reassembly_new - for @n_packets incomplete packets (each takes up to 64 KiB once used) that
 * may stay so for @timeout_ns. NULL when out of memory. */
struct ux_reassembly *ux_reassembly_new(uint32_t n_packets, uint64_t timeout_ns);
struct ux_reassembly *ux_reassembly_free(struct ux_reassembly *r); /* NULL is fine; returns NULL */

/* ux_reassembly_wanted - is this a fragment? Anything else needs no reassembly. */
bool ux_reassembly_wanted(const uint8_t *packet, uint32_t len);

/*
 * ux_reassembly_add - take in one fragment (borrows it). When it completes a packet, *ret_packet
 * and *ret_len tell where that is; it may be changed in place and is valid until the next call.
 */
enum ux_reassembly_result ux_reassembly_add(struct ux_reassembly *r, const uint8_t *packet,
					    uint32_t len, uint64_t now_ns, uint8_t **ret_packet,
					    uint32_t *ret_len);

/* ux_reassembly_expire - forget incomplete packets whose time is up. Calling it now and then is
 * enough. */
void ux_reassembly_expire(struct ux_reassembly *r, uint64_t now_ns);

/* ux_reassembly_lost - incomplete packets forgotten so far: timed out, displaced or refused. */
uint64_t ux_reassembly_lost(const struct ux_reassembly *r);
/* ux_reassembly_pending - packets incomplete now. */
uint32_t ux_reassembly_pending(const struct ux_reassembly *r);
