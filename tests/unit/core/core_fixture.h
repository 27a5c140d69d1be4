/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* An engine and SAs for the tests of core. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/instance.h"
#include "core/migrate.h"

#define FIXTURE_NOW_S 1000000

static inline struct uxfrm *engine_new(uint32_t grace_ms)
{
	struct uxfrm_params p;
	struct uxfrm *u = NULL;

	uxfrm_params_init(&p);
	p.grace_ms = grace_ms;
	p.real_s = FIXTURE_NOW_S;
	assert_int_equal(uxfrm_new(&p, &u), 0);
	return u;
}

static inline struct ux_addr addr4(uint32_t host)
{
	struct ux_addr a;

	memset(&a, 0xa5, sizeof(a)); /* what stands behind an IPv4 address must not matter */
	a.w[0] = htobe32(host);
	return a;
}

static inline struct ux_addr addr6(uint32_t host)
{
	struct ux_addr a = {.w = {htobe32(0xfd000000), 0, 0, htobe32(host)}};

	return a;
}

static const uint8_t fixture_key[20] = {1,  2,	3,  4,	5,  6,	7,  8,	9,  10,
					11, 12, 13, 14, 15, 16, 17, 18, 19, 20};

static inline struct ux_algo_request gcm_request(const uint8_t *key)
{
	struct ux_algo_request r = {
	    .name = "rfc4106(gcm(aes))", .key = key, .key_bits = 160, .icv_bits = 128};

	return r;
}

/* A tunnel SA of AES-128-GCM between two IPv4 hosts. @aead is filled and referred to. */
static inline struct ux_sa_params sa_params(struct ux_algo_request *aead, uint32_t src,
					    uint32_t dst, uint32_t spi)
{
	struct ux_sa_params p;

	memset(&p, 0, sizeof(p));
	*aead = gcm_request(fixture_key);
	p.id.daddr = addr4(dst);
	p.id.spi = htobe32(spi);
	p.id.family = AF_INET;
	p.id.proto = 50;
	p.saddr = addr4(src);
	p.mode = UX_MODE_TUNNEL;
	p.sel.family = AF_INET;
	p.pcpu = UINT32_MAX;
	p.replay_window = 32;
	p.aead = aead;
	return p;
}

static inline struct ux_sa *sa_insert(struct uxfrm *u, const struct ux_sa_params *p)
{
	struct ux_sa *sa = NULL;
	struct ux_ext_ack ext = {0};

	assert_int_equal(ux_sa_new(u, p, &sa, &ext), 0);
	assert_int_equal(ux_sad_insert(u, sa), 0);
	return sa;
}

static inline struct ux_sa *sa_add(struct uxfrm *u, uint32_t src, uint32_t dst, uint32_t spi)
{
	struct ux_algo_request aead;
	struct ux_sa_params p = sa_params(&aead, src, dst, spi);

	return sa_insert(u, &p);
}

/* A migration of @sa to other IPv4 addresses, all else kept. */
static inline struct ux_migration migration_to(const struct ux_sa *sa, uint32_t src, uint32_t dst)
{
	struct ux_migration m;

	memset(&m, 0, sizeof(m));
	m.daddr = addr4(dst);
	m.saddr = addr4(src);
	m.family = AF_INET;
	m.reqid = sa->reqid;
	m.sel = sa->sel;
	return m;
}

static inline struct ux_sa_id id4(uint32_t dst, uint32_t spi)
{
	struct ux_sa_id id = {
	    .daddr = addr4(dst), .spi = htobe32(spi), .family = AF_INET, .proto = 50};

	return id;
}
