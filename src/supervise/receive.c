/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A datagram is taken out of the channel whole, copied into the program's buffers, and the call
 * answered; one whose call went away in between goes back, to be received by the next.
 */

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "shim/bundle.h"
#include "shim/real.h"
#include "shim/transfer.h"
#include "supervise/program.h"
#include "supervise/transfer.h"

#define DATAGRAM_MAX (256u << 10) /* the daemon sends none as large */
#define MESSAGES_MAX 64		  /* that one call gets */

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

static void give_back(struct ux_call *c, const struct received *r)
{
	struct shim_socket *s = c->socket;

	pthread_mutex_lock(&s->receive_lock);
	if (s->pfkey)
		(void)shim_real()->send(s->peer, r->buf, r->length, MSG_DONTWAIT | MSG_NOSIGNAL);
	else
		(void)shim_bundle_give_back(s, c->fd, r->buf, r->length);
	pthread_mutex_unlock(&s->receive_lock);
}

/* The next datagram, in memory of its own. 0 or -errno. */
static int take(struct ux_call *c, int flags, void *room, struct received *ret)
{
	struct iovec iov = {room, DATAGRAM_MAX};
	struct msghdr msg = {.msg_name = &ret->name,
			     .msg_namelen = sizeof(ret->name),
			     .msg_iov = &iov,
			     .msg_iovlen = 1};
	ssize_t n = shim_receive(c->socket, c->fd, &msg, flags | MSG_DONTWAIT);

	if (n < 0)
		return -errno;
	ret->length = (size_t)n < DATAGRAM_MAX ? (size_t)n : DATAGRAM_MAX;
	ret->name_len = c->socket->pfkey ? 0 : msg.msg_namelen;
	ret->buf = malloc(ret->length ? ret->length : 1);
	if (!ret->buf)
		return -ENOMEM;
	memcpy(ret->buf, room, ret->length);
	explicit_bzero(room, ret->length);
	return 0;
}

/* Number @at of the call's messages. What recvmsg() would return. */
static long receive_one(struct ux_call *c, unsigned int at, void *room, struct received *ret)
{
	struct ux_message m;
	long result = ux_message_read(c, at, &m);

	if (!result)
		result = take(c, m.flags, room, ret);
	if (!result)
		result = copy_out(c, &m, ret);
	ux_message_release(&m);
	return result;
}

static bool peeks(const struct ux_call *c)
{
	switch (c->nr) {
	case SYS_recvmsg:
		return c->args[2] & MSG_PEEK;
	case SYS_recvfrom:
	case SYS_recvmmsg:
		return c->args[3] & MSG_PEEK;
	default:
		return false;
	}
}

/* @n datagrams are in the program's buffers, or the first one could not be had. */
static long conclude(struct ux_call *c, const struct received *list, unsigned int n, long result)
{
	if (n == 0) {
		if (result != -ENOBUFS)
			return result;
		if (!ux_call_answer(c, result)) /* it is said only once */
			ux_call_was_late(c, NULL, 0, result);
		return UX_CALL_DONE;
	}
	if (!ux_call_answer(c, c->nr == SYS_recvmmsg ? n : result) && !peeks(c))
		while (n > 0)
			give_back(c, &list[--n]);
	return UX_CALL_DONE;
}

long ux_receive_now(struct ux_call *c)
{
	struct received list[MESSAGES_MAX] = {{0}};
	unsigned int n = ux_message_count(c), got = 0;
	void *room = malloc(DATAGRAM_MAX);
	long result = room ? 0 : -ENOMEM;

	if (n > MESSAGES_MAX)
		n = MESSAGES_MAX;
	if (room && !ux_call_is_there(c))
		result = UX_CALL_DONE;
	else if (room && !ux_call_repeats(c, NULL, 0, &result)) {
		for (; got < n; got++) {
			long length = receive_one(c, got, room, &list[got]);

			if (length >= 0 || got == 0)
				result = length;
			if (length < 0)
				break;
		}
		result = conclude(c, list, got, result);
	}
	for (unsigned int i = 0; i < n; i++) {
		if (list[i].buf)
			explicit_bzero(list[i].buf, list[i].length); /* there may be keys */
		free(list[i].buf);
	}
	free(room);
	return result;
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
