/* SPDX-License-Identifier: BSD-2-Clause */
/* The most the crypto library can give: one key, nothing but its calls. */
#include "esp.h"

#ifdef HAVE_IPSEC_MB
#include <intel-ipsec-mb.h>
#include <stdlib.h>
#include <string.h>

#include "engine.h"

#define HEADER_LEN 16
#define ICV_LEN 16
#define AAD_LEN 12
#define NONCE_LEN 12
#define BURST_MAX 64

static struct {
	IMB_MGR *mgr;
	_Alignas(64) struct gcm_key_data key;
	uint8_t *memory;
	uint64_t seq;
	uint32_t len;
} raw;

static void raw_open(uint32_t n_sa)
{
	_Alignas(16) static const uint8_t key[16] = {1, 2, 3};

	raw.mgr = alloc_mb_mgr(0);
	raw.memory = aligned_alloc(4096, (ESP_ROUND * ESP_STRIDE + 4095) / 4096 * 4096);
	if (!raw.mgr || !raw.memory)
		bench_die("out of memory");
	init_mb_mgr_auto(raw.mgr, NULL);
	memset(raw.memory, 0, ESP_ROUND * ESP_STRIDE);
	IMB_AES128_GCM_PRE(raw.mgr, key, &raw.key);
}

static void raw_close(void)
{
	free_mb_mgr(raw.mgr);
	free(raw.memory);
}

static uint8_t *packet(uint32_t i)
{
	return raw.memory + i * ESP_STRIDE + ESP_HEADROOM;
}

static void raw_load(uint32_t i, uint32_t size, uint32_t sa)
{
	esp_inner(packet(i), size, sa);
	/* with trailer, to a multiple of four */
	raw.len = (size + 2 + 3) & ~3u;
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
		uint8_t *data = packet(first + i);

		if (encrypt)
			IMB_AES128_GCM_ENC(raw.mgr, &raw.key, &context, data, data, raw.len,
					   nonce[i], data - HEADER_LEN, AAD_LEN, data + raw.len,
					   ICV_LEN);
		else
			IMB_AES128_GCM_DEC(raw.mgr, &raw.key, &context, data, data, raw.len,
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
