/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * Who a program is: what the daemon and the kernel decide by. A socket keeps the one it was made
 * with, as the kernel's sockets do; what is done for it is done by a process that has become
 * that, with no more rights than the program had.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct ux_identity {
	int net_ns;  /* -1: ours */
	int user_ns; /* -1: ours */
	uid_t uid;   /* inside user_ns */
	gid_t gid;
	uint64_t caps;
	bool same; /* as ours, in all of these */
};

/* 0 or -errno; then ux_identity_release() is called at the end. */
int ux_identity_of(pid_t tid, struct ux_identity *ret_identity);
void ux_identity_release(struct ux_identity *id);

/*
 * ux_identity_act - work(arg) as @id, in a process of its own unless that is what we are. Its
 * result: 0 or -errno; a descriptor that it leaves in *ret_fd is ours then. -EPERM: we cannot
 * become that. What it changes in memory is lost.
 */
int ux_identity_act(const struct ux_identity *id, int (*work)(void *arg, int *ret_fd), void *arg,
		    int *ret_fd);
