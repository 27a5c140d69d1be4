/* SPDX-License-Identifier: BSD-2-Clause */
/* The linker leads all allocations of this program through here. */

#include "faults.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/types.h>

static bool armed;
static uint32_t left;

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void *__real_mmap(void *p, size_t len, int prot, int flags, int fd, off_t at);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);
void *__wrap_mmap(void *p, size_t len, int prot, int flags, int fd, off_t at);

void faults_arm(uint32_t nth)
{
	armed = true;
	left = nth;
}

void faults_disarm(void)
{
	armed = false;
}

static bool fails(void)
{
	if (!armed || left-- > 0)
		return false;
	armed = false;
	return true;
}

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t size)
{
	return fails() ? NULL : __real_realloc(p, size);
}

void *__wrap_mmap(void *p, size_t len, int prot, int flags, int fd, off_t at)
{
	return fails() ? MAP_FAILED : __real_mmap(p, len, prot, flags, fd, at);
}
