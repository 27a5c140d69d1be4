/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/model/wire_setup.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "wire/writer.h"

enum { TX, RX, N_KEYS = 3, SPI_BASE = 0x1000 };

static const struct model_place home = {.family = AF_INET, .src = 1, .dst = 1, .reqid = 1};

static int remember_error(void *opaque, const void *datagram, size_t len, uint32_t group)
{
	const struct nlmsghdr *h = datagram;

	if (!group && h->nlmsg_type == NLMSG_ERROR)
		memcpy(opaque, (const uint8_t *)datagram + NLMSG_HDRLEN, sizeof(int));
	return 0;
}

static const struct uxfrm_client_ops client_ops = {.deliver = remember_error};

void model_pair_init(struct model_pair *p, struct uxfrm *tx, struct uxfrm *rx)
{
	memset(p, 0, sizeof(*p));
	p->engine[TX] = tx;
	p->engine[RX] = rx;
	for (uint32_t i = 0; i < 2; i++)
		if (uxfrm_client_open(p->engine[i], i + 1, true, &client_ops, &p->last_error[i],
				      &p->client[i]))
			abort();
}

void model_pair_fini(struct model_pair *p)
{
	for (int i = 0; i < 2; i++)
		uxfrm_client_close(p->client[i]);
}

/* Send what is in @w and insist on success: a refused request would make the test an empty one. */
static void request(struct model_pair *p, int side, struct ux_writer *w)
{
	if (!ux_msg_end(w))
		abort();
	p->last_error[side] = 1;
	uxfrm_client_request(p->client[side], w->buf, w->len);
	if (p->last_error[side]) {
		fprintf(stderr, "request type %u on engine %d: error %d\n",
			((const struct nlmsghdr *)(const void *)w->buf)->nlmsg_type, side,
			p->last_error[side]);
		abort();
	}
}

static void begin(struct model_pair *p, struct ux_writer *w, uint16_t type, const void *header,
		  size_t len)
{
	ux_msg_begin(w, type, NLM_F_REQUEST | NLM_F_ACK, 0, ++p->seq, header, len);
}

static xfrm_address_t address(uint16_t family, uint8_t net, uint8_t host)
{
	xfrm_address_t a = {0};
	uint8_t *b = (uint8_t *)&a;

	if (family == AF_INET) {
		b[0] = 192;
		b[2] = net;
		b[3] = host;
	} else {
		b[0] = 0xfd;
		b[1] = net;
		b[15] = host;
	}
	return a;
}

static xfrm_address_t src_of(const struct model_place *at)
{
	return address(at->family, 1, at->src);
}

static xfrm_address_t dst_of(const struct model_place *at)
{
	return address(at->family, 2, at->dst);
}

uint32_t model_key_of_spi(uint32_t spi)
{
	return (spi - SPI_BASE) % N_KEYS;
}

static void put_key(struct ux_writer *w, uint32_t life)
{
	uint8_t buf[sizeof(struct xfrm_algo_aead) + 20] = {0};
	struct xfrm_algo_aead *a = (void *)buf;

	strcpy(a->alg_name, "rfc4106(gcm(aes))");
	a->alg_key_len = 160;
	a->alg_icv_len = 128;
	memset(a->alg_key, 0x40 + (int)model_key_of_spi(SPI_BASE + life), 20);
	ux_msg_attr(w, XFRMA_ALG_AEAD, buf, sizeof(buf));
}

static void put_window(struct ux_writer *w, bool rx)
{
	uint8_t buf[sizeof(struct xfrm_replay_state_esn) + 512] = {0};
	struct xfrm_replay_state_esn *e = (void *)buf;

	e->bmp_len = 128;
	e->replay_window = rx ? 4096 : 32;
	ux_msg_attr(w, XFRMA_REPLAY_ESN_VAL, buf, sizeof(buf));
}

static struct xfrm_usersa_info sa_info(const struct model_place *at, uint32_t life)
{
	struct xfrm_usersa_info i = {0};

