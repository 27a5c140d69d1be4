/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests about SAs, at random. */

#include <arpa/inet.h>
#include <string.h>

#include "unfair.h"
#include "world.h"

static const struct algorithm {
	const char *name, *alias;
	uint8_t key_bytes[3]; /* one of them; 0 = the one before */
} aead[] = {{"rfc4106(gcm(aes))", NULL, {20, 28, 36}}},
  crypt[] = {{"cbc(aes)", "aes", {16, 24, 32}}, {"ecb(cipher_null)", "cipher_null", {0, 0, 0}}},
  auth[] = {{"hmac(sha1)", "sha1", {20, 0, 0}},
	    {"hmac(sha256)", "sha256", {32, 0, 0}},
	    {"hmac(sha384)", "sha384", {48, 0, 0}},
	    {"hmac(sha512)", "sha512", {64, 0, 0}},
	    {"digest_null", NULL, {0, 0, 0}}};

static uint8_t key_bytes[256];

static const uint8_t *any_key(struct world *w)
{
	if (!key_bytes[1])
		for (size_t i = 0; i < sizeof(key_bytes); i++)
			key_bytes[i] = (uint8_t)(i * 7 + 1);
	return key_bytes + ONE_OF(&w->r, 0, 0, 3, 91);
}

static uint32_t key_bits(struct world *w, const struct algorithm *a, bool bad)
{
	uint32_t n = a->key_bytes[below(&w->r, 3)];

	if (!n)
		n = a->key_bytes[0];
	if (bad && chance(&w->r, 25))
		return (uint32_t)ONE_OF(&w->r, 0, 8, n * 8 + 8, n * 8 + 1, 120, 512, 560);
	return n * 8;
}

static const char *spell(struct world *w, const struct algorithm *a, bool bad)
{
	static const char *const wrong[] = {"nope", "", "CBC(AES)", "gcm(aes)", "hmac(nope)"};

	if (bad && chance(&w->r, 20))
		return wrong[below(&w->r, 5)];
	return a->alias && chance(&w->r, 20) ? a->alias : a->name;
}

static void put_algorithms(struct world *w, struct draft *d, bool bad, uint8_t proto)
{
	const struct algorithm *c = &crypt[chance(&w->r, 70) ? 0 : 1], *a = &auth[below(&w->r, 5)];
	bool any = false, ah = proto == IPPROTO_AH && chance(&w->r, 95);

	if (!ah && chance(&w->r, 45)) {
		uint32_t icv = (uint32_t)ONE_OF(&w->r, 64, 96, 128);

		if (bad && chance(&w->r, 25))
			icv = (uint32_t)ONE_OF(&w->r, 0, 8, 120, 136, 256);
		draft_algo(d, XFRMA_ALG_AEAD, spell(w, &aead[0], bad), any_key(w),
			   key_bits(w, &aead[0], bad), true, icv);
		return;
	}
	if (!ah && chance(&w->r, 96))
		draft_algo(d, XFRMA_ALG_CRYPT, spell(w, c, bad), any_key(w), key_bits(w, c, bad),
			   false, 0);
	if ((any = chance(&w->r, 50)))
		draft_algo(d, XFRMA_ALG_AUTH, spell(w, a, bad), any_key(w), key_bits(w, a, bad),
			   false, 0);
	if (!any || chance(&w->r, 50)) {
		uint32_t trunc = (uint32_t)ONE_OF(&w->r, 96, 128, 160, 192, 256);

		if (bad && chance(&w->r, 25))
			trunc = (uint32_t)ONE_OF(&w->r, 0, 8, 95, 512, 520);
		draft_algo(d, XFRMA_ALG_AUTH_TRUNC, spell(w, a, bad), any_key(w),
			   key_bits(w, a, bad), true, trunc);
	}
}

#define BITMAP_WORDS_MAX 130

/* REPLAY_ESN_VAL with room for its bitmap. */
union replay_esn {
	struct xfrm_replay_state_esn s;
	uint8_t room[sizeof(struct xfrm_replay_state_esn) + 4 * BITMAP_WORDS_MAX];
};

