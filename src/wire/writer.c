/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/writer.h"

#include <string.h>

void ux_writer_init(struct ux_writer *w, void *buf, size_t cap)
{
	*w = (struct ux_writer){.buf = buf, .cap = cap};
}

/* Room for @len bytes, zeroed up to the next multiple of 4; NULL and overflow when there is none.
 */
static void *take(struct ux_writer *w, size_t len)
{
	size_t start = w->len;

	if (w->overflow || len > w->cap || NLMSG_ALIGN(len) > w->cap - w->len) {
		w->overflow = true;
		return NULL;
	}
	w->len += NLMSG_ALIGN(len);
	memset(w->buf + start, 0, NLMSG_ALIGN(len));
	return w->buf + start;
}

void ux_msg_begin(struct ux_writer *w, uint16_t type, uint16_t flags, uint32_t pid, uint32_t seq,
		  const void *header, size_t header_len)
{
	w->msg = w->len;
	struct nlmsghdr h = {
	    .nlmsg_type = type, .nlmsg_flags = flags, .nlmsg_pid = pid, .nlmsg_seq = seq};
	uint8_t *p = take(w, NLMSG_HDRLEN + header_len);

	if (!p)
		return;
	memcpy(p, &h, sizeof(h));
	if (header && header_len)
		memcpy(p + NLMSG_HDRLEN, header, header_len);
}

void *ux_msg_attr_reserve(struct ux_writer *w, uint16_t type, size_t len)
{
	uint8_t *p = len <= UINT16_MAX - NLA_HDRLEN ? take(w, NLA_HDRLEN + len) : NULL;

	if (!p) {
		w->overflow = true;
		return NULL;
	}
	struct nlattr a = {.nla_len = (uint16_t)(NLA_HDRLEN + len), .nla_type = type};
	memcpy(p, &a, sizeof(a));
	return p + NLA_HDRLEN;
}

void ux_msg_attr(struct ux_writer *w, uint16_t type, const void *data, size_t len)
{
	void *p = ux_msg_attr_reserve(w, type, len);

	if (p && len)
		memcpy(p, data, len);
}

void ux_msg_attr_u8(struct ux_writer *w, uint16_t type, uint8_t value)
{
	ux_msg_attr(w, type, &value, sizeof(value));
}

void ux_msg_attr_u32(struct ux_writer *w, uint16_t type, uint32_t value)
{
	ux_msg_attr(w, type, &value, sizeof(value));
}

void ux_msg_attr_u64(struct ux_writer *w, uint16_t type, uint64_t value)
{
	ux_msg_attr(w, type, &value, sizeof(value));
}

bool ux_msg_end(struct ux_writer *w)
{
	if (w->overflow) {
		ux_msg_cancel(w);
		return false;
	}
	uint32_t len = (uint32_t)(w->len - w->msg);
	memcpy(w->buf + w->msg, &len, sizeof(len));
	return true;
}

void ux_msg_cancel(struct ux_writer *w)
{
	w->len = w->msg;
	w->overflow = false;
}
