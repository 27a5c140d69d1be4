/* SPDX-License-Identifier: BSD-2-Clause */
#include "pair.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "ipsec/worker.h"
#include "packet/ip.h"

const char *const algo_names[ALGO_COUNT] = {
    "gcm128/16",     "gcm192/12",     "gcm256/8",      "cbc128+sha1", "cbc256+sha256",
    "cbc192+sha384", "cbc256+sha512", "null+sha256",   "gmac256",     "ccm128/12",
    "chacha",	     "ctr192+cmac",   "camellia+xcbc", "3des+md5"};

struct algo_row {
	const char *aead, *cipher, *auth;
	uint32_t key_bits, icv_bits, auth_bits;
};
static const struct algo_row algo_rows[ALGO_COUNT] = {
    [GCM128_16] = {.aead = "rfc4106(gcm(aes))", .key_bits = 160, .icv_bits = 128},
    [GCM192_12] = {.aead = "rfc4106(gcm(aes))", .key_bits = 224, .icv_bits = 96},
    [GCM256_8] = {.aead = "rfc4106(gcm(aes))", .key_bits = 288, .icv_bits = 64},
    [CBC128_SHA1] = {NULL, "cbc(aes)", "hmac(sha1)", 128, 96, 160},
    [CBC256_SHA256] = {NULL, "cbc(aes)", "hmac(sha256)", 256, 128, 256},
    [CBC192_SHA384] = {NULL, "cbc(aes)", "hmac(sha384)", 192, 192, 384},
    [CBC256_SHA512] = {NULL, "cbc(aes)", "hmac(sha512)", 256, 256, 512},
    [NULL_SHA256] = {NULL, "ecb(cipher_null)", "hmac(sha256)", 0, 128, 256},
    [GMAC256] = {.aead = "rfc4543(gcm(aes))", .key_bits = 288, .icv_bits = 128},
    [CCM128_12] = {.aead = "rfc4309(ccm(aes))", .key_bits = 152, .icv_bits = 96},
    [CHACHA] = {.aead = "rfc7539esp(chacha20,poly1305)", .key_bits = 288, .icv_bits = 128},
    [CTR192_CMAC] = {NULL, "rfc3686(ctr(aes))", "cmac(aes)", 224, 96, 128},
    [CAMELLIA_XCBC] = {NULL, "cbc(camellia)", "xcbc(aes)", 192, 96, 128},
    [DES3_MD5] = {NULL, "cbc(des3_ede)", "hmac(md5)", 192, 96, 128},
};

static const uint8_t key_bytes[64] = {1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11,
				      12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22,
				      23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33};

static void side_open(struct side *s, const struct uxfrm_params *params)
{
	assert_int_equal(uxfrm_new(params, &s->u), 0);
	s->w = uxfrm_worker_new(s->u);
	assert_non_null(s->w);
}

void pair_open_params(struct pair *p, const struct uxfrm_params *params)
{
	side_open(&p->a, params);
	side_open(&p->b, params);
}

void pair_open(struct pair *p)
{
	struct uxfrm_params params;

	uxfrm_params_init(&params);
	params.now_ns = 1000;
	params.real_s = REAL_S;
	pair_open_params(p, &params);
}

void pair_close(struct pair *p)
{
	p->a.w = uxfrm_worker_free(p->a.w);
	p->b.w = uxfrm_worker_free(p->b.w);
	p->a.u = uxfrm_free(p->a.u);
	p->b.u = uxfrm_free(p->b.u);
}

struct ux_addr addr_of(const char *text, uint16_t *ret_family)
{
	struct ux_addr a = {0};
	uint16_t family = strchr(text, ':') ? AF_INET6 : AF_INET;

	assert_int_equal(inet_pton(family, text, &a), 1);
	if (ret_family)
		*ret_family = family;
	return a;
}

static void set_selector(struct ux_sa_params *p, const struct sa_spec *spec)
{
	if (!spec->sel_dst)
		return;
	p->sel.daddr = addr_of(spec->sel_dst, &p->sel.family);
	p->sel.prefixlen_d = spec->sel_bits;
	if (!spec->sel_src)
		return;
	p->sel.saddr = addr_of(spec->sel_src, NULL);
	p->sel.prefixlen_s = spec->sel_bits;
}

static void set_encap(struct ux_sa_params *p, const struct sa_spec *spec)
{
	if (spec->dport)
		p->encap = (struct ux_encap){
		    UX_ENCAP_ESPINUDP, htons(spec->sport), htons(spec->dport), {{{0}}}};
	p->nat_keepalive_interval_s = spec->keepalive_s;
}