/* REPLAY_ESN_VAL; without ESN the upper halves stay 0. */
static void put_replay_esn(struct world *w, struct draft *d, bool esn, uint8_t dir)
{
	union replay_esn v = {.room = {0}};
	uint32_t window = (uint32_t)ONE_OF(&w->r, 1, 8, 31, 32, 33, 64, 65, 128, 1024, 4096);
	uint32_t n;

	if (chance(&w->r, 5))
		window = (uint32_t)ONE_OF(&w->r, 0, 4097, 1u << 31);
	if (dir == 2 && chance(&w->r, 85))
		window = 0;
	n = window > 4128 ? 129 : (window + 31) / 32;
	if (chance(&w->r, dir == 2 ? 2 : 15))
		n += (uint32_t)ONE_OF(&w->r, 1, 2);
	v.s.bmp_len = n > 129 ? 129 : n;
	v.s.replay_window = window;
	for (uint32_t i = 0; i < v.s.bmp_len && window > 32 * i; i++) {
		uint32_t bits = window - 32 * i < 32 ? window - 32 * i : 32;

		v.s.bmp[i] = (uint32_t)ONE_OF(&w->r, 0, 0, 0xffffffff, 0x13579bdf, rng_u32(&w->r));
		v.s.bmp[i] &= bits == 32 ? 0xffffffff : (1u << bits) - 1;
	}
	if (dir != 2 || chance(&w->r, 4))
		v.s.seq = (uint32_t)ONE_OF(&w->r, 0, 1, 5, window - 1, window, window + 1,
					   0xffffffff, rng_u32(&w->r));
	if (dir != 1 || chance(&w->r, 6))
		v.s.oseq = any_u32(w);
	if (esn && (dir != 2 || chance(&w->r, 4)))
		v.s.seq_hi = (uint32_t)ONE_OF(&w->r, 0, 0, 1, 0xffffffff, rng_u32(&w->r));
	if (esn && (dir != 1 || chance(&w->r, 6)))
		v.s.oseq_hi = (uint32_t)ONE_OF(&w->r, 0, 0, 1, 0xffffffff);
	if (!esn && dir && chance(&w->r, 3)) /* refused */
		v.s.seq_hi = v.s.oseq_hi = 1;
	if (chance(&w->r, 3))
		v.s.bmp_len = (uint32_t)ONE_OF(&w->r, 129, 128, 0x7fffffff, 0x40000000);
	draft_attr(d, XFRMA_REPLAY_ESN_VAL, &v,
		   sizeof(v.s) + (chance(&w->r, 97) ? 4 * (size_t)(n > 129 ? 129 : n) : 0));
}

static void put_replay_val(struct world *w, struct draft *d, uint8_t dir)
{
	struct xfrm_replay_state s = {.oseq = any_u32(w), .seq = any_u32(w), .bitmap = any_u32(w)};

	if (dir == 2 && chance(&w->r, 85))
		s.seq = s.bitmap = 0;
	draft_attr(d, XFRMA_REPLAY_VAL, &s, sizeof(s));
}

/* Returns the legacy window. */
static uint8_t put_replay(struct world *w, struct draft *d, bool esn, uint8_t dir)
{
	bool with_window = dir != 2 || chance(&w->r, 5);

	if (esn || chance(&w->r, 15)) {
		if (chance(&w->r, 97))
			put_replay_esn(w, d, esn, dir);
		return (uint8_t)(chance(&w->r, 97) ? 0 : 32);
	}
	if (chance(&w->r, 35))
		put_replay_val(w, d, dir);
	return (uint8_t)(with_window ? ONE_OF(&w->r, 0, 0, 1, 8, 31, 32, 33, 64, 255) : 0);
}

void put_encap(struct world *w, struct draft *d)
{
	struct xfrm_encap_tmpl e = {.encap_type =
					(uint16_t)(seldom(&w->r, 950) ? 2 : ONE_OF(&w->r, 0, 1, 9)),
				    .encap_sport = htons((uint16_t)ONE_OF(&w->r, 4500, 500, 0)),
				    .encap_dport = htons((uint16_t)ONE_OF(&w->r, 4500, 1025))};

	if (chance(&w->r, 30))
		any_address(w, AF_INET, &e.encap_oa);
	draft_attr(d, XFRMA_ENCAP, &e, sizeof(e));
}

