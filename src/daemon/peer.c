/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The right to change the SA database is the kernel's: CAP_NET_ADMIN in the user namespace that
 * owns the network namespace. That the peer is in our network namespace is given by the abstract
 * socket. Its effective capabilities are read from /proc; those count only in the user namespace
 * that owns the network namespace, or one around that, since any user holds all capabilities in a
 * user namespace of their own making.
 */

#include "daemon/peer.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/nsfs.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static int read_proc(pid_t pid, const char *file, char *buf, size_t size)
{
	char path[64];
	ssize_t n;
	int fd;

	if (pid)
		snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	else
		snprintf(path, sizeof(path), "/proc/self/%s", file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = read(fd, buf, size - 1);
	close(fd);
	if (n < 0)
		return -EIO;
	buf[n] = '\0';
	return 0;
}

int ux_peer_status_has_cap(const char *status, unsigned int cap)
{
	const char *line = strstr(status, "\nCapEff:");

	if (!line)
		return -1;
	return (strtoull(line + strlen("\nCapEff:"), NULL, 16) >> cap) & 1;
}

bool ux_peer_status_has_uid(const char *status, uid_t uid)
{
	const char *line = strstr(status, "\nUid:");
	unsigned int real, effective;

	return line && sscanf(line, "\nUid: %u %u", &real, &effective) == 2 && effective == uid;
}

/* 0: not to be had. */
static ino_t inode_of(int fd)
{
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 ? st.st_ino : 0;
}

/*
 * Does the user namespace @inode own our network namespace, or one of those around the owner, whose
 * capabilities hold there as well? The kernel shows us no further than our own.
 */
static bool rules_our_network(ino_t inode)
{
	int net = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	int user = net < 0 ? -1 : ioctl(net, NS_GET_USERNS);
	bool found = false;

	if (net >= 0)
		close(net);
	while (user >= 0 && !found) {
		int parent = ioctl(user, NS_GET_PARENT);

		found = inode_of(user) == inode;
		close(user);
		user = parent;
	}
	if (user >= 0)
		close(user);
	return found;
}

/*
 * The link to its namespace is the exact answer, but reading it takes the right to trace the
 * process; the mapping of ids is for everyone to read and differs for namespaces that an
 * unprivileged user can make.
 */
static bool is_in_ruling_namespace(pid_t pid, bool *ret_known)
{
	char path[64], theirs[256], ours[256];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)pid);
	*ret_known = true;
	if (stat(path, &st) == 0)
		return rules_our_network(st.st_ino);
	*ret_known = read_proc(pid, "uid_map", theirs, sizeof(theirs)) == 0 &&
		     read_proc(0, "uid_map", ours, sizeof(ours)) == 0;
	return *ret_known && strcmp(theirs, ours) == 0 && stat("/proc/self/ns/user", &st) == 0 &&
	       rules_our_network(st.st_ino);
}

static bool is_privileged(pid_t pid, uid_t uid)
{
	char status[4096];
	bool trusted_uid = uid == 0 || uid == geteuid(), known;
	int has;

	if (pid <= 0 || read_proc(pid, "status", status, sizeof(status)) < 0)
		return trusted_uid;
	has = ux_peer_status_has_cap(status, CAP_NET_ADMIN);
	if (has < 0)
		return trusted_uid;
	/* The process may have executed another program since it connected, and shares the
	 * connection with one that has not: a set-user-ID program's capabilities are not the
	 * connection's. */
	if (!has || !(trusted_uid || ux_peer_status_has_uid(status, uid)))
		return false;
	return is_in_ruling_namespace(pid, &known) || (!known && trusted_uid);
}

int ux_peer_of(int fd, struct ux_peer *ret_peer)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0)
		return -errno;
	ret_peer->pid = cred.pid;
	ret_peer->uid = cred.uid;
	ret_peer->privileged = is_privileged(cred.pid, cred.uid);
	return 0;
}
