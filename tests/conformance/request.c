/* SPDX-License-Identifier: BSD-2-Clause */

/* The verbs of the case table as netlink messages. Everything not said has the default of
 * README.md. */

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "rig.h"

#define DEFAULT_SRC "10.0.0.1"
#define DEFAULT_DST "10.0.0.2"
#define DEFAULT_NEW_SRC "10.0.0.3"
#define DEFAULT_NEW_DST "10.0.0.4"
#define DEFAULT_SPI 0x100

static uint16_t default_family(const struct words *ws, const char *key)
{
	const char *a = word_get(ws, key);

	return a ? address_family(a) : AF_INET;
}

static struct xfrm_usersa_id sa_id(const struct words *ws)
{
	struct xfrm_usersa_id id;

	memset(&id, 0, sizeof(id));
	id.daddr = word_addr(ws, "dst", DEFAULT_DST);
	id.spi = htonl(word_u32(ws, "spi", DEFAULT_SPI));
	id.family = word_family(ws, "family", default_family(ws, "dst"));
	id.proto = word_proto(ws, "proto", IPPROTO_ESP);
	return id;
}

/* An attribute of a fixed head and key bytes behind it. */
static void put_keyed(struct ux_writer *w, uint16_t type, const void *head, size_t head_len,
		      unsigned int key_bits)
{
	uint8_t *p = ux_msg_attr_reserve(w, type, head_len + key_bits / 8);

	if (!p)
		words_bad("message too long", "algorithm");
	memcpy(p, head, head_len);
	memset(p + head_len, 0x5a, key_bits / 8);
}

static void put_algo(struct ux_writer *w, uint16_t type, const char *name, unsigned int key_bits)
{
	struct xfrm_algo head;

	memset(&head, 0, sizeof(head));
	snprintf(head.alg_name, sizeof(head.alg_name), "%s", name);
	head.alg_key_len = key_bits;
	put_keyed(w, type, &head, sizeof(head), key_bits);
}

/* The two layouts with a length more, ALG_AEAD and ALG_AUTH_TRUNC, are the same 72 bytes. */
static void put_algo_icv(struct ux_writer *w, uint16_t type, const char *name,
			 unsigned int key_bits, unsigned int icv_bits)
{
	struct xfrm_algo_aead head;

	memset(&head, 0, sizeof(head));
	snprintf(head.alg_name, sizeof(head.alg_name), "%s", name);
	head.alg_key_len = key_bits;
	head.alg_icv_len = icv_bits;
	put_keyed(w, type, &head, sizeof(head), key_bits);
}

static void put_algos(struct ux_writer *w, const struct words *ws)
{
	const char *algo = word_get(ws, "algo");

	if (!algo || strcmp(algo, "gcm") == 0) {
		put_algo_icv(w, XFRMA_ALG_AEAD, "rfc4106(gcm(aes))", 160, 128);
	} else if (strcmp(algo, "cbc") == 0) {
		put_algo_icv(w, XFRMA_ALG_AUTH_TRUNC, "hmac(sha256)", 256, 128);
		put_algo(w, XFRMA_ALG_CRYPT, "cbc(aes)", 128);
	} else if (strcmp(algo, "deflate") == 0) {
		put_algo(w, XFRMA_ALG_COMP, "deflate", 0);
	} else {
		words_bad("no such algo", algo);
	}
}

static void set_limits(struct xfrm_lifetime_cfg *lft, const struct words *ws)
{
	uint64_t n = word_u32(ws, "limits", 0);

	memset(lft, 0, sizeof(*lft));
	if (!n) {
		lft->soft_byte_limit = lft->hard_byte_limit = UINT64_MAX;
		lft->soft_packet_limit = lft->hard_packet_limit = UINT64_MAX;
		return;
	}
	/* eight different numbers, so that none can take another's place unseen */
	lft->soft_byte_limit = n;
	lft->hard_byte_limit = n + 1;
	lft->soft_packet_limit = n + 2;
	lft->hard_packet_limit = n + 3;
	lft->soft_add_expires_seconds = n + 4;
	lft->hard_add_expires_seconds = n + 5;
	lft->soft_use_expires_seconds = n + 6;
	lft->hard_use_expires_seconds = n + 7;
}

static struct xfrm_usersa_info sa_info(const struct words *ws)
{
	struct xfrm_usersa_id id = sa_id(ws);
	struct xfrm_usersa_info info;

