/* SPDX-License-Identifier: BSD-2-Clause */
/* AES-GCM in ESP, RFC 4106. */
#include "crypto/backend.h"

#include <limits.h>
#include <string.h>

#include "base/bytes.h"

#define ESP_HEADER_LEN 8
#define SALT_LEN 4
#define IV_LEN 8

static bool key_slot(struct ux_crypto_slot *slot, const struct ux_libcrypto *lib, bool encrypt)
{
	const struct ux_transform *t = slot->transform;
	const struct ux_transform_keys *k = t->keys;

	memcpy(slot->salt, k->bytes + k->cipher_len - SALT_LEN, SALT_LEN);
	return EVP_CipherInit_ex(slot->cipher, lib->gcm[t->cipher], NULL, k->bytes, NULL,
				 encrypt) == 1;
}

/* RFC 4106 section 5: the AAD is the header, with the high half of an ESN between its two words. */
static bool start(struct ux_crypto_slot *slot, const struct ux_crypt_op *op)
{
	const struct ux_transform *t = op->transform;
	uint8_t nonce[SALT_LEN + IV_LEN], aad[ESP_HEADER_LEN + 4];
	int aad_len = ESP_HEADER_LEN, n;

	memcpy(nonce, slot->salt, SALT_LEN);
	memcpy(nonce + SALT_LEN, op->esp + ESP_HEADER_LEN, IV_LEN);
	memcpy(aad, op->esp, ESP_HEADER_LEN);
	if (t->esn) {
		ux_put_be32(aad + 4, op->seq_hi);
		memcpy(aad + 8, op->esp + 4, 4);
		aad_len = ESP_HEADER_LEN + 4;
	}
	return EVP_CipherInit_ex(slot->cipher, NULL, NULL, NULL, nonce, -1) == 1 &&
	       EVP_CipherUpdate(slot->cipher, NULL, &n, aad, aad_len) == 1;
}

static bool run(struct ux_crypto_slot *slot, const struct ux_crypt_op *op)
{
	uint8_t *payload = op->esp + ESP_HEADER_LEN + IV_LEN;
	int n;

	return op->payload_len == 0 ||
	       EVP_CipherUpdate(slot->cipher, payload, &n, payload, (int)op->payload_len) == 1;
}

static bool encrypt(struct ux_crypto_slot *slot, const struct ux_crypt_op *op)
{
	uint8_t none[EVP_MAX_BLOCK_LENGTH];
	int n;

	if (op->payload_len > INT_MAX)
		return false;
	ux_put_be64(op->esp + ESP_HEADER_LEN, op->iv_counter);
	return start(slot, op) && run(slot, op) &&
	       EVP_CipherFinal_ex(slot->cipher, none, &n) == 1 &&
	       EVP_CIPHER_CTX_ctrl(slot->cipher, EVP_CTRL_AEAD_GET_TAG, op->transform->icv_len,
				   op->icv) == 1;
}

static bool decrypt(struct ux_crypto_slot *slot, const struct ux_crypt_op *op)
{
	uint8_t none[EVP_MAX_BLOCK_LENGTH];
	int n;

	/* libcrypto compares the tag in constant time. */
	return op->payload_len <= INT_MAX && start(slot, op) && run(slot, op) &&
	       EVP_CIPHER_CTX_ctrl(slot->cipher, EVP_CTRL_AEAD_SET_TAG, op->transform->icv_len,
				   op->icv) == 1 &&
	       EVP_CipherFinal_ex(slot->cipher, none, &n) == 1;
}

const struct ux_transform_ops ux_openssl_aead_ops = {
    .key = key_slot,
    .encrypt = encrypt,
    .decrypt = decrypt,
};