static void put_lifetime(struct world *w, struct draft *d)
{
	struct xfrm_lifetime_cur l = {.bytes = ONE_OF(&w->r, 0, 5, 1u << 20),
				      .packets = ONE_OF(&w->r, 0, 9),
				      .add_time = 1600000000,
				      .use_time = ONE_OF(&w->r, 0, 1600000001)};

	draft_attr(d, XFRMA_LTIME_VAL, &l, sizeof(l));
}

static void put_sec_ctx(struct world *w, struct draft *d)
{
	struct {
		struct xfrm_user_sec_ctx s;
		char text[8];
	} v = {.s = {.len = 8, .exttype = 8, .ctx_alg = 1, .ctx_doi = 1}};

	v.s.ctx_len = (uint16_t)ONE_OF(&w->r, 0, 0, 1);
	draft_attr(d, XFRMA_SEC_CTX, &v, sizeof(v.s));
}

void put_label(struct world *w, struct draft *d)
{
	struct {
		struct xfrm_user_sec_ctx s;
		char text[8];
	} v = {.s = {.len = sizeof(v), .exttype = 8, .ctx_alg = 1, .ctx_doi = 1, .ctx_len = 8},
	       .text = "a:b:c:d"};

	if (chance(&w->r, 30))
		v.text[6] = 'e';
	if (seldom(&w->r, 20))
		v.s.ctx_alg = 2;
	draft_attr(d, XFRMA_SEC_CTX, &v, sizeof(v));
}

static void put_iptfs(struct world *w, struct draft *d)
{
	static const struct {
		uint16_t type, len;
	} options[] = {{UX_XFRMA_IPTFS_DROP_TIME, 4}, {UX_XFRMA_IPTFS_REORDER_WINDOW, 2},
		       {UX_XFRMA_IPTFS_DONT_FRAG, 0}, {UX_XFRMA_IPTFS_INIT_DELAY, 4},
		       {UX_XFRMA_IPTFS_MAX_QSIZE, 4}, {UX_XFRMA_IPTFS_PKT_SIZE, 4}};
	size_t i = below(&w->r, sizeof(options) / sizeof(options[0]));
	uint32_t value = any_u32(w);

	draft_attr(d, options[i].type, &value, chance(&w->r, 95) ? options[i].len : 1);
}

static void sa_numbers(struct world *w, struct draft *d, uint8_t dir)
{
	static const struct {
		uint16_t type, percent;
	} numbers[] = {{XFRMA_SET_MARK, 10},	 {XFRMA_SET_MARK_MASK, 7},
		       {XFRMA_TFCPAD, 6},	 {XFRMA_ETIMER_THRESH, 6},
		       {XFRMA_REPLAY_THRESH, 8}, {UX_XFRMA_MTIMER_THRESH, 3},
		       {XFRMA_SET_MARK, 1}};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (chance(&w->r, numbers[i].percent))
			draft_u32(d, numbers[i].type, any_u32(w));
	if (chance(&w->r, 15))
		draft_u32(d, XFRMA_IF_ID, any_if_id(w));
	if (chance(&w->r, 8))
		draft_u32(d, XFRMA_SA_EXTRA_FLAGS, (uint32_t)ONE_OF(&w->r, 0, 1, 2, 3, 4, ~0u));
	if (chance(&w->r, dir == 2 ? 10 : 2))
		draft_u32(d, UX_XFRMA_NAT_KEEPALIVE_INTERVAL, (uint32_t)ONE_OF(&w->r, 0, 20, ~0u));
	if (chance(&w->r, 2))
		draft_u32(d, UX_XFRMA_SA_PCPU, (uint32_t)ONE_OF(&w->r, 0, 70000, ~0u));
	if (chance(&w->r, 4))
		draft_u64(d, XFRMA_LASTUSED, ONE_OF(&w->r, 0, 1600000002));
}

