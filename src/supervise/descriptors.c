/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Copies go into the range, so that calls on them are told as well. A program that names a number
 * outside gets its copy there; calls on that one are the kernel's, on the bare data channel. They
 * get answers, but not before send() returns, and from an address that is not netlink's.
 */

#include "supervise/descriptors.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/select.h>
#include <sys/syscall.h>

#include <uxfrm/control.h>

#include "shim/address.h"
#include "shim/control_channel.h"
#include "supervise/program.h"

/*
 * Numbers that are being given out, to whatever process. Between the look and the deed a program
 * by itself can only take a number of the range by having all those below open.
 */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static bool reserved[FD_SETSIZE]; /* guarded by lock */

/* -EMFILE: none is free. */
static int reserve(pid_t tid, const struct ux_filter *filter, int from)
{
	int at = from > filter->first ? from : filter->first;

	pthread_mutex_lock(&lock);
	while (at <= filter->last && (reserved[at] || ux_program_has_descriptor(tid, at)))
		at++;
	if (at <= filter->last)
		reserved[at] = true;
	pthread_mutex_unlock(&lock);
	return at <= filter->last ? at : -EMFILE;
}

long ux_descriptor_put(struct ux_call *c, const struct ux_filter *filter, int fd, int from,
		       bool cloexec)
{
	int at = reserve(c->tid, filter, from);

	if (at < 0)
		return at;
	int err = ux_call_give(c, fd, at, cloexec);

	pthread_mutex_lock(&lock);
	reserved[at] = false;
	pthread_mutex_unlock(&lock);
	if (err)
		return err == -EBADF ? -EMFILE : UX_CALL_DONE;
	return at;
}

/* Without bundles, and known to the daemon, the bare channel speaks netlink. */
static void make_plain(struct shim_socket *s)
{
	pthread_mutex_lock(&s->lock);
	if (!s->pfkey && shim_control_renew(s) == 0 && shim_autobind(s) == 0 && s->bundling) {
		(void)shim_control_call(s, UXFRM_CONTROL_OPTION, UXFRM_OPTION_BUNDLES, 0, NULL);
		s->bundling = false;
	}
	pthread_mutex_unlock(&s->lock);
}

static long copy_to(struct ux_call *c, const struct ux_filter *filter, int to, bool cloexec)
{
	if (to < filter->first || to > filter->last) {
		make_plain(c->socket);
		return UX_CALL_PASS;
	}
	int err = ux_call_give(c, c->fd, to, cloexec);

	if (err)
		return err == -EBADF ? -EBADF : UX_CALL_DONE;
	return to;
}

long ux_call_copy(struct ux_call *c, const struct ux_filter *filter)
{
	int from = (int)c->args[0], argument = (int)c->args[1];

	switch (c->nr) {
	case SYS_dup:
		return ux_descriptor_put(c, filter, c->fd, 0, false);
	case SYS_fcntl:
		argument = (int)c->args[2];
		if (argument < 0)
			return -EINVAL;
		return ux_descriptor_put(c, filter, c->fd, argument,
					 (int)c->args[1] == F_DUPFD_CLOEXEC);
#ifdef SYS_dup2
	case SYS_dup2:
		return argument == from ? from : copy_to(c, filter, argument, false);
#endif
	case SYS_dup3:
		if (argument == from || (c->args[2] & ~(uint64_t)O_CLOEXEC))
			return -EINVAL;
		return copy_to(c, filter, argument, c->args[2] & O_CLOEXEC);
	default:
		return UX_CALL_PASS;
	}
}
