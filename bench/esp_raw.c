/* SPDX-License-Identifier: BSD-2-Clause */
/* The most the crypto library can give: all keys expanded, nothing but its calls. */
#include "esp.h"

#ifdef HAVE_IPSEC_MB
#include <intel-ipsec-mb.h>
#include <stdlib.h>
#include <string.h>

#include "base/pages.h"
#include "engine.h"

#define HEADER_LEN 16
#define ICV_LEN 16
#define AAD_LEN 12
#define NONCE_LEN 12
#define BURST_MAX 64
#define AHEAD 4		  /* so many packets ahead are keys fetched */
#define ROUND_KEY_LINES 3

static struct {
	IMB_MGR *mgr;
	struct gcm_key_data *keys;
	uint8_t *memory;
	uint32_t sa[ESP_ROUND]; /* of each packet */
	uint64_t seq;
	uint32_t len, n_keys;
} raw;

static void raw_open(uint32_t n_sa)
{
	_Alignas(16) uint8_t key[16] = {1, 2, 3};

	raw.keys = ux_pages_map(n_sa * sizeof(*raw.keys));
	raw.mgr = alloc_mb_mgr(0);
	raw.memory = aligned_alloc(4096, (ESP_ROUND * ESP_STRIDE + 4095) / 4096 * 4096);
	if (!raw.mgr || !raw.memory || !raw.keys)
		bench_die("out of memory");
	init_mb_mgr_auto(raw.mgr, NULL);
	memset(raw.memory, 0, ESP_ROUND * ESP_STRIDE);
	raw.n_keys = n_sa;
	ux_pages_make_huge(raw.keys, n_sa * sizeof(*raw.keys));
	for (uint32_t i = 0; i < n_sa; i++) {
		memcpy(key + 8, &i, sizeof(i));
		IMB_AES128_GCM_PRE(raw.mgr, key, &raw.keys[i]);
	}
}

static void raw_close(void)
{
	free_mb_mgr(raw.mgr);
	free(raw.memory);
	ux_pages_unmap(raw.keys, raw.n_keys * sizeof(*raw.keys));
}

static uint8_t *packet(uint32_t i)
{
	return raw.memory + i * ESP_STRIDE + ESP_HEADROOM;
}

static void raw_load(uint32_t i, uint32_t size, uint32_t sa)
{
	esp_inner(packet(i), size, sa);
	raw.sa[i] = sa;
	/* with trailer, to a multiple of four */
	raw.len = (size + 2 + 3) & ~3u;
}

/* The round keys, and of the powers of the hash key, the lowest of which stand last, as many as
 * there are blocks. */
static void prefetch_key(const struct gcm_key_data *key)
{
	const char *line = (const char *)key;
	uint32_t powers = (raw.len + 95) / 64, lines = sizeof(*key) / 64;

	for (uint32_t i = 0; i < ROUND_KEY_LINES; i++)
		__builtin_prefetch(line + i * 64);
	for (uint32_t i = 1; i <= powers && i <= lines - ROUND_KEY_LINES; i++)
		__builtin_prefetch(line + (lines - i) * 64);
}

static void raw_run(uint32_t first, uint32_t n, bool encrypt)
{
	_Alignas(64) uint8_t nonce[BURST_MAX][16], tag[BURST_MAX][ICV_LEN];
	struct gcm_context_data context;

	for (uint32_t i = 0; i < n; i++) {
		uint64_t seq = encrypt ? ++raw.seq : 0;
		uint8_t *iv = packet(first + i) - 8;

		if (encrypt)
			memcpy(iv, &seq, sizeof(seq));
		memcpy(nonce[i] + 4, iv, 8);
		memset(nonce[i], 7, 4);
	}
	for (uint32_t i = 0; i < n; i++) {
		const struct gcm_key_data *key = &raw.keys[raw.sa[first + i]];
		uint8_t *data = packet(first + i);

		if (raw.n_keys > 1 && i + AHEAD < n)
			prefetch_key(&raw.keys[raw.sa[first + i + AHEAD]]);

		if (encrypt)
			IMB_AES128_GCM_ENC(raw.mgr, key, &context, data, data, raw.len,
					   nonce[i], data - HEADER_LEN, AAD_LEN, data + raw.len,
					   ICV_LEN);
		else
			IMB_AES128_GCM_DEC(raw.mgr, key, &context, data, data, raw.len,
					   nonce[i], data - HEADER_LEN, AAD_LEN, tag[i], ICV_LEN);
	}
}

static void raw_encapsulate(uint32_t first, uint32_t n)
{
	raw_run(first, n, true);
}

static void raw_decapsulate(uint32_t first, uint32_t n)
{
	raw_run(first, n, false);
}

static bool raw_right(uint32_t size)
{
	for (uint32_t i = 0; i < ESP_ROUND; i++)
		if (!esp_inner_right(packet(i), size))
			return false;
	return true;
}

static const struct esp_way way = {
    .name = "raw ipsec-mb",
    .open = raw_open,
    .close = raw_close,
    .load = raw_load,
    .encapsulate = raw_encapsulate,
    .decapsulate = raw_decapsulate,
    .right = raw_right,
};
const struct esp_way *const esp_raw = &way;
#else
const struct esp_way *const esp_raw = NULL;
#endif
