/* SPDX-License-Identifier: BSD-2-Clause */

#include "supervise/identity.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shim/socket_policy.h"
#include "supervise/program.h"

/* What the other process says at its end; with it comes the descriptor. */
struct outcome {
	int result;
	uint32_t bypass_bit; /* the one thing that the shared code remembers outside sockets */
};

static uint64_t own_caps(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {{0}};

	if (syscall(SYS_capget, &header, data) < 0)
		return 0;
	return data[0].effective | (uint64_t)data[1].effective << 32;
}

/* The thread's namespace @name if it is not ours. -1 = ours; *ret_err 0 or -errno. */
static int open_other(pid_t tid, const char *name, int *ret_err)
{
	char path[64];
	struct stat theirs, ours;

	snprintf(path, sizeof(path), "/proc/self/ns/%s", name);
	*ret_err = stat(path, &ours) < 0 ? -errno : 0;
	if (*ret_err)
		return -1;
	snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)tid, name);
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &theirs) < 0) {
		*ret_err = -errno;
	} else if (theirs.st_ino != ours.st_ino || theirs.st_dev != ours.st_dev) {
		return fd;
	}
	if (fd >= 0)
		close(fd);
	return -1;
}

/* From what we call an id to what it is inside the user namespace of @tid. */
static unsigned int map_id(pid_t tid, const char *file, unsigned int id)
{
	char path[64];
	unsigned int inside, outside, count, result = 65534;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)tid, file);
	FILE *f = fopen(path, "re");

	while (f && fscanf(f, "%u %u %u", &inside, &outside, &count) == 3)
		if (id >= outside && id - outside < count)
			result = inside + (id - outside);
	if (f)
		fclose(f);
	return result;
}

int ux_identity_of(pid_t tid, struct ux_identity *ret_identity)
{
	struct ux_identity id = {.net_ns = -1, .user_ns = -1};
	struct ux_program_status status;
	int err = ux_program_status(tid, &status);

	if (err)
		return err;
	id.uid = status.uid;
	id.gid = status.gid;
	id.caps = status.caps;
	id.net_ns = open_other(tid, "net", &err);
	if (!err)
		id.user_ns = open_other(tid, "user", &err);
	if (err) {
		ux_identity_release(&id);
		return err;
	}
	if (id.user_ns >= 0) {
		id.uid = map_id(tid, "uid_map", status.uid);
		id.gid = map_id(tid, "gid_map", status.gid);
	}
	id.same = id.net_ns < 0 && id.user_ns < 0 && id.uid == geteuid() && id.gid == getegid() &&
		  id.caps == own_caps();
	*ret_identity = id;
	return 0;
}

void ux_identity_release(struct ux_identity *id)
{
	if (id->net_ns >= 0)
		close(id->net_ns);
	if (id->user_ns >= 0)
		close(id->user_ns);
	id->net_ns = id->user_ns = -1;
}

/* Into a network namespace of our own user namespace, or into one of the other user namespace. */
static int enter(const struct ux_identity *id)
{
	bool there = id->net_ns < 0 || setns(id->net_ns, CLONE_NEWNET) == 0;

	if (id->user_ns >= 0 && setns(id->user_ns, CLONE_NEWUSER) < 0)
		return -EPERM;
	return there || setns(id->net_ns, CLONE_NEWNET) == 0 ? 0 : -EPERM;
}

/* Fewer capabilities at most: what we have not got cannot be had. */
static int limit_caps(uint64_t caps)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {{0}};

	if (syscall(SYS_capget, &header, data) < 0)
		return -errno;
	for (int i = 0; i < 2; i++) {
		data[i].permitted &= (uint32_t)(caps >> (32 * i));
		data[i].effective = data[i].permitted;
		data[i].inheritable = 0;
	}
	return syscall(SYS_capset, &header, data) < 0 ? -errno : 0;
}

static int become(const struct ux_identity *id)
{
	int err = enter(id);

	if (err)
		return err;
	if (id->uid != geteuid() || id->gid != getegid()) {
		(void)setgroups(0, NULL);
		if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0 ||
		    setresgid(id->gid, id->gid, id->gid) < 0 ||
		    setresuid(id->uid, id->uid, id->uid) < 0)
			return -EPERM;
	}
	return limit_caps(id->caps);
}

static void report(int channel, const struct outcome *outcome, int fd)
{
	union {
		char room[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = {0};
	struct iovec iov = {(void *)(uintptr_t)outcome, sizeof(*outcome)};
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};

	if (fd >= 0) {
		m.msg_control = control.room;
		m.msg_controllen = sizeof(control.room);
		struct cmsghdr *c = CMSG_FIRSTHDR(&m);

		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &fd, sizeof(int));
	}
	(void)sendmsg(channel, &m, MSG_NOSIGNAL);
}

static int collect(int channel, int *ret_fd)
{
	union {
		char room[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	struct outcome outcome;
	struct iovec iov = {&outcome, sizeof(outcome)};
	struct msghdr m = {.msg_iov = &iov,
			   .msg_iovlen = 1,
			   .msg_control = control.room,
			   .msg_controllen = sizeof(control.room)};
	ssize_t n;

	do
		n = recvmsg(channel, &m, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n != (ssize_t)sizeof(outcome))
		return -EPERM;
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	if (c && c->cmsg_type == SCM_RIGHTS)
		memcpy(ret_fd, CMSG_DATA(c), sizeof(int));
	shim_learn_bypass_bit(outcome.bypass_bit);
	return outcome.result;
}

int ux_identity_act(const struct ux_identity *id, int (*work)(void *arg, int *ret_fd), void *arg,
		    int *ret_fd)
{
	int channel[2], fd = -1;

	*ret_fd = -1;
	if (id->same)
		return work(arg, ret_fd);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel) < 0)
		return -errno;
	pid_t pid = fork();

	if (pid == 0) {
		int err = become(id);
		struct outcome outcome = {.result = err ? err : work(arg, &fd),
					  .bypass_bit = shim_bypass_bit()};

		report(channel[1], &outcome, fd);
		_exit(0);
	}
	close(channel[1]);
	int result = pid < 0 ? -EAGAIN : collect(channel[0], ret_fd);

	close(channel[0]);
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return result;
}
