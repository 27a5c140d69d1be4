/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* Inside crypto/: what a backend offers to transform.c and worker.c, and what they offer to it. */

#include <openssl/evp.h>

#include "crypto/hmac.h"
#include "crypto/transform.h"

/* Key bytes of a transform, in key memory. Both keys stand in bytes, the cipher's first. */
struct ux_transform_keys {
	uint32_t cipher_len, auth_len;
	uint8_t bytes[];
};

/* AES by key length; fetched once for each worker, so no packet searches the providers. */
enum { UX_AES_128, UX_AES_192, UX_AES_256, UX_AES_N };
struct ux_libcrypto {
	EVP_CIPHER *gcm[UX_AES_N], *cbc[UX_AES_N];
};

/* A transform keyed for one direction in one worker. */
struct ux_crypto_slot {
	struct ux_transform *transform; /* a share of the shell */
	EVP_CIPHER_CTX *cipher; /* kept when the slot changes hands; NULL until first used */
	struct ux_hmac hmac;
	uint8_t salt[4]; /* GCM */
};

/*
 * @key: fill the slot's contexts; false when libcrypto fails. The slot's cipher context is there
 *and empty.
 * @encrypt, @decrypt: one packet; true when all went well. No allocation.
 */
struct ux_transform_ops {
	bool (*key)(struct ux_crypto_slot *slot, const struct ux_libcrypto *lib, bool encrypt);
	bool (*encrypt)(struct ux_crypto_slot *slot, const struct ux_crypt_op *op);
	bool (*decrypt)(struct ux_crypto_slot *slot, const struct ux_crypt_op *op);
};

extern const struct ux_transform_ops ux_openssl_aead_ops;
extern const struct ux_transform_ops ux_openssl_cbc_hmac_ops;

/* ux_aes_of_len - UX_AES_* for a key of @len bytes; -1 when AES has no such key. */
int ux_aes_of_len(uint32_t len);

/* ux_crypto_worker_size - bytes of a worker, so that a test can look for key bytes in it. */
size_t ux_crypto_worker_size(void);

/* ux_transform_deaths - how many transforms lost their last reference so far. */
uint64_t ux_transform_deaths(void);
void ux_transform_shell_get(struct ux_transform *t);
/* ux_transform_shell_put - the last one frees the shell. */
void ux_transform_shell_put(struct ux_transform *t);
