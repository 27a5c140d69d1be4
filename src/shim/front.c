/* SPDX-License-Identifier: BSD-2-Clause */

/* The front end inside the program: it acts with the program's own rights, where it is. */

#include "shim/front.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shim/control_channel.h"
#include "shim/socket_table.h"
#include "shim/watch.h"

pid_t shim_front_pid(void)
{
	return getpid();
}

/* The first call makes it the socket's namespace; another one's daemon would be the wrong kernel.
 */
static bool in_own_namespace(struct shim_socket *s)
{
	struct stat st;

	if (stat("/proc/thread-self/ns/net", &st) < 0)
		return true;
	if (!s->net_ino) {
		s->net_dev = st.st_dev;
		s->net_ino = st.st_ino;
	}
	return st.st_dev == s->net_dev && st.st_ino == s->net_ino;
}

int shim_front_connect(struct shim_socket *s)
{
	if (in_own_namespace(s))
		return shim_control_connect();
	errno = ECONNREFUSED;
	return -1;
}

int shim_front_ask(int (*question)(void *arg), void *arg)
{
	return question(arg);
}

void shim_front_listens(struct shim_socket *s)
{
	shim_watch(s);
}

void shim_front_release(struct shim_socket *s)
{
	s->front = NULL;
}
