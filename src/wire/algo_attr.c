/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/algo_attr.h"

#include <stddef.h>
#include <string.h>

_Static_assert(offsetof(struct xfrm_algo_aead, alg_icv_len) ==
		   offsetof(struct xfrm_algo_auth, alg_trunc_len),
	       "both have their second length in the same place");

/* ALG_AEAD and ALG_AUTH_TRUNC have a second length in front of the key. */
static bool has_icv_bits(uint16_t type)
{
	return type == XFRMA_ALG_AEAD || type == XFRMA_ALG_AUTH_TRUNC;
}

static size_t key_offset(uint16_t type)
{
	return has_icv_bits(type) ? sizeof(struct xfrm_algo_aead) : sizeof(struct xfrm_algo);
}

bool ux_algo_attr_read(const struct nlattr *a, struct ux_wire_algo *ret_algo)
{
	const uint8_t *data = ux_attr_data(a);
	uint16_t type = a->nla_type & NLA_TYPE_MASK;
	struct ux_wire_algo r = {.key = data + key_offset(type)};

	memcpy(r.name, data, UX_WIRE_ALGO_NAME - 1);
	memcpy(&r.key_bits, data + offsetof(struct xfrm_algo, alg_key_len), 4);
	if (has_icv_bits(type))
		memcpy(&r.icv_bits, data + offsetof(struct xfrm_algo_aead, alg_icv_len), 4);
	if (ux_attr_len(a) < key_offset(type) + ((uint64_t)r.key_bits + 7) / 8)
		return false;
	*ret_algo = r;
	return true;
}

void ux_algo_attr_write(struct ux_writer *w, uint16_t type, const struct ux_wire_algo *algo)
{
	size_t key_len = ((size_t)algo->key_bits + 7) / 8;
	uint8_t *p = ux_msg_attr_reserve(w, type, key_offset(type) + key_len);

	if (!p)
		return;
	memcpy(p, algo->name, strnlen(algo->name, UX_WIRE_ALGO_NAME - 1));
	memcpy(p + offsetof(struct xfrm_algo, alg_key_len), &algo->key_bits, 4);
	if (has_icv_bits(type))
		memcpy(p + offsetof(struct xfrm_algo_aead, alg_icv_len), &algo->icv_bits, 4);
	if (key_len)
		memcpy(p + key_offset(type), algo->key, key_len);
}
