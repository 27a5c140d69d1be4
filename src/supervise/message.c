/* SPDX-License-Identifier: BSD-2-Clause */

#include "supervise/message.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "supervise/program.h"

/* As much as one call may move. */
#define LENGTH_MAX ((size_t)INT_MAX & ~(size_t)4095)

static void take_buffer(struct ux_message *m, uint64_t address, uint64_t len)
{
	m->one = (struct iovec){(void *)(uintptr_t)address,
				len > LENGTH_MAX ? LENGTH_MAX : (size_t)len};
	m->iov = &m->one;
	m->n_iov = 1;
	m->length = m->one.iov_len;
}

static int take_vector(const struct ux_call *c, struct ux_message *m, uint64_t address, uint64_t n)
{
	if (n > IOV_MAX)
		return -EMSGSIZE;
	m->iov = calloc(n ? n : 1, sizeof(*m->iov));
	if (!m->iov)
		return -ENOMEM;
	m->n_iov = (size_t)n;
	int err = ux_program_read(c->tid, address, m->iov, m->n_iov * sizeof(*m->iov));

	for (size_t i = 0; i < m->n_iov && !err; i++) {
		if (m->iov[i].iov_len > LENGTH_MAX - m->length)
			err = -EINVAL;
		m->length += m->iov[i].iov_len;
	}
	return err;
}

static int take_header(const struct ux_call *c, struct ux_message *m, uint64_t address)
{
	struct msghdr header;
	int err = ux_program_read(c->tid, address, &header, sizeof(header));

	if (err)
		return err;
	m->header = address;
	m->name = (uintptr_t)header.msg_name;
	m->name_len = m->name ? header.msg_namelen : 0;
	if ((int)m->name_len < 0)
		return -EINVAL;
	return take_vector(c, m, (uintptr_t)header.msg_iov, header.msg_iovlen);
}

static int take_name(const struct ux_call *c, struct ux_message *m)
{
	m->name = c->args[4];
	if (c->nr == SYS_sendto) {
		m->name_len = m->name ? (socklen_t)c->args[5] : 0;
	} else if (m->name) {
		m->name_len_at = c->args[5];
		int err = ux_program_read(c->tid, m->name_len_at, &m->name_len, sizeof(m->name_len));

		if (err)
			return err;
	}
	return (int)m->name_len < 0 ? -EINVAL : 0;
}

unsigned int ux_message_count(const struct ux_call *c)
{
	unsigned int n = (unsigned int)c->args[2];

	if (c->nr != SYS_sendmmsg && c->nr != SYS_recvmmsg)
		return 1;
	return n < IOV_MAX ? n : IOV_MAX; /* the kernel takes no more either */
}

int ux_message_read(const struct ux_call *c, unsigned int at, struct ux_message *ret_message)
{
	const uint64_t element = c->args[1] + at * sizeof(struct mmsghdr);
	struct ux_message *m = ret_message;

	memset(m, 0, sizeof(*m));
	switch (c->nr) {
	case SYS_read:
	case SYS_write:
		take_buffer(m, c->args[1], c->args[2]);
		return 0;
	case SYS_readv:
	case SYS_writev:
		return take_vector(c, m, c->args[1], c->args[2]);
	case SYS_sendto:
	case SYS_recvfrom:
		take_buffer(m, c->args[1], c->args[2]);
		m->flags = (int)c->args[3];
		return take_name(c, m);
	case SYS_sendmsg:
	case SYS_recvmsg:
		m->flags = (int)c->args[2];
		return take_header(c, m, c->args[1]);
	case SYS_sendmmsg:
	case SYS_recvmmsg:
		m->flags = (int)c->args[3] & ~MSG_WAITFORONE;
		m->count_at = element + offsetof(struct mmsghdr, msg_len);
		return take_header(c, m, element);
	default:
		return -ENOSYS;
	}
}

void ux_message_release(struct ux_message *m)
{
	if (m->iov != &m->one)
		free(m->iov);
	m->iov = NULL;
}
