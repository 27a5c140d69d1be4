/* SPDX-License-Identifier: BSD-2-Clause */

#include "control_requests.h"

#include <endian.h>
#include <string.h>
#include <sys/socket.h>

#include "wire/abi.h"

#define KEY_BITS 160
#define PROTO_ESP 50
#define LOCAL_ADDRESS 0xc0000201u /* 192.0.2.1 */
#define PRIORITIES 16

static void begin(struct request *r, uint16_t type, uint16_t flags)
{
	memset(&r->header, 0, sizeof(r->header));
	r->header.nlmsg_len = NLMSG_HDRLEN;
	r->header.nlmsg_type = type;
	r->header.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	r->header.nlmsg_seq = 1;
}

static void *add(struct request *r, size_t len)
{
	void *at = r->bytes + r->header.nlmsg_len;

	memset(at, 0, NLMSG_ALIGN(len));
	r->header.nlmsg_len += (uint32_t)NLMSG_ALIGN(len);
	return at;
}

static void *add_attr(struct request *r, uint16_t type, size_t len)
{
	struct nlattr *a = add(r, NLA_HDRLEN + len);

	a->nla_type = type;
	a->nla_len = (uint16_t)(NLA_HDRLEN + len);
	return (uint8_t *)a + NLA_HDRLEN;
}

/* ---- what entry n is ---- */

/* A bijection of 24 bits; different @salts have nothing in common. */
static uint32_t scatter(uint32_t n, uint32_t salt)
{
	for (int i = 0; i < 3; i++) {
		n = (n * 0x9e3779b1u + salt) & 0xffffffu;
		n ^= n >> 11;
	}
	return n;
}

static uint32_t number(enum pattern pattern, uint32_t n, uint32_t salt)
{
	return pattern == PATTERN_CORRELATED ? n : scatter(n, salt);
}

/* The SA's destination: one of two. */
static uint32_t peer_address(enum pattern pattern, uint32_t n, int place)
{
	return htobe32((place ? 0x20000000u : 0x10000000u) + number(pattern, n, 0x2545f491u));
}

static uint32_t host_address(enum pattern pattern, uint32_t n)
{
	return htobe32(0x30000000u + number(pattern, n, 0x6c078965u));
}

static uint32_t spi_of(enum pattern pattern, uint32_t n)
{
	return htobe32(0x1000u + number(pattern, n, 0x5851f42du));
}

static uint32_t reqid_of(enum pattern pattern, uint32_t n)
{
	return 1 + number(pattern, n, 0x14057b7eu);
}

static void fill_limits(struct xfrm_lifetime_cfg *lft)
{
	lft->soft_byte_limit = lft->hard_byte_limit = XFRM_INF;
	lft->soft_packet_limit = lft->hard_packet_limit = XFRM_INF;
}

static void fill_selector(struct xfrm_selector *sel, enum pattern pattern, uint32_t n)
{
	sel->family = AF_INET;
	sel->daddr.a4 = host_address(pattern, n);
	sel->saddr.a4 = htobe32(LOCAL_ADDRESS);
	sel->prefixlen_d = sel->prefixlen_s = 32;
}

/* ---- requests ---- */

void build_newsa(struct request *r, enum pattern pattern, uint32_t n, int place)
{
	struct xfrm_usersa_info *p;
	struct xfrm_algo_aead *aead;

	begin(r, XFRM_MSG_NEWSA, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL);
	p = add(r, sizeof(*p));
	p->id.daddr.a4 = peer_address(pattern, n, place);
	p->id.spi = spi_of(pattern, n);
	p->id.proto = PROTO_ESP;
	p->saddr.a4 = htobe32(LOCAL_ADDRESS);
	p->family = p->sel.family = AF_INET;
	p->mode = XFRM_MODE_TUNNEL;
	p->reqid = reqid_of(pattern, n);
	p->replay_window = 32;
	fill_limits(&p->lft);
	aead = add_attr(r, XFRMA_ALG_AEAD, sizeof(*aead) + KEY_BITS / 8);
	strcpy(aead->alg_name, "rfc4106(gcm(aes))");
	aead->alg_key_len = KEY_BITS;
	aead->alg_icv_len = 128;
	memcpy(aead->alg_key, &n, sizeof(n)); /* a key of its own */
}

static void build_sa_id(struct request *r, enum pattern pattern, uint32_t n, int place)
{
	struct xfrm_usersa_id *p = add(r, sizeof(*p));

	p->daddr.a4 = peer_address(pattern, n, place);
	p->spi = spi_of(pattern, n);
	p->family = AF_INET;
	p->proto = PROTO_ESP;
}

