/* SPDX-License-Identifier: BSD-2-Clause */

#include "fake_server.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct fake fake_open(void)
{
	struct fake f = {.conn = calloc(1, sizeof(*f.conn))};
	int pair[2];

	if (!f.conn || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		abort();
	f.conn->data = pair[0];
	f.conn->control = open("/dev/null", O_RDONLY | O_CLOEXEC); /* not -1: no kernel */
	f.conn->batch = 64;
	f.conn->timeout_ms = 2000;
	f.server = pair[1];
	return f;
}

void fake_close(struct fake *f)
{
	uxfrm_conn_close(f->conn);
	if (f->server >= 0)
		close(f->server);
}

static void deliver(struct fake *f, struct ux_writer *w)
{
	if (!ux_msg_end(w) || send(f->server, w->buf, w->len, 0) != (ssize_t)w->len)
		abort();
}

void fake_answer(struct fake *f, uint32_t seq, int error, const char *text, uint32_t offset)
{
	const struct nlmsgerr e = {.error = -error, .msg = {.nlmsg_len = NLMSG_HDRLEN}};
	uint16_t flags = text || offset ? NLM_F_ACK_TLVS | NLM_F_CAPPED : NLM_F_CAPPED;
	uint64_t buf[64];
	struct ux_writer w;

	ux_writer_init(&w, buf, sizeof(buf));
	ux_msg_begin(&w, NLMSG_ERROR, flags, 0, seq, &e, sizeof(e));
	if (text)
		ux_msg_attr(&w, NLMSGERR_ATTR_MSG, text, strlen(text) + 1);
	if (offset)
		ux_msg_attr_u32(&w, NLMSGERR_ATTR_OFFS, offset);
	deliver(f, &w);
}

void fake_send(struct fake *f, uint16_t type, uint16_t flags, uint32_t seq, const void *body,
	       size_t len)
{
	uint64_t buf[256];
	struct ux_writer w;

	ux_writer_init(&w, buf, sizeof(buf));
	ux_msg_begin(&w, type, flags, 0, seq, body, len);
	deliver(f, &w);
}

size_t fake_received(struct fake *f, void *buf, size_t size)
{
	ssize_t n = recv(f->server, buf, size, MSG_DONTWAIT);

	return n < 0 ? 0 : (size_t)n;
}
