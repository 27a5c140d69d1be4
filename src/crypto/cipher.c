/* SPDX-License-Identifier: BSD-2-Clause */
#include "crypto/cipher.h"

#include <pthread.h>

static const struct ux_cipher ciphers[UX_CIPHER_KINDS] = {
    [UX_CIPHER_NULL] = {.block = 1},
    [UX_CIPHER_AES_CBC] = {.iv_len = 16, .block = 16, .key_len = {16, 24, 32}},
    [UX_CIPHER_CAMELLIA_CBC] = {.iv_len = 16, .block = 16, .key_len = {16, 24, 32}},
    [UX_CIPHER_DES3_CBC] = {.iv_len = 8, .block = 8, .key_len = {24}},
    [UX_CIPHER_AES_CTR] = {.salt_len = 4, .iv_len = 8, .block = 1, .key_len = {16, 24, 32}},
    [UX_CIPHER_AES_GCM] = {.salt_len = 4, .iv_len = 8, .block = 1, .key_len = {16, 24, 32}},
    [UX_CIPHER_AES_GMAC] = {.salt_len = 4, .iv_len = 8, .block = 1, .key_len = {16, 24, 32}},
    [UX_CIPHER_AES_CCM] = {.salt_len = 3, .iv_len = 8, .block = 1, .key_len = {16, 24, 32}},
    [UX_CIPHER_CHACHA20_POLY1305] = {.salt_len = 4, .iv_len = 8, .block = 1, .key_len = {32}},
};

static const char *const evp_names[UX_CIPHER_KINDS][UX_CIPHER_KEY_LENGTHS] = {
    [UX_CIPHER_AES_CBC] = {"AES-128-CBC", "AES-192-CBC", "AES-256-CBC"},
    [UX_CIPHER_CAMELLIA_CBC] = {"CAMELLIA-128-CBC", "CAMELLIA-192-CBC", "CAMELLIA-256-CBC"},
    [UX_CIPHER_DES3_CBC] = {"DES-EDE3-CBC"},
    [UX_CIPHER_AES_CTR] = {"AES-128-CTR", "AES-192-CTR", "AES-256-CTR"},
    [UX_CIPHER_AES_GCM] = {"AES-128-GCM", "AES-192-GCM", "AES-256-GCM"},
    [UX_CIPHER_AES_GMAC] = {"AES-128-GCM", "AES-192-GCM", "AES-256-GCM"},
    [UX_CIPHER_AES_CCM] = {"AES-128-CCM", "AES-192-CCM", "AES-256-CCM"},
    [UX_CIPHER_CHACHA20_POLY1305] = {"ChaCha20-Poly1305"},
};

/* const after fetch_all; for the life of the process */
static EVP_CIPHER *fetched[UX_CIPHER_KINDS][UX_CIPHER_KEY_LENGTHS];
static pthread_once_t fetched_once = PTHREAD_ONCE_INIT;

static void fetch_all(void)
{
	for (int kind = 0; kind < UX_CIPHER_KINDS; kind++)
		for (int i = 0; i < UX_CIPHER_KEY_LENGTHS; i++)
			if (evp_names[kind][i])
				fetched[kind][i] = EVP_CIPHER_fetch(NULL, evp_names[kind][i], NULL);
}

const struct ux_cipher *ux_cipher_of(enum ux_cipher_kind kind)
{
	return &ciphers[kind];
}

bool ux_cipher_available(enum ux_cipher_kind kind)
{
	if (kind == UX_CIPHER_UNKNOWN)
		return false;
	(void)pthread_once(&fetched_once, fetch_all);
	for (int i = 0; i < UX_CIPHER_KEY_LENGTHS; i++)
		if (evp_names[kind][i] && !fetched[kind][i])
			return false;
	return true;
}

const EVP_CIPHER *ux_cipher_evp(enum ux_cipher_kind kind, uint32_t len)
{
	const struct ux_cipher *c = &ciphers[kind];

	if (!ux_cipher_available(kind) || len <= c->salt_len)
		return NULL;
	for (int i = 0; i < UX_CIPHER_KEY_LENGTHS; i++)
		if (c->key_len[i] && len == (uint32_t)c->key_len[i] + c->salt_len)
			return fetched[kind][i];
	return NULL;
}
