/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* ESP in tunnel mode with AES-128-GCM, in one thread over packets in memory: what is compared. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ESP_HEADROOM 512
#define ESP_TAILROOM 512
#define ESP_SIZE_MAX 1400
/* Not a power of two, so that packets do not fall into the same cache sets. */
#define ESP_STRIDE (ESP_HEADROOM + ESP_SIZE_MAX + ESP_TAILROOM + 72)
#define ESP_ROUND 512 /* packets that go to and fro together; they stay in the caches */

/*
 * Who encapsulates and decapsulates.
 * @open: ready for @n_sa SAs.
 * @load: packet @i of a round is @size bytes of IPv4 for SA number @sa.
 * @encapsulate, @decapsulate: packets @first to @first + @n - 1, at most 64.
 * @right: did they come back as they were?
 */
struct esp_way {
	const char *name;
	void (*open)(uint32_t n_sa);
	void (*close)(void);
	void (*load)(uint32_t i, uint32_t size, uint32_t sa);
	void (*encapsulate)(uint32_t first, uint32_t n);
	void (*decapsulate)(uint32_t first, uint32_t n);
	bool (*right)(uint32_t size);
};

extern const struct esp_way esp_ours;
/* esp_ours_open - as its open, but with @n_policies, at least @n_sa: hosts share SAs. */
void esp_ours_open(uint32_t n_sa, uint32_t n_policies);
/* The library alone, a key for each SA: nonces staged, then a call for each. NULL: built without. */
extern const struct esp_way *const esp_raw;
/* DPDK's librte_ipsec, CPU crypto by its aesni_gcm driver, one SA, no look-up. NULL: built without. */
extern const struct esp_way *const esp_dpdk;

/* esp_inner - an IPv4 and UDP header and a payload of @size bytes in all, to 10.0.0.0 + @sa. */
void esp_inner(uint8_t *at, uint32_t size, uint32_t sa);
/* esp_inner_right - is it still that, whatever its destination? */
bool esp_inner_right(const uint8_t *at, uint32_t size);
