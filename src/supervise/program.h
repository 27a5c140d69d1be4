/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* A supervised program as seen from outside; each thread by its own id. */

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

/* All @len bytes: 0 or -EFAULT, also when the program has gone. */
int ux_program_read(pid_t tid, uint64_t address, void *buf, size_t len);
int ux_program_write(pid_t tid, uint64_t address, const void *buf, size_t len);
/* Over the buffers @iov of the program, @len bytes in all. */
int ux_program_gather(pid_t tid, const struct iovec *iov, size_t n_iov, void *buf, size_t len);
int ux_program_scatter(pid_t tid, const struct iovec *iov, size_t n_iov, const void *buf,
		       size_t len);

/* ux_program_descriptor - a copy of the thread's descriptor @fd, close on exec. -errno; -EBADF when
 * it is not open. */
int ux_program_descriptor(pid_t tid, int fd);
/* ux_program_has_descriptor - is the number @fd taken? */
int ux_program_has_descriptor(pid_t tid, int fd);

struct ux_program_status {
	pid_t pid_inside; /* the process id in the innermost pid namespace, as getpid() says */
	uid_t uid;	  /* effective, in our user namespace */
	gid_t gid;
	uint64_t caps; /* effective */
};
/* 0 or -errno. */
int ux_program_status(pid_t tid, struct ux_program_status *ret_status);

/* Which signals wait to be taken, that the thread does not block: bit n - 1 for number n. */
struct ux_program_signals {
	uint64_t own;	 /* sent to this thread */
	uint64_t shared; /* sent to its process */
	int threads;	 /* of the process */
};
/* 0 or -errno. */
int ux_program_signals(pid_t tid, struct ux_program_signals *ret_signals);
