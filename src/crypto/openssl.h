/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* Inside the libcrypto backend: a cached context, and what each kind of algorithm does with it. */

#include <openssl/evp.h>

#include "crypto/backend.h"

struct ux_openssl_ops;

/* A transform keyed for one direction in one worker. */
struct ux_openssl_slot {
	const struct ux_openssl_ops *ops;
	EVP_CIPHER_CTX *cipher; /* kept when the slot changes hands; NULL until first used */
	struct ux_mac mac;
	uint8_t salt[4]; /* the transform's salt_len of them */
};

/*
 * @key: fill the slot's contexts; false when libcrypto fails. The slot's cipher context is there
 * and empty.
 * @encrypt, @decrypt: one packet; true when all went well. No allocation.
 */
struct ux_openssl_ops {
	bool (*key)(struct ux_openssl_slot *slot, const struct ux_transform *t, bool encrypt);
	bool (*encrypt)(struct ux_openssl_slot *slot, const struct ux_crypt_op *op);
	bool (*decrypt)(struct ux_openssl_slot *slot, const struct ux_crypt_op *op);
};

extern const struct ux_openssl_ops ux_openssl_aead_ops; /* nonce, AAD, tag in one call each */
extern const struct ux_openssl_ops ux_openssl_ccm_ops;
extern const struct ux_openssl_ops ux_openssl_authenc_ops;
extern const struct ux_openssl_ops ux_openssl_integrity_ops; /* no cipher */

/* ux_openssl_evp - libcrypto's cipher for the transform. NULL: it has none. */
const EVP_CIPHER *ux_openssl_evp(const struct ux_transform *t);
