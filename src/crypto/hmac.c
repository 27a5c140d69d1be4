/* SPDX-License-Identifier: BSD-2-Clause */
#include "crypto/hmac.h"

#include <string.h>

#define BLOCK_MAX 128

static size_t block_len(enum ux_digest d)
{
	return d == UX_DIGEST_SHA384 || d == UX_DIGEST_SHA512 ? 128 : 64;
}

static size_t digest_len(enum ux_digest d)
{
	switch (d) {
	case UX_DIGEST_MD5:
		return 16;
	case UX_DIGEST_SHA1:
	case UX_DIGEST_RMD160:
		return 20;
	case UX_DIGEST_SHA256:
		return 32;
	case UX_DIGEST_SHA384:
		return 48;
	case UX_DIGEST_SHA512:
		return 64;
	case UX_DIGEST_NULL:
		break;
	}
	return 0;
}

static void hash_start(union ux_hash_state *s, enum ux_digest d)
{
	if (d == UX_DIGEST_SHA1)
		SHA1_Init(&s->sha1);
	else if (d == UX_DIGEST_SHA256)
		SHA256_Init(&s->sha256);
	else if (d == UX_DIGEST_SHA384)
		SHA384_Init(&s->sha512);
	else if (d == UX_DIGEST_MD5)
		MD5_Init(&s->md5);
	else if (d == UX_DIGEST_RMD160)
		RIPEMD160_Init(&s->rmd160);
	else
		SHA512_Init(&s->sha512);
}

static void hash_add(union ux_hash_state *s, enum ux_digest d, const void *data, size_t len)
{
	if (d == UX_DIGEST_SHA1)
		SHA1_Update(&s->sha1, data, len);
	else if (d == UX_DIGEST_SHA256)
		SHA256_Update(&s->sha256, data, len);
	else if (d == UX_DIGEST_MD5)
		MD5_Update(&s->md5, data, len);
	else if (d == UX_DIGEST_RMD160)
		RIPEMD160_Update(&s->rmd160, data, len);
	else
		SHA512_Update(&s->sha512, data, len); /* SHA-384 as well: it differs in the start */
}

static void hash_end(union ux_hash_state *s, enum ux_digest d, uint8_t ret[UX_DIGEST_MAX])
{
	if (d == UX_DIGEST_SHA1)
		SHA1_Final(ret, &s->sha1);
	else if (d == UX_DIGEST_SHA256)
		SHA256_Final(ret, &s->sha256);
	else if (d == UX_DIGEST_MD5)
		MD5_Final(ret, &s->md5);
	else if (d == UX_DIGEST_RMD160)
		RIPEMD160_Final(ret, &s->rmd160);
	else
		SHA512_Final(ret, &s->sha512);
}

static void start_with_pad(union ux_hash_state *s, enum ux_digest d, const uint8_t *block,
			   uint8_t pad)
{
	uint8_t padded[BLOCK_MAX];
	size_t len = block_len(d);

	for (size_t i = 0; i < len; i++)
		padded[i] = block[i] ^ pad;
	hash_start(s, d);
	hash_add(s, d, padded, len);
	explicit_bzero(padded, sizeof(padded));
}

void ux_hmac_init(struct ux_hmac *h, enum ux_digest digest, const void *key, size_t len)
{
	uint8_t block[BLOCK_MAX] = {0};

	/* RFC 2104 section 2: a key longer than a block is hashed, a shorter one filled with zeros.
	 */
	if (len > block_len(digest)) {
		union ux_hash_state s;

		hash_start(&s, digest);
		hash_add(&s, digest, key, len);
		hash_end(&s, digest, block);
		explicit_bzero(&s, sizeof(s));
	} else if (len > 0) {
		memcpy(block, key, len);
	}
	h->digest = digest;
	start_with_pad(&h->inner, digest, block, 0x36);
	start_with_pad(&h->outer, digest, block, 0x5c);
	explicit_bzero(block, sizeof(block));
}

void ux_hmac_sum(const struct ux_hmac *h, const struct ux_hmac_input *in,
		 uint8_t ret[UX_DIGEST_MAX])
{
	union ux_hash_state s = h->inner;

	hash_add(&s, h->digest, in->data, in->len);
	if (in->extra_len > 0)
		hash_add(&s, h->digest, in->extra, in->extra_len);
	hash_end(&s, h->digest, ret);
	s = h->outer;
	hash_add(&s, h->digest, ret, digest_len(h->digest));
	hash_end(&s, h->digest, ret);
}
