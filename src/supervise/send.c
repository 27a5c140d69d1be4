/* SPDX-License-Identifier: BSD-2-Clause */

/* The whole datagram is copied, then the call must still be there, then it is sent: what is sent is
 * what was looked at. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "shim/transfer.h"
#include "supervise/program.h"
#include "supervise/transfer.h"

#define DATAGRAM_MAX (4u << 20) /* more than any socket's buffer takes */
#define NAME_MAX_BYTES 128	/* a sockaddr_storage */

static int copy_in(const struct ux_call *c, const struct ux_message *m, void *buf,
		   struct sockaddr_storage *name)
{
	if (m->name_len > NAME_MAX_BYTES)
		return -EINVAL;
	int err = ux_program_read(c->tid, m->name, name, m->name_len);

	return err ? err : ux_program_gather(c->tid, m->iov, m->n_iov, buf, m->length);
}

/* A datagram, copied from the program. */
struct copy {
	void *bytes;
	size_t length;
};

static void release(struct copy *copy)
{
	if (copy->bytes)
		explicit_bzero(copy->bytes, copy->length); /* requests may hold keys */
	free(copy->bytes);
	*copy = (struct copy){0};
}

static long send_copy(struct ux_call *c, const struct ux_message *m, const struct copy *copy)
{
	struct sockaddr_storage name;
	struct iovec iov = {copy->bytes, copy->length};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
	long result = copy_in(c, m, copy->bytes, &name);

	if (!ux_call_is_there(c))
		return UX_CALL_DONE;
	if (result)
		return result;
	if (m->name_len) {
		msg.msg_name = &name;
		msg.msg_namelen = m->name_len;
	}
	result = shim_send(c->socket, c->fd, &msg, m->flags);
	return result < 0 ? -errno : result;
}

/* Number @at of the call's messages: what was sent, -errno, or UX_CALL_DONE: the call is no
 * more. */
static long send_one(struct ux_call *c, unsigned int at)
{
	struct copy copy = {0};
	struct ux_message m;
	long result = ux_message_read(c, at, &m);

	if (!result && m.length > DATAGRAM_MAX)
		result = -EMSGSIZE;
	if (!result)
		copy.bytes = malloc(m.length ? m.length : 1);
	copy.length = copy.bytes ? m.length : 0;
	if (!result)
		result = copy.bytes ? send_copy(c, &m, &copy) : -ENOMEM;
	if (result >= 0 && m.count_at) {
		unsigned int sent = (unsigned int)result;

		(void)ux_program_write(c->tid, m.count_at, &sent, sizeof(sent));
	}
	release(&copy);
	ux_message_release(&m);
	return result;
}

/* Of a vector of messages, how many were sent, if any was. */
long ux_call_send(struct ux_call *c)
{
	const unsigned int n = ux_message_count(c);
	unsigned int sent = 0;
	long result = 0;

	for (; sent < n; sent++) {
		result = send_one(c, sent);
		if (result < 0)
			break;
	}
	return c->nr == SYS_sendmmsg && sent ? (long)sent : result;
}