void build_delsa(struct request *r, enum pattern pattern, uint32_t n, int place)
{
	begin(r, XFRM_MSG_DELSA, NLM_F_ACK);
	build_sa_id(r, pattern, n, place);
}

void build_getsa(struct request *r, enum pattern pattern, uint32_t n, int place)
{
	begin(r, XFRM_MSG_GETSA, 0);
	build_sa_id(r, pattern, n, place);
}

void build_newpolicy(struct request *r, enum pattern pattern, uint32_t n, int place)
{
	struct xfrm_userpolicy_info *p;
	struct xfrm_user_tmpl *t;

	begin(r, XFRM_MSG_NEWPOLICY, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL);
	p = add(r, sizeof(*p));
	fill_selector(&p->sel, pattern, n);
	fill_limits(&p->lft);
	p->priority = 1000 + number(PATTERN_SCATTERED, n, 0x3c6ef35fu) % PRIORITIES;
	p->dir = XFRM_POLICY_OUT;
	t = add_attr(r, XFRMA_TMPL, sizeof(*t));
	t->id.daddr.a4 = peer_address(pattern, n, place);
	t->id.proto = PROTO_ESP;
	t->family = AF_INET;
	t->saddr.a4 = htobe32(LOCAL_ADDRESS);
	t->reqid = reqid_of(pattern, n);
	t->mode = XFRM_MODE_TUNNEL;
	t->aalgos = t->ealgos = t->calgos = UINT32_MAX;
}

static void build_policy_id(struct request *r, enum pattern pattern, uint32_t n)
{
	struct xfrm_userpolicy_id *p = add(r, sizeof(*p));

	fill_selector(&p->sel, pattern, n);
	p->dir = XFRM_POLICY_OUT;
}

void build_delpolicy(struct request *r, enum pattern pattern, uint32_t n, int place)
{
	begin(r, XFRM_MSG_DELPOLICY, NLM_F_ACK);
	build_policy_id(r, pattern, n);
}

void build_getpolicy(struct request *r, enum pattern pattern, uint32_t n, int place)
{
	begin(r, XFRM_MSG_GETPOLICY, 0);
	build_policy_id(r, pattern, n);
}

/* As an IKE daemon that answers many peers: own address and a source each. */
void build_allocspi(struct request *r, enum pattern pattern, uint32_t n, int place)
{
	struct xfrm_userspi_info *p;

	begin(r, XFRM_MSG_ALLOCSPI, 0);
	p = add(r, sizeof(*p));
	p->info.id.daddr.a4 = htobe32(LOCAL_ADDRESS);
	p->info.saddr.a4 = peer_address(pattern, n, place);
	p->info.id.proto = PROTO_ESP;
	p->info.family = AF_INET;
	p->info.mode = XFRM_MODE_TUNNEL;
	p->info.reqid = reqid_of(pattern, n);
	p->min = 0x10000000;
	p->max = 0xefffffff;
}

void build_migrate(struct request *r, enum pattern pattern, uint32_t n, int place)
{
	struct xfrm_user_migrate *m;

	begin(r, XFRM_MSG_MIGRATE, NLM_F_ACK);
	build_policy_id(r, pattern, n);
	m = add_attr(r, XFRMA_MIGRATE, sizeof(*m));
	m->old_daddr.a4 = peer_address(pattern, n, place);
	m->new_daddr.a4 = peer_address(pattern, n, !place);
	m->old_saddr.a4 = m->new_saddr.a4 = htobe32(LOCAL_ADDRESS);
	m->old_family = m->new_family = AF_INET;
	m->proto = PROTO_ESP;
	m->mode = XFRM_MODE_TUNNEL;
	m->reqid = reqid_of(pattern, n);
}

void build_migrate_state(struct request *r, enum pattern pattern, uint32_t n, int place)
{
	struct ux_xfrm_user_migrate_state *m;

	begin(r, UX_XFRM_MSG_MIGRATE_STATE, NLM_F_ACK);
	m = add(r, sizeof(*m));
	m->id.daddr.a4 = peer_address(pattern, n, place);
	m->id.spi = spi_of(pattern, n);
	m->id.family = m->new_family = m->new_sel.family = AF_INET;
	m->id.proto = PROTO_ESP;
	m->new_daddr.a4 = peer_address(pattern, n, !place);
	m->new_saddr.a4 = htobe32(LOCAL_ADDRESS);
	m->new_reqid = reqid_of(pattern, n);
}

void build_plain(struct request *r, uint16_t type, uint16_t flags, size_t size)
{
	begin(r, type, flags);
	(void)add(r, size);
}
