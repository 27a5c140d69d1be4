/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* The bare library that bench/crypto compares with. */

#include <stdbool.h>
#include <stdint.h>

bool raw_available(void);

struct raw_keys;
struct raw_keys *raw_keys_new(uint32_t n, uint32_t key_len);
void raw_keys_set(struct raw_keys *k, uint32_t i, const uint8_t *key);
void raw_keys_free(struct raw_keys *k);

struct raw_packets {
	uint8_t *first;
	uint32_t stride, size, n;
	const uint32_t *sa; /* of each */
};

/* raw_burst - nonces for all, then a call for each; returns the last counter used. */
uint64_t raw_burst(const struct raw_keys *k, const struct raw_packets *p, bool encrypt,
		   uint64_t counter);
