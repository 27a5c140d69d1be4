/* SPDX-License-Identifier: BSD-2-Clause */
/* AES-GCM in ESP (RFC 4106) by the library's direct calls, one for each packet. */
#include "crypto/ipsec_mb.h"

#include <emmintrin.h>
#include <string.h>

#define HEADER_LEN 8
#define SALT_LEN 4
#define IV_LEN 8
#define ROUND_KEY_LEN 16

void ux_mb_gcm_expand(struct ux_mb_key *key, const struct ux_transform *t)
{
	static const unsigned int rounds[] = {10, 12, 14};
	const IMB_MGR *m = ux_mb_manager();
	const uint8_t *bytes = t->keys;
	unsigned int size = t->method - UX_MB_GCM_128;
	size_t schedule = (rounds[size] + 1) * ROUND_KEY_LEN;

	if (key->method > UX_MB_GCM_256) /* it was of another kind */
		explicit_bzero(key, sizeof(*key));
	if (t->method == UX_MB_GCM_128)
		IMB_AES128_GCM_PRE(m, bytes, &key->gcm);
	else if (t->method == UX_MB_GCM_192)
		IMB_AES192_GCM_PRE(m, bytes, &key->gcm);
	else
		IMB_AES256_GCM_PRE(m, bytes, &key->gcm);
	/* what a longer key left */
	memset(key->gcm.expanded_keys + schedule, 0, sizeof(key->gcm.expanded_keys) - schedule);
}

/* The nonce as one store of 16 bytes, so that a load of as many need not wait for it. */
static inline void stage_nonce(uint8_t nonce[16], uint32_t salt, uint64_t iv_as_sent)
{
	_mm_store_si128(
	    (__m128i *)(void *)nonce,
	    _mm_set_epi64x((long long)(iv_as_sent >> 32), (long long)(iv_as_sent << 32 | salt)));
}

/* What the calls read of a packet. */
static inline void stage(struct ux_mb_worker *w, struct ux_crypt_op *op, size_t i, uint32_t salt,
			 bool encrypt)
{
	uint64_t iv;

	if (encrypt) {
		iv = htobe64(op->iv_counter);
		memcpy(op->esp + HEADER_LEN, &iv, sizeof(iv));
	} else {
		memcpy(&iv, op->esp + HEADER_LEN, sizeof(iv));
	}
	stage_nonce(w->nonce[i], salt, iv);
}

/* As ux_esp_aad with ESN, as one store too. */
static inline void stage_aad(uint8_t aad[16], const struct ux_crypt_op *op)
{
	uint64_t header;

	memcpy(&header, op->esp, sizeof(header));
	_mm_store_si128((__m128i *)(void *)aad,
			_mm_set_epi32(0, (int)(header >> 32), (int)htobe32(op->seq_hi),
				      (int)header));
}

/* Where the transform is, so that the key's store need not be looked at before the call. */
static inline uint32_t salt_of(const struct ux_transform *t)
{
	uint32_t salt;

	memcpy(&salt, t->keys + t->cipher_len - SALT_LEN, sizeof(salt));
	return salt;
}

/* How a transform's packets are called for. */
struct form {
	aes_gcm_enc_dec_t function;
	bool esn;
	uint8_t icv_len;
};

static inline struct form form_of(const struct ux_mb_worker *w, const struct ux_transform *t,
				  bool encrypt)
{
	return (struct form){w->gcm[encrypt][t->method - UX_MB_GCM_128], t->esn, t->icv_len};
}

/* In constant time; 8, 12 or 16 bytes are two words, which may overlap. */
static inline bool same_tag(const uint8_t *a, const uint8_t *b, uint8_t len)
{
	uint64_t a0, a1, b0, b1;

	memcpy(&a0, a, 8);
	memcpy(&b0, b, 8);
	memcpy(&a1, a + len - 8, 8);
	memcpy(&b1, b + len - 8, 8);
	return ((a0 ^ b0) | (a1 ^ b1)) == 0;
}

/* The tag is compared while what it is compared with is near. */
static inline void call(struct ux_mb_worker *w, const struct form *f, const struct ux_mb_key *key,
			struct ux_crypt_op *op, size_t i, bool encrypt)
{
	uint8_t *payload = op->esp + HEADER_LEN + IV_LEN;

	f->function(&key->gcm, &w->context, payload, payload, op->payload_len, w->nonce[i],
		    f->esn ? w->aad[i] : op->esp, f->esn ? UX_ESP_AAD_MAX : HEADER_LEN,
		    encrypt ? op->icv : w->tag[i], f->icv_len);
	op->ok = encrypt || same_tag(w->tag[i], op->icv, f->icv_len);
}

/* All with one key, and nothing to look up for a packet. */
static inline void crypt_one(struct ux_mb_worker *w, struct ux_crypt_op *ops, size_t n,
			     bool encrypt)
{
	const struct ux_mb_key *key = w->one;
	const struct form f = form_of(w, ops->transform, encrypt);
	uint32_t salt = salt_of(ops->transform);

	for (size_t i = 0; i < n; i++)
		stage(w, &ops[i], i, salt, encrypt);
	for (size_t i = 0; f.esn && i < n; i++)
		stage_aad(w->aad[i], &ops[i]);
	for (size_t i = 0; i < n; i++)
		call(w, &f, key, &ops[i], i, encrypt);
}

static inline void crypt_mixed(struct ux_mb_worker *w, struct ux_crypt_op *ops, size_t n,
			       bool encrypt)
{
	for (size_t i = 0; i < n; i++) {
		stage(w, &ops[i], i, salt_of(ops[i].transform), encrypt);
		if (ops[i].transform->esn)
			stage_aad(w->aad[i], &ops[i]);
	}
	for (size_t i = 0; i < n; i++) {
		const struct form f = form_of(w, ops[i].transform, encrypt);

		call(w, &f, w->key[i], &ops[i], i, encrypt);
	}
}

void ux_mb_gcm_encrypt(struct ux_mb_worker *w, struct ux_crypt_op *ops, size_t n)
{
	if (w->one)
		crypt_one(w, ops, n, true);
	else
		crypt_mixed(w, ops, n, true);
}

void ux_mb_gcm_decrypt(struct ux_mb_worker *w, struct ux_crypt_op *ops, size_t n)
{
	if (w->one)
		crypt_one(w, ops, n, false);
	else
		crypt_mixed(w, ops, n, false);
}
