/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ChaCha20-Poly1305, and a cipher with an authenticator beside it (CBC, CTR or none, with HMAC),
 * as jobs: a whole burst is handed over before anything is waited for, so that the library works on
 * many packets at once, each in a lane of the vector registers.
 */
#include "crypto/ipsec_mb.h"

#include <openssl/crypto.h>
#include <string.h>

#define HEADER_LEN 8
#define SALT_LEN 4
#define IV_LEN 8 /* of CTR and ChaCha20 */
#define BLOCK_LEN 16
#define HASH_BLOCK_MAX 128

/* ---- which, and their keys ---- */

static IMB_HASH_ALG hash_of(uint8_t mac)
{
	switch (mac) {
	case UX_MAC_NULL:
		return IMB_AUTH_NULL;
	case UX_MAC_HMAC_SHA1:
		return IMB_AUTH_HMAC_SHA_1;
	case UX_MAC_HMAC_SHA256:
		return IMB_AUTH_HMAC_SHA_256;
	case UX_MAC_HMAC_SHA384:
		return IMB_AUTH_HMAC_SHA_384;
	case UX_MAC_HMAC_SHA512:
		return IMB_AUTH_HMAC_SHA_512;
	default:
		return IMB_AUTH_NUM;
	}
}

static uint8_t digest_len(IMB_HASH_ALG hash)
{
	switch (hash) {
	case IMB_AUTH_HMAC_SHA_1:
		return IMB_SHA1_DIGEST_SIZE_IN_BYTES;
	case IMB_AUTH_HMAC_SHA_256:
		return IMB_SHA256_DIGEST_SIZE_IN_BYTES;
	case IMB_AUTH_HMAC_SHA_384:
		return IMB_SHA384_DIGEST_SIZE_IN_BYTES;
	case IMB_AUTH_HMAC_SHA_512:
		return IMB_SHA512_DIGEST_SIZE_IN_BYTES;
	default:
		return 0;
	}
}

static IMB_CIPHER_MODE cipher_of(uint8_t cipher)
{
	switch (cipher) {
	case UX_CIPHER_NULL:
		return IMB_CIPHER_NULL;
	case UX_CIPHER_AES_CBC:
		return IMB_CIPHER_CBC;
	case UX_CIPHER_AES_CTR:
		return IMB_CIPHER_CNTR;
	default:
		return IMB_CIPHER_NUM;
	}
}

uint8_t ux_mb_job_method(const struct ux_transform *t)
{
	if (t->cipher == UX_CIPHER_CHACHA20_POLY1305)
		return UX_MB_CHACHA20_POLY1305;
	if (t->integrity_only || cipher_of(t->cipher) == IMB_CIPHER_NUM ||
	    hash_of(t->mac) == IMB_AUTH_NUM)
		return UX_MB_NONE;
	if (t->cipher == UX_CIPHER_NULL && t->mac == UX_MAC_NULL)
		return UX_MB_NONE; /* nothing to do */
	return UX_MB_AUTHENC;
}

static void hash_block(const IMB_MGR *m, IMB_HASH_ALG hash, const void *block, void *ret)
{
	if (hash == IMB_AUTH_HMAC_SHA_1)
		IMB_SHA1_ONE_BLOCK(m, block, ret);
	else if (hash == IMB_AUTH_HMAC_SHA_256)
		IMB_SHA256_ONE_BLOCK(m, block, ret);
	else if (hash == IMB_AUTH_HMAC_SHA_384)
		IMB_SHA384_ONE_BLOCK(m, block, ret);
	else
		IMB_SHA512_ONE_BLOCK(m, block, ret);
}

static void hash_key(const IMB_MGR *m, IMB_HASH_ALG hash, const uint8_t *key, size_t len, void *ret)
{
	if (hash == IMB_AUTH_HMAC_SHA_1)
		IMB_SHA1(m, key, len, ret);
	else if (hash == IMB_AUTH_HMAC_SHA_256)
		IMB_SHA256(m, key, len, ret);
	else if (hash == IMB_AUTH_HMAC_SHA_384)
		IMB_SHA384(m, key, len, ret);
	else
		IMB_SHA512(m, key, len, ret);
}

/* RFC 2104 section 2: the states after the two padded key blocks. */
static void expand_hmac(struct ux_mb_authenc *a, const uint8_t *key, size_t len)
{
	const IMB_MGR *m = ux_mb_manager();
	size_t block_len = a->hash == IMB_AUTH_HMAC_SHA_384 || a->hash == IMB_AUTH_HMAC_SHA_512
			       ? IMB_SHA_512_BLOCK_SIZE
			       : IMB_SHA_256_BLOCK_SIZE;
	uint8_t block[HASH_BLOCK_MAX] = {0};

	if (len > block_len)
		hash_key(m, a->hash, key, len, block);
	else if (len > 0)
		memcpy(block, key, len);
	for (size_t i = 0; i < block_len; i++)
		block[i] ^= 0x36;
	hash_block(m, a->hash, block, a->inner);
	for (size_t i = 0; i < block_len; i++)
		block[i] ^= 0x36 ^ 0x5c;
	hash_block(m, a->hash, block, a->outer);
	explicit_bzero(block, sizeof(block));
}

