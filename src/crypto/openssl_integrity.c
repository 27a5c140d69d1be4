/* SPDX-License-Identifier: BSD-2-Clause */

/* An authenticator alone, for AH: the ICV over bytes that stay as they are. */

#include "crypto/openssl.h"

#include <openssl/crypto.h>
#include <string.h>

#include "base/bytes.h"

static bool key_slot(struct ux_openssl_slot *slot, const struct ux_transform *t, bool encrypt)
{
	return ux_mac_init(&slot->mac, (enum ux_mac_kind)t->mac, t->keys, t->auth_len);
}

/* RFC 4302 section 2.5.1: the high half of an ESN is authenticated behind the packet, not sent. */
static bool compute_icv(struct ux_openssl_slot *slot, const struct ux_crypt_op *op,
			uint8_t ret[UX_DIGEST_MAX])
{
	uint8_t seq_hi[4];
	struct ux_hmac_input in = {
	    .data = op->esp,
	    .len = op->payload_len,
	    .extra = seq_hi,
	    .extra_len = op->transform->esn ? sizeof(seq_hi) : 0,
	};

	if (op->transform->mac == UX_MAC_NULL)
		return true;
	ux_put_be32(seq_hi, op->seq_hi);
	return ux_mac_sum(&slot->mac, &in, ret);
}

static bool sign(struct ux_openssl_slot *slot, const struct ux_crypt_op *op)
{
	uint8_t icv[UX_DIGEST_MAX] = {0};

	if (!compute_icv(slot, op, icv))
		return false;
	memcpy(op->icv, icv, op->transform->icv_len);
	return true;
}

static bool verify(struct ux_openssl_slot *slot, const struct ux_crypt_op *op)
{
	uint8_t icv[UX_DIGEST_MAX] = {0};

	return compute_icv(slot, op, icv) &&
	       CRYPTO_memcmp(icv, op->icv, op->transform->icv_len) == 0;
}

const struct ux_openssl_ops ux_openssl_integrity_ops = {
    .key = key_slot,
    .encrypt = sign,
    .decrypt = verify,
};
