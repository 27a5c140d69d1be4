/* SPDX-License-Identifier: BSD-2-Clause */

/* What an acknowledgement or the end of a dump says. */

#include <errno.h>
#include <string.h>

#include "client/conn.h"

static void take_attribute(const struct nlattr *a, struct uxfrm_result *ret)
{
	const uint8_t *data = ux_attr_data(a);
	size_t n = ux_attr_len(a);

	switch (a->nla_type & NLA_TYPE_MASK) {
	case NLMSGERR_ATTR_MSG:
		if (n >= sizeof(ret->text))
			n = sizeof(ret->text) - 1;
		memcpy(ret->text, data, n);
		ret->text[n] = '\0';
		break;
	case NLMSGERR_ATTR_OFFS:
		if (n >= sizeof(ret->offset))
			memcpy(&ret->offset, data, sizeof(ret->offset));
		break;
	default:
		break;
	}
}

/* The extended acknowledgement, @offset bytes into the message. */
static void read_extended(const struct nlmsghdr *msg, size_t offset, struct uxfrm_result *ret)
{
	while (msg->nlmsg_len >= offset + sizeof(struct nlattr)) {
		const struct nlattr *a = (const void *)((const uint8_t *)msg + offset);

		if (a->nla_len < sizeof(*a) || a->nla_len > msg->nlmsg_len - offset)
			return;
		take_attribute(a, ret);
		offset += NLA_ALIGN((size_t)a->nla_len);
	}
}

static void read_acknowledgement(const struct nlmsghdr *msg, struct uxfrm_result *ret)
{
	struct nlmsgerr e;
	size_t offset = NLMSG_HDRLEN + sizeof(e);

	ret->error = EPROTO;
	if (msg->nlmsg_len < offset)
		return;
	memcpy(&e, (const uint8_t *)msg + NLMSG_HDRLEN, sizeof(e));
	ret->error = -e.error;
	if (!(msg->nlmsg_flags & NLM_F_CAPPED) && e.msg.nlmsg_len > NLMSG_HDRLEN)
		offset += NLMSG_ALIGN(e.msg.nlmsg_len - NLMSG_HDRLEN);
	if (msg->nlmsg_flags & NLM_F_ACK_TLVS)
		read_extended(msg, offset, ret);
}

static void read_done(const struct nlmsghdr *msg, struct uxfrm_result *ret)
{
	int32_t code = 0;

	ret->begun = true;
	if (msg->nlmsg_len >= NLMSG_HDRLEN + sizeof(code))
		memcpy(&code, (const uint8_t *)msg + NLMSG_HDRLEN, sizeof(code));
	ret->error = code < 0 ? -code : 0;
	read_extended(msg, NLMSG_HDRLEN + sizeof(code), ret);
}

void ux_read_error(const struct nlmsghdr *msg, struct uxfrm_result *ret)
{
	if (msg->nlmsg_type == NLMSG_DONE)
		read_done(msg, ret);
	else
		read_acknowledgement(msg, ret);
}
