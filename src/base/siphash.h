/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * SipHash-2-4 (Aumasson, Bernstein 2012): a keyed hash for tables whose keys come from outside, and
 * its 128-bit form for fingerprints of secrets.
 */

#include <stddef.h>
#include <stdint.h>

struct ux_siphash_key {
	uint64_t k[2];
};

uint64_t ux_siphash(const struct ux_siphash_key *key, const void *data, size_t len);
void ux_siphash128(const struct ux_siphash_key *key, const void *data, size_t len, uint64_t ret[2]);

/* ux_random_key - fill @key from the system's random source; aborts if there is none. */
void ux_siphash_random_key(struct ux_siphash_key *key);
