/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Preloaded into the kernel program. Up to 6.12 it keeps the extended processor state of its
 * processes in a buffer of 2696 bytes. On processors with more state (AMX) the host takes only the
 * whole of it, so what the program gives is filled up: the components its buffer has no room for
 * are marked as unused.
 */

#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <linux/elf.h>

#define FEATURES_AT 512	    /* the bit mask of components in use */
#define FEATURES_KEPT 0x3ff /* x87 up to protection keys: all that fits into 2696 bytes */

static _Alignas(64) uint8_t whole[65536];

/* Bytes the host wants; 0 when it does not say. */
static size_t host_size(long pid)
{
	struct iovec room = {.iov_base = whole, .iov_len = sizeof(whole)};

	if (syscall(SYS_ptrace, PTRACE_GETREGSET, pid, NT_X86_XSTATE, &room) < 0)
		return 0;
	return room.iov_len;
}

static long set_state(long pid, const struct iovec *given)
{
	size_t size = host_size(pid);
	struct iovec all = {.iov_base = whole, .iov_len = size};
	uint64_t features;

	if (given->iov_len >= size)
		return syscall(SYS_ptrace, PTRACE_SETREGSET, pid, NT_X86_XSTATE, given);
	memset(whole, 0, size);
	memcpy(whole, given->iov_base, given->iov_len);
	memcpy(&features, whole + FEATURES_AT, sizeof(features));
	features &= FEATURES_KEPT;
	memcpy(whole + FEATURES_AT, &features, sizeof(features));
	return syscall(SYS_ptrace, PTRACE_SETREGSET, pid, NT_X86_XSTATE, &all);
}

__attribute__((visibility("default"))) long ptrace(enum __ptrace_request request, ...)
{
	long peeked = 0, result;
	long pid;
	void *addr, *data;
	va_list list;

	va_start(list, request);
	pid = va_arg(list, int);
	addr = va_arg(list, void *);
	data = va_arg(list, void *);
	va_end(list);
	if (request == PTRACE_SETREGSET && (uintptr_t)addr == NT_X86_XSTATE)
		return set_state(pid, data);
	/* as in libc, what is read comes as the result */
	if (request >= PTRACE_PEEKTEXT && request <= PTRACE_PEEKUSER)
		data = &peeked;
	result = syscall(SYS_ptrace, request, pid, addr, data);
	return data == &peeked && result == 0 ? peeked : result;
}
