/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * Reading PF_KEY v2 messages (RFC 2367 and Linux's SADB_X extensions): the base header and its
 * extensions, each checked against its bounds before anybody looks at it.
 */

#include <linux/ipsec.h>
#include <linux/pfkeyv2.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/ext_ack.h"

/*
 * The extensions of a message by their type, NULL when absent. Each is as long as the structure
 * that belongs to its type; addresses hold a whole IPv4 or IPv6 socket address and a sensible
 * prefix length, keys all their bits, security labels all their bytes.
 */
struct ux_pfkey_exts {
	const void *at[SADB_EXT_MAX + 1];
};

/*
 * ux_pfkey_check_base - may a datagram be looked at as a message at all? -EMSGSIZE: the length is
 * not what the header says; -EINVAL: version, type or reserved field. Linux answers neither, but
 * fails the send.
 */
int ux_pfkey_check_base(const void *datagram, size_t len) UX_MUST_CHECK;
/*
 * ux_pfkey_read - find the extensions of @msg, @len bytes, aligned to 8 and past
 * ux_pfkey_check_base. Types that are not known are passed over. -EINVAL: one is too short, too
 * long or there twice. What is found points into @msg.
 */
int ux_pfkey_read(const void *msg, size_t len, struct ux_pfkey_exts *ret_exts) UX_MUST_CHECK;

/* ux_pfkey_ext_bytes - the length of an extension that was found. */
static inline size_t ux_pfkey_ext_bytes(const void *ext)
{
	return ((const struct sadb_ext *)ext)->sadb_ext_len * sizeof(uint64_t);
}

/* An endpoint as an address extension names it. */
struct ux_pfkey_address {
	struct ux_addr addr;
	__be16 port;
	uint16_t family;
	uint8_t prefix_bits;
	uint8_t proto; /* as given: 255 is any */
};
/* ux_pfkey_address - read an address extension that was found. */
struct ux_pfkey_address ux_pfkey_address(const void *ext);
/* ux_pfkey_has_pair - are both addresses there, and of one family? */
bool ux_pfkey_has_pair(const struct ux_pfkey_exts *exts);

/* Two addresses of one family in a row, as in a policy's requests. */
struct ux_pfkey_pair {
	struct ux_addr saddr, daddr;
	uint16_t family;
};
/* ux_pfkey_pair_read - -EINVAL when @len bytes do not hold them. Needs no alignment. */
int ux_pfkey_pair_read(const uint8_t *at, size_t len, struct ux_pfkey_pair *ret_pair) UX_MUST_CHECK;

/* One of the requests (templates) behind a policy extension. */
struct ux_pfkey_template {
	struct sadb_x_ipsecrequest head;
	const uint8_t *addresses; /* what stands behind the head */
	size_t addresses_len;
};
/* What is left of a policy extension. */
struct ux_pfkey_templates {
	const uint8_t *at;
	size_t left;
};
struct ux_pfkey_templates ux_pfkey_templates(const struct sadb_x_policy *policy);
/* ux_pfkey_template_next - the next one. -EINVAL: there is none, or it reaches too far. */
int ux_pfkey_template_next(struct ux_pfkey_templates *t,
			   struct ux_pfkey_template *ret_template) UX_MUST_CHECK;
