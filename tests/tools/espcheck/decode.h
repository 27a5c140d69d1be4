/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * Frames of the underlay, read from the standards and from nothing of uxfrm: Ethernet or bare IP,
 * IPv4 and IPv6, ESP (RFC 4303) and ESP in UDP (RFC 3948), and anything that shows an inner network
 * in clear.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger.h"

#define DECODER_PREFIXES_MAX 16

enum decoder_link {
	DECODER_ETHERNET = 1,
	DECODER_RAW_IP = 101,
	DECODER_SLL = 113,
	DECODER_SLL2 = 276
};

struct decoder_prefix {
	int family;
	unsigned int bits;
	uint8_t address[16];
};

/* From this packet on an SPI took this path; the one before took another, or there was none. */
struct decoder_turn {
	uint64_t ns; /* CLOCK_REALTIME as captured; 0 from files */
	uint32_t spi;
	bool in_udp;
	int family;
	uint8_t src[16], dst[16]; /* outer addresses */
};

struct decoder {
	struct decoder_prefix inner[DECODER_PREFIXES_MAX];
	size_t n_inner;
	unsigned int iv_length; /* 0, 8 or 16 */
	size_t mtu;		/* IP packets above this are several glued together; 0 = any size */
	uint16_t esp_port;	/* the encapsulating UDP port, at either end */
	struct ledger ledger;
	struct decoder_turn *turns; /* in the order of capture on each interface */
	size_t n_turns, turns_size;
	bool show_turns;
	uint64_t now_ns; /* when the frame at hand was captured */
	uint64_t path;	 /* of the packet at hand */
	struct decoder_turn here; /* its addresses */

	uint64_t frames, esp, esp_in_udp, keepalives, ike, later_fragments, other;
	uint64_t cleartext; /* packets with an inner address, alone, tunnelled or quoted */
	uint64_t
	    undecodable; /* cut short, malformed or glued together: the result would be a guess */
	char first_cleartext[160], first_undecodable[160];
};

/* decoder_add_inner - "10.0.0.0/8" or "fd00::/8". false: not a prefix, or too many. */
bool decoder_add_inner(struct decoder *d, const char *text);
/* decoder_frame - @captured bytes of a frame that had @on_wire bytes. */
void decoder_frame(struct decoder *d, enum decoder_link link, const uint8_t *frame, size_t captured,
		   size_t on_wire);
void decoder_fini(struct decoder *d);