	i.id.daddr = dst_of(at);
	i.id.spi = htobe32(SPI_BASE + life);
	i.id.proto = IPPROTO_ESP;
	i.saddr = src_of(at);
	i.family = at->family;
	i.mode = XFRM_MODE_TUNNEL;
	i.reqid = at->reqid;
	i.flags = XFRM_STATE_AF_UNSPEC | XFRM_STATE_ESN;
	i.lft.hard_byte_limit = i.lft.soft_byte_limit = XFRM_INF;
	i.lft.hard_packet_limit = i.lft.soft_packet_limit = XFRM_INF;
	return i;
}

static void put_encap(struct ux_writer *w, bool on)
{
	struct xfrm_encap_tmpl e = {0};

	if (on) {
		e.encap_type = 2;
		e.encap_sport = e.encap_dport = htobe16(4500);
	}
	ux_msg_attr(w, XFRMA_ENCAP, &e, sizeof(e));
}

static void put_mark(struct ux_writer *w, uint32_t mark)
{
	struct xfrm_mark m = {mark, mark ? 0xff : 0};

	ux_msg_attr(w, XFRMA_MARK, &m, sizeof(m));
}

static void install_sa(struct model_pair *p, int side, uint32_t life)
{
	_Alignas(8) uint8_t buf[2048];
	struct ux_writer w;
	struct xfrm_usersa_info info = sa_info(&home, life);

	ux_writer_init(&w, buf, sizeof(buf));
	begin(p, &w, XFRM_MSG_NEWSA, &info, sizeof(info));
	put_key(&w, life);
	put_window(&w, side == RX);
	request(p, side, &w);
}

static void delete_sa(struct model_pair *p, int side)
{
	_Alignas(8) uint8_t buf[512];
	struct ux_writer w;
	struct xfrm_usersa_id id = {.daddr = dst_of(&p->at),
				    .spi = htobe32(SPI_BASE + p->life),
				    .family = p->at.family,
				    .proto = IPPROTO_ESP};

	ux_writer_init(&w, buf, sizeof(buf));
	begin(p, &w, XFRM_MSG_DELSA, &id, sizeof(id));
	if (p->at.mark)
		put_mark(&w, p->at.mark);
	request(p, side, &w);
}

static void install_policy(struct model_pair *p, int side, uint8_t dir)
{
	_Alignas(8) uint8_t buf[1024];
	struct ux_writer w;
	struct xfrm_userpolicy_info info = {0};
	struct xfrm_user_tmpl t = {0};

	info.sel.family = AF_INET;
	info.sel.daddr.a4 = htobe32(0x0a020000);
	info.sel.saddr.a4 = htobe32(0x0a010000);
	info.sel.prefixlen_d = info.sel.prefixlen_s = 16;
	info.dir = dir;
	info.lft.hard_byte_limit = info.lft.soft_byte_limit = XFRM_INF;
	info.lft.hard_packet_limit = info.lft.soft_packet_limit = XFRM_INF;
	t.id.daddr = dst_of(&home);
	t.id.proto = IPPROTO_ESP;
	t.saddr = src_of(&home);
	t.family = AF_INET;
	t.reqid = home.reqid;
	t.mode = XFRM_MODE_TUNNEL;
	t.aalgos = t.ealgos = t.calgos = ~0u;
	ux_writer_init(&w, buf, sizeof(buf));
	begin(p, &w, XFRM_MSG_NEWPOLICY, &info, sizeof(info));
	ux_msg_attr(&w, XFRMA_TMPL, &t, sizeof(t));
	request(p, side, &w);
}

void model_install(struct model_pair *p, uint32_t life)
{
	p->life = life;
	p->at = home;
	install_sa(p, RX, life);
	install_sa(p, TX, life);
	install_policy(p, RX, XFRM_POLICY_FWD);
	install_policy(p, TX, XFRM_POLICY_OUT);
}

