/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Packets of any content through an engine with SAs of every mode, and through reassembly and
 * fragmentation.
 *
 * An input is a list of records: kind, mark and room (one byte each), length (two, little-endian),
 * bytes. Records of one kind in a row are one burst. For SEALED the harness enciphers the packet
 * with the key of the SA whose SPI it carries, so that the ICV is right and what is behind it is
 * reached. Each packet is an allocation of its own, so that any byte too many is seen.
 */

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <uxfrm/engine.h>
#include <uxfrm/packet.h>

#include "core/instance.h"
#include "packet/ah_header.h"
#include "packet/esp_header.h"
#include "packet/fragment.h"
#include "packet/ip.h"
#include "packet/mutable.h"
#include "packet/reassembly.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(condition)                                                    \
	do {                                                               \
		if (!(condition)) {                                        \
			fprintf(stderr, "%d: %s\n", __LINE__, #condition); \
			abort();                                           \
		}                                                          \
	} while (0)

enum kind { OUTBOUND, INBOUND, SEALED, FRAGMENT, KINDS };

struct sa_row {
	const char *src, *dst;
	uint32_t spi;
	uint8_t mode, flags;
	uint16_t port;
	int algo; /* 0 null, 1 GCM, 2 CBC */
	uint32_t window;
	uint8_t proto; /* 0 ESP */
};

static const struct sa_row sa_rows[] = {
    {"192.0.2.1", "192.0.2.2", 0x101, UX_MODE_TUNNEL, UX_SA_AF_UNSPEC, 0, 0, 32},
    {"2001:db8::1", "2001:db8::2", 0x102, UX_MODE_TUNNEL, UX_SA_AF_UNSPEC | UX_SA_DECAP_DSCP, 0, 0,
     0},
    {"10.3.0.1", "10.3.0.2", 0x103, UX_MODE_TRANSPORT, 0, 0, 0, 64},
    {"2001:db8:3::1", "2001:db8:3::2", 0x104, UX_MODE_TRANSPORT, 0, 0, 0, 1},
    {"192.0.2.1", "192.0.2.2", 0x105, UX_MODE_TUNNEL, UX_SA_AF_UNSPEC | UX_SA_NOPMTUDISC, 4500, 0,
     0},
    {"192.0.2.1", "192.0.2.2", 0x106, UX_MODE_TUNNEL, UX_SA_AF_UNSPEC | UX_SA_ESN, 0, 1, 4096},
    {"192.0.2.1", "192.0.2.2", 0x107, UX_MODE_TUNNEL, UX_SA_AF_UNSPEC | UX_SA_NOECN, 0, 2, 32},
    {"10.8.0.1", "10.8.0.2", 0x108, UX_MODE_TRANSPORT, 0, 4500, 0, 0},
    {"2001:db8:9::1", "2001:db8:9::2", 0x109, UX_MODE_TRANSPORT, 0, 4500, 1, 0},
    {"2001:db8::1", "2001:db8::2", 0x10a, UX_MODE_TUNNEL, UX_SA_AF_UNSPEC, 4500, 0, 0},
    {"10.3.0.1", "10.3.0.2", 0x10b, UX_MODE_TRANSPORT, 0, 0, 0, 0, IPPROTO_AH},
    {"2001:db8:3::1", "2001:db8:3::2", 0x10c, UX_MODE_TRANSPORT, UX_SA_ESN, 0, 0, 32, IPPROTO_AH},
    {"192.0.2.1", "192.0.2.2", 0x10d, UX_MODE_TUNNEL, UX_SA_AF_UNSPEC | UX_SA_ALIGN4, 0, 0, 0,
     IPPROTO_AH},
    {"10.3.0.1", "10.3.0.2", 0x10e, UX_MODE_TRANSPORT, 0, 0, 0, 0, IPPROTO_COMP},
    {"192.0.2.1", "192.0.2.2", 0x10f, UX_MODE_TUNNEL, UX_SA_AF_UNSPEC, 0, 0, 0, IPPROTO_COMP},
    {"2001:db8::1", "2001:db8::2", 0x110, UX_MODE_TUNNEL, UX_SA_AF_UNSPEC, 0, 0, 0, IPPROTO_COMP},
};
#define N_SAS (sizeof(sa_rows) / sizeof(sa_rows[0]))

struct bench {
	struct uxfrm *u;
	struct uxfrm_worker *w;
	struct ux_crypto_worker *crypto; /* the sealing peer's */
	struct ux_reassembly *reassembly;
	struct ux_sa *sas[N_SAS];
};

static struct ux_addr addr_of(const char *text, uint16_t *ret_family)
{
	struct ux_addr a = {0};

	*ret_family = strchr(text, ':') ? AF_INET6 : AF_INET;
	MUST(inet_pton(*ret_family, text, &a) == 1);
	return a;
}

static void add_sa(struct bench *b, size_t i)
{
	static const uint8_t key[64] = {1, 2, 3};
	const struct sa_row *row = &sa_rows[i];
	struct ux_algo_request aead = {"rfc4106(gcm(aes))", key, 160, 128};
	struct ux_algo_request null = {"ecb(cipher_null)", key, 0, 0};
	struct ux_algo_request cbc = {"cbc(aes)", key, 128, 0};
	struct ux_algo_request comp = {.name = "deflate"};
	struct ux_algo_request auth = {"hmac(sha1)", key, 160, 96};
	struct ux_sa_params p = {
	    .reqid = row->spi,
	    .mode = row->mode,
	    .flags = row->flags,
	    .esn_attr = true,
	    .replay_window = row->window,
	    .pcpu = UINT32_MAX,
	    .limits = {UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX},
	    .aead = row->algo == 1 ? &aead : NULL,
	    .crypt = row->algo == 1 || row->proto ? NULL
		     : row->algo == 2		  ? &cbc
						  : &null,
	    .auth = row->algo == 1 || row->proto == IPPROTO_COMP ? NULL : &auth,
	    .comp = row->proto == IPPROTO_COMP ? &comp : NULL,
	};
	struct ux_ext_ack ext = {0};

	p.id.spi = htonl(row->spi);
	p.id.proto = row->proto ? row->proto : IPPROTO_ESP;
	p.id.daddr = addr_of(row->dst, &p.id.family);
	p.saddr = addr_of(row->src, &p.id.family);
	if (row->port)
		p.encap = (struct ux_encap){
		    UX_ENCAP_ESPINUDP, htons(row->port), htons(row->port), {{{0}}}};
	MUST(ux_sa_new(b->u, &p, &b->sas[i], &ext) == 0);
	MUST(ux_sad_insert(b->u, b->sas[i]) == 0);
}

static struct ux_template template_of(const struct ux_sa *sa)
{
	return (struct ux_template){
	    .daddr = sa->id.daddr,
	    .saddr = sa->saddr,
	    .reqid = sa->reqid,
	    .family = sa->id.family,
	    .proto = sa->id.proto,
	    .mode = sa->mode,
	};
}

static struct ux_policy *new_policy(struct bench *b, uint8_t dir, uint16_t family,
				    unsigned int n_templates)
{
	struct ux_policy *p = ux_policy_new(b->u, n_templates);

	MUST(p);
	p->dir = dir;
	p->family = p->sel.family = family;
	return p;
}

/* The mark chooses the SA, and one mark a bundle of two. */
static void add_out_policies(struct bench *b, uint16_t family)
{
	for (uint32_t i = 0; i <= N_SAS; i++) {
		struct ux_policy *p = new_policy(b, UX_POLICY_OUT, family, i == N_SAS ? 2 : 1);

		p->mark = (struct ux_mark){i + 1, 0xff};
		p->templates[0] = template_of(b->sas[i % N_SAS]);
		if (i == N_SAS)
			p->templates[1] = template_of(b->sas[1]);
		MUST(ux_spd_insert(b->u, p, true, NULL) == 0);
	}
}

/* Whatever SA it came by: optional templates of both modes. Mark 99 is blocked. */
static void add_in_policies(struct bench *b, uint8_t dir, uint16_t family)
{
	static const uint8_t protos[] = {IPPROTO_ESP, IPPROTO_ESP, IPPROTO_AH, IPPROTO_COMP};
	struct ux_policy *p = new_policy(b, dir, family, 4);
	struct ux_policy *block = new_policy(b, dir, family, 0);

	for (int i = 0; i < 4; i++)
		p->templates[i] = (struct ux_template){
		    .family = family,
		    .proto = protos[i],
		    .mode = i ? UX_MODE_TUNNEL : UX_MODE_TRANSPORT,
		    .optional = true,
		};
	p->priority = 10;
	block->mark = (struct ux_mark){99, 0xff};
	block->action = UX_POLICY_BLOCK;
	MUST(ux_spd_insert(b->u, p, true, NULL) == 0);
	MUST(ux_spd_insert(b->u, block, true, NULL) == 0);
}

static void bench_open(struct bench *b)
{
	static const char *const locals[] = {"10.3.0.2", "2001:db8:3::2", "192.0.2.2"};
	struct uxfrm_params params;
	struct ux_addr local;
	uint16_t family;

	uxfrm_params_init(&params);
	params.real_s = 1700000000;
	MUST(uxfrm_new(&params, &b->u) == 0);
	b->w = uxfrm_worker_new(b->u);
	b->crypto = ux_crypto_worker_new();
	b->reassembly = ux_reassembly_new(2, 1000);
	MUST(b->w && b->crypto && b->reassembly);
	for (size_t i = 0; i < N_SAS; i++)
		add_sa(b, i);
	for (int v6 = 0; v6 < 2; v6++) {
		family = v6 ? AF_INET6 : AF_INET;
		add_out_policies(b, family);
		add_in_policies(b, UX_POLICY_IN, family);
		add_in_policies(b, UX_POLICY_FWD, family);
	}
	for (size_t i = 0; i < sizeof(locals) / sizeof(locals[0]); i++) {
		local = addr_of(locals[i], &family);
		MUST(uxfrm_local_address_add(b->u, family, &local) == 0);
	}
}

static struct bench bench;

static void bench_close(void)
{
	ux_reassembly_free(bench.reassembly);
	ux_crypto_worker_free(bench.crypto);
	uxfrm_worker_free(bench.w);
	uxfrm_free(bench.u);
}

/* To make an engine takes longer than what an input does: one serves all, and what an input changed
 * is taken back. */
static void bench_reset(struct bench *b)
{
	ux_reassembly_expire(b->reassembly, UINT64_MAX);
	for (size_t i = 0; i < N_SAS; i++) {
		struct ux_sa_runtime *rt = b->sas[i]->runtime;

		ux_replay_init(rt->replay, rt->replay->window, rt->replay->esn);
		atomic_store(&rt->oseq, 0);
	}
}

/* Make the ICV of an AH header that stands at @at right. */
static void seal_ah(struct bench *b, struct uxfrm_packet *p, const struct ux_ip_info *info)
{
	uint8_t *ah = p->data + info->header_len, *copy = malloc(info->header_len);

	MUST(copy);
	memcpy(copy, p->data, info->header_len);
	for (size_t i = 0; i < N_SAS && info->total_len >= info->header_len + 24u; i++) {
		const struct ux_sa *sa = b->sas[i];
		struct ux_crypt_op op = {.transform = sa->runtime->transform,
					 .esp = p->data,
					 .payload_len = info->total_len,
					 .icv = ah + UX_AH_FIXED_LEN};

		if (sa->id.proto != IPPROTO_AH || sa->id.spi != ux_ah_spi(ah))
			continue;
		memset(op.icv, 0, op.transform->icv_len);
		(void)ux_ip_clear_mutable(p->data, info->header_len, info->family, false);
		ux_crypt_encrypt(b->crypto, &op, 1);
		memcpy(p->data, copy, info->header_len);
	}
	free(copy);
}

/* Encipher what stands behind an ESP header with the key of the SA it names. */
static void seal(struct bench *b, struct uxfrm_packet *p)
{
	struct ux_crypt_op op = {0};
	struct ux_ip_info info;
	uint32_t at, len;

	if (!ux_ip_parse(p->data, p->len, &info))
		return;
	if (info.proto == IPPROTO_AH)
		seal_ah(b, p, &info);
	if (info.proto != IPPROTO_ESP && info.proto != IPPROTO_UDP)
		return;
	at = info.header_len + (info.proto == IPPROTO_UDP ? 8u : 0);
	if (info.total_len < at + 8)
		return;
	len = info.total_len - at;
	op.esp = p->data + at;
	for (size_t i = 0; i < N_SAS; i++) {
		const struct ux_transform *t = b->sas[i]->runtime->transform;
		uint32_t around = 8u + t->iv_len + t->icv_len;

		if (b->sas[i]->id.proto != IPPROTO_ESP || b->sas[i]->id.spi != ux_esp_spi(op.esp) ||
		    len < around + t->align)
			continue;
		op.transform = t;
		op.payload_len = (len - around) & ~(t->align - 1u);
		op.icv = op.esp + len - t->icv_len;
		if (op.payload_len == len - around)
			ux_crypt_encrypt(b->crypto, &op, 1);
		return;
	}
}

/* What must hold of any packet that went through. */
static void check(const struct uxfrm_packet *p, bool out)
{
	struct ux_ip_info info;

	MUST(p->data >= p->buf && p->len <= p->size && p->data + p->len <= p->buf + p->size);
	MUST((p->verdict == UXFRM_DROP) == (p->drop != UXFRM_DROP_NONE));
	MUST(p->drop < UXFRM_DROP_COUNT);
	MUST(p->verdict <= UXFRM_CONSUMED);
	if (out)
		MUST(p->verdict != UXFRM_DELIVER && p->verdict != UXFRM_CONSUMED);
	else
		MUST(p->verdict != UXFRM_UNDERLAY && p->verdict != UXFRM_BYPASS);
	if (p->verdict != UXFRM_DROP && p->verdict != UXFRM_CONSUMED)
		MUST(ux_ip_parse(p->data, p->len, &info) && info.total_len == p->len);
}

/* Fragments of whatever packet: within the MTU, and together again the packet. */
static void cut(struct bench *b, const uint8_t *packet, uint32_t len, uint32_t mtu)
{
	uint8_t *piece = malloc(mtu), *whole = NULL;
	enum ux_reassembly_result result = UX_REASSEMBLY_HELD;
	struct ux_fragmenter f;
	uint32_t n, whole_len = 0;

	MUST(piece);
	if (ux_fragment_begin(&f, packet, len, mtu, 42))
		while ((n = ux_fragment_next(&f, piece))) {
			MUST(n <= mtu);
			if (ux_reassembly_wanted(piece, n))
				result = ux_reassembly_add(b->reassembly, piece, n, 1, &whole,
							   &whole_len);
		}
	if (result == UX_REASSEMBLY_DONE)
		MUST(whole_len <= UX_IP_MAX);
	free(piece);
}

static void reassemble(struct bench *b, struct uxfrm_packet *p)
{
	struct ux_ip_info info;
	uint8_t *whole;
	uint32_t len;

	if (ux_reassembly_add(b->reassembly, p->data, p->len, p->mark, &whole, &len) ==
		UX_REASSEMBLY_DONE &&
	    ux_ip_parse(whole, len, &info)) {
		MUST(info.total_len == len);
		MUST(!info.fragment || info.family == AF_INET6);
	}
	cut(b, p->data, p->len, 68 + p->mark * 8);
}

static void run_burst(struct bench *b, enum kind kind, struct uxfrm_packet **burst, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (kind == SEALED)
			seal(b, burst[i]);
		if (kind == FRAGMENT)
			reassemble(b, burst[i]);
	}
	if (kind == OUTBOUND)
		uxfrm_outbound(b->w, burst, n);
	else if (kind != FRAGMENT)
		uxfrm_inbound(b->w, burst, n);
	for (size_t i = 0; i < n && kind != FRAGMENT; i++) {
		check(burst[i], kind == OUTBOUND);
		/* our own packets come back: the receiving side of the same SAs */
		if (burst[i]->verdict == UXFRM_UNDERLAY) {
			uxfrm_inbound(b->w, &burst[i], 1);
			check(burst[i], false);
		}
	}
}