static void set_label(struct side *s, struct ux_sa *sa, const struct sa_spec *spec)
{
	if (spec->label)
		assert_int_equal(
		    ux_sa_set_label(sa, ux_label_hold(s->u, spec->label, strlen(spec->label))), 0);
}

/* The algorithms of an SA; struct ux_sa_params points into it. */
struct algorithms {
	struct ux_algo_request first, auth, comp;
};

static void set_algorithms(struct ux_sa_params *p, struct algorithms *a, const struct algo_row *row)
{
	*a = (struct algorithms){
	    .first = {.key = key_bytes, .key_bits = row->key_bits},
	    .auth = {.key = key_bytes, .key_bits = row->auth_bits, .icv_bits = row->icv_bits},
	    .comp = {.name = "deflate"},
	};
	if (p->id.proto == 108) {
		p->comp = &a->comp;
		p->esn_attr = false;
		return;
	}
	snprintf(a->first.name, sizeof(a->first.name), "%s", row->aead ? row->aead : row->cipher);
	if (row->aead) {
		a->first.icv_bits = row->icv_bits;
		p->aead = &a->first;
		return;
	}
	snprintf(a->auth.name, sizeof(a->auth.name), "%s", row->auth);
	p->crypt = p->id.proto == 50 ? &a->first : NULL;
	p->auth = &a->auth;
}

/* @put: what becomes of the SA. The result is @put's. */
static bool with_sa(struct side *s, const struct sa_spec *spec,
		    bool (*put)(struct side *s, struct ux_sa *sa, const struct ux_sa_params *p),
		    struct ux_sa **ret_sa)
{
	struct ux_sa_params p = {
	    .reqid = spec->reqid,
	    .if_id = spec->if_id,
	    .mode = spec->mode,
	    .flags = spec->flags,
	    .extra_flags = spec->extra_flags,
	    .dir = spec->dir,
	    .esn_attr = true,
	    .replay_window = spec->window,
	    .oseq = spec->oseq,
	    .iseq = spec->iseq,
	    .has_curlft = spec->installed_before,
	    .pcpu = spec->for_cpu - 1,
	    .mark = spec->mark,
	    .output_mark = spec->output_mark,
	    .limits = {UX_LIMIT_INFINITE, UX_LIMIT_INFINITE, UX_LIMIT_INFINITE, UX_LIMIT_INFINITE},
	};
	struct algorithms algorithms;
	struct ux_ext_ack ext = {0};
	struct ux_sa *sa;
	int err;

	p.id.spi = htonl(spec->spi);
	p.id.proto = spec->proto ? spec->proto : 50;
	p.id.daddr = addr_of(spec->dst, &p.id.family);
	p.saddr = addr_of(spec->src, NULL);
	if (spec->esn)
		p.flags |= UX_SA_ESN;
	if (spec->hard_packets)
		p.limits.hard_packets = spec->hard_packets;
	set_encap(&p, spec);
	set_selector(&p, spec);
	set_algorithms(&p, &algorithms, &algo_rows[spec->algo]);
	if (spec->larval)
		err = ux_sa_new_larval(s->u, &p, &sa);
	else
		err = ux_sa_new(s->u, &p, &sa, &ext);
	if (err < 0)
		fail_msg("SA refused: %d %s", err, ext.msg);
	set_label(s, sa, spec);
	*ret_sa = sa;
	return put(s, sa, &p);
}

static bool insert(struct side *s, struct ux_sa *sa, const struct ux_sa_params *p)
{
	return ux_sad_insert(s->u, sa) == 0;
}

struct ux_sa *add_sa(struct side *s, const struct sa_spec *spec)
{
	struct ux_sa *sa;

	assert_true(with_sa(s, spec, insert, &sa));
	return sa;
}

struct ux_sa *larval_at_resume;

/* As a client's NEWSA does it. */
static bool resume(struct side *s, struct ux_sa *sa, const struct ux_sa_params *p)
{
	struct ux_sa *parked = ux_interim_find(s->u, sa, p);

	if (!parked) {
		ux_sa_free(sa);
		return false;
	}
	assert_int_equal(ux_sad_resume(s->u, parked, sa, larval_at_resume), 0);
	ux_interim_changed(s->u);
	return true;
}

