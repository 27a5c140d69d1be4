/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/netlink_batch.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

/* Answers come in a datagram each, of some hundred bytes. */
#define ANSWERS 32 /* received together */
#define ANSWER_MAX 1024

void ux_netlink_batch_init(struct ux_netlink_batch *b)
{
	b->n = 0;
	b->len = b->last = 0;
}

bool ux_netlink_batch_add(struct ux_netlink_batch *b, const struct ux_netlink_msg *m)
{
	struct nlmsghdr h;

	if (m->overflow || b->n == UX_NETLINK_BATCH_MAX || m->len > sizeof(b->bytes) - b->len)
		return false;
	memcpy(b->bytes + b->len, m->bytes, m->len);
	memcpy(&h, m->bytes, sizeof(h));
	h.nlmsg_len = (uint32_t)m->len;
	h.nlmsg_seq = b->n++;
	memcpy(b->bytes + b->len, &h, sizeof(h));
	b->last = b->len;
	b->len += m->len; /* a multiple of 4 */
	return true;
}

static struct nlmsghdr *header_at(struct ux_netlink_batch *b, size_t at)
{
	return (struct nlmsghdr *)(void *)(b->bytes + at);
}

/* Numbers that none of the answers to earlier requests has; the last one is to be acknowledged. */
static uint32_t number(struct ux_netlink *nl, struct ux_netlink_batch *b)
{
	uint32_t first = nl->seq + 1;

	for (size_t at = 0; at < b->len; at += NLMSG_ALIGN(header_at(b, at)->nlmsg_len))
		header_at(b, at)->nlmsg_seq += first;
	header_at(b, b->last)->nlmsg_flags |= NLM_F_ACK;
	nl->seq += b->n;
	return first;
}

/* 1: the last request is done. */
static int read_answer(const struct nlmsghdr *msg, uint32_t index, bool last,
		       ux_netlink_answered answered, void *opaque)
{
	const struct nlmsgerr *e = NLMSG_DATA(msg);

	if (msg->nlmsg_type != NLMSG_ERROR) {
		answered(opaque, index, msg, 0);
		return 0;
	}
	if (msg->nlmsg_len < NLMSG_LENGTH(sizeof(e->error)))
		return -EBADMSG;
	if (e->error)
		answered(opaque, index, NULL, e->error);
	return last;
}

/* What is waited for, and what is told of it. */
struct waiting {
	uint32_t first, n; /* numbers of the requests */
	ux_netlink_answered answered;
	void *opaque;
};

static int read_datagram(const struct waiting *w, const void *datagram, size_t len)
{
	const struct nlmsghdr *msg;
	size_t at = 0;

	while ((msg = ux_netlink_next(datagram, len, &at))) {
		uint32_t index = msg->nlmsg_seq - w->first;
		int rc;

		if (index >= w->n)
			continue;
		rc = read_answer(msg, index, index == w->n - 1, w->answered, w->opaque);
		if (rc)
			return rc;
	}
	return 0;
}

static int read_answers(int fd, const struct waiting *w)
{
	_Alignas(struct nlmsghdr) uint8_t answer[ANSWERS][ANSWER_MAX];
	struct mmsghdr m[ANSWERS];
	struct iovec iov[ANSWERS];

	for (;;) {
		int n, rc = 0;

		for (int i = 0; i < ANSWERS; i++) {
			iov[i] = (struct iovec){answer[i], ANSWER_MAX};
			m[i] = (struct mmsghdr){{.msg_iov = &iov[i], .msg_iovlen = 1}, 0};
		}
		n = recvmmsg(fd, m, ANSWERS, MSG_WAITFORONE, NULL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		for (int i = 0; i < n && !rc; i++)
			rc = read_datagram(w, answer[i], m[i].msg_len);
		if (rc)
			return rc < 0 ? rc : 0;
	}
}

int ux_netlink_batch_talk(struct ux_netlink *nl, struct ux_netlink_batch *b,
			  ux_netlink_answered answered, void *opaque)
{
	struct waiting w = {.n = b->n, .answered = answered, .opaque = opaque};
	ssize_t sent;

	if (!b->n)
		return 0;
	w.first = number(nl, b);
	sent = send(nl->fd, b->bytes, b->len, 0);
	ux_netlink_batch_init(b);
	return sent < 0 ? -errno : read_answers(nl->fd, &w);
}
