/* SPDX-License-Identifier: BSD-2-Clause */
/* The engine as its users call it: one sends, one receives. A policy and an SA for each host. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <uxfrm/packet.h>

#include "base/rcu.h"
#include "core/instance.h"
#include "engine.h"
#include "esp.h"

#define SPI_FIRST 0x1000
#define WINDOW 1024
#define KEY_LEN 20

static struct {
	struct bench_engine sender, receiver;
	struct uxfrm_worker *out, *in;
	uint8_t *memory;
	struct uxfrm_packet packet[ESP_ROUND];
	struct uxfrm_packet *burst[ESP_ROUND];
} ours;

/* As an IKE daemon sets them: none is reached here. */
static const struct ux_limits limits = {
    UINT64_C(1) << 60, UINT64_C(1) << 61, UINT64_C(1) << 60, UINT64_C(1) << 61, 3000, 3600, 0, 0};

static void add_sa(struct uxfrm *u, uint32_t i)
{
	uint8_t key[KEY_LEN] = {1, 2, 3};
	struct ux_algo_request aead = {
	    .name = "rfc4106(gcm(aes))", .key = key, .key_bits = KEY_LEN * 8, .icv_bits = 128};
	struct ux_sa_params p = {
	    .id = {.spi = htonl(SPI_FIRST + i), .family = AF_INET, .proto = IPPROTO_ESP},
	    .reqid = i + 1,
	    .mode = UX_MODE_TUNNEL,
	    .flags = UX_SA_ESN,
	    .esn_attr = true,
	    .replay_bmp_len = WINDOW / 32,
	    .replay_window = WINDOW,
	    .pcpu = UINT32_MAX,
	    .limits = limits,
	    .aead = &aead,
	};
	struct ux_ext_ack ext = {0};
	struct ux_sa *sa;

	memcpy(key + 8, &i, sizeof(i));
	p.id.daddr.w[0] = htonl(0xc6336402);
	p.saddr.w[0] = htonl(0xc6336401);
	if (ux_sa_new(u, &p, &sa, &ext) < 0 || ux_sad_insert(u, sa) < 0)
		bench_die("SA refused");
}

static void add_policy(struct uxfrm *u, enum ux_policy_dir dir, uint32_t i)
{
	struct ux_policy *p = ux_policy_new(u, 1);

	if (!p)
		bench_die("out of memory");
	p->dir = (uint8_t)dir;
	p->family = p->sel.family = AF_INET;
	p->priority = 1000;
	p->sel.daddr.w[0] = htonl(0x0a000000 + i);
	p->sel.prefixlen_d = 32;
	p->templates[0] = (struct ux_template){.reqid = i + 1,
					       .aalgos = ~0u,
					       .ealgos = ~0u,
					       .calgos = ~0u,
					       .family = AF_INET,
					       .id_family = AF_INET,
					       .proto = IPPROTO_ESP,
					       .mode = UX_MODE_TUNNEL};
	p->templates[0].daddr.w[0] = htonl(0xc6336402);
	p->templates[0].saddr.w[0] = htonl(0xc6336401);
	if (ux_policy_set_limits(p, &limits) < 0 || ux_spd_insert(u, p, true, NULL) < 0)
		bench_die("policy refused");
}

static void open_side(struct bench_engine *e, struct uxfrm_worker **ret_worker,
		      enum ux_policy_dir dir, uint32_t n_sa)
{
	bench_engine_open(e);
	*ret_worker = uxfrm_worker_new(e->u);
	if (!*ret_worker)
		bench_die("out of memory");
	for (uint32_t i = 0; i < n_sa; i++) {
		add_sa(e->u, i);
		add_policy(e->u, dir, i);
	}
}

static void ours_open(uint32_t n_sa)
{
	open_side(&ours.sender, &ours.out, UX_POLICY_OUT, n_sa);
	open_side(&ours.receiver, &ours.in, UX_POLICY_FWD, n_sa);
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