void sa_extras(struct world *w, struct draft *d, uint8_t dir)
{
	struct xfrm_user_offload offload = {.ifindex = (int)ONE_OF(&w->r, 0, 1, 4711),
					    .flags = (uint8_t)ONE_OF(&w->r, 4, 8, 255)};
	xfrm_address_t address;

	sa_numbers(w, d, dir);
	any_address(w, any_family(w), &address);
	if (chance(&w->r, 12))
		put_encap(w, d);
	if (chance(&w->r, 6))
		draft_attr(d, XFRMA_COADDR, &address, sizeof(address));
	if (chance(&w->r, 5))
		put_lifetime(w, d);
	if (seldom(&w->r, 15))
		put_sec_ctx(w, d);
	if (seldom(&w->r, 15))
		draft_attr(d, XFRMA_OFFLOAD_DEV, &offload, sizeof(offload));
	if (seldom(&w->r, 20))
		draft_u8(d, XFRMA_PROTO, IPPROTO_ESP);
	if (seldom(&w->r, 20))
		draft_attr(d, XFRMA_SRCADDR, &address, sizeof(address));
	if (seldom(&w->r, 10))
		draft_algo(d, XFRMA_ALG_COMP, "deflate", key_bytes, 0, false, 0);
	if (w->alone && chance(&w->r, 12))
		put_label(w, d);
	if (w->alone && chance(&w->r, 2))
		put_iptfs(w, d);
	if (dir)
		draft_u8(d, UX_XFRMA_SA_DIR, dir);
}

static uint8_t sa_flags(struct world *w, uint8_t dir)
{
	uint8_t flags = (uint8_t)ONE_OF(&w->r, 0, 0, 0, 0x80, 0x80, 0x20, rng_u32(&w->r) & 0xff);

	if (dir == 2 && chance(&w->r, 95))
		flags &= (uint8_t)~0x1a;
	if (dir == 1 && chance(&w->r, 95))
		flags &= (uint8_t)~0x04;
	return flags;
}

static void fill_sa_info(struct world *w, struct xfrm_usersa_info *p, const struct tuple *t)
{
	memset(p, 0, sizeof(*p));
	p->id.daddr = t->dst;
	p->id.spi = t->spi;
	p->id.proto = t->proto;
	p->saddr = t->src;
	p->family = t->family;
	p->seq = (uint32_t)ONE_OF(&w->r, 0, 0, 0, 1, 2);
	p->reqid = t->sa && chance(&w->r, 60) ? t->sa->info.reqid : any_reqid(w);
	p->mode = (uint8_t)(chance(&w->r, 75) ? XFRM_MODE_TUNNEL : XFRM_MODE_TRANSPORT);
	if (seldom(&w->r, 10))
		p->mode = (uint8_t)ONE_OF(&w->r, 3, 6, 255);
	if (w->alone && seldom(&w->r, 25))
		p->mode = 4; /* IP-TFS */
	if (chance(&w->r, 40))
		any_selector(w, chance(&w->r, 85) ? t->family : any_family(w), &p->sel);
	else
		p->sel.family = (uint16_t)(chance(&w->r, 50) ? t->family : 0);
	any_limits(w, SAS, &p->lft);
}

bool make_newsa(struct world *w, struct draft *d)
{
	struct xfrm_usersa_info p;
	bool new = chance(&w->r, 65);
	bool bad = chance(&w->r, 10);
	uint8_t dir = (uint8_t)ONE_OF(&w->r, 0, 0, 1, 2);
	struct tuple t;

	any_tuple(w, new ? 25 : 85, &t);
	if (!new && t.sa && chance(&w->r, 80))
		dir = t.sa->dir;
	fill_sa_info(w, &p, &t);
	p.flags = sa_flags(w, dir);
	draft_begin(d, new ? XFRM_MSG_NEWSA : XFRM_MSG_UPDSA, &p, sizeof(p));
	p.replay_window = put_replay(w, d, p.flags & XFRM_STATE_ESN, dir);
	memcpy(d->header, &p, sizeof(p));
	put_algorithms(w, d, bad, t.proto);
	put_mark(d, &t);
	sa_extras(w, d, dir);
	if (chance(&w->r, 40))
		draft_shuffle(d, &w->r);
	return true;
}

