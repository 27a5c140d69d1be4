/* SPDX-License-Identifier: BSD-2-Clause */
/* AES-CBC (RFC 3602) or no encryption (RFC 2410), with HMAC (RFC 2404, RFC 4868) or without. */
#include "crypto/backend.h"

#include <limits.h>
#include <openssl/crypto.h>
#include <string.h>

#include "base/bytes.h"

#define ESP_HEADER_LEN 8
#define BLOCK_LEN 16

static bool has_cipher(const struct ux_transform *t)
{
	return t->cipher != UX_AES_N;
}

static bool key_slot(struct ux_crypto_slot *slot, const struct ux_libcrypto *lib, bool encrypt)
{
	const struct ux_transform *t = slot->transform;
	const struct ux_transform_keys *k = t->keys;

	if (t->digest != UX_DIGEST_NULL)
		ux_hmac_init(&slot->hmac, t->digest, k->bytes + k->cipher_len, k->auth_len);
	return !has_cipher(t) || (EVP_CipherInit_ex(slot->cipher, lib->cbc[t->cipher], NULL,
						    k->bytes, NULL, encrypt) == 1 &&
				  EVP_CIPHER_CTX_set_padding(slot->cipher, 0) == 1);
}

static bool cbc(struct ux_crypto_slot *slot, const uint8_t *iv, uint8_t *data, uint32_t len)
{
	int n;

	return EVP_CipherInit_ex(slot->cipher, NULL, NULL, NULL, iv, -1) == 1 &&
	       (len == 0 || EVP_CipherUpdate(slot->cipher, data, &n, data, (int)len) == 1);
}

/* RFC 4303 section 2.2.1: the high half of an ESN is authenticated behind the payload, not sent. */
static void compute_icv(const struct ux_crypto_slot *slot, const struct ux_crypt_op *op,
			uint8_t ret[UX_DIGEST_MAX])
{
	const struct ux_transform *t = op->transform;
	uint8_t seq_hi[4];
	struct ux_hmac_input in = {
	    .data = op->esp,
	    .len = (size_t)ESP_HEADER_LEN + t->iv_len + op->payload_len,
	    .extra = seq_hi,
	    .extra_len = t->esn ? sizeof(seq_hi) : 0,
	};

	ux_put_be32(seq_hi, op->seq_hi);
	ux_hmac_sum(&slot->hmac, &in, ret);
}

static bool length_fits(const struct ux_crypt_op *op)
{
	return op->payload_len <= INT_MAX - BLOCK_LEN &&
	       (!has_cipher(op->transform) || op->payload_len % BLOCK_LEN == 0);
}

/*
 * The IV must not be foreseeable (RFC 3602 section 3): it is the counter's block enciphered with
 * the SA's key (NIST SP 800-38A appendix C). In CBC that is the first block of one run over the
 * counter block, which stands where the IV goes, and the payload behind it, with a first chaining
 * value of 0.
 */
static bool encrypt(struct ux_crypto_slot *slot, const struct ux_crypt_op *op)
{
	static const uint8_t zero[BLOCK_LEN];
	const struct ux_transform *t = op->transform;
	uint8_t icv[UX_DIGEST_MAX];

	if (!length_fits(op))
		return false;
	if (has_cipher(t)) {
		uint8_t *iv = op->esp + ESP_HEADER_LEN;

		ux_put_be64(iv, 0);
		ux_put_be64(iv + 8, op->iv_counter);
		if (!cbc(slot, zero, iv, BLOCK_LEN + op->payload_len))
			return false;
	}
	if (t->digest != UX_DIGEST_NULL) {
		compute_icv(slot, op, icv);
		memcpy(op->icv, icv, t->icv_len);
	}
	return true;
}

static bool decrypt(struct ux_crypto_slot *slot, const struct ux_crypt_op *op)
{
	const struct ux_transform *t = op->transform;
	uint8_t icv[UX_DIGEST_MAX];

	if (!length_fits(op))
		return false;
	if (t->digest != UX_DIGEST_NULL) {
		compute_icv(slot, op, icv);
		if (CRYPTO_memcmp(icv, op->icv, t->icv_len) != 0)
			return false;
	}
	if (!has_cipher(t))
		return true;

	const uint8_t *iv = op->esp + ESP_HEADER_LEN;

	return cbc(slot, iv, op->esp + ESP_HEADER_LEN + BLOCK_LEN, op->payload_len);
}

const struct ux_transform_ops ux_openssl_cbc_hmac_ops = {
    .key = key_slot,
    .encrypt = encrypt,
    .decrypt = decrypt,
};
