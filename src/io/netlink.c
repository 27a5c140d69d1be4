/* SPDX-License-Identifier: BSD-2-Clause */

/* rtnetlink. Requests are few and answered at once by the kernel, so waiting for each keeps this
 * simple. */

#include "io/netlink.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ANSWER_MAX 32768

int ux_netlink_open(struct ux_netlink *nl, uint32_t groups)
{
	struct sockaddr_nl name = {.nl_family = AF_NETLINK, .nl_groups = groups};
	const int on = 1;

	nl->seq = 0;
	nl->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | (groups ? SOCK_NONBLOCK : 0),
			NETLINK_ROUTE);
	if (nl->fd < 0)
		return -errno;
	/* Lets the kernel filter dumps by table; without it we filter alone. */
	(void)setsockopt(nl->fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof(on));
	if (bind(nl->fd, (struct sockaddr *)&name, sizeof(name)) < 0) {
		int err = -errno;

		ux_netlink_close(nl);
		return err;
	}
	return 0;
}

void ux_netlink_close(struct ux_netlink *nl)
{
	if (nl->fd >= 0)
		close(nl->fd);
	nl->fd = -1;
}

static void *reserve(struct ux_netlink_msg *m, size_t len)
{
	size_t room = sizeof(m->bytes) - m->len;
	uint8_t *at = m->bytes + m->len;

	if (m->overflow || NLMSG_ALIGN(len) > room) {
		m->overflow = true;
		return NULL;
	}
	memset(at, 0, NLMSG_ALIGN(len));
	m->len += NLMSG_ALIGN(len);
	return at;
}

void ux_netlink_begin(struct ux_netlink_msg *m, uint16_t type, uint16_t flags, const void *header,
		      size_t header_len)
{
	const struct nlmsghdr h = {.nlmsg_type = type, .nlmsg_flags = flags | NLM_F_REQUEST};
	void *at;

	m->len = 0;
	m->overflow = false;
	at = reserve(m, sizeof(h));
	memcpy(at, &h, sizeof(h));
	at = reserve(m, header_len);
	if (at)
		memcpy(at, header, header_len);
}

void ux_netlink_put(struct ux_netlink_msg *m, uint16_t type, const void *data, size_t len)
{
	const struct rtattr attr = {.rta_len = (unsigned short)(sizeof(attr) + len),
				    .rta_type = type};
	uint8_t *at = reserve(m, sizeof(attr) + len);

	if (!at)
		return;
	memcpy(at, &attr, sizeof(attr));
	if (len)
		memcpy(at + sizeof(attr), data, len);
}

void ux_netlink_put_u32(struct ux_netlink_msg *m, uint16_t type, uint32_t value)
{
	ux_netlink_put(m, type, &value, sizeof(value));
}

size_t ux_netlink_nest(struct ux_netlink_msg *m, uint16_t type)
{
	size_t at = m->len;

	ux_netlink_put(m, type | NLA_F_NESTED, NULL, 0);
	return at;
}

void ux_netlink_nest_end(struct ux_netlink_msg *m, size_t nest)
{
	unsigned short len = (unsigned short)(m->len - nest);

	if (!m->overflow)
		memcpy(m->bytes + nest, &len, sizeof(len));
}

const struct nlmsghdr *ux_netlink_next(const void *datagram, size_t len, size_t *at)
{
	const uint8_t *bytes = (const uint8_t *)datagram + *at;
	const struct nlmsghdr *msg = (const void *)bytes;
	size_t left = *at < len ? len - *at : 0;

	if (left < sizeof(*msg) || msg->nlmsg_len < sizeof(*msg) || msg->nlmsg_len > left)
		return NULL;
	*at += NLMSG_ALIGN(msg->nlmsg_len);
	return msg;
}

/* 1: go on; 0: the end; -errno: refused. */
static int read_answer(const struct nlmsghdr *msg, ux_netlink_each each, void *opaque)
{
	const struct nlmsgerr *e = NLMSG_DATA(msg);

	switch (msg->nlmsg_type) {
	case NLMSG_DONE:
		return 0;
	case NLMSG_ERROR:
		return msg->nlmsg_len < NLMSG_LENGTH(sizeof(*e)) ? -EBADMSG : e->error;
	default:
		if (each)
			each(opaque, msg);
		return 1;
	}
}

int ux_netlink_talk(struct ux_netlink *nl, struct ux_netlink_msg *m, ux_netlink_each each,
		    void *opaque)
{
	_Alignas(struct nlmsghdr) uint8_t answer[ANSWER_MAX];
	struct nlmsghdr *h = (struct nlmsghdr *)(void *)m->bytes;
	uint32_t seq = ++nl->seq;
	bool inconsistent = false;

	if (m->overflow)
		return -EMSGSIZE;
	h->nlmsg_len = (uint32_t)m->len;
	h->nlmsg_seq = seq;
	if ((h->nlmsg_flags & NLM_F_DUMP) != NLM_F_DUMP)
		h->nlmsg_flags |= NLM_F_ACK;
	if (send(nl->fd, m->bytes, m->len, 0) < 0)
		return -errno;
	for (;;) {
		ssize_t n = recv(nl->fd, answer, sizeof(answer), 0);
		const struct nlmsghdr *msg;
		size_t at = 0;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		while ((msg = ux_netlink_next(answer, (size_t)n, &at))) {
			int rc;

			if (msg->nlmsg_seq != seq)
				continue;
			/* Read to its end: until then the kernel begins no other dump here. */
			inconsistent |= (msg->nlmsg_flags & NLM_F_DUMP_INTR) != 0;
			rc = read_answer(msg, each, opaque);
			if (rc <= 0)
				return rc == 0 && inconsistent ? -EINTR : rc;
		}
	}
}

int ux_netlink_events(struct ux_netlink *nl, ux_netlink_each each, void *opaque)
{
	_Alignas(struct nlmsghdr) uint8_t answer[ANSWER_MAX];

	for (;;) {
		ssize_t n = recv(nl->fd, answer, sizeof(answer), MSG_DONTWAIT);
		const struct nlmsghdr *msg;
		size_t at = 0;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == ENOBUFS ? -ENOBUFS : 0;
		while ((msg = ux_netlink_next(answer, (size_t)n, &at)))
			each(opaque, msg);
	}
}

const void *ux_netlink_attr(const struct nlmsghdr *msg, size_t header_len, uint16_t type,
			    size_t min_len)
{
	size_t at = NLMSG_LENGTH(NLMSG_ALIGN(header_len));
	const uint8_t *bytes = (const uint8_t *)msg;

	while (at + sizeof(struct rtattr) <= msg->nlmsg_len) {
		struct rtattr attr;

		memcpy(&attr, bytes + at, sizeof(attr));
		if (attr.rta_len < sizeof(attr) || attr.rta_len > msg->nlmsg_len - at)
			return NULL;
		if ((attr.rta_type & NLA_TYPE_MASK) == type)
			return attr.rta_len - sizeof(attr) >= min_len ? bytes + at + sizeof(attr)
								      : NULL;
		at += RTA_ALIGN(attr.rta_len);
	}
	return NULL;
}
