/* SPDX-License-Identifier: BSD-2-Clause */

#include "client/client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client/daemon_link.h"

#define RECEIVE_SIZE 65536
#define RECEIVE_BUFFER (1 << 20)

struct ux_client {
	int data, control; /* control is -1 for a kernel */
	uint32_t seq;
	_Alignas(8) uint8_t buf[RECEIVE_SIZE];
};

static int open_kernel(uint32_t groups, int *ret_fd)
{
	struct sockaddr_nl self = {.nl_family = AF_NETLINK, .nl_groups = groups};
	int one = 1, size = RECEIVE_BUFFER;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_XFRM);

	if (fd < 0)
		return -errno;
	(void)setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one));
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	if (bind(fd, (struct sockaddr *)&self, sizeof(self)) < 0) {
		int err = -errno;

		close(fd);
		return err;
	}
	*ret_fd = fd;
	return 0;
}

static int open_daemon(struct ux_client *c, uint32_t groups, const char *daemon_path)
{
	int control = ux_link_connect();

	if (control == -ECONNREFUSED && daemon_path)
		control = ux_link_start(daemon_path);
	if (control < 0)
		return control;
	c->control = control;
	return ux_link_open(control, groups, &c->data);
}

int ux_client_open(enum ux_client_target target, uint32_t groups, const char *daemon_path,
		   struct ux_client **ret_client)
{
	struct ux_client *c = calloc(1, sizeof(*c));

	if (!c)
		return -ENOMEM;
	c->data = c->control = -1;
	int err = target == UX_CLIENT_KERNEL ? open_kernel(groups, &c->data)
					     : open_daemon(c, groups, daemon_path);

	if (err) {
		ux_client_close(c);
		return err;
	}
	*ret_client = c;
	return 0;
}

struct ux_client *ux_client_close(struct ux_client *c)
{
	if (!c)
		return NULL;
	if (c->data >= 0)
		close(c->data);
	if (c->control >= 0)
		close(c->control);
	explicit_bzero(c->buf, sizeof(c->buf));
	free(c);
	return NULL;
}

int ux_client_fd(const struct ux_client *c)
{
	return c->data;
}

/* A datagram into c->buf. Its length, or -errno: -EMSGSIZE when it was cut, -EPIPE at the daemon's
 * end. */
static ssize_t receive(struct ux_client *c)
{
	for (;;) {
		ssize_t n = recv(c->data, c->buf, sizeof(c->buf), MSG_TRUNC);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == ECONNRESET ? -EPIPE : -errno;
		if (n == 0)
			return -EPIPE;
		return n > (ssize_t)sizeof(c->buf) ? -EMSGSIZE : n;
	}
}

/* The text of an extended acknowledgement. */
static void read_text(const struct nlmsghdr *msg, size_t offset, struct ux_client_error *ret_error)
{
	const uint8_t *at = (const uint8_t *)msg + offset;
	size_t left = msg->nlmsg_len > offset ? msg->nlmsg_len - offset : 0;
	struct nlattr a;

	while (left >= sizeof(a)) {
		memcpy(&a, at, sizeof(a));
		if (a.nla_len < sizeof(a) || a.nla_len > left)
			return;
		if ((a.nla_type & NLA_TYPE_MASK) == NLMSGERR_ATTR_MSG) {
			size_t n = a.nla_len - sizeof(a);

			if (n >= sizeof(ret_error->text))
				n = sizeof(ret_error->text) - 1;
			memcpy(ret_error->text, at + sizeof(a), n);
			ret_error->text[n] = '\0';
			return;
		}
		size_t step = NLA_ALIGN((size_t)a.nla_len);

		if (step >= left)
			return;
		at += step;
		left -= step;
	}
}

static int read_error(const struct nlmsghdr *msg, struct ux_client_error *ret_error)
{
	struct nlmsgerr e;
	size_t offset = NLMSG_HDRLEN + sizeof(e);

	if (msg->nlmsg_len < offset)
		return -EPROTO;
	memcpy(&e, (const uint8_t *)msg + NLMSG_HDRLEN, sizeof(e));
	ret_error->code = -e.error;
	if (!(msg->nlmsg_flags & NLM_F_CAPPED) && e.msg.nlmsg_len > NLMSG_HDRLEN)
		offset += NLMSG_ALIGN(e.msg.nlmsg_len - NLMSG_HDRLEN);
	if (msg->nlmsg_flags & NLM_F_ACK_TLVS)
		read_text(msg, offset, ret_error);
	return ret_error->code;
}

