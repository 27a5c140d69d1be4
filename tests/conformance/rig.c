/* SPDX-License-Identifier: BSD-2-Clause */
#include "rig.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/attrs.h"

static int deliver(void *opaque, const void *datagram, size_t len, uint32_t group)
{
	struct inbox *box = opaque;

	if (box->full)
		return -ENOBUFS;
	if (len > DATAGRAM_MAX || box->n == INBOX_MAX)
		words_bad("the engine sent", "more than a client of the test can hold");
	memcpy(box->mail[box->n].bytes, datagram, len);
	box->mail[box->n].len = len;
	box->mail[box->n++].group = group;
	return 0;
}

static const struct uxfrm_client_ops ops = {.deliver = deliver};

void rig_open(struct rig *rig)
{
	struct uxfrm_params params;

	memset(rig, 0, sizeof(*rig));
	uxfrm_params_init(&params);
	params.now_ns = 1000000000;
	params.real_s = 1000000;
	if (uxfrm_new(&params, &rig->u) ||
	    uxfrm_client_open(rig->u, 100, true, &ops, &rig->answers, &rig->asker) ||
	    uxfrm_client_open(rig->u, 101, false, &ops, &rig->answers, &rig->nobody) ||
	    uxfrm_client_open(rig->u, 200, true, &ops, &rig->events, &rig->listener))
		words_bad("no engine", "uxfrm_new");
	if (uxfrm_client_set_option(rig->asker, NETLINK_EXT_ACK, 1) ||
	    uxfrm_client_set_option(rig->nobody, NETLINK_EXT_ACK, 1))
		words_bad("no extended acknowledgements", "uxfrm_client_set_option");
}

void rig_close(struct rig *rig)
{
	uxfrm_client_close(rig->asker);
	uxfrm_client_close(rig->nobody);
	uxfrm_client_close(rig->listener);
	uxfrm_free(rig->u);
}

/* Text and offset behind an acknowledgement: after the request's copy, or after its header if
 * capped. */
static void read_tlvs(const struct nlmsghdr *h, struct answer *to)
{
	const uint8_t *bytes = (const uint8_t *)h;
	const struct nlmsgerr *e = NLMSG_DATA(h);
	size_t pos = NLMSG_HDRLEN + sizeof(*e);

	if (!(h->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	if (!(h->nlmsg_flags & NLM_F_CAPPED))
		pos += NLMSG_ALIGN(e->msg.nlmsg_len) - NLMSG_HDRLEN;
	while (pos + NLA_HDRLEN <= h->nlmsg_len) {
		const struct nlattr *a = (const void *)(bytes + pos);

		if (a->nla_len < NLA_HDRLEN || a->nla_len > h->nlmsg_len - pos)
			words_bad("acknowledgement", "broken attribute");
		if (a->nla_type == NLMSGERR_ATTR_MSG)
			snprintf(to->text, sizeof(to->text), "%.*s", (int)ux_attr_len(a),
				 (const char *)ux_attr_data(a));
		if (a->nla_type == NLMSGERR_ATTR_OFFS) {
			to->has_offset = true;
			to->offset = ux_attr_u32(a);
		}
		pos += NLA_ALIGN(a->nla_len);
	}
}

struct answer rig_send(struct rig *rig, const struct ux_writer *w)
{
	return rig_send_as(rig, rig->asker, w);
}

struct answer rig_send_as(struct rig *rig, struct uxfrm_client *client, const struct ux_writer *w)
{
	struct answer answer = {0};

	rig->answers.n = 0;
	rig->events.n = 0;
	uxfrm_client_request(client, w->buf, w->len);
	for (size_t i = 0; i < rig->answers.n; i++) {
		const struct nlmsghdr *h = (const void *)rig->answers.mail[i].bytes;

		if (h->nlmsg_type != NLMSG_ERROR)
			continue;
		answer.any = true;
		answer.err = ((const struct nlmsgerr *)NLMSG_DATA(h))->error;
		read_tlvs(h, &answer);
	}
	return answer;
}

const struct nlmsghdr *rig_get_sa(struct rig *rig, const struct xfrm_usersa_id *id,
				  struct xfrm_mark mark)
{
	uint8_t buf[256];
	struct ux_writer w;

	ux_writer_init(&w, buf, sizeof(buf));
	ux_msg_begin(&w, XFRM_MSG_GETSA, NLM_F_REQUEST, 0, 1, id, sizeof(*id));
	ux_msg_attr(&w, XFRMA_MARK, &mark, sizeof(mark));
	ux_msg_end(&w);
	(void)rig_send(rig, &w);
	for (size_t i = 0; i < rig->answers.n; i++) {
		const struct nlmsghdr *h = (const void *)rig->answers.mail[i].bytes;

		if (h->nlmsg_type == XFRM_MSG_NEWSA)
			return h;
	}
	return NULL;
}

size_t rig_dump_sa(struct rig *rig, uint8_t *to, size_t size, unsigned int *ret_n)
{
	uint8_t buf[64];
	struct ux_writer w;
	size_t len = 0;

	ux_writer_init(&w, buf, sizeof(buf));
	ux_msg_begin(&w, XFRM_MSG_GETSA, NLM_F_REQUEST | NLM_F_DUMP, 0, 1, NULL, 0);
	ux_msg_end(&w);
	(void)rig_send(rig, &w);
	*ret_n = 0;
	for (size_t i = 0; i < rig->answers.n; i++) {
		size_t n = rig->answers.mail[i].len, pos = 0;

		if (n > size - len)
			words_bad("dump", "too long");
		memcpy(to + len, rig->answers.mail[i].bytes, n);
		len += n;
		while (pos + NLMSG_HDRLEN <= n) {
			const struct nlmsghdr *h = (const void *)(rig->answers.mail[i].bytes + pos);

			*ret_n += h->nlmsg_type == XFRM_MSG_NEWSA;
			pos += NLMSG_ALIGN(h->nlmsg_len);
		}
	}
	return len;
}
