/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A cipher and an authenticator that know nothing of each other: CBC (RFC 2451, 3602, 4312),
 * AES-CTR (RFC 3686) or no encryption (RFC 2410), then the ICV over what was encrypted, or none.
 */
#include "crypto/openssl.h"

#include <limits.h>
#include <openssl/crypto.h>
#include <string.h>

#include "base/bytes.h"

#define ESP_HEADER_LEN 8
#define BLOCK_MAX 16
#define CTR_NONCE_LEN 4
#define CTR_IV_LEN 8

static bool key_slot(struct ux_openssl_slot *slot, const struct ux_transform *t, bool encrypt)
{
	const EVP_CIPHER *evp = ux_openssl_evp(t);

	if (!ux_mac_init(&slot->mac, (enum ux_mac_kind)t->mac, t->keys + t->cipher_len,
			 t->auth_len))
		return false;
	if (t->cipher == UX_CIPHER_NULL)
		return true;
	memcpy(slot->salt, t->keys + t->cipher_len - t->salt_len, t->salt_len);
	return EVP_CipherInit_ex(slot->cipher, evp, NULL, t->keys, NULL, encrypt) == 1 &&
	       EVP_CIPHER_CTX_set_padding(slot->cipher, 0) == 1;
}

/* RFC 4303 section 2.2.1: the high half of an ESN is authenticated behind the payload, not sent. */
static bool compute_icv(struct ux_openssl_slot *slot, const struct ux_crypt_op *op,
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
	return ux_mac_sum(&slot->mac, &in, ret);
}

static bool length_fits(const struct ux_crypt_op *op)
{
	uint8_t block = ux_cipher_of((enum ux_cipher_kind)op->transform->cipher)->block;

	return op->payload_len <= INT_MAX - BLOCK_MAX && op->payload_len % block == 0;
}

static bool run(struct ux_openssl_slot *slot, const uint8_t *iv, uint8_t *data, uint32_t len)
{
	int n;

	return EVP_CipherInit_ex(slot->cipher, NULL, NULL, NULL, iv, -1) == 1 &&
	       (len == 0 || EVP_CipherUpdate(slot->cipher, data, &n, data, (int)len) == 1);
}

/* RFC 3686 section 4: nonce, IV, and a block counter that begins with 1. */
static bool run_ctr(struct ux_openssl_slot *slot, const struct ux_crypt_op *op)
{
	uint8_t *iv = op->esp + ESP_HEADER_LEN, counter[BLOCK_MAX];

	memcpy(counter, slot->salt, CTR_NONCE_LEN);
	memcpy(counter + CTR_NONCE_LEN, iv, CTR_IV_LEN);
	ux_put_be32(counter + CTR_NONCE_LEN + CTR_IV_LEN, 1);
	return run(slot, counter, iv + CTR_IV_LEN, op->payload_len);
}

/*
 * CBC's IV must not be foreseeable (RFC 3602 section 3): it is the counter's block enciphered with
 * the SA's key (NIST SP 800-38A appendix C). In CBC that is the first block of one run over the
 * counter block, which stands where the IV goes, and the payload behind it, with a first chaining
 * value of 0.
 */
static bool encipher(struct ux_openssl_slot *slot, const struct ux_crypt_op *op)
{
	static const uint8_t zero[BLOCK_MAX];
	const struct ux_transform *t = op->transform;
	uint8_t *iv = op->esp + ESP_HEADER_LEN;

	if (t->cipher == UX_CIPHER_NULL)
		return true;
	memset(iv, 0, t->iv_len);
	ux_put_be64(iv + t->iv_len - 8, op->iv_counter);
	if (t->cipher == UX_CIPHER_AES_CTR)
		return run_ctr(slot, op);
	return run(slot, zero, iv, t->iv_len + op->payload_len);
}

static bool decipher(struct ux_openssl_slot *slot, const struct ux_crypt_op *op)
{
	const struct ux_transform *t = op->transform;
	uint8_t *iv = op->esp + ESP_HEADER_LEN;

	if (t->cipher == UX_CIPHER_NULL)
		return true;
	if (t->cipher == UX_CIPHER_AES_CTR)
		return run_ctr(slot, op);
	return run(slot, iv, iv + t->iv_len, op->payload_len);
}

static bool encrypt(struct ux_openssl_slot *slot, const struct ux_crypt_op *op)
{
	const struct ux_transform *t = op->transform;
	uint8_t icv[UX_DIGEST_MAX];

	if (!length_fits(op) || !encipher(slot, op))
		return false;
	if (t->mac == UX_MAC_NULL)
		return true;
	if (!compute_icv(slot, op, icv))
		return false;
	memcpy(op->icv, icv, t->icv_len);
	return true;
}

static bool decrypt(struct ux_openssl_slot *slot, const struct ux_crypt_op *op)
{
	const struct ux_transform *t = op->transform;
	uint8_t icv[UX_DIGEST_MAX];

	if (!length_fits(op))
		return false;
	if (t->mac != UX_MAC_NULL &&
	    (!compute_icv(slot, op, icv) || CRYPTO_memcmp(icv, op->icv, t->icv_len) != 0))
		return false;
	return decipher(slot, op);
}

const struct ux_openssl_ops ux_openssl_authenc_ops = {
    .key = key_slot,
    .encrypt = encrypt,
    .decrypt = decrypt,
};
