/* SPDX-License-Identifier: BSD-2-Clause */
/* The engine as its users call it: one sends, one receives. A policy and an SA for each host. */
#include <stdlib.h>
#include <string.h>
#include <uxfrm/packet.h>

#include "esp.h"
#include "esp_engine.h"

#define WINDOW 1024

static struct {
	struct bench_engine sender, receiver;
	struct uxfrm_worker *out, *in;
	uint8_t *memory;
	struct uxfrm_packet packet[ESP_ROUND];
	struct uxfrm_packet *burst[ESP_ROUND];
} ours;

static void open_side(struct bench_engine *e, struct uxfrm_worker **ret_worker,
		      enum ux_policy_dir dir, uint32_t n_sa, uint32_t n_policies)
{
	bench_engine_open(e);
	*ret_worker = uxfrm_worker_new(e->u);
	if (!*ret_worker)
		bench_die("out of memory");
	bench_esp_fill(e->u, dir, n_sa, WINDOW);
	bench_esp_fill_policies(e->u, dir, n_sa, n_policies, n_sa);
}

void esp_ours_open(uint32_t n_sa, uint32_t n_policies)
{
	open_side(&ours.sender, &ours.out, UX_POLICY_OUT, n_sa, n_policies);
	open_side(&ours.receiver, &ours.in, UX_POLICY_FWD, n_sa, n_policies);
	ours.memory = aligned_alloc(4096, (ESP_ROUND * ESP_STRIDE + 4095) / 4096 * 4096);
	if (!ours.memory)
		bench_die("out of memory");
	memset(ours.memory, 0, ESP_ROUND * ESP_STRIDE);
	for (uint32_t i = 0; i < ESP_ROUND; i++) {
		ours.packet[i].buf = ours.memory + i * ESP_STRIDE;
		ours.packet[i].size = ESP_STRIDE;
		ours.burst[i] = &ours.packet[i];
	}
}

static void ours_open(uint32_t n_sa)
{
	esp_ours_open(n_sa, n_sa);
}

static void ours_close(void)
{
	ours.out = uxfrm_worker_free(ours.out);
	ours.in = uxfrm_worker_free(ours.in);
	bench_engine_close(&ours.sender);
	bench_engine_close(&ours.receiver);
	free(ours.memory);
}

static void ours_load(uint32_t i, uint32_t size, uint32_t sa)
{
	struct uxfrm_packet *p = &ours.packet[i];

	p->data = p->buf + ESP_HEADROOM;
	p->len = size;
	esp_inner(p->data, size, sa);
}

static void ours_encapsulate(uint32_t first, uint32_t n)
{
	uxfrm_outbound(ours.out, ours.burst + first, n);
}

static void ours_decapsulate(uint32_t first, uint32_t n)
{
	uxfrm_inbound(ours.in, ours.burst + first, n);
}

static bool ours_right(uint32_t size)
{
	for (uint32_t i = 0; i < ESP_ROUND; i++) {
		const struct uxfrm_packet *p = &ours.packet[i];

		if (p->verdict != UXFRM_DELIVER || p->len != size ||
		    !esp_inner_right(p->data, size))
			return false;
	}
	return true;
}

const struct esp_way esp_ours = {
    .name = "uxfrm",
    .open = ours_open,
    .close = ours_close,
    .load = ours_load,
    .encapsulate = ours_encapsulate,
    .decapsulate = ours_decapsulate,
    .right = ours_right,
};
