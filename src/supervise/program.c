/* SPDX-License-Identifier: BSD-2-Clause */

#include "supervise/program.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Newer than the system's headers. Linux 6.9: a thread that does not lead its group. */
#define PIDFD_OF_THREAD O_EXCL

int ux_program_read(pid_t tid, uint64_t address, void *buf, size_t len)
{
	const struct iovec there = {(void *)(uintptr_t)address, len};

	return ux_program_gather(tid, &there, 1, buf, len);
}

int ux_program_write(pid_t tid, uint64_t address, const void *buf, size_t len)
{
	const struct iovec there = {(void *)(uintptr_t)address, len};

	return ux_program_scatter(tid, &there, 1, buf, len);
}

int ux_program_gather(pid_t tid, const struct iovec *iov, size_t n_iov, void *buf, size_t len)
{
	const struct iovec here = {buf, len};

	if (len == 0)
		return 0;
	return process_vm_readv(tid, &here, 1, iov, n_iov, 0) == (ssize_t)len ? 0 : -EFAULT;
}

int ux_program_scatter(pid_t tid, const struct iovec *iov, size_t n_iov, const void *buf,
		       size_t len)
{
	const struct iovec here = {(void *)(uintptr_t)buf, len};

	if (len == 0)
		return 0;
	return process_vm_writev(tid, &here, 1, iov, n_iov, 0) == (ssize_t)len ? 0 : -EFAULT;
}

static int read_status(pid_t tid, char *buf, size_t size)
{
	char path[64];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)tid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	n = read(fd, buf, size - 1);
	close(fd);
	if (n <= 0)
		return -ESRCH;
	buf[n] = '\0';
	return 0;
}

/* The text behind "\nNAME:\t". */
static const char *field(const char *status, const char *name)
{
	const char *line = strstr(status, name);

	return line ? line + strlen(name) : "";
}

int ux_program_status(pid_t tid, struct ux_program_status *ret_status)
{
	char status[8192];
	unsigned int real, effective;
	int err = read_status(tid, status, sizeof(status));

	if (err)
		return err;
	const char *ids = field(status, "\nNStgid:\t");
	size_t len = strcspn(ids, "\n");

	while (len > 0 && ids[len - 1] >= '0' && ids[len - 1] <= '9')
		len--;
	ret_status->pid_inside = (pid_t)strtol(ids + len, NULL, 10);
	if (sscanf(field(status, "\nUid:\t"), "%u %u", &real, &effective) != 2)
		return -EPROTO;
	ret_status->uid = effective;
	if (sscanf(field(status, "\nGid:\t"), "%u %u", &real, &effective) != 2)
		return -EPROTO;
	ret_status->gid = effective;
	ret_status->caps = strtoull(field(status, "\nCapEff:\t"), NULL, 16);
	return 0;
}

int ux_program_signals(pid_t tid, struct ux_program_signals *ret_signals)
{
	char status[8192];
	int err = read_status(tid, status, sizeof(status));

	if (err)
		return err;
	uint64_t open = ~strtoull(field(status, "\nSigBlk:\t"), NULL, 16);

	ret_signals->own = strtoull(field(status, "\nSigPnd:\t"), NULL, 16) & open;
	ret_signals->shared = strtoull(field(status, "\nShdPnd:\t"), NULL, 16) & open;
	ret_signals->threads = atoi(field(status, "\nThreads:\t"));
	return 0;
}

/* Before Linux 6.9 only by the leader of its group, which shares its descriptors as a rule. */
static int open_pidfd(pid_t tid)
{
	int pidfd = (int)syscall(SYS_pidfd_open, tid, PIDFD_OF_THREAD);
	char status[8192];

	if (pidfd >= 0 || errno != EINVAL)
		return pidfd;
	int err = read_status(tid, status, sizeof(status));

	if (err) {
		errno = -err;
		return -1;
	}
	return (int)syscall(SYS_pidfd_open, atoi(field(status, "\nTgid:\t")), 0);
}

int ux_program_descriptor(pid_t tid, int fd)
{
	int pidfd = open_pidfd(tid);

	if (pidfd < 0)
		return -errno;
	int copy = (int)syscall(SYS_pidfd_getfd, pidfd, fd, 0);

	if (copy < 0)
		copy = -errno;
	close(pidfd);
	return copy;
}

int ux_program_has_descriptor(pid_t tid, int fd)
{
	char path[64], target[8];

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)tid, fd);
	return readlink(path, target, sizeof(target)) >= 0 || errno != ENOENT;
}