static int read_done(const struct nlmsghdr *msg, struct ux_client_error *ret_error)
{
	int32_t code = 0;

	if (msg->nlmsg_len >= NLMSG_HDRLEN + sizeof(code))
		memcpy(&code, (const uint8_t *)msg + NLMSG_HDRLEN, sizeof(code));
	if (code < 0) {
		ret_error->code = -code;
		read_text(msg, NLMSG_HDRLEN + sizeof(code), ret_error);
	}
	return ret_error->code;
}

/* We wait for answers, not for PROCESSED messages: take them away before they fill the channel. */
static void drain_control(struct ux_client *c)
{
	char unread[64];

	while (c->control >= 0 && recv(c->control, unread, sizeof(unread), MSG_DONTWAIT) > 0)
		;
}

struct answer {
	uint32_t seq;
	uint16_t flags; /* of the request */
	ux_client_message_fn fn;
	void *opaque;
	struct ux_client_error *error;
	bool complete;
};

/* One message of the answer. Non-zero ends it. */
static int take_message(struct answer *a, const struct nlmsghdr *msg)
{
	if (msg->nlmsg_seq != a->seq)
		return 0; /* an event that came in between */
	if (msg->nlmsg_type == NLMSG_ERROR || msg->nlmsg_type == NLMSG_DONE) {
		a->complete = true;
		return msg->nlmsg_type == NLMSG_DONE ? read_done(msg, a->error)
						     : read_error(msg, a->error);
	}
	int r = a->fn ? a->fn(msg, a->opaque) : 0;

	if (!(a->flags & (NLM_F_DUMP | NLM_F_ACK)))
		a->complete = true;
	return r;
}

static int each_message(struct ux_client *c, size_t len, ux_client_message_fn fn, void *opaque)
{
	size_t at = 0;

	while (len - at >= NLMSG_HDRLEN) {
		const struct nlmsghdr *msg = (const void *)(c->buf + at);

		if (msg->nlmsg_len < NLMSG_HDRLEN || msg->nlmsg_len > len - at)
			return -EPROTO;
		int r = fn(msg, opaque);

		if (r)
			return r;
		size_t step = NLMSG_ALIGN((size_t)msg->nlmsg_len);

		if (step >= len - at)
			break;
		at += step;
	}
	return 0;
}

static int take_message_fn(const struct nlmsghdr *msg, void *opaque)
{
	return take_message(opaque, msg);
}

int ux_client_request(struct ux_client *c, struct ux_writer *w, ux_client_message_fn fn,
		      void *opaque, struct ux_client_error *ret_error)
{
	struct nlmsghdr h;

	drain_control(c);
	*ret_error = (struct ux_client_error){0};
	if (w->overflow || w->len < sizeof(h))
		return -EMSGSIZE;
	memcpy(&h, w->buf, sizeof(h));
	h.nlmsg_seq = ++c->seq;
	memcpy(w->buf, &h, sizeof(h));
	if (send(c->data, w->buf, w->len, MSG_NOSIGNAL) < 0)
		return errno == EPIPE ? -EPIPE : -errno;
	struct answer a = {.seq = h.nlmsg_seq,
			   .flags = h.nlmsg_flags,
			   .fn = fn,
			   .opaque = opaque,
			   .error = ret_error};

	while (!a.complete) {
		ssize_t n = receive(c);

		if (n < 0)
			return (int)n;
		int r = each_message(c, (size_t)n, take_message_fn, &a);

		if (r)
			return r;
	}
	return ret_error->code;
}

int ux_client_listen(struct ux_client *c, ux_client_message_fn fn, void *opaque)
{
	for (;;) {
		ssize_t n = receive(c);

		if (n < 0)
			return (int)n;
		int r = each_message(c, (size_t)n, fn, opaque);

		if (r)
			return r;
	}
}

int ux_client_status(char *text, size_t size)
{
	int control = ux_link_connect();

	if (control < 0)
		return control;
	ssize_t n = ux_link_status(control, text, size);

	close(control);
	return n < 0 ? (int)n : 0;
}
