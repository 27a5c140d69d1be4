/* SPDX-License-Identifier: BSD-2-Clause */

/* A datagram is taken out of the channel whole and copied into the program's buffers. */

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "shim/real.h"
#include "shim/transfer.h"
#include "supervise/program.h"
#include "supervise/transfer.h"

#define DATAGRAM_MAX (256u << 10) /* the daemon sends none as large */

struct received {
	void *buf;
	size_t length;
	struct sockaddr_storage name;
	socklen_t name_len;
};

static int write_name(const struct ux_call *c, const struct ux_message *m,
		      const struct received *r)
{
	socklen_t room = r->name_len < m->name_len ? r->name_len : m->name_len;
	int err = m->name ? ux_program_write(c->tid, m->name, &r->name, room) : 0;

	if (!err && m->name_len_at)
		err = ux_program_write(c->tid, m->name_len_at, &r->name_len, sizeof(r->name_len));
	if (!err && m->header && m->name)
		err = ux_program_write(c->tid, m->header + offsetof(struct msghdr, msg_namelen),
				       &r->name_len, sizeof(r->name_len));
	return err;
}

static int write_header(const struct ux_call *c, const struct ux_message *m, bool cut)
{
	const size_t none = 0;
	int flags = cut ? MSG_TRUNC : 0;

	if (!m->header)
		return 0;
	int err = ux_program_write(c->tid, m->header + offsetof(struct msghdr, msg_controllen),
				   &none, sizeof(none));

	return err ? err
		   : ux_program_write(c->tid, m->header + offsetof(struct msghdr, msg_flags), &flags,
				      sizeof(flags));
}

/* What the call returns. */
static long copy_out(const struct ux_call *c, const struct ux_message *m, const struct received *r)
{
	bool cut = r->length > m->length;
	size_t len = cut ? m->length : r->length;
	long result = (long)(m->flags & MSG_TRUNC ? r->length : len);
	int err = ux_program_scatter(c->tid, m->iov, m->n_iov, r->buf, len);

	if (!err)
		err = write_name(c, m, r);
	if (!err)
		err = write_header(c, m, cut);
	if (!err && m->count_at) {
		unsigned int count = (unsigned int)result;

		err = ux_program_write(c->tid, m->count_at, &count, sizeof(count));
	}
	return err ? err : result;
}

/* The next datagram. 0 or -errno. */
static int take(struct ux_call *c, int flags, struct received *r)
{
	struct iovec iov = {r->buf, DATAGRAM_MAX};
	struct msghdr msg = {.msg_name = &r->name,
			     .msg_namelen = sizeof(r->name),
			     .msg_iov = &iov,
			     .msg_iovlen = 1};
	ssize_t n = shim_receive(c->socket, c->fd, &msg, flags | MSG_DONTWAIT);

	if (n < 0)
		return -errno;
	r->length = (size_t)n < DATAGRAM_MAX ? (size_t)n : DATAGRAM_MAX;
	r->name_len = c->socket->pfkey ? 0 : msg.msg_namelen;
	return 0;
}

/* Number @at of the call's messages, by way of @room. What recvmsg() would return. */
static long receive_one(struct ux_call *c, unsigned int at, void *room)
{
	struct received r = {.buf = room};
	struct ux_message m;
	long result = ux_message_read(c, at, &m);

	if (!result)
		result = take(c, m.flags, &r);
	if (!result)
		result = copy_out(c, &m, &r);
	ux_message_release(&m);
	explicit_bzero(room, r.length); /* answers may hold keys */
	return result;
}

/* Of a vector of messages, how many there were, if any was. */
long ux_receive_now(struct ux_call *c)
{
	const unsigned int n = ux_message_count(c);
	void *room = malloc(DATAGRAM_MAX);
	unsigned int got = 0;
	long result = room ? 0 : -ENOMEM;

	if (room && !ux_call_is_there(c))
		result = UX_CALL_DONE;
	for (; result >= 0 && got < n; got++)
		result = receive_one(c, got, room);
	free(room);
	if (c->nr != SYS_recvmmsg || result == UX_CALL_DONE)
		return result;
	got -= result < 0;
	return got ? (long)got : result;
}

static bool waits(const struct ux_call *c)
{
	struct ux_message m;
	int err = ux_message_read(c, 0, &m);

	ux_message_release(&m);
	return !err && !(m.flags & (MSG_DONTWAIT | MSG_ERRQUEUE)) &&
	       !(shim_real()->fcntl(c->fd, F_GETFL) & O_NONBLOCK);
}

long ux_call_receive(struct ux_call *c)
{
	long result = ux_message_count(c) ? ux_receive_now(c) : 0;

	if (result == -EAGAIN && waits(c)) {
		result = ux_parked_add(c);
		if (!result)
			result = UX_CALL_DONE;
	}
	return result;
}
