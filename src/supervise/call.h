/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * A system call of a supervised program that waits for our answer. Signals do not end that wait
 * (what is done is done once, and its result is not lost), but the program's end does, at any
 * time: what was read of its memory counts only if the call is still there afterwards. Calls
 * that wait for something to come must not keep signals out: parked.c looks for those.
 */

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "shim/socket_pool.h"

struct ux_call {
	int listener;
	uint64_t id;
	pid_t tid;
	int nr;
	uint64_t args[6];
	int fd;			    /* a copy of descriptor args[0]; -1: none was made */
	struct shim_socket *socket; /* which it is, held; NULL: none of ours */
};

/* Results of calls beside 0 and more, and -errno. */
#define UX_CALL_PASS LONG_MIN	     /* the kernel shall do it */
#define UX_CALL_DONE (LONG_MIN + 1) /* answered, kept for later, or not there any more */
#define UX_CALL_AGAIN (-512)	     /* there is a signal: the kernel says EINTR or starts it again */

/* ux_call_current - the call this thread works at; NULL: none. */
struct ux_call *ux_call_current(void);
void ux_call_set_current(struct ux_call *c);

/* ux_call_open - copy the descriptor and find the socket. 0 or -errno. */
int ux_call_open(struct ux_call *c);
/* ux_call_close - let go of both. */
void ux_call_close(struct ux_call *c);

bool ux_call_is_there(const struct ux_call *c);
/* ux_call_answer - 0 or more, -errno, or UX_CALL_PASS. */
void ux_call_answer(const struct ux_call *c, long result);
/*
 * ux_call_give - the program gets a descriptor to what our @fd is, at the number @at, while it
 * waits for its answer. So ours can be closed before: then it is the program alone who has it
 * open. 0; -EBADF when the number is beyond the program's limit; -ENOENT when the call is not
 * there any more.
 */
int ux_call_give(const struct ux_call *c, int fd, int at, bool cloexec);
