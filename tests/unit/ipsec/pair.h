/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* Two engines back to back in one thread, set up by core calls; packets are memory. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <uxfrm/engine.h>
#include <uxfrm/packet.h>

#include "core/instance.h"
#include "core/policy.h"
#include "core/sa.h"

#define REAL_S 1700000000ull

struct side {
	struct uxfrm *u;
	struct uxfrm_worker *w;
};

/* @a sends, @b receives, unless a test does it the other way round. */
struct pair {
	struct side a, b;
};
void pair_open(struct pair *p);
void pair_open_params(struct pair *p, const struct uxfrm_params *params);
void pair_close(struct pair *p);

enum algo {
	GCM128_16,
	GCM192_12,
	GCM256_8,
	CBC128_SHA1,
	CBC256_SHA256,
	CBC192_SHA384,
	CBC256_SHA512,
	NULL_SHA256,
	GMAC256,
	CCM128_12,
	CHACHA,
	CTR192_CMAC,
	CAMELLIA_XCBC,
	DES3_MD5,
	ALGO_COUNT
};
extern const char *const algo_names[ALGO_COUNT];

struct sa_spec {
	const char *src, *dst; /* the family follows from them */
	uint32_t spi, reqid, window, if_id;
	uint16_t sport, dport; /* UDP encapsulation, 0 = none */
	uint64_t oseq, iseq;
	uint64_t hard_packets; /* 0 = none */
	uint32_t extra_flags;
	uint8_t mode, flags, dir;
	uint8_t proto;	  /* 0: ESP */
	enum algo algo;	  /* AH: its authenticator */
	uint32_t for_cpu; /* number plus one; 0: all */
	uint32_t keepalive_s;
	const char *label; /* NULL: none */
	bool esn, larval;
	bool installed_before; /* the request gives its current lifetime */
	struct ux_mark mark, output_mark;
	const char *sel_dst; /* selector: this destination only */
	const char *sel_src; /* and this source, with as many bits; NULL: any */
	uint8_t sel_bits;
};
struct ux_sa *add_sa(struct side *s, const struct sa_spec *spec);
/* park_sa - delete it as a client does; resume_sa - install it again: NULL if it is another one. */
void park_sa(struct side *s, struct ux_sa *sa);
extern struct ux_sa *larval_at_resume; /* which the next one fulfils; NULL: none */
struct ux_sa *resume_sa(struct side *s, const struct sa_spec *spec);

struct policy_spec {
	uint8_t dir, mode, action, type;
	uint8_t proto;	       /* 0: ESP */
	uint16_t family;       /* of the selector, which is else a wildcard */
	const char *src, *dst; /* template addresses, NULL = any; the family follows */
	uint32_t reqid, spi, priority, mark, if_id;
	uint16_t dport;
	const char *sel_src, *sel_dst; /* both or none: with sel_bits */
	uint8_t sel_bits, flags;
	uint8_t n_templates; /* that many equal templates */
	bool optional;
};
struct ux_policy *add_policy(struct side *s, const struct policy_spec *spec);
void add_local(struct side *s, const char *addr);

struct ux_addr addr_of(const char *text, uint16_t *ret_family);

/* A packet with the room the engine asks for. */
#define TEST_PACKET_MAX 70000
struct test_packet {
	struct uxfrm_packet p;
	uint8_t buf[UXFRM_HEADROOM + TEST_PACKET_MAX + UXFRM_TAILROOM];
};

/* An inner packet: protocol 253 (RFC 3692), @payload bytes of a pattern. */
struct inner_spec {
	uint16_t family;
	uint32_t payload;
	uint8_t tos, proto; /* proto 0 = 253 */
	bool df;
	uint32_t flow_label;
	const char *src, *dst; /* NULL: 10.1.0.1 -> 10.2.0.2, 2001:db8:1::1 -> 2001:db8:2::2 */
};
void make_inner(struct test_packet *t, const struct inner_spec *spec);
void load(struct test_packet *t, const void *data, size_t len);
void copy_packet(struct test_packet *to, const struct test_packet *from);

void outbound(struct side *s, struct test_packet *t);
void inbound(struct side *s, struct test_packet *t);

/* Run one packet and demand that it is dropped for @reason, and that this one counter moved by one.
 */
void expect_drop_out(struct side *s, struct test_packet *t, enum uxfrm_drop reason);
void expect_drop_in(struct side *s, struct test_packet *t, enum uxfrm_drop reason);

uint64_t drops(struct side *s, enum uxfrm_drop reason);

/*
 * craft - a tunnel or transport packet for @sa with any plaintext (padding and trailer included),
 * enciphered right. For what a peer that keeps the rules would never send.
 */
void craft(struct side *s, struct test_packet *t, struct ux_sa *sa, uint64_t seq,
	   const uint8_t *plaintext, uint32_t len);

/* The usual: one SA from 192.0.2.1 to 192.0.2.2 at both ends, policies for all, tunnel mode. */
struct ux_sa *usual_tunnel(struct pair *p, const struct sa_spec *spec, struct ux_sa **ret_at_b);
