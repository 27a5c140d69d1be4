/* SPDX-License-Identifier: BSD-2-Clause */
#include "crypto_raw.h"

#include <stdlib.h>
#include <string.h>

#include "base/pages.h"
#include "crypto/ipsec_mb.h"

#define HEAD 16
#define ICV 16
#define BURST_MAX 256

/* Keys in huge pages, with their salts behind them. */
struct raw_keys {
	uint32_t n, len;
	struct raw_key {
		_Alignas(64) struct gcm_key_data gcm;
		uint8_t salt[4];
	} * key;
};

bool raw_available(void)
{
	return ux_mb_manager() != NULL;
}

struct raw_keys *raw_keys_new(uint32_t n, uint32_t key_len)
{
	struct raw_keys *k = malloc(sizeof(*k));
	size_t size = n * sizeof(struct raw_key);

	if (!k)
		return NULL;
	*k = (struct raw_keys){n, key_len, ux_pages_map(size)};
	if (!k->key) {
		free(k);
		return NULL;
	}
	ux_pages_make_huge(k->key, size);
	return k;
}

void raw_keys_free(struct raw_keys *k)
{
	ux_pages_unmap(k->key, k->n * sizeof(struct raw_key));
	free(k);
}

void raw_keys_set(struct raw_keys *k, uint32_t i, const uint8_t *key)
{
	const IMB_MGR *m = ux_mb_manager();

	if (k->len == 16)
		IMB_AES128_GCM_PRE(m, key, &k->key[i].gcm);
	else if (k->len == 24)
		IMB_AES192_GCM_PRE(m, key, &k->key[i].gcm);
	else
		IMB_AES256_GCM_PRE(m, key, &k->key[i].gcm);
	memcpy(k->key[i].salt, key + k->len, sizeof(k->key[i].salt));
}

static aes_gcm_enc_dec_t function_for(uint32_t key_len, bool encrypt)
{
	const IMB_MGR *m = ux_mb_manager();

	if (key_len == 16)
		return encrypt ? m->gcm128_enc : m->gcm128_dec;
	if (key_len == 24)
		return encrypt ? m->gcm192_enc : m->gcm192_dec;
	return encrypt ? m->gcm256_enc : m->gcm256_dec;
}

static void prefetch(const struct raw_key *k)
{
	for (size_t at = 0; at < sizeof(*k); at += 64)
		__builtin_prefetch((const char *)k + at);
}

uint64_t raw_burst(const struct raw_keys *k, const struct raw_packets *p, bool encrypt,
		   uint64_t counter)
{
	static uint8_t nonce[BURST_MAX][16], tag[BURST_MAX][16];
	static struct gcm_context_data context;
	aes_gcm_enc_dec_t crypt = function_for(k->len, encrypt);

	for (uint32_t i = 0; i < p->n; i++) {
		uint8_t *esp = p->first + (size_t)i * p->stride;
		uint64_t iv = htobe64(++counter);

		if (k->n > 1)
			prefetch(&k->key[p->sa[i]]);
		if (encrypt)
			memcpy(esp + 8, &iv, 8);
		memcpy(nonce[i], k->key[p->sa[i]].salt, 4);
		memcpy(nonce[i] + 4, esp + 8, 8);
	}
	for (uint32_t i = 0; i < p->n; i++) {
		uint8_t *esp = p->first + (size_t)i * p->stride, *payload = esp + HEAD;

		crypt(&k->key[p->sa[i]].gcm, &context, payload, payload, p->size, nonce[i], esp, 8,
		      encrypt ? payload + p->size : tag[i], ICV);
	}
	return counter;
}