	memset(&info, 0, sizeof(info));
	info.id.daddr = id.daddr;
	info.id.spi = id.spi;
	info.id.proto = id.proto;
	info.family = id.family;
	info.saddr = word_addr(ws, "src", id.family == AF_INET6 ? "fd00::1" : DEFAULT_SRC);
	words_selector(ws, "sel", &info.sel);
	set_limits(&info.lft, ws);
	info.reqid = word_u32(ws, "reqid", 1);
	info.seq = word_u32(ws, "seq", 0);
	info.mode = (uint8_t)word_u32(ws, "mode", XFRM_MODE_TUNNEL);
	info.flags = (uint8_t)word_u32(ws, "flags", 0);
	info.replay_window = (uint8_t)word_u32(ws, "window", 0);
	return info;
}

static void build_sa(struct ux_writer *w, uint16_t type, const struct words *ws)
{
	struct xfrm_usersa_info info = sa_info(ws);

	ux_msg_begin(w, type, NLM_F_REQUEST | NLM_F_ACK, 0, REQUEST_SEQ, &info, sizeof(info));
	put_algos(w, ws);
	words_put_attrs(w, ws, '@');
}

/* A larval SA: min and max are the SPI asked for. */
static void build_allocspi(struct ux_writer *w, const struct words *ws)
{
	struct xfrm_userspi_info spi;

	memset(&spi, 0, sizeof(spi));
	spi.info = sa_info(ws);
	spi.info.id.spi = 0;
	spi.min = spi.max = word_u32(ws, "spi", DEFAULT_SPI);
	ux_msg_begin(w, XFRM_MSG_ALLOCSPI, NLM_F_REQUEST | NLM_F_ACK, 0, REQUEST_SEQ, &spi,
		     sizeof(spi));
	words_put_attrs(w, ws, '@');
}

static void build_id(struct ux_writer *w, uint16_t type, const struct words *ws)
{
	struct xfrm_usersa_id id = sa_id(ws);

	ux_msg_begin(w, type, NLM_F_REQUEST | NLM_F_ACK, 0, REQUEST_SEQ, &id, sizeof(id));
	words_put_attrs(w, ws, '@');
}

struct ux_xfrm_user_migrate_state request_migrate_header(const struct words *ws)
{
	struct ux_xfrm_user_migrate_state m;

	memset(&m, 0, sizeof(m));
	m.id = sa_id(ws);
	m.old_mark = word_mark(ws, "mark");
	m.new_family = word_family(ws, "new-family", default_family(ws, "new-dst"));
	m.new_daddr = word_addr(ws, "new-dst", DEFAULT_NEW_DST);
	m.new_saddr =
	    word_addr(ws, "new-src", m.new_family == AF_INET6 ? "fd00::3" : DEFAULT_NEW_SRC);
	words_selector(ws, "new-sel", &m.new_sel);
	m.new_reqid = word_u32(ws, "new-reqid", 1);
	m.flags = word_u32(ws, "flags", 0);
	m.reserved = (uint16_t)word_u32(ws, "reserved", 0);
	return m;
}

/* len=N sends only the first N bytes of the fixed part; type= and nlflags= change the netlink
 * header. */
static void build_migrate(struct ux_writer *w, const struct words *ws)
{
	struct ux_xfrm_user_migrate_state m = request_migrate_header(ws);
	uint32_t len = word_u32(ws, "len", sizeof(m));

	if (len > sizeof(m))
		words_bad("len", "longer than the fixed part");
	ux_msg_begin(w, (uint16_t)word_u32(ws, "type", UX_XFRM_MSG_MIGRATE_STATE),
		     (uint16_t)word_u32(ws, "nlflags", NLM_F_REQUEST | NLM_F_ACK),
		     word_u32(ws, "pid", 0), REQUEST_SEQ, &m, len);
	words_put_attrs(w, ws, '@');
}

/* A message may end anywhere; the writer pads, so the bytes too many go here. */
static void cut(struct ux_writer *w, const struct words *ws)
{
	uint32_t len;

	if (!word_get(ws, "len"))
		return;
	len = NLMSG_HDRLEN + word_u32(ws, "len", 0);
	memcpy(w->buf, &len, sizeof(len));
	w->len = len;
}

void request_build(struct ux_writer *w, const struct words *ws)
{
	const char *verb = ws->n ? ws->word[0] : "";

	if (strcmp(verb, "sa") == 0)
		build_sa(w, XFRM_MSG_NEWSA, ws);
	else if (strcmp(verb, "update") == 0)
		build_sa(w, XFRM_MSG_UPDSA, ws);
	else if (strcmp(verb, "larval") == 0)
		build_allocspi(w, ws);
	else if (strcmp(verb, "get") == 0)
		build_id(w, XFRM_MSG_GETSA, ws);
	else if (strcmp(verb, "delete") == 0)
		build_id(w, XFRM_MSG_DELSA, ws);
	else if (strcmp(verb, "migrate") == 0)
		build_migrate(w, ws);
	else
		words_bad("no such verb", verb);
	if (!ux_msg_end(w))
		words_bad("message too long", verb);
	cut(w, ws);
}
