/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* Attributes that carry an algorithm: a name, lengths, and a key of that length behind them. */

#include <stdbool.h>
#include <stdint.h>

#include "wire/attrs.h"
#include "wire/writer.h"

#define UX_WIRE_ALGO_NAME 64

struct ux_wire_algo {
	char name[UX_WIRE_ALGO_NAME]; /* always terminated */
	const uint8_t *key;	      /* (key_bits + 7) / 8 bytes, borrowed */
	uint32_t key_bits;
	uint32_t icv_bits; /* AEAD: ICV length; AUTH_TRUNC: truncation; the others have none: 0 */
};

/*
 * ux_algo_attr_read - take @a (one of the five ALG_ attributes, checked by ux_attrs_parse) apart.
 * False when it is too short for the key it claims.
 */
bool ux_algo_attr_read(const struct nlattr *a, struct ux_wire_algo *ret_algo);
/* ux_algo_attr_write - the attribute @type, one of the five. */
void ux_algo_attr_write(struct ux_writer *w, uint16_t type, const struct ux_wire_algo *algo);
