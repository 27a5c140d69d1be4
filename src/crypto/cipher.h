/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * The ciphers of ESP as libcrypto has them: lengths, and the fetched EVP_CIPHER of each key length.
 * They are fetched once for the process, so no packet searches the providers; what libcrypto was
 * built without is not there, and its names are refused.
 */

#include <openssl/evp.h>
#include <stdbool.h>
#include <stdint.h>

enum ux_cipher_kind {
	UX_CIPHER_UNKNOWN, /* of a name that Linux knows and we have no code for */
	UX_CIPHER_NULL,	   /* RFC 2410 */
	UX_CIPHER_AES_CBC,
	UX_CIPHER_CAMELLIA_CBC,
	UX_CIPHER_DES3_CBC,
	UX_CIPHER_AES_CTR,	     /* RFC 3686 */
	UX_CIPHER_AES_GCM,	     /* RFC 4106 */
	UX_CIPHER_AES_GMAC,	     /* RFC 4543 */
	UX_CIPHER_AES_CCM,	     /* RFC 4309 */
	UX_CIPHER_CHACHA20_POLY1305, /* RFC 7634 */
	UX_CIPHER_KINDS
};

#define UX_CIPHER_KEY_LENGTHS 3

struct ux_cipher {
	uint8_t salt_len; /* bytes at the end of the key material that are part of the nonce */
	uint8_t iv_len;	  /* bytes of IV in the packet */
	uint8_t block;	  /* what payload and trailer must be a multiple of; 1: anything */
	uint8_t key_len[UX_CIPHER_KEY_LENGTHS]; /* without salt; 0: no more */
};

/* ux_cipher_of - constant; not for UX_CIPHER_UNKNOWN. Any thread. */
const struct ux_cipher *ux_cipher_of(enum ux_cipher_kind kind);
/* ux_cipher_available - does libcrypto do it, with all its key lengths? Any thread. */
bool ux_cipher_available(enum ux_cipher_kind kind);
/* ux_cipher_evp - for key material of @len bytes, salt included; NULL when no key is so long. */
const EVP_CIPHER *ux_cipher_evp(enum ux_cipher_kind kind, uint32_t len);
