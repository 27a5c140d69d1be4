/* SPDX-License-Identifier: BSD-2-Clause */
#include "esp_engine.h"

#include <arpa/inet.h>
#include <string.h>

#include "core/instance.h"

#define SPI_FIRST 0x1000
#define KEY_LEN 20

/* As an IKE daemon sets them: none is reached here. */
static const struct ux_limits limits = {
    UINT64_C(1) << 60, UINT64_C(1) << 61, UINT64_C(1) << 60, UINT64_C(1) << 61, 3000, 3600, 0, 0};

static void add_sa(struct uxfrm *u, uint32_t i, uint32_t window)
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
	    .replay_bmp_len = (uint8_t)(window / 32),
	    .replay_window = window,
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

/* For the SA number @sa. */
static void add_policy(struct uxfrm *u, enum ux_policy_dir dir, uint32_t i, uint32_t sa)
{
	struct ux_policy *p = ux_policy_new(u, 1);

	if (!p)
		bench_die("out of memory");
	p->dir = (uint8_t)dir;
	p->family = p->sel.family = AF_INET;
	p->priority = 1000;
	p->sel.daddr.w[0] = htonl(0x0a000000 + i);
	p->sel.prefixlen_d = 32;
	p->templates[0] = (struct ux_template){.reqid = sa + 1,
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

void bench_esp_fill(struct uxfrm *u, enum ux_policy_dir dir, uint32_t n_sa, uint32_t window)
{
	for (uint32_t i = 0; i < n_sa; i++) {
		add_sa(u, i, window);
		add_policy(u, dir, i, i);
	}
}

void bench_esp_fill_policies(struct uxfrm *u, enum ux_policy_dir dir, uint32_t first, uint32_t n,
			     uint32_t n_sa)
{
	for (uint32_t i = first; i < n; i++)
		add_policy(u, dir, i, i % n_sa);
}
