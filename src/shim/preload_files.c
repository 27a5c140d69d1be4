/* SPDX-License-Identifier: BSD-2-Clause */

/* The exported functions that open files: one name is ours, the others pass. */

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "shim/real.h"
#include "shim/xfrm_stat.h"

#define EXPORT __attribute__((visibility("default")))

/* Not in the headers under these names. */
int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);

/* -1: not that file, or no daemon. */
static int open_ours(const char *path, int flags)
{
	if (!path || (flags & O_ACCMODE) != O_RDONLY || !shim_is_xfrm_stat(path) || !shim_active())
		return -1;
	return shim_xfrm_stat_open(flags & O_CLOEXEC);
}

/* The mode is there only when a file may be made; as an argument it passes unchanged. */
#define MODE_OF(flags, last)                                                                       \
	({                                                                                         \
		unsigned int mode_ = 0;                                                            \
		if ((flags) & (O_CREAT | __O_TMPFILE)) {                                           \
			va_list list_;                                                             \
			va_start(list_, last);                                                     \
			mode_ = va_arg(list_, unsigned int);                                       \
			va_end(list_);                                                             \
		}                                                                                  \
		mode_;                                                                             \
	})

EXPORT int open(const char *path, int flags, ...)
{
	unsigned int mode = MODE_OF(flags, flags);
	int fd = open_ours(path, flags);

	return fd >= 0 ? fd : shim_real()->open(path, flags, mode);
}

EXPORT int open64(const char *path, int flags, ...)
{
	unsigned int mode = MODE_OF(flags, flags);
	int fd = open_ours(path, flags);

	return fd >= 0 ? fd : shim_real()->open64(path, flags, mode);
}

EXPORT int openat(int folder, const char *path, int flags, ...)
{
	unsigned int mode = MODE_OF(flags, flags);
	int fd = open_ours(path, flags);

	return fd >= 0 ? fd : shim_real()->openat(folder, path, flags, mode);
}

EXPORT int openat64(int folder, const char *path, int flags, ...)
{
	unsigned int mode = MODE_OF(flags, flags);
	int fd = open_ours(path, flags);

	return fd >= 0 ? fd : shim_real()->openat64(folder, path, flags, mode);
}

/* What a fortified program calls when it gives no mode. */
EXPORT int __open_2(const char *path, int flags)
{
	int fd = open_ours(path, flags);

	return fd >= 0 ? fd : shim_real()->open_2(path, flags);
}

EXPORT int __open64_2(const char *path, int flags)
{
	int fd = open_ours(path, flags);

	return fd >= 0 ? fd : shim_real()->open64_2(path, flags);
}

static FILE *fopen_ours(const char *path, const char *mode)
{
	int fd = mode && mode[0] == 'r' && mode[1] != '+' ? open_ours(path, O_RDONLY) : -1;
	FILE *file = fd >= 0 ? fdopen(fd, mode) : NULL;

	if (fd >= 0 && !file)
		shim_real()->close(fd);
	return file;
}

EXPORT FILE *fopen(const char *path, const char *mode)
{
	FILE *file = fopen_ours(path, mode);

	return file ? file : shim_real()->fopen(path, mode);
}

EXPORT FILE *fopen64(const char *path, const char *mode)
{
	FILE *file = fopen_ours(path, mode);

	return file ? file : shim_real()->fopen64(path, mode);
}
