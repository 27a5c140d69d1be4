/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The front end beside the program. The shared code runs in our threads, for the call each of
 * them works at; what depends on who the program is, is done by a process that is that.
 */

#include "shim/front.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shim/control_channel.h"
#include "supervise/call.h"
#include "supervise/identity.h"
#include "supervise/program.h"
#include "supervise/sockets.h"

pid_t shim_front_pid(void)
{
	const struct ux_call *c = ux_call_current();
	struct ux_program_status status;

	return c && ux_program_status(c->tid, &status) == 0 ? status.pid_inside : getpid();
}

static struct ux_identity *identity_of_caller(void)
{
	const struct ux_call *c = ux_call_current();
	struct ux_identity *id = malloc(sizeof(*id));

	if (id && (!c || ux_identity_of(c->tid, id) < 0)) {
		free(id);
		id = NULL;
	}
	return id;
}

static int connect_to_daemon(void *arg, int *ret_fd)
{
	*ret_fd = shim_control_connect();
	if (*ret_fd < 0)
		return -errno;
	/* The daemon looks at who we are when it takes the connection: an answer says it has. */
	return shim_control_meet(*ret_fd);
}

/* A socket stays who made it, as the kernel's do. */
int shim_front_connect(struct shim_socket *s)
{
	int fd = -1;

	if (!s->front)
		s->front = identity_of_caller();
	int err = s->front ? ux_identity_act(s->front, connect_to_daemon, NULL, &fd) : -ECONNREFUSED;

	if (err && fd >= 0) {
		close(fd);
		fd = -1;
	}
	errno = err == -EPERM || err == -EPIPE ? EPROTONOSUPPORT : -err;
	return fd;
}

struct question {
	int (*ask)(void *arg);
	void *arg;
};

static int answer(void *arg, int *ret_fd)
{
	const struct question *q = arg;

	return q->ask(q->arg);
}

int shim_front_ask(int (*question)(void *arg), void *arg)
{
	struct question q = {.ask = question, .arg = arg};
	struct ux_identity *id = identity_of_caller();
	int none;

	if (!id)
		return -EPERM;
	int err = ux_identity_act(id, answer, &q, &none);

	ux_identity_release(id);
	free(id);
	return err;
}

void shim_front_attach(struct shim_socket *s, int fd)
{
	if (ux_sockets_add(s, fd) < 0)
		shim_socket_drop(s);
}

void shim_front_listens(struct shim_socket *s)
{
	ux_sockets_tell();
}

void shim_front_release(struct shim_socket *s)
{
	if (!s->front)
		return;
	ux_identity_release(s->front);
	free(s->front);
	s->front = NULL;
}

/* This process is not the program's: nothing is in its sight. */
int shim_hide(int fd)
{
	return fd;
}
