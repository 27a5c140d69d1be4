/* SPDX-License-Identifier: BSD-2-Clause */
#include "crypto/algo.h"

#include <string.h>

#define AEAD(name_, icv_bits_, can_) \
	{.class = UX_ALGO_AEAD, .name = (name_), .available = (can_), .icv_full_bits = (icv_bits_)}
#define CIPHER(name_, compat_, can_) \
	{.class = UX_ALGO_CIPHER, .name = (name_), .compat = (compat_), .available = (can_)}
#define AUTH(name_, compat_, trunc_bits_, full_bits_, can_) \
	{.class = UX_ALGO_AUTH,                             \
	 .name = (name_),                                   \
	 .compat = (compat_),                               \
	 .available = (can_),                               \
	 .icv_trunc_bits = (trunc_bits_),                   \
	 .icv_full_bits = (full_bits_)}
#define COMP(name_) {.class = UX_ALGO_COMP, .name = (name_)}

/* Names, aliases and lengths are what clients of NETLINK_XFRM rely on. */
static const struct ux_algo algos[] = {
    AEAD("rfc4106(gcm(aes))", 64, true),
    AEAD("rfc4106(gcm(aes))", 96, true),
    AEAD("rfc4106(gcm(aes))", 128, true),
    AEAD("rfc4309(ccm(aes))", 64, false),
    AEAD("rfc4309(ccm(aes))", 96, false),
    AEAD("rfc4309(ccm(aes))", 128, false),
    AEAD("rfc4543(gcm(aes))", 128, false),
    AEAD("rfc7539esp(chacha20,poly1305)", 128, false),

    CIPHER("ecb(cipher_null)", "cipher_null", true),
    CIPHER("cbc(aes)", "aes", true),
    CIPHER("cbc(des)", "des", false),
    CIPHER("cbc(des3_ede)", "des3_ede", false),
    CIPHER("cbc(cast5)", "cast5", false),
    CIPHER("cbc(blowfish)", "blowfish", false),
    CIPHER("cbc(serpent)", "serpent", false),
    CIPHER("cbc(camellia)", "camellia", false),
    CIPHER("cbc(twofish)", "twofish", false),
    CIPHER("rfc3686(ctr(aes))", NULL, false),
    CIPHER("cbc(sm4)", "sm4", false),

    AUTH("digest_null", NULL, 0, 0, true),
    AUTH("hmac(sha1)", "sha1", 96, 160, true),
    /* 96 bits is the draft's length, kept by Linux; RFC 4868 section 2.6 wants 128, by truncation.
     */
    AUTH("hmac(sha256)", "sha256", 96, 256, true),
    AUTH("hmac(sha384)", NULL, 192, 384, true),
    AUTH("hmac(sha512)", NULL, 256, 512, true),
    AUTH("hmac(md5)", "md5", 96, 128, false),
    AUTH("hmac(rmd160)", "rmd160", 96, 160, false),
    AUTH("xcbc(aes)", NULL, 96, 128, false),
    AUTH("cmac(aes)", NULL, 96, 128, false),
    AUTH("hmac(sm3)", "sm3", 256, 256, false),

    COMP("deflate"),
    COMP("lzs"),
    COMP("lzjh"),
};

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
		return a->available ? a : NULL;
	}
	return NULL;
}
