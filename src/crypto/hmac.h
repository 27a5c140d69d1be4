/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * HMAC (RFC 2104) with SHA-1, SHA-2, MD5 and RIPEMD-160, keyed once: the states after the two
 * padded key blocks are kept, so a packet costs a copy of 200 bytes and the compression of its own
 * blocks.
 *
 * The hash functions come from libcrypto, by its older interface: its EVP one allocates memory
 * twice for each message (3.0), which a packet may not do.
 */

#include <stddef.h>
#include <stdint.h>

#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/md5.h>
#include <openssl/ripemd.h>
#include <openssl/sha.h>

enum ux_digest {
	UX_DIGEST_NULL,
	UX_DIGEST_SHA1,
	UX_DIGEST_SHA256,
	UX_DIGEST_SHA384,
	UX_DIGEST_SHA512,
	UX_DIGEST_MD5,
	UX_DIGEST_RMD160
};

#define UX_DIGEST_MAX 64 /* bytes */

union ux_hash_state {
	SHA_CTX sha1;
	SHA256_CTX sha256;
	SHA512_CTX sha512;
	MD5_CTX md5;
	RIPEMD160_CTX rmd160;
};

/* Holds what is as good as the key. One thread. */
struct ux_hmac {
	enum ux_digest digest;
	union ux_hash_state inner, outer; /* after the key block */
};

/* ux_hmac_init - key @h; @len may be any length. Not for UX_DIGEST_NULL. */
void ux_hmac_init(struct ux_hmac *h, enum ux_digest digest, const void *key, size_t len);

/* ux_hmac_sum - of @data and then @extra (may be empty); writes the whole digest. */
struct ux_hmac_input {
	const void *data, *extra;
	size_t len, extra_len;
};
void ux_hmac_sum(const struct ux_hmac *h, const struct ux_hmac_input *in,
		 uint8_t ret[UX_DIGEST_MAX]);
