/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* What authenticates a packet: one interface for HMAC and for the CBC chains. */

#include "crypto/cbc_mac.h"
#include "crypto/hmac.h"

enum ux_mac_kind {
	UX_MAC_UNKNOWN, /* of a name that Linux knows and we have no code for */
	UX_MAC_NULL,
	UX_MAC_HMAC_MD5,
	UX_MAC_HMAC_SHA1,
	UX_MAC_HMAC_SHA256,
	UX_MAC_HMAC_SHA384,
	UX_MAC_HMAC_SHA512,
	UX_MAC_HMAC_RMD160,
	UX_MAC_XCBC,
	UX_MAC_CMAC
};

/* Holds what is as good as the key. One thread. */
struct ux_mac {
	enum ux_mac_kind kind;
	struct ux_hmac hmac;
	struct ux_cbc_mac cbc; /* its context is kept when the key changes */
};

/* ux_mac_takes_key - may a key have @len bytes? */
bool ux_mac_takes_key(enum ux_mac_kind kind, uint32_t len);
/* ux_mac_init - @m is all zero or was used before; the key must be one it takes. False when
 * libcrypto fails. */
bool ux_mac_init(struct ux_mac *m, enum ux_mac_kind kind, const uint8_t *key, uint32_t len);
/* ux_mac_sum - of @in, whose extra is at most 16 bytes; writes the whole digest. False when
 * libcrypto fails. Not for UX_MAC_NULL. */
bool ux_mac_sum(struct ux_mac *m, const struct ux_hmac_input *in, uint8_t ret[UX_DIGEST_MAX]);
void ux_mac_forget(struct ux_mac *m); /* wipes the key */
void ux_mac_fini(struct ux_mac *m);
