/* SPDX-License-Identifier: BSD-2-Clause */
#include "crypto/algo.h"

#include <string.h>

#define AEAD(name_, icv_bits_, cipher_) \
	{.class = UX_ALGO_AEAD, .name = (name_), .cipher = (cipher_), .icv_full_bits = (icv_bits_)}
#define CIPHER(name_, compat_, cipher_) \
	{.class = UX_ALGO_CIPHER, .name = (name_), .compat = (compat_), .cipher = (cipher_)}
#define AUTH(name_, compat_, trunc_bits_, full_bits_, mac_) \
	{.class = UX_ALGO_AUTH,                             \
	 .name = (name_),                                   \
	 .compat = (compat_),                               \
	 .mac = (mac_),                                     \
	 .icv_trunc_bits = (trunc_bits_),                   \
	 .icv_full_bits = (full_bits_)}
#define COMP(name_) {.class = UX_ALGO_COMP, .name = (name_)}

/* Names, aliases and lengths are what clients of NETLINK_XFRM rely on. */
static const struct ux_algo algos[] = {
    AEAD("rfc4106(gcm(aes))", 64, UX_CIPHER_AES_GCM),
    AEAD("rfc4106(gcm(aes))", 96, UX_CIPHER_AES_GCM),
    AEAD("rfc4106(gcm(aes))", 128, UX_CIPHER_AES_GCM),
    AEAD("rfc4309(ccm(aes))", 64, UX_CIPHER_AES_CCM),
    AEAD("rfc4309(ccm(aes))", 96, UX_CIPHER_AES_CCM),
    AEAD("rfc4309(ccm(aes))", 128, UX_CIPHER_AES_CCM),
    AEAD("rfc4543(gcm(aes))", 128, UX_CIPHER_AES_GMAC),
    AEAD("rfc7539esp(chacha20,poly1305)", 128, UX_CIPHER_CHACHA20_POLY1305),

    CIPHER("ecb(cipher_null)", "cipher_null", UX_CIPHER_NULL),
    CIPHER("cbc(aes)", "aes", UX_CIPHER_AES_CBC),
    CIPHER("cbc(des)", "des", UX_CIPHER_UNKNOWN),
    CIPHER("cbc(des3_ede)", "des3_ede", UX_CIPHER_DES3_CBC),
    CIPHER("cbc(cast5)", "cast5", UX_CIPHER_UNKNOWN),
    CIPHER("cbc(blowfish)", "blowfish", UX_CIPHER_UNKNOWN),
    CIPHER("cbc(serpent)", "serpent", UX_CIPHER_UNKNOWN),
    CIPHER("cbc(camellia)", "camellia", UX_CIPHER_CAMELLIA_CBC),
    CIPHER("cbc(twofish)", "twofish", UX_CIPHER_UNKNOWN),
    CIPHER("rfc3686(ctr(aes))", NULL, UX_CIPHER_AES_CTR),
    CIPHER("cbc(sm4)", "sm4", UX_CIPHER_UNKNOWN),

    AUTH("digest_null", NULL, 0, 0, UX_MAC_NULL),
    AUTH("hmac(sha1)", "sha1", 96, 160, UX_MAC_HMAC_SHA1),
    /* 96 bits is the draft's length, kept by Linux; RFC 4868 section 2.6 wants 128, by truncation.
     */
    AUTH("hmac(sha256)", "sha256", 96, 256, UX_MAC_HMAC_SHA256),
    AUTH("hmac(sha384)", NULL, 192, 384, UX_MAC_HMAC_SHA384),
    AUTH("hmac(sha512)", NULL, 256, 512, UX_MAC_HMAC_SHA512),
    AUTH("hmac(md5)", "md5", 96, 128, UX_MAC_HMAC_MD5),
    AUTH("hmac(rmd160)", "rmd160", 96, 160, UX_MAC_HMAC_RMD160),
    AUTH("xcbc(aes)", NULL, 96, 128, UX_MAC_XCBC),
    AUTH("cmac(aes)", NULL, 96, 128, UX_MAC_CMAC),
    AUTH("hmac(sm3)", "sm3", 256, 256, UX_MAC_UNKNOWN),

    /* Linux knows the names lzs and lzjh too, and has no code for them */
    COMP("deflate"),
};

static bool can(const struct ux_algo *a)
{
	switch (a->class) {
	case UX_ALGO_AEAD:
	case UX_ALGO_CIPHER:
		return ux_cipher_available(a->cipher);
	case UX_ALGO_AUTH:
		return a->mac != UX_MAC_UNKNOWN;
	case UX_ALGO_COMP:
		return true;
	}
	return false;
}

static bool is_called(const struct ux_algo *a, const char *name)
{
	return strcmp(name, a->name) == 0 || (a->compat && strcmp(name, a->compat) == 0);
}

const struct ux_algo *ux_algo_find(enum ux_algo_class class, const char *name, uint32_t icv_bits)
{
	for (size_t i = 0; i < sizeof(algos) / sizeof(algos[0]); i++) {
		const struct ux_algo *a = &algos[i];

		if (a->class != class || !is_called(a, name))
			continue;
		if (class == UX_ALGO_AEAD && a->icv_full_bits != icv_bits)
			continue;
		return can(a) ? a : NULL;
	}
	return NULL;
}