static void move_side(struct model_pair *p, int side, const struct model_place *to)
{
	_Alignas(8) uint8_t buf[512];
	struct ux_writer w;
	struct ux_xfrm_user_migrate_state m = {0};

	m.id.daddr = dst_of(&p->at);
	m.id.spi = htobe32(SPI_BASE + p->life);
	m.id.family = p->at.family;
	m.id.proto = IPPROTO_ESP;
	m.old_mark = (struct xfrm_mark){p->at.mark, p->at.mark ? 0xff : 0};
	m.new_daddr = dst_of(to);
	m.new_saddr = src_of(to);
	m.new_family = to->family;
	m.new_reqid = to->reqid;
	ux_writer_init(&w, buf, sizeof(buf));
	begin(p, &w, UX_XFRM_MSG_MIGRATE_STATE, &m, sizeof(m));
	if (to->encap != p->at.encap)
		put_encap(&w, to->encap);
	if (to->mark != p->at.mark)
		put_mark(&w, to->mark);
	request(p, side, &w);
}

static struct xfrm_user_migrate entry(const struct model_place *from, const struct model_place *to)
{
	return (struct xfrm_user_migrate){
	    .old_daddr = dst_of(from),
	    .old_saddr = src_of(from),
	    .new_daddr = dst_of(to),
	    .new_saddr = src_of(to),
	    .proto = IPPROTO_ESP,
	    .mode = XFRM_MODE_TUNNEL,
	    .reqid = from->reqid,
	    .old_family = from->family,
	    .new_family = to->family,
	};
}

/* By MIGRATE: one entry for the SA, one that publishes the policy anew with the same template. */
static void move_side_with_policy(struct model_pair *p, int side, const struct model_place *to)
{
	_Alignas(8) uint8_t buf[512];
	struct ux_writer w;
	struct xfrm_userpolicy_id id = {.sel.family = AF_INET};
	struct xfrm_user_migrate entries[2] = {entry(&p->at, to), entry(&home, &home)};

	id.sel.daddr.a4 = htobe32(0x0a020000);
	id.sel.saddr.a4 = htobe32(0x0a010000);
	id.dir = side == RX ? XFRM_POLICY_FWD : XFRM_POLICY_OUT;
	ux_writer_init(&w, buf, sizeof(buf));
	begin(p, &w, XFRM_MSG_MIGRATE, &id, sizeof(id));
	ux_msg_attr(&w, XFRMA_MIGRATE, entries, sizeof(entries));
	if (to->encap)
		put_encap(&w, true);
	request(p, side, &w);
}

/* The two entries must differ in what they move. */
static bool is_home(const struct model_place *at)
{
	return at->family == home.family && at->src == home.src && at->dst == home.dst &&
	       at->reqid == home.reqid;
}

void model_move(struct model_pair *p, uint32_t random)
{
	struct model_place to = {.family = random & 1 ? AF_INET : AF_INET6,
				 .src = 1 + (random >> 1) % 2,
				 .dst = 1 + (random >> 2) % 2,
				 .encap = (random >> 3) & 1,
				 .reqid = 1 + (random >> 4) % 3,
				 .mark = (random >> 6) & 1 ? 7 : 0};

	if ((random >> 7) & 1 && !is_home(&p->at)) { /* it cannot change reqid and mark */
		to.reqid = p->at.reqid;
		to.mark = p->at.mark;
		move_side_with_policy(p, RX, &to);
		move_side_with_policy(p, TX, &to);
	} else {
		move_side(p, RX, &to);
		move_side(p, TX, &to);
	}
	p->at = to;
}

void model_update(struct model_pair *p, uint32_t random)
{
	_Alignas(8) uint8_t buf[2048];
	struct ux_writer w;
	struct xfrm_usersa_info info = sa_info(&p->at, p->life);
	int side = random & 1;

	info.lft.hard_byte_limit = 1ull << 40 | random;
	ux_writer_init(&w, buf, sizeof(buf));
	begin(p, &w, XFRM_MSG_UPDSA, &info, sizeof(info));
	put_key(&w, p->life);
	put_window(&w, side == RX);
	if (p->at.encap)
		put_encap(&w, true);
	if (p->at.mark)
		put_mark(&w, p->at.mark);
	request(p, side, &w);
}

void model_replace_life(struct model_pair *p, uint32_t random)
{
	uint32_t next = p->life + 1;

	install_sa(p, RX, next);
	if (random & 1) {
		install_sa(p, TX, next);
		delete_sa(p, TX);
	} else {
		delete_sa(p, TX);
		install_sa(p, TX, next);
	}
	delete_sa(p, RX);
	p->life = next;
	p->at = home;
}
