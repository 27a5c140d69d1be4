/* SPDX-License-Identifier: BSD-2-Clause */

#include "supervise/sockets.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

struct entry {
	struct shim_socket *socket; /* NULL: free */
	ino_t inode;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct entry table[SHIM_SOCKET_MAX]; /* guarded by lock, as the next */
static unsigned int used;		    /* entries ever used */

struct shim_socket *ux_sockets_find(int fd)
{
	struct shim_socket *found = NULL;
	struct stat st;

	if (fstat(fd, &st) < 0 || !S_ISSOCK(st.st_mode))
		return NULL;
	pthread_mutex_lock(&lock);
	for (unsigned int i = 0; i < used && !found; i++)
		if (table[i].socket && table[i].inode == st.st_ino)
			found = table[i].socket;
	if (found)
		shim_socket_hold(found);
	pthread_mutex_unlock(&lock);
	return found;
}

int ux_sockets_add(struct shim_socket *s, int fd)
{
	struct stat st;
	int err = -ENOBUFS;

	if (fstat(fd, &st) < 0)
		return -errno;
	pthread_mutex_lock(&lock);
	for (unsigned int i = 0; i < SHIM_SOCKET_MAX && err; i++) {
		if (table[i].socket)
			continue;
		table[i] = (struct entry){.socket = s, .inode = st.st_ino};
		if (i >= used)
			used = i + 1;
		err = 0;
	}
	pthread_mutex_unlock(&lock);
	if (!err)
		ux_sockets_tell();
	return err;
}

void ux_sockets_remove(struct shim_socket *s)
{
	bool found = false;

	pthread_mutex_lock(&lock);
	for (unsigned int i = 0; i < used && !found; i++) {
		found = table[i].socket == s;
		if (found)
			table[i].socket = NULL;
	}
	pthread_mutex_unlock(&lock);
	if (found)
		shim_socket_drop(s);
}

unsigned int ux_sockets_list(struct shim_socket **list)
{
	unsigned int n = 0;

	pthread_mutex_lock(&lock);
	for (unsigned int i = 0; i < used; i++) {
		if (!table[i].socket)
			continue;
		shim_socket_hold(table[i].socket);
		list[n++] = table[i].socket;
	}
	pthread_mutex_unlock(&lock);
	return n;
}

int ux_sockets_changed(void)
{
	static pthread_mutex_t once = PTHREAD_MUTEX_INITIALIZER;
	static int event = -1;

	pthread_mutex_lock(&once);
	if (event < 0)
		event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	pthread_mutex_unlock(&once);
	return event;
}

void ux_sockets_tell(void)
{
	const uint64_t one = 1;

	(void)!write(ux_sockets_changed(), &one, sizeof(one));
}