static void expand_authenc(struct ux_mb_authenc *a, const struct ux_transform *t)
{
	const IMB_MGR *m = ux_mb_manager();

	a->cipher = cipher_of(t->cipher);
	a->hash = hash_of(t->mac);
	a->key_len = (uint8_t)(t->cipher_len - t->salt_len);
	a->digest_len = digest_len(a->hash);
	if (a->key_len == 16)
		IMB_AES_KEYEXP_128(m, t->keys, a->enc, a->dec);
	else if (a->key_len == 24)
		IMB_AES_KEYEXP_192(m, t->keys, a->enc, a->dec);
	else if (a->key_len == 32)
		IMB_AES_KEYEXP_256(m, t->keys, a->enc, a->dec);
	if (a->hash != IMB_AUTH_NULL)
		expand_hmac(a, t->keys + t->cipher_len, t->auth_len);
}

void ux_mb_job_expand(struct ux_mb_key *key, const struct ux_transform *t)
{
	explicit_bzero(key, sizeof(*key)); /* of whatever kind it was */
	if (t->method == UX_MB_CHACHA20_POLY1305)
		memcpy(key->chacha20, t->keys, sizeof(key->chacha20));
	else
		expand_authenc(&key->authenc, t);
	if (t->salt_len > 0)
		memcpy(key->salt, t->keys + t->cipher_len - SALT_LEN, SALT_LEN);
}

/* ---- packets ---- */

/* Salt, IV, and where it is asked for a block counter that begins with 1 (RFC 3686 section 4). */
static void stage_nonce(uint8_t nonce[16], const struct ux_mb_key *key, const uint8_t *iv)
{
	memcpy(nonce, key->salt, SALT_LEN);
	memcpy(nonce + SALT_LEN, iv, IV_LEN);
	ux_put_be32(nonce + SALT_LEN + IV_LEN, 1);
}

static void fill_chacha20(struct ux_mb_worker *w, IMB_JOB *j, const struct ux_crypt_op *op,
			  size_t i)
{
	const struct ux_mb_key *key = ux_mb_key_at(w, i);
	uint8_t *payload = op->esp + HEADER_LEN + IV_LEN;

	stage_nonce(w->nonce[i], key, op->esp + HEADER_LEN);
	j->cipher_mode = IMB_CIPHER_CHACHA20_POLY1305;
	j->hash_alg = IMB_AUTH_CHACHA20_POLY1305;
	j->enc_keys = j->dec_keys = key->chacha20;
	j->key_len_in_bytes = sizeof(key->chacha20);
	j->src = j->dst = payload;
	j->cipher_start_src_offset_in_bytes = j->hash_start_src_offset_in_bytes = 0;
	j->msg_len_to_cipher_in_bytes = j->msg_len_to_hash_in_bytes = op->payload_len;
	j->iv = w->nonce[i];
	j->iv_len_in_bytes = SALT_LEN + IV_LEN;
	j->auth_tag_output_len_in_bytes = 16;
	j->u.CHACHA20_POLY1305.aad_len_in_bytes = ux_esp_aad(op, w->aad[i]);
	j->u.CHACHA20_POLY1305.aad = w->aad[i];
}

/*
 * CBC's IV must not be foreseeable (RFC 3602 section 3): it is the counter's block enciphered with
 * the SA's key (NIST SP 800-38A appendix C). In CBC that is the first block of one run over the
 * counter block, which stands where the IV goes, and the payload behind it, with a first chaining
 * value of 0.
 */
static void fill_cbc(IMB_JOB *j, const struct ux_crypt_op *op, bool encrypt)
{
	static const uint8_t zero[BLOCK_LEN];
	uint32_t at = encrypt ? HEADER_LEN : HEADER_LEN + BLOCK_LEN;

	j->iv = encrypt ? zero : op->esp + HEADER_LEN;
	j->dst = op->esp + at;
	j->cipher_start_src_offset_in_bytes = at;
	j->msg_len_to_cipher_in_bytes = op->payload_len + (encrypt ? BLOCK_LEN : 0);
}

static void fill_ctr(struct ux_mb_worker *w, IMB_JOB *j, const struct ux_crypt_op *op, size_t i)
{
	stage_nonce(w->nonce[i], ux_mb_key_at(w, i), op->esp + HEADER_LEN);
	j->iv = w->nonce[i];
	j->dst = op->esp + HEADER_LEN + IV_LEN;
	j->cipher_start_src_offset_in_bytes = HEADER_LEN + IV_LEN;
	j->msg_len_to_cipher_in_bytes = op->payload_len;
}

