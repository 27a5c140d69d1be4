/* SPDX-License-Identifier: BSD-2-Clause */
/* Looking into messages. */

#include "judge.h"

#include <string.h>

size_t fixed_len(uint16_t type)
{
	switch (type) {
	case XFRM_MSG_NEWSA:
	case XFRM_MSG_UPDSA:
		return SA_INFO_LEN;
	case XFRM_MSG_DELSA:
	case XFRM_MSG_GETSA:
		return SA_ID_LEN;
	case XFRM_MSG_NEWPOLICY:
	case XFRM_MSG_UPDPOLICY:
		return POLICY_INFO_LEN;
	case XFRM_MSG_DELPOLICY:
	case XFRM_MSG_GETPOLICY:
	case XFRM_MSG_MIGRATE:
		return POLICY_ID_LEN;
	case XFRM_MSG_ALLOCSPI:
		return sizeof(struct xfrm_userspi_info);
	case XFRM_MSG_ACQUIRE:
		return sizeof(struct xfrm_user_acquire);
	case XFRM_MSG_EXPIRE:
		return sizeof(struct xfrm_user_expire);
	case XFRM_MSG_POLEXPIRE:
		return sizeof(struct xfrm_user_polexpire);
	case XFRM_MSG_NEWAE:
	case XFRM_MSG_GETAE:
		return sizeof(struct xfrm_aevent_id);
	case XFRM_MSG_REPORT:
		return sizeof(struct xfrm_user_report);
	case XFRM_MSG_MAPPING:
		return sizeof(struct xfrm_user_mapping);
	case XFRM_MSG_FLUSHPOLICY:
		return 0;
	default:
		return 4; /* one number, or a few bytes */
	}
}

uint8_t *attr_find(uint8_t *bytes, size_t len, size_t start, uint16_t type, size_t skip,
		   size_t *ret_len)
{
	for (size_t at = start; at + NLA_HDRLEN <= len;) {
		size_t n = u16_at(bytes + at);

		if (n < NLA_HDRLEN || n > len - at)
			return NULL;
		if ((u16_at(bytes + at + 2) & NLA_TYPE_MASK) == type && skip-- == 0) {
			*ret_len = n - NLA_HDRLEN;
			return bytes + at + NLA_HDRLEN;
		}
		at += NLA_ALIGN(n);
	}
	return NULL;
}

size_t error_attrs(const struct message *m)
{
	uint16_t type = m->len >= NLMSG_HDRLEN ? message_type(m->bytes) : 0;
	uint16_t flags = m->len >= NLMSG_HDRLEN ? u16_at(m->bytes + 6) : 0;
	size_t head = NLMSG_HDRLEN + sizeof(int32_t);

	if (!(flags & NLM_F_ACK_TLVS))
		return 0;
	if (type == NLMSG_DONE)
		return head;
	if (type != NLMSG_ERROR || m->len < head + NLMSG_HDRLEN)
		return 0;
	return head + (flags & NLM_F_CAPPED ? NLMSG_HDRLEN : NLMSG_ALIGN(u32_at(m->bytes + head)));
}

const char *error_text(const struct message *m)
{
	size_t start = error_attrs(m), len;
	const uint8_t *text;

	if (!start)
		return "";
	text = attr_find(m->bytes, m->len, start, NLMSGERR_ATTR_MSG, 0, &len);
	return text && len && text[len - 1] == '\0' ? (const char *)text : "";
}

int error_of(const struct message *m)
{
	int32_t e;

	if (m->len < NLMSG_HDRLEN + sizeof(e))
		return 1;
	if (message_type(m->bytes) != NLMSG_ERROR && message_type(m->bytes) != NLMSG_DONE)
		return 1;
	memcpy(&e, m->bytes + NLMSG_HDRLEN, sizeof(e));
	return e;
}
