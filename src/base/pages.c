/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/pages.h"

#include <stdint.h>
#include <sys/mman.h>

void *ux_pages_map(size_t len)
{
	size_t extra = len >= UX_HUGE_PAGE ? UX_HUGE_PAGE : 0; /* to align it */
	char *p = mmap(NULL, len + extra, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	if (!extra)
		return p;

	size_t skip = -(uintptr_t)p & (UX_HUGE_PAGE - 1);

	if (skip)
		munmap(p, skip);
	munmap(p + skip + len, extra - skip);
	return p + skip;
}

void ux_pages_make_huge(void *pages, size_t len)
{
	(void)madvise(pages, len, MADV_HUGEPAGE);
}

void ux_pages_unmap(void *pages, size_t len)
{
	munmap(pages, len);
}