static bool make_sa_id(struct world *w, struct draft *d, uint16_t type)
{
	struct xfrm_usersa_id id = {0};
	struct tuple t;

	any_tuple(w, 85, &t);
	if (chance(&w->r, 4))
		t.has_mark = false;
	id.daddr = t.dst;
	id.spi = t.spi;
	id.family = t.family;
	id.proto = t.proto;
	if (chance(&w->r, 3))
		id.family = (uint16_t)ONE_OF(&w->r, AF_INET, AF_INET6, 0, 7);
	if (chance(&w->r, 3) && !has_marks(w))
		id.proto = (uint8_t)ONE_OF(&w->r, 0, IPPROTO_AH, IPPROTO_ROUTING, 255);
	draft_begin(d, type, &id, sizeof(id));
	put_mark(d, &t);
	if (chance(&w->r, 12))
		draft_attr(d, XFRMA_SRCADDR, &t.src, sizeof(t.src));
	return true;
}

bool make_getsa(struct world *w, struct draft *d)
{
	return make_sa_id(w, d, XFRM_MSG_GETSA);
}

bool make_delsa(struct world *w, struct draft *d)
{
	return make_sa_id(w, d, XFRM_MSG_DELSA);
}

bool make_allocspi(struct world *w, struct draft *d)
{
	struct xfrm_userspi_info p;
	uint8_t dir = (uint8_t)ONE_OF(&w->r, 0, 0, 1, 2);
	struct tuple t;

	any_tuple(w, 40, &t);
	memset(&p, 0, sizeof(p));
	fill_sa_info(w, &p.info, &t);
	p.info.id.spi = (__be32)ONE_OF(&w->r, 0, 0, 77);
	p.min = p.max = (uint32_t)ONE_OF(&w->r, 0x100, 0x101, 0x1000, 0xc0ffee01, 0x500, 0x501);
	if (w->lonely && w->n_numbers < NUMBERS_MAX && chance(&w->r, 30)) {
		p.min = FREE_SPI_MIN;
		p.max = FREE_SPI_MAX;
	} else if (chance(&w->r, 4)) {
		p.min = (uint32_t)ONE_OF(&w->r, 5, 0, 0xffffffff);
		p.max = (uint32_t)ONE_OF(&w->r, 4, p.min);
	}
	draft_begin(d, XFRM_MSG_ALLOCSPI, &p, sizeof(p));
	put_mark(d, &t);
	if (chance(&w->r, 30))
		sa_extras(w, d, dir);
	return true;
}

bool make_flushsa(struct world *w, struct draft *d)
{
	struct xfrm_usersa_flush p = {.proto = (uint8_t)ONE_OF(&w->r, 0, IPPROTO_ESP, IPPROTO_ESP,
							       IPPROTO_AH, 255, IPPROTO_COMP, 6)};

	draft_begin(d, XFRM_MSG_FLUSHSA, &p, sizeof(p));
	return true;
}

bool make_dumpsa(struct world *w, struct draft *d)
{
	struct xfrm_address_filter f = {0};

	draft_begin(d, XFRM_MSG_GETSA, NULL, 0);
	d->flags = (uint16_t)(NLM_F_REQUEST | ONE_OF(&w->r, NLM_F_DUMP, NLM_F_DUMP, NLM_F_ROOT,
						     NLM_F_MATCH, NLM_F_DUMP | NLM_F_ACK));
	if (chance(&w->r, 35))
		draft_u8(d, XFRMA_PROTO,
			 (uint8_t)ONE_OF(&w->r, 0, IPPROTO_ESP, IPPROTO_ESP, IPPROTO_AH, 255));
	if (chance(&w->r, 45)) {
		uint16_t family = any_family(w);
		uint8_t top = family == AF_INET6 ? 128 : 32;

		any_address(w, family, &f.daddr);
		any_address(w, family, &f.saddr);
		f.family = (uint16_t)(chance(&w->r, 80) ? family : ONE_OF(&w->r, 0, 2, 10, 77));
		f.dplen = (uint8_t)ONE_OF(&w->r, 0, 0, 8, top, 31, 129);
		f.splen = (uint8_t)ONE_OF(&w->r, 0, 0, 8, 24, top, 32);
		draft_attr(d, XFRMA_ADDRESS_FILTER, &f, sizeof(f));
	}
	if (chance(&w->r, 3))
		draft_u8(d, UX_XFRMA_SA_DIR, 1);
	return true;
}

