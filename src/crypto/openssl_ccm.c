/* SPDX-License-Identifier: BSD-2-Clause */
/* AES-CCM in ESP (RFC 4309): lengths come before data, and what is decrypted is checked at once. */
#include "crypto/openssl.h"

#include <limits.h>
#include <string.h>

#include "base/bytes.h"

#define ESP_HEADER_LEN 8
#define SALT_LEN 3
#define IV_LEN 8
#define NONCE_LEN (SALT_LEN + IV_LEN)

/* Lengths of nonce and tag belong to the key in libcrypto. */
static bool key_slot(struct ux_openssl_slot *slot, const struct ux_transform *t, bool encrypt)
{
	EVP_CIPHER_CTX *c = slot->cipher;

	memcpy(slot->salt, t->keys + t->cipher_len - SALT_LEN, SALT_LEN);
	return EVP_CipherInit_ex(c, ux_openssl_evp(t), NULL, NULL, NULL, encrypt) == 1 &&
	       EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_IVLEN, NONCE_LEN, NULL) == 1 &&
	       EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, t->icv_len, NULL) == 1 &&
	       EVP_CipherInit_ex(c, NULL, NULL, t->keys, NULL, encrypt) == 1;
}

static bool start(struct ux_openssl_slot *slot, const struct ux_crypt_op *op, bool check_icv)
{
	uint8_t nonce[NONCE_LEN], aad[UX_ESP_AAD_MAX];
	int aad_len = (int)ux_esp_aad(op, aad), n;
	EVP_CIPHER_CTX *c = slot->cipher;

	memcpy(nonce, slot->salt, SALT_LEN);
	memcpy(nonce + SALT_LEN, op->esp + ESP_HEADER_LEN, IV_LEN);
	if (EVP_CipherInit_ex(c, NULL, NULL, NULL, nonce, -1) != 1)
		return false;
	if (check_icv &&
	    EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, op->transform->icv_len, op->icv) != 1)
		return false;
	return EVP_CipherUpdate(c, NULL, &n, NULL, (int)op->payload_len) == 1 &&
	       EVP_CipherUpdate(c, NULL, &n, aad, aad_len) == 1;
}

static bool run(struct ux_openssl_slot *slot, const struct ux_crypt_op *op)
{
	uint8_t *payload = op->esp + ESP_HEADER_LEN + IV_LEN;
	int n;

	return EVP_CipherUpdate(slot->cipher, payload, &n, payload, (int)op->payload_len) == 1;
}

static bool encrypt(struct ux_openssl_slot *slot, const struct ux_crypt_op *op)
{
	if (op->payload_len > INT_MAX)
		return false;
	ux_put_be64(op->esp + ESP_HEADER_LEN, op->iv_counter);
	return start(slot, op, false) && run(slot, op) &&
	       EVP_CIPHER_CTX_ctrl(slot->cipher, EVP_CTRL_AEAD_GET_TAG, op->transform->icv_len,
				   op->icv) == 1;
}

static bool decrypt(struct ux_openssl_slot *slot, const struct ux_crypt_op *op)
{
	return op->payload_len <= INT_MAX && start(slot, op, true) && run(slot, op);
}

const struct ux_openssl_ops ux_openssl_ccm_ops = {
    .key = key_slot,
    .encrypt = encrypt,
    .decrypt = decrypt,
};