static void fill_authenc(struct ux_mb_worker *w, IMB_JOB *j, const struct ux_crypt_op *op, size_t i,
			 bool encrypt)
{
	const struct ux_mb_authenc *a = &ux_mb_key_at(w, i)->authenc;
	const struct ux_transform *t = op->transform;

	j->cipher_mode = a->cipher;
	j->hash_alg = a->hash;
	j->enc_keys = a->enc;
	j->dec_keys = a->dec;
	j->key_len_in_bytes = a->key_len;
	j->src = j->dst = op->esp;
	j->iv_len_in_bytes = BLOCK_LEN;
	j->cipher_start_src_offset_in_bytes = j->hash_start_src_offset_in_bytes = 0;
	j->msg_len_to_cipher_in_bytes = 0;
	j->msg_len_to_hash_in_bytes =
	    (uint64_t)HEADER_LEN + t->iv_len + op->payload_len + (t->esn ? 4 : 0);
	j->auth_tag_output_len_in_bytes = a->digest_len;
	j->u.HMAC._hashed_auth_key_xor_ipad = a->inner;
	j->u.HMAC._hashed_auth_key_xor_opad = a->outer;
	if (a->cipher == IMB_CIPHER_CBC && (encrypt || op->payload_len))
		fill_cbc(j, op, encrypt);
	else if (a->cipher == IMB_CIPHER_CNTR && op->payload_len)
		fill_ctr(w, j, op, i);
	else
		j->cipher_mode = IMB_CIPHER_NULL;
}

/*
 * RFC 4303 section 2.2.1: the high half of an ESN is authenticated behind the payload, not sent. It
 * stands where the ICV goes while the job is done.
 */
static void place_seq_hi(struct ux_mb_worker *w, const struct ux_crypt_op *op, size_t i)
{
	const struct ux_transform *t = op->transform;

	if (!t->esn || t->mac == UX_MAC_NULL)
		return;
	memcpy(w->received[i], op->icv, t->icv_len);
	ux_put_be32(op->icv, op->seq_hi);
}

static void write_iv(const struct ux_crypt_op *op)
{
	uint8_t *iv = op->esp + HEADER_LEN;
	uint8_t len = op->transform->iv_len;

	if (len == 0)
		return;
	memset(iv, 0, len);
	ux_put_be64(iv + len - 8, op->iv_counter);
}

static bool length_fits(const struct ux_crypt_op *op)
{
	return op->transform->cipher != UX_CIPHER_AES_CBC || op->payload_len % BLOCK_LEN == 0;
}

static void note(struct ux_crypt_op *ops, const IMB_JOB *j)
{
	ops[(uintptr_t)j->user_data].ok = j->status == IMB_STATUS_COMPLETED;
}

static void submit(struct ux_mb_worker *w, struct ux_crypt_op *ops, size_t i, bool encrypt)
{
	struct ux_crypt_op *op = &ops[i];
	IMB_JOB *j;

	op->ok = false;
	if (!length_fits(op))
		return;
	j = IMB_GET_NEXT_JOB(w->jobs);
	if (encrypt)
		write_iv(op);
	if (op->transform->method == UX_MB_CHACHA20_POLY1305) {
		fill_chacha20(w, j, op, i);
	} else {
		fill_authenc(w, j, op, i, encrypt);
		place_seq_hi(w, op, i);
	}
	j->cipher_direction = encrypt ? IMB_DIR_ENCRYPT : IMB_DIR_DECRYPT;
	j->chain_order = encrypt ? IMB_ORDER_CIPHER_HASH : IMB_ORDER_HASH_CIPHER;
	j->auth_tag_output = w->tag[i];
	j->user_data = (void *)(uintptr_t)i;
	for (j = IMB_SUBMIT_JOB_NOCHECK(w->jobs); j; j = IMB_GET_COMPLETED_JOB(w->jobs))
		note(ops, j);
}

static void run(struct ux_mb_worker *w, struct ux_crypt_op *ops, size_t n, bool encrypt)
{
	IMB_JOB *j;

	for (size_t i = 0; i < n; i++)
		submit(w, ops, i, encrypt);
	while ((j = IMB_FLUSH_JOB(w->jobs)))
		note(ops, j);
}

void ux_mb_jobs_encrypt(struct ux_mb_worker *w, struct ux_crypt_op *ops, size_t n)
{
	run(w, ops, n, true);
	for (size_t i = 0; i < n; i++)
		if (ops[i].ok)
			memcpy(ops[i].icv, w->tag[i], ops[i].transform->icv_len);
}

void ux_mb_jobs_decrypt(struct ux_mb_worker *w, struct ux_crypt_op *ops, size_t n)
{
	run(w, ops, n, false);
	for (size_t i = 0; i < n; i++) {
		const struct ux_transform *t = ops[i].transform;

		if (!ops[i].ok)
			continue;
		if (t->esn && t->mac != UX_MAC_NULL)
			memcpy(ops[i].icv, w->received[i], t->icv_len);
		ops[i].ok = CRYPTO_memcmp(w->tag[i], ops[i].icv, t->icv_len) == 0;
	}
}
