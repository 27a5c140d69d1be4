/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A call on a socket that is not ours goes on in the kernel as if nobody had looked
 * (SECCOMP_USER_NOTIF_FLAG_CONTINUE). The kernel then reads arguments and memory again, and
 * another thread may have changed them since, or have put another descriptor in that place.
 * Nothing is decided by that look which would give the program more than it has: it is a
 * convenience, not a confinement, and what such a thread gets is what the kernel gives it, on
 * its own descriptors with its own rights. What we do ourselves is done with our own copy of the
 * arguments and of the descriptor.
 */

#include "supervise/dispatch.h"

#include <errno.h>
#include <sys/syscall.h>

#include "shim/real.h"
#include "supervise/descriptors.h"
#include "supervise/names.h"
#include "supervise/release.h"
#include "supervise/transfer.h"

static long on_descriptor(struct ux_call *c, const struct ux_filter *filter)
{
	switch (c->nr) {
	case SYS_read:
	case SYS_readv:
	case SYS_recvfrom:
	case SYS_recvmsg:
	case SYS_recvmmsg:
		return ux_call_receive(c);
	case SYS_write:
	case SYS_writev:
	case SYS_sendto:
	case SYS_sendmsg:
	case SYS_sendmmsg:
		return ux_call_send(c);
	case SYS_connect:
		return ux_call_connect(c);
	case SYS_getsockname:
	case SYS_getpeername:
		return ux_call_name(c);
	case SYS_listen: /* what stands in the place of a socket that has none would obey */
	case SYS_shutdown:
		return -EOPNOTSUPP;
	default:
		return ux_call_copy(c, filter);
	}
}

static long result_of(struct ux_call *c, const struct ux_filter *filter)
{
	if (c->nr == SYS_socket)
		return ux_call_socket(c, filter);
	if (c->nr == SYS_uname)
		return ux_call_uname(c, shim_setting(SHIM_RELEASE));
	int err = ux_call_open(c);

	/* The descriptor was found by the thread's number: is it that thread's still? */
	if (!ux_call_is_there(c))
		return UX_CALL_DONE;
	if (err)
		return UX_CALL_PASS; /* the kernel says best what is wrong with it */
	switch (c->nr) {
	case SYS_bind:
		return ux_call_bind(c);
	case SYS_setsockopt:
		return ux_call_setsockopt(c);
	case SYS_getsockopt:
		return ux_call_getsockopt(c);
	default:
		return c->socket ? on_descriptor(c, filter) : UX_CALL_PASS;
	}
}

void ux_dispatch(struct ux_call *c, const struct ux_filter *filter)
{
	c->fd = -1;
	c->socket = NULL;
	ux_call_set_current(c);
	long result = result_of(c, filter);

	ux_call_set_current(NULL);
	/* first: when the program closes the socket it must be closed, and its port id free */
	ux_call_close(c);
	if (result != UX_CALL_DONE)
		ux_call_answer(c, result);
}