static struct uxfrm_packet *new_packet(const uint8_t *bytes, uint32_t len, uint8_t mark,
				       uint8_t room)
{
	uint32_t head = room & 0x80 ? room & 0x7f : UXFRM_HEADROOM;
	uint32_t tail = room & 0x80 ? room & 0x7f : UXFRM_TAILROOM;
	struct uxfrm_packet *p = calloc(1, sizeof(*p));

	MUST(p);
	p->size = head + len + tail;
	p->buf = malloc(p->size + 1);
	MUST(p->buf);
	p->data = p->buf + head;
	p->len = len;
	p->mark = mark;
	memcpy(p->data, bytes, len);
	return p;
}

/* One record; returns its size, 0 at the end of the input. */
static size_t next_record(const uint8_t *data, size_t size, uint8_t *ret_kind,
			  struct uxfrm_packet **ret_packet)
{
	uint32_t len;

	if (size < 5)
		return 0;
	len = data[3] | (uint32_t)data[4] << 8;
	if (len > size - 5)
		len = (uint32_t)(size - 5);
	*ret_kind = data[0] % KINDS;
	*ret_packet = new_packet(data + 5, len, data[1], data[2]);
	return 5 + len;
}

static void flush(struct bench *b, uint8_t kind, struct uxfrm_packet **burst, size_t *n)
{
	run_burst(b, kind, burst, *n);
	for (size_t i = 0; i < *n; i++) {
		free(burst[i]->buf);
		free(burst[i]);
	}
	*n = 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct uxfrm_packet *burst[UXFRM_BURST], *p;
	uint8_t kind, current = OUTBOUND;
	size_t n = 0, used;

	if (!bench.u) {
		bench_open(&bench);
		atexit(bench_close);
	}
	while ((used = next_record(data, size, &kind, &p))) {
		if (n == UXFRM_BURST || (n && kind != current))
			flush(&bench, current, burst, &n);
		current = kind;
		burst[n++] = p;
		data += used;
		size -= used;
	}
	flush(&bench, current, burst, &n);
	bench_reset(&bench);
	return 0;
}
