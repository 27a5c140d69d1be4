/* SPDX-License-Identifier: BSD-2-Clause */
#include "ctl/pfkey/algorithms.h"

#include <string.h>

#define ROW(class_, name_, number_, iv_len_, min_bits_, max_bits_) \
	{                                                          \
		.class = (class_), .name = (name_), .desc = {      \
			.sadb_alg_id = (number_),                  \
			.sadb_alg_ivlen = (iv_len_),               \
			.sadb_alg_minbits = (min_bits_),           \
			.sadb_alg_maxbits = (max_bits_)            \
		}                                                  \
	}
#define AUTH(name_, number_, bits_) ROW(UX_ALGO_AUTH, name_, number_, 0, bits_, bits_)
#define CIPHER(name_, number_, iv_len_, min_bits_, max_bits_) \
	ROW(UX_ALGO_CIPHER, name_, number_, iv_len_, min_bits_, max_bits_)
#define COMP(name_, number_) ROW(UX_ALGO_COMP, name_, number_, 0, 0, 0)

/* AEADs have numbers too, but no message that could name one. */
static const struct ux_pfkey_algorithm algorithms[] = {
    AUTH("digest_null", SADB_X_AALG_NULL, 0),
    AUTH("hmac(md5)", SADB_AALG_MD5HMAC, 128),
    AUTH("hmac(sha1)", SADB_AALG_SHA1HMAC, 160),
    AUTH("hmac(sha256)", SADB_X_AALG_SHA2_256HMAC, 256),
    AUTH("hmac(sha384)", SADB_X_AALG_SHA2_384HMAC, 384),
    AUTH("hmac(sha512)", SADB_X_AALG_SHA2_512HMAC, 512),
    AUTH("hmac(rmd160)", SADB_X_AALG_RIPEMD160HMAC, 160),
    AUTH("xcbc(aes)", SADB_X_AALG_AES_XCBC_MAC, 128),
    AUTH("hmac(sm3)", SADB_X_AALG_SM3_256HMAC, 256),

    CIPHER("ecb(cipher_null)", SADB_EALG_NULL, 0, 0, 0),
    CIPHER("cbc(des)", SADB_EALG_DESCBC, 8, 64, 64),
    CIPHER("cbc(des3_ede)", SADB_EALG_3DESCBC, 8, 192, 192),
    CIPHER("cbc(cast5)", SADB_X_EALG_CASTCBC, 8, 40, 128),
    CIPHER("cbc(blowfish)", SADB_X_EALG_BLOWFISHCBC, 8, 40, 448),
    CIPHER("cbc(aes)", SADB_X_EALG_AESCBC, 8, 128, 256),
    CIPHER("cbc(serpent)", SADB_X_EALG_SERPENTCBC, 8, 128, 256),
    CIPHER("cbc(camellia)", SADB_X_EALG_CAMELLIACBC, 8, 128, 256),
    CIPHER("cbc(twofish)", SADB_X_EALG_TWOFISHCBC, 8, 128, 256),
    CIPHER("rfc3686(ctr(aes))", SADB_X_EALG_AESCTR, 8, 160, 288),
    CIPHER("cbc(sm4)", SADB_X_EALG_SM4CBC, 16, 128, 256),

    COMP("deflate", SADB_X_CALG_DEFLATE),
    COMP("lzs", SADB_X_CALG_LZS),
    COMP("lzjh", SADB_X_CALG_LZJH),
};
#define N_ALGORITHMS (sizeof(algorithms) / sizeof(algorithms[0]))

const struct ux_pfkey_algorithm *ux_pfkey_algorithm_next(enum ux_algo_class class,
							 const struct ux_pfkey_algorithm *from)
{
	const struct ux_pfkey_algorithm *a = from ? from + 1 : algorithms;

	for (; a < algorithms + N_ALGORITHMS; a++)
		if (a->class == class && ux_algo_find(class, a->name, 0))
			return a;
	return NULL;
}

const struct ux_pfkey_algorithm *ux_pfkey_algorithm_by_number(enum ux_algo_class class,
							      uint8_t number)
{
	const struct ux_pfkey_algorithm *a = NULL;

	while ((a = ux_pfkey_algorithm_next(class, a)))
		if (a->desc.sadb_alg_id == number)
			return a;
	return NULL;
}

uint8_t ux_pfkey_algorithm_number(enum ux_algo_class class, const char *name)
{
	const struct ux_pfkey_algorithm *a = NULL;

	while ((a = ux_pfkey_algorithm_next(class, a)))
		if (strcmp(a->name, name) == 0)
			return a->desc.sadb_alg_id;
	return 0;
}
