/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* Inside crypto/: what a backend offers to transform.c and worker.c, and what they offer to it. */

#include <openssl/evp.h>

#include "crypto/cipher.h"
#include "crypto/mac.h"
#include "crypto/transform.h"

/* Key bytes of a transform, in key memory. Both keys stand in bytes, the cipher's first. */
struct ux_transform_keys {
	uint32_t cipher_len, auth_len;
	uint8_t bytes[];
};

/* A transform keyed for one direction in one worker. */
struct ux_crypto_slot {
	struct ux_transform *transform; /* a share of the shell */
	EVP_CIPHER_CTX *cipher; /* kept when the slot changes hands; NULL until first used */
	struct ux_mac mac;
	uint8_t salt[4]; /* the transform's salt_len of them */
};

/*
 * @key: fill the slot's contexts; false when libcrypto fails. The slot's cipher context is there
 *and empty.
 * @encrypt, @decrypt: one packet; true when all went well. No allocation.
 */
struct ux_transform_ops {
	bool (*key)(struct ux_crypto_slot *slot, bool encrypt);
	bool (*encrypt)(struct ux_crypto_slot *slot, const struct ux_crypt_op *op);
	bool (*decrypt)(struct ux_crypto_slot *slot, const struct ux_crypt_op *op);
};

extern const struct ux_transform_ops ux_openssl_aead_ops; /* nonce, AAD, tag in one call each */
extern const struct ux_transform_ops ux_openssl_ccm_ops;
extern const struct ux_transform_ops ux_openssl_authenc_ops;
extern const struct ux_transform_ops ux_integrity_ops; /* no cipher */

/* ux_slot_evp - libcrypto's cipher for the slot's transform. NULL: it has none. */
const EVP_CIPHER *ux_slot_evp(const struct ux_crypto_slot *slot);
/*
 * ux_esp_aad - the header as AEADs authenticate it, RFC 4106 section 5: with the high half of an
 * ESN between its two words. Returns the length.
 */
#define UX_ESP_AAD_MAX 12
int ux_esp_aad(const struct ux_crypt_op *op, uint8_t ret[UX_ESP_AAD_MAX]);

/* ux_crypto_worker_size - bytes of a worker, so that a test can look for key bytes in it. */
size_t ux_crypto_worker_size(void);

/* ux_transform_deaths - how many transforms lost their last reference so far. */
uint64_t ux_transform_deaths(void);
void ux_transform_shell_get(struct ux_transform *t);
/* ux_transform_shell_put - the last one frees the shell. */
void ux_transform_shell_put(struct ux_transform *t);
