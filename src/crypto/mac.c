/* SPDX-License-Identifier: BSD-2-Clause */
#include "crypto/mac.h"

#include <string.h>

/* UX_DIGEST_NULL: it is no HMAC. */
static enum ux_digest digest_of(enum ux_mac_kind kind)
{
	switch (kind) {
	case UX_MAC_HMAC_MD5:
		return UX_DIGEST_MD5;
	case UX_MAC_HMAC_SHA1:
		return UX_DIGEST_SHA1;
	case UX_MAC_HMAC_SHA256:
		return UX_DIGEST_SHA256;
	case UX_MAC_HMAC_SHA384:
		return UX_DIGEST_SHA384;
	case UX_MAC_HMAC_SHA512:
		return UX_DIGEST_SHA512;
	case UX_MAC_HMAC_RMD160:
		return UX_DIGEST_RMD160;
	default:
		return UX_DIGEST_NULL;
	}
}

bool ux_mac_takes_key(enum ux_mac_kind kind, uint32_t len)
{
	if (kind == UX_MAC_XCBC || kind == UX_MAC_CMAC)
		return len == 16 || len == 24 || len == 32;
	return true;
}

bool ux_mac_init(struct ux_mac *m, enum ux_mac_kind kind, const uint8_t *key, uint32_t len)
{
	m->kind = kind;
	if (kind == UX_MAC_XCBC || kind == UX_MAC_CMAC)
		return ux_cbc_mac_init(
		    &m->cbc, kind == UX_MAC_XCBC ? UX_CBC_MAC_XCBC : UX_CBC_MAC_CMAC, key, len);
	if (digest_of(kind) != UX_DIGEST_NULL)
		ux_hmac_init(&m->hmac, digest_of(kind), key, len);
	return true;
}

bool ux_mac_sum(struct ux_mac *m, const struct ux_hmac_input *in, uint8_t ret[UX_DIGEST_MAX])
{
	if (m->kind == UX_MAC_XCBC || m->kind == UX_MAC_CMAC)
		return ux_cbc_mac_sum(&m->cbc, in->data, in->len, in->extra, in->extra_len, ret);
	ux_hmac_sum(&m->hmac, in, ret);
	return true;
}

void ux_mac_forget(struct ux_mac *m)
{
	explicit_bzero(&m->hmac, sizeof(m->hmac));
	ux_cbc_mac_forget(&m->cbc);
}

void ux_mac_fini(struct ux_mac *m)
{
	ux_mac_forget(m);
	ux_cbc_mac_fini(&m->cbc);
}
