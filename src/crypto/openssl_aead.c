/* SPDX-License-Identifier: BSD-2-Clause */
/* AES-GCM (RFC 4106), AES-GMAC (RFC 4543) and ChaCha20-Poly1305 (RFC 7634) in ESP. */
#include "crypto/openssl.h"

#include <limits.h>
#include <string.h>

#include "base/bytes.h"

#define ESP_HEADER_LEN 8
#define SALT_LEN 4
#define IV_LEN 8

static bool key_slot(struct ux_openssl_slot *slot, const struct ux_transform *t, bool encrypt)
{
	memcpy(slot->salt, t->keys + t->cipher_len - SALT_LEN, SALT_LEN);
	return EVP_CipherInit_ex(slot->cipher, ux_openssl_evp(t), NULL, t->keys, NULL, encrypt) ==
	       1;
}

static bool start(struct ux_openssl_slot *slot, const struct ux_crypt_op *op)
{
	uint8_t nonce[SALT_LEN + IV_LEN], aad[UX_ESP_AAD_MAX];
	int aad_len = (int)ux_esp_aad(op, aad), n;

	memcpy(nonce, slot->salt, SALT_LEN);
	memcpy(nonce + SALT_LEN, op->esp + ESP_HEADER_LEN, IV_LEN);
	return EVP_CipherInit_ex(slot->cipher, NULL, NULL, NULL, nonce, -1) == 1 &&
	       EVP_CipherUpdate(slot->cipher, NULL, &n, aad, aad_len) == 1;
}

/* GMAC encrypts nothing: IV and payload are authenticated with the header (RFC 4543 section 3.3).
 */
static bool run(struct ux_openssl_slot *slot, const struct ux_crypt_op *op)
{
	uint8_t *iv = op->esp + ESP_HEADER_LEN, *payload = iv + IV_LEN;
	int n;

	if (op->transform->cipher == UX_CIPHER_AES_GMAC)
		return EVP_CipherUpdate(slot->cipher, NULL, &n, iv,
					IV_LEN + (int)op->payload_len) == 1;
	return op->payload_len == 0 ||
	       EVP_CipherUpdate(slot->cipher, payload, &n, payload, (int)op->payload_len) == 1;
}

static bool encrypt(struct ux_openssl_slot *slot, const struct ux_crypt_op *op)
{
	uint8_t none[EVP_MAX_BLOCK_LENGTH];
	int n;

	if (op->payload_len > INT_MAX - IV_LEN)
		return false;
	ux_put_be64(op->esp + ESP_HEADER_LEN, op->iv_counter);
	return start(slot, op) && run(slot, op) &&
	       EVP_CipherFinal_ex(slot->cipher, none, &n) == 1 &&
	       EVP_CIPHER_CTX_ctrl(slot->cipher, EVP_CTRL_AEAD_GET_TAG, op->transform->icv_len,
				   op->icv) == 1;
}

static bool decrypt(struct ux_openssl_slot *slot, const struct ux_crypt_op *op)
{
	uint8_t none[EVP_MAX_BLOCK_LENGTH];
	int n;

	/* libcrypto compares the tag in constant time. */
	return op->payload_len <= INT_MAX - IV_LEN && start(slot, op) && run(slot, op) &&
	       EVP_CIPHER_CTX_ctrl(slot->cipher, EVP_CTRL_AEAD_SET_TAG, op->transform->icv_len,
				   op->icv) == 1 &&
	       EVP_CipherFinal_ex(slot->cipher, none, &n) == 1;
}

const struct ux_openssl_ops ux_openssl_aead_ops = {
    .key = key_slot,
    .encrypt = encrypt,
    .decrypt = decrypt,
};