/* The bitmap that the SA has: another size is refused. */
static void put_replay_of(struct world *w, struct draft *d, const struct known_sa *sa)
{
	union replay_esn v = {.room = {0}};
	uint32_t n = sa->bmp_len;

	v.s.bmp_len = n;
	v.s.replay_window = n ? (uint32_t)ONE_OF(&w->r, 32 * n, 32 * n - 1, 1, 32 * n + 1) : 0;
	v.s.seq = any_u32(w);
	v.s.oseq = any_u32(w);
	if (sa->info.flags & XFRM_STATE_ESN) {
		v.s.seq_hi = (uint32_t)ONE_OF(&w->r, 0, 1, ~0u);
		v.s.oseq_hi = (uint32_t)ONE_OF(&w->r, 0, 1, ~0u);
	}
	for (uint32_t i = 0; i < n && v.s.replay_window >= 32 * (i + 1); i++)
		v.s.bmp[i] = rng_u32(&w->r);
	draft_attr(d, XFRMA_REPLAY_ESN_VAL, &v, sizeof(v.s) + 4 * (size_t)n);
}

static void put_aevent(struct world *w, struct draft *d, const struct tuple *t)
{
	if (t->sa && t->sa->has_esn_val && chance(&w->r, 80))
		put_replay_of(w, d, t->sa);
	else if (chance(&w->r, 60))
		put_replay_val(w, d, 0);
	else if (chance(&w->r, 40))
		put_replay_esn(w, d, false, 0);
	if (chance(&w->r, 30))
		put_lifetime(w, d);
	if (chance(&w->r, 20))
		draft_u32(d, XFRMA_REPLAY_THRESH, any_u32(w));
	if (chance(&w->r, 12))
		draft_u32(d, XFRMA_ETIMER_THRESH, any_u32(w));
	if (chance(&w->r, 3))
		draft_u32(d, UX_XFRMA_MTIMER_THRESH, any_u32(w));
}

bool make_aevent(struct world *w, struct draft *d)
{
	struct xfrm_aevent_id p = {0};
	bool new = chance(&w->r, 60);
	struct tuple t;

	any_tuple(w, 93, &t);
	p.sa_id.daddr = t.dst;
	p.sa_id.spi = t.spi;
	p.sa_id.family = t.family;
	p.sa_id.proto = t.proto;
	p.saddr = t.src;
	/* not XFRM_AE_ETHR, which Linux counts in its own ticks */
	p.flags = (uint32_t)ONE_OF(&w->r, 0, 2, 0xf7, ~8u);
	p.reqid = any_reqid(w);
	draft_begin(d, new ? XFRM_MSG_NEWAE : XFRM_MSG_GETAE, &p, sizeof(p));
	if (new && chance(&w->r, 94))
		d->flags |= NLM_F_REPLACE;
	put_mark(d, &t);
	if (new || chance(&w->r, 10))
		put_aevent(w, d, &t);
	return true;
}

bool make_expire(struct world *w, struct draft *d)
{
	struct xfrm_user_expire p;
	struct tuple t;

	any_tuple(w, 90, &t);
	memset(&p, 0, sizeof(p));
	fill_sa_info(w, &p.state, &t);
	p.hard = (uint8_t)ONE_OF(&w->r, 0, 0, 0, 1, 255);
	draft_begin(d, XFRM_MSG_EXPIRE, &p, sizeof(p));
	put_mark(d, &t);
	return true;
}