struct ux_sa *resume_sa(struct side *s, const struct sa_spec *spec)
{
	struct ux_sa *sa;

	return with_sa(s, spec, resume, &sa) ? sa : NULL;
}

void park_sa(struct side *s, struct ux_sa *sa)
{
	assert_true(ux_interim_parks(s->u, sa));
	ux_sad_park(s->u, sa);
}

static struct ux_template template_of(const struct policy_spec *spec)
{
	struct ux_template t = {.spi = htonl(spec->spi),
				.reqid = spec->reqid,
				.aalgos = ~0u,
				.ealgos = ~0u,
				.calgos = ~0u,
				.family = spec->family,
				.proto = spec->proto ? spec->proto : 50,
				.mode = spec->mode,
				.optional = spec->optional};

	if (spec->dst)
		t.daddr = addr_of(spec->dst, &t.family);
	if (spec->src)
		t.saddr = addr_of(spec->src, &t.family);
	t.id_family = t.family;
	return t;
}

static const struct ux_limits no_limits = {UX_LIMIT_INFINITE, UX_LIMIT_INFINITE, UX_LIMIT_INFINITE,
					   UX_LIMIT_INFINITE};

struct ux_policy *add_policy(struct side *s, const struct policy_spec *spec)
{
	struct ux_policy *policy = ux_policy_new(s->u, (unsigned int)spec->n_templates);

	assert_non_null(policy);
	policy->dir = spec->dir;
	policy->type = spec->type;
	policy->action = spec->action;
	policy->priority = spec->priority;
	policy->if_id = spec->if_id;
	policy->flags = spec->flags;
	policy->family = policy->sel.family = spec->family;
	policy->mark = (struct ux_mark){spec->mark, spec->mark ? ~0u : 0};
	if (spec->sel_src) {
		policy->sel.saddr = addr_of(spec->sel_src, NULL);
		policy->sel.daddr = addr_of(spec->sel_dst, NULL);
		policy->sel.prefixlen_s = policy->sel.prefixlen_d = spec->sel_bits;
	}
	policy->sel.dport = htons(spec->dport);
	policy->sel.dport_mask = spec->dport ? 0xffff : 0;
	for (int i = 0; i < spec->n_templates; i++)
		policy->templates[i] = template_of(spec);
	assert_int_equal(ux_policy_set_limits(policy, &no_limits), 0);
	assert_int_equal(ux_spd_insert(s->u, policy, true, NULL), 0);
	return policy;
}

void add_local(struct side *s, const char *text)
{
	uint16_t family;
	struct ux_addr a = addr_of(text, &family);

	assert_int_equal(uxfrm_local_address_add(s->u, family, &a), 0);
}

static void reset(struct test_packet *t, size_t len)
{
	assert_true(len <= TEST_PACKET_MAX);
	t->p = (struct uxfrm_packet){.buf = t->buf,
				     .size = (uint32_t)(UXFRM_HEADROOM + len + UXFRM_TAILROOM),
				     .len = (uint32_t)len,
				     .data = t->buf + UXFRM_HEADROOM};
}

void load(struct test_packet *t, const void *data, size_t len)
{
	reset(t, len);
	memcpy(t->p.data, data, len);
}

void copy_packet(struct test_packet *to, const struct test_packet *from)
{
	uint32_t mark = from->p.mark;

	load(to, from->p.data, from->p.len);
	to->p.mark = mark;
}

void make_inner(struct test_packet *t, const struct inner_spec *spec)
{
	bool v4 = spec->family == AF_INET;
	struct ux_addr saddr = addr_of(spec->src ? spec->src
				       : v4	 ? "10.1.0.1"
						 : "2001:db8:1::1",
				       NULL);
	struct ux_addr daddr = addr_of(spec->dst ? spec->dst
				       : v4	 ? "10.2.0.2"
						 : "2001:db8:2::2",
				       NULL);
	uint32_t header = v4 ? UX_IP4_LEN : UX_IP6_LEN;
	struct ux_ip_build b = {.saddr = &saddr,
				.daddr = &daddr,
				.total_len = header + spec->payload,
				.flow_label = spec->flow_label,
				.id = 0x4242,
				.tos = spec->tos,
				.ttl = 63,
				.proto = spec->proto ? spec->proto : 253,
				.df = spec->df};

	reset(t, b.total_len);
	if (v4)
		ux_ip4_build(t->p.data, &b);
	else
		ux_ip6_build(t->p.data, &b);
	for (uint32_t i = 0; i < spec->payload; i++)
		t->p.data[header + i] = (uint8_t)(i * 7 + (i >> 8));
}

