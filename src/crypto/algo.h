/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* The algorithms of ESP by the kernel's names: lengths, defaults, aliases. */

#include <stdbool.h>
#include <stdint.h>

#include "crypto/cipher.h"
#include "crypto/mac.h"

enum ux_algo_class { UX_ALGO_AEAD, UX_ALGO_CIPHER, UX_ALGO_AUTH, UX_ALGO_COMP };

/* const */
struct ux_algo {
	enum ux_algo_class class;
	const char *name;   /* what GETSA shows: "rfc4106(gcm(aes))", "cbc(aes)", "hmac(sha1)" */
	const char *compat; /* an older name a request may use ("sha1", "aes"), or NULL */
	enum ux_cipher_kind cipher; /* AEAD and cipher */
	enum ux_mac_kind mac;	    /* auth */
	uint16_t icv_trunc_bits;    /* auth: truncation when the request names none. AEAD: 0 */
	uint16_t icv_full_bits;	    /* auth: the digest's length. AEAD: the ICV's length */
};

/*
 * ux_algo_find - the algorithm of @class with this name or alias (AEAD: also this ICV length in
 * bits, as the kernel's table has a row per length); NULL if there is none that can be used.
 */
const struct ux_algo *ux_algo_find(enum ux_algo_class class, const char *name, uint32_t icv_bits);
