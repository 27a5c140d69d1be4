/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * The two authenticators of ESP that are a CBC chain over AES with a masked last block:
 * AES-XCBC-MAC (RFC 3566) and AES-CMAC (RFC 4493). Keyed once; a message allocates nothing.
 */

#include <openssl/evp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UX_CBC_MAC_LEN 16 /* bytes, also of a block */

enum ux_cbc_mac_kind { UX_CBC_MAC_XCBC, UX_CBC_MAC_CMAC };

/* Holds what is as good as the key. One thread. */
struct ux_cbc_mac {
	EVP_CIPHER_CTX *chain;
	uint8_t whole[UX_CBC_MAC_LEN];	/* masks a last block that is one */
	uint8_t padded[UX_CBC_MAC_LEN]; /* masks one that was filled up */
};

/* ux_cbc_mac_init - @m is all zero or was used before; @len 16, 24 or 32. False when libcrypto
 * fails. */
bool ux_cbc_mac_init(struct ux_cbc_mac *m, enum ux_cbc_mac_kind kind, const uint8_t *key,
		     uint32_t len);
/* ux_cbc_mac_sum - of @data and then @extra, at most 16 bytes. False when libcrypto fails. */
bool ux_cbc_mac_sum(struct ux_cbc_mac *m, const uint8_t *data, size_t len, const uint8_t *extra,
		    size_t extra_len, uint8_t ret[UX_CBC_MAC_LEN]);
/* ux_cbc_mac_forget - wipe the key; the context stays for the next one. */
void ux_cbc_mac_forget(struct ux_cbc_mac *m);
void ux_cbc_mac_fini(struct ux_cbc_mac *m);