void outbound(struct side *s, struct test_packet *t)
{
	struct uxfrm_packet *p = &t->p;

	uxfrm_outbound(s->w, &p, 1);
}

void inbound(struct side *s, struct test_packet *t)
{
	struct uxfrm_packet *p = &t->p;

	uxfrm_inbound(s->w, &p, 1);
}

uint64_t drops(struct side *s, enum uxfrm_drop reason)
{
	struct uxfrm_packet_stats stats;

	uxfrm_packet_stats_get(s->u, &stats);
	return stats.drops[reason];
}

static void expect_drop(struct side *s, struct test_packet *t, enum uxfrm_drop reason,
			void (*run)(struct side *, struct test_packet *))
{
	struct uxfrm_packet_stats before, after;

	uxfrm_packet_stats_get(s->u, &before);
	run(s, t);
	uxfrm_packet_stats_get(s->u, &after);
	assert_int_equal(t->p.verdict, UXFRM_DROP);
	assert_string_equal(uxfrm_drop_name(t->p.drop), uxfrm_drop_name(reason));
	before.drops[reason]++;
	assert_memory_equal(&before, &after, sizeof(before));
	/* a dropped packet still lies in its buffer */
	assert_true(t->p.data >= t->p.buf && t->p.data + t->p.len <= t->p.buf + t->p.size);
}

void expect_drop_out(struct side *s, struct test_packet *t, enum uxfrm_drop reason)
{
	expect_drop(s, t, reason, outbound);
}

void expect_drop_in(struct side *s, struct test_packet *t, enum uxfrm_drop reason)
{
	expect_drop(s, t, reason, inbound);
}

void craft(struct side *s, struct test_packet *t, struct ux_sa *sa, uint64_t seq,
	   const uint8_t *plaintext, uint32_t len)
{
	const struct ux_transform *tr = sa->runtime->transform;
	uint32_t esp_len = 8u + tr->iv_len + len + tr->icv_len;
	uint32_t header = sa->id.family == AF_INET ? UX_IP4_LEN : UX_IP6_LEN;
	struct ux_ip_build b = {.saddr = &sa->saddr,
				.daddr = &sa->id.daddr,
				.total_len = header + esp_len,
				.ttl = 64,
				.proto = 50};
	struct ux_crypt_op op = {
	    .transform = tr, .payload_len = len, .iv_counter = seq + (1ull << 62)};

	reset(t, b.total_len);
	if (sa->id.family == AF_INET)
		ux_ip4_build(t->p.data, &b);
	else
		ux_ip6_build(t->p.data, &b);
	op.esp = t->p.data + header;
	op.icv = op.esp + 8 + tr->iv_len + len;
	op.seq_hi = (uint32_t)(seq >> 32);
	memcpy(op.esp, &sa->id.spi, 4);
	ux_put_be32(op.esp + 4, (uint32_t)seq);
	memcpy(op.esp + 8 + tr->iv_len, plaintext, len);
	ux_crypt_encrypt(s->w->crypto, &op, 1);
	assert_true(op.ok);
}

struct ux_sa *usual_tunnel(struct pair *p, const struct sa_spec *spec, struct ux_sa **ret_at_b)
{
	struct sa_spec full = *spec;
	struct policy_spec policy = {.mode = UX_MODE_TUNNEL, .reqid = 7, .n_templates = 1};
	struct ux_sa *at_a, *at_b;

	full.src = full.src ? full.src : "192.0.2.1";
	full.dst = full.dst ? full.dst : "192.0.2.2";
	full.spi = full.spi ? full.spi : 0x1001;
	full.reqid = 7;
	full.mode = UX_MODE_TUNNEL;
	full.flags |= UX_SA_AF_UNSPEC;
	at_a = add_sa(&p->a, &full);
	at_b = add_sa(&p->b, &full);
	policy.src = full.src;
	policy.dst = full.dst;
	for (int i = 0; i < 2; i++) {
		policy.family = i ? AF_INET6 : AF_INET;
		policy.dir = UX_POLICY_OUT;
		add_policy(&p->a, &policy);
		policy.dir = UX_POLICY_IN;
		add_policy(&p->b, &policy);
	}
	add_local(&p->b, "10.2.0.2");
	add_local(&p->b, "2001:db8:2::2");
	if (ret_at_b)
		*ret_at_b = at_b;
	return at_a;
}
