/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * A system call of a supervised program that waits for our answer. A signal, or the program's end,
 * ends that wait at any time: what was read of its memory counts only if the call is still there
 * afterwards, and an answer may come too late.
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

/* ux_call_current - the call this thread works at; NULL: none. */
struct ux_call *ux_call_current(void);
void ux_call_set_current(struct ux_call *c);

/* ux_call_open - copy the descriptor and find the socket. 0 or -errno. */
int ux_call_open(struct ux_call *c);
/* ux_call_close - let go of both. */
void ux_call_close(struct ux_call *c);

bool ux_call_is_there(const struct ux_call *c);
/* ux_call_answer - 0 or more, -errno, or UX_CALL_PASS. false: it was not there any more. */
bool ux_call_answer(const struct ux_call *c, long result);
/*
 * ux_call_answer_descriptor - the program gets a descriptor to what our @fd is, at the number @at,
 * and that number as the result. 0; -EBADF when the number is beyond the program's limit; -ENOENT.
 */
int ux_call_answer_descriptor(const struct ux_call *c, int fd, int at, bool cloexec);

/*
 * A call with an effect whose answer came too late is made again: the kernel restarts it behind a
 * signal's handler, or the program does. ux_call_was_late keeps what it would have been told;
 * ux_call_repeats finds that if the thread's next call is the same one, with the same @len bytes of
 * memory.
 */
void ux_call_was_late(const struct ux_call *c, const void *bytes, size_t len, long result);
bool ux_call_repeats(const struct ux_call *c, const void *bytes, size_t len, long *ret_result);
