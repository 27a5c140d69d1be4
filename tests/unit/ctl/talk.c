/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>

#include "talk.h"

static int deliver(void *opaque, const void *datagram, size_t len, uint32_t group)
{
	struct talker *who = opaque;
	struct talk *t = who->talk;

	if (who->room == 0)
		return -ENOBUFS;
	if (who->room > 0)
		who->room--;
	t->heard = realloc(t->heard, (t->n_heard + 1) * sizeof(*t->heard));
	assert_non_null(t->heard);
	struct heard *h = &t->heard[t->n_heard++];
	*h = (struct heard){.who = who->name, .group = group, .len = len, .bytes = malloc(len + 1)};
	assert_non_null(h->bytes);
	memcpy(h->bytes, datagram, len);
	return 0;
}

static void overrun(void *opaque)
{
	((struct talker *)opaque)->overruns++;
}

const struct uxfrm_client_ops talk_ops = {.deliver = deliver, .overrun = overrun};

static void open_with(struct talk *t, const struct uxfrm_client_ops *ops, bool labels)
{
	struct uxfrm_params params;

	memset(t, 0, sizeof(*t));
	uxfrm_params_init(&params);
	params.now_ns = t->now_ns = 1;
	params.real_s = 1700000000;
	params.labels = labels;
	assert_int_equal(uxfrm_new(&params, &t->u), 0);
	t->a = (struct talker){.talk = t, .room = -1, .name = 'A'};
	t->b = (struct talker){.talk = t, .room = -1, .name = 'B'};
	assert_int_equal(uxfrm_client_open(t->u, TALK_PORT_A, true, ops, &t->a, &t->a.client), 0);
	assert_int_equal(uxfrm_client_open(t->u, TALK_PORT_B, true, ops, &t->b, &t->b.client), 0);
	assert_int_equal(uxfrm_client_set_option(t->a.client, NETLINK_EXT_ACK, 1), 0);
	assert_int_equal(uxfrm_client_set_option(t->a.client, NETLINK_CAP_ACK, 1), 0);
	uxfrm_client_set_groups(t->b.client, 0xff);
}

void talk_open(struct talk *t)
{
	open_with(t, &talk_ops, false);
}

void talk_open_labels(struct talk *t, int (*label)(void *opaque, const char *label))
{
	static struct uxfrm_client_ops ops;

	ops = talk_ops;
	ops.label = label;
	open_with(t, &ops, true);
}

void talk_forget(struct talk *t)
{
	for (size_t i = 0; i < t->n_heard; i++)
		free(t->heard[i].bytes);
	free(t->heard);
	t->heard = NULL;
	t->n_heard = 0;
}

void talk_close(struct talk *t)
{
	t->a.client = uxfrm_client_close(t->a.client);
	t->b.client = uxfrm_client_close(t->b.client);
	t->u = uxfrm_free(t->u);
	talk_forget(t);
}

void talk_tick(struct talk *t, uint64_t ms)
{
	t->now_ns += ms * 1000000;
	uxfrm_tick(t->u, t->now_ns, 1700000000 + t->now_ns / 1000000000);
}

void talk_send(struct talker *who, struct ux_writer *w)
{
	assert_false(w->overflow);
	uxfrm_client_request(who->client, w->buf, w->len);
	ux_writer_init(w, w->buf, w->cap);
}

const struct nlmsghdr *talk_msg(const struct talk *t, size_t i, char who, uint16_t type)
{
	assert_in_range(i, 0, t->n_heard - 1);
	const struct heard *h = &t->heard[i];
	const struct nlmsghdr *msg = (const void *)h->bytes;

	assert_int_equal(h->who, who);
	assert_true(h->len >= sizeof(*msg));
	assert_int_equal(msg->nlmsg_len, h->len);
	assert_int_equal(msg->nlmsg_type, type);
	return msg;
}

const char *talk_error(const struct talk *t, size_t i, int error)
{
	const struct nlmsghdr *msg = talk_msg(t, i, 'A', NLMSG_ERROR);
	const struct nlmsgerr *e = NLMSG_DATA(msg);

	assert_int_equal(e->error, error);
	if (!(msg->nlmsg_flags & NLM_F_ACK_TLVS))
		return "";
	size_t echo = msg->nlmsg_flags & NLM_F_CAPPED ? NLMSG_HDRLEN : e->msg.nlmsg_len;
	const struct nlattr *a = talk_attr(msg, sizeof(int32_t) + echo, NLMSGERR_ATTR_MSG);
	return a ? (const char *)(a + 1) : "";
}

const struct nlattr *talk_attr(const struct nlmsghdr *msg, size_t header_len, uint16_t type)
{
	size_t pos = NLMSG_HDRLEN + NLMSG_ALIGN(header_len);

	while (pos + NLA_HDRLEN <= msg->nlmsg_len) {
		const struct nlattr *a = (const void *)((const uint8_t *)msg + pos);

		assert_true(a->nla_len >= NLA_HDRLEN);
		assert_true(a->nla_len <= msg->nlmsg_len - pos);
		if (a->nla_type == type)
			return a;
		pos += NLA_ALIGN(a->nla_len);
	}
	return NULL;
}

struct xfrm_usersa_info talk_sa_info(uint32_t spi)
{
	struct xfrm_usersa_info p;

	memset(&p, 0, sizeof(p));
	p.family = AF_INET;
	p.id.daddr.a4 = htonl(0x0a000002);
	p.saddr.a4 = htonl(0x0a000001);
	p.id.spi = htonl(spi);
	p.id.proto = IPPROTO_ESP;
	p.mode = XFRM_MODE_TUNNEL;
	p.reqid = 1;
	p.lft.soft_byte_limit = p.lft.hard_byte_limit = XFRM_INF;
	p.lft.soft_packet_limit = p.lft.hard_packet_limit = XFRM_INF;
	return p;
}

struct xfrm_usersa_id talk_sa_id(uint32_t spi)
{
	struct xfrm_usersa_id id;

	memset(&id, 0, sizeof(id));
	id.daddr.a4 = htonl(0x0a000002);
	id.spi = htonl(spi);
	id.family = AF_INET;
	id.proto = IPPROTO_ESP;
	return id;
}

void talk_put_gcm(struct ux_writer *w, uint8_t fill)
{
	struct xfrm_algo_aead head = {
	    .alg_name = "rfc4106(gcm(aes))", .alg_key_len = 160, .alg_icv_len = 128};
	uint8_t *p = ux_msg_attr_reserve(w, XFRMA_ALG_AEAD, sizeof(head) + 20);

	assert_non_null(p);
	memcpy(p, &head, sizeof(head));
	memset(p + sizeof(head), fill, 20);
}

void talk_put_sa(struct ux_writer *w, uint16_t type, uint16_t flags, uint32_t spi)
{
	struct xfrm_usersa_info p = talk_sa_info(spi);

	ux_msg_begin(w, type, (uint16_t)(NLM_F_REQUEST | flags), 0, spi, &p, sizeof(p));
	talk_put_gcm(w, (uint8_t)spi);
	assert_true(ux_msg_end(w));
}
