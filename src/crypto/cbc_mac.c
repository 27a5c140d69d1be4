/* SPDX-License-Identifier: BSD-2-Clause */
#include "crypto/cbc_mac.h"

#include <string.h>

#include "crypto/cipher.h"

#define BLOCK UX_CBC_MAC_LEN
#define SCRATCH (32 * BLOCK) /* what the chain puts out is not looked at but for its end */

static const uint8_t zero[BLOCK];

static bool start(EVP_CIPHER_CTX *ctx, const uint8_t *key, uint32_t len)
{
	const EVP_CIPHER *aes = ux_cipher_evp(UX_CIPHER_AES_CBC, len);

	return aes && EVP_CipherInit_ex(ctx, aes, NULL, key, zero, 1) == 1 &&
	       EVP_CIPHER_CTX_set_padding(ctx, 0) == 1;
}

/* One block through the cipher alone: a chain of one. */
static bool encipher(EVP_CIPHER_CTX *ctx, const uint8_t in[BLOCK], uint8_t ret[BLOCK])
{
	int n;

	return EVP_CipherInit_ex(ctx, NULL, NULL, NULL, zero, -1) == 1 &&
	       EVP_CipherUpdate(ctx, ret, &n, in, BLOCK) == 1;
}

/* RFC 3566 section 4.1: three keys, the ciphertexts of three constants. */
static bool derive_xcbc(struct ux_cbc_mac *m, uint8_t ret_key[BLOCK])
{
	uint8_t *const out[3] = {ret_key, m->whole, m->padded};

	for (int i = 0; i < 3; i++) {
		uint8_t constant[BLOCK];

		memset(constant, i + 1, sizeof(constant));
		if (!encipher(m->chain, constant, out[i]))
			return false;
	}
	return true;
}

/* Times x in the field of RFC 4493 section 2.3. */
static void doubled(const uint8_t in[BLOCK], uint8_t ret[BLOCK])
{
	uint8_t carry = (uint8_t)(in[0] >> 7);

	for (int i = 0; i < BLOCK; i++)
		ret[i] = (uint8_t)(in[i] << 1 | (i + 1 < BLOCK ? in[i + 1] >> 7 : 0));
	ret[BLOCK - 1] ^= (uint8_t)(carry * 0x87);
}

static bool derive_cmac(struct ux_cbc_mac *m)
{
	uint8_t l[BLOCK];
	bool ok = encipher(m->chain, zero, l);

	doubled(l, m->whole);
	doubled(m->whole, m->padded);
	explicit_bzero(l, sizeof(l));
	return ok;
}

bool ux_cbc_mac_init(struct ux_cbc_mac *m, enum ux_cbc_mac_kind kind, const uint8_t *key,
		     uint32_t len)
{
	uint8_t chain_key[BLOCK];
	bool ok;

	if (!m->chain)
		m->chain = EVP_CIPHER_CTX_new();
	if (!m->chain || !start(m->chain, key, len))
		return false;
	if (kind == UX_CBC_MAC_CMAC)
		return derive_cmac(m);
	ok = derive_xcbc(m, chain_key) && start(m->chain, chain_key, BLOCK);
	explicit_bzero(chain_key, sizeof(chain_key));
	return ok;
}

/* Whole blocks into the chain. */
static bool absorb(EVP_CIPHER_CTX *ctx, const uint8_t *data, size_t len)
{
	uint8_t scratch[SCRATCH];

	while (len) {
		size_t step = len < SCRATCH ? len : SCRATCH;
		int n;

		if (EVP_CipherUpdate(ctx, scratch, &n, data, (int)step) != 1)
			return false;
		data += step;
		len -= step;
	}
	return true;
}

bool ux_cbc_mac_sum(struct ux_cbc_mac *m, const uint8_t *data, size_t len, const uint8_t *extra,
		    size_t extra_len, uint8_t ret[UX_CBC_MAC_LEN])
{
	size_t total = len + extra_len;
	size_t last_at = total ? (total - 1) / BLOCK * BLOCK : 0;
	size_t direct = (last_at < len ? last_at : len) / BLOCK * BLOCK;
	uint8_t end[3 * BLOCK] = {
	    0}; /* what does not go straight from @data: the last two blocks */
	size_t end_len = total - direct, front = last_at - direct;
	const uint8_t *mask = m->whole;
	int n;

	memcpy(end, data + direct, len - direct);
	if (extra_len)
		memcpy(end + (len - direct), extra, extra_len);
	if (end_len - front < BLOCK) {
		end[end_len] = 0x80;
		mask = m->padded;
	}
	for (int i = 0; i < BLOCK; i++)
		end[front + (size_t)i] ^= mask[i];
	return EVP_CipherInit_ex(m->chain, NULL, NULL, NULL, zero, -1) == 1 &&
	       absorb(m->chain, data, direct) && absorb(m->chain, end, front) &&
	       EVP_CipherUpdate(m->chain, ret, &n, end + front, BLOCK) == 1;
}

void ux_cbc_mac_forget(struct ux_cbc_mac *m)
{
	if (m->chain)
		EVP_CIPHER_CTX_reset(m->chain);
	explicit_bzero(m->whole, sizeof(m->whole));
	explicit_bzero(m->padded, sizeof(m->padded));
}

void ux_cbc_mac_fini(struct ux_cbc_mac *m)
{
	ux_cbc_mac_forget(m);
	EVP_CIPHER_CTX_free(m->chain);
	m->chain = NULL;
}
