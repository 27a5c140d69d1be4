/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * Building one PF_KEY v2 message into a buffer the caller owns. Every write is bounded: what does
 * not fit sets overflow, and the message is then not to be sent. Padding is zeroed.
 */

#include <linux/ipsec.h>
#include <linux/pfkeyv2.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"

struct ux_pfkey_writer {
	uint8_t *buf;
	size_t cap, len; /* bytes */
	size_t ext;	 /* offset of the extension being built */
	bool overflow;
};

/* ux_pfkey_begin - start a message; its length is set by ux_pfkey_end. */
void ux_pfkey_begin(struct ux_pfkey_writer *w, void *buf, size_t cap, const struct sadb_msg *head);
/* ux_pfkey_ext - an extension of @len bytes. The first four, its length and type, are set here. */
void ux_pfkey_ext(struct ux_pfkey_writer *w, uint16_t type, const void *ext, size_t len);
/* ux_pfkey_append - lengthen the extension by @len bytes, and by zeros to the next word of 8. */
void ux_pfkey_append(struct ux_pfkey_writer *w, const void *bytes, size_t len);
/* ux_pfkey_put_address - an address extension; the port is network byte order. */
void ux_pfkey_put_address(struct ux_pfkey_writer *w, uint16_t type, uint16_t family,
			  const struct ux_addr *addr, __be16 port, struct sadb_address head);
/* ux_pfkey_put_key - a key extension. */
void ux_pfkey_put_key(struct ux_pfkey_writer *w, uint16_t type, const uint8_t *key,
		      uint32_t key_bits);
/* ux_pfkey_append_pair - two socket addresses without ports in a row; nothing for a family that is
 * neither IPv4 nor IPv6. */
void ux_pfkey_append_pair(struct ux_pfkey_writer *w, uint16_t family, const struct ux_addr *saddr,
			  const struct ux_addr *daddr);
/* ux_pfkey_sockaddr_len - bytes of a socket address; 0 for other families. */
size_t ux_pfkey_sockaddr_len(uint16_t family);
/* ux_pfkey_end - set the length. False: it did not fit. */
bool ux_pfkey_end(struct ux_pfkey_writer *w);
