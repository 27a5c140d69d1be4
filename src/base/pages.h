/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * Pages from the kernel, zeroed when they are touched first. Large databases want huge ones: a look
 * at a random place of many small pages waits for the page's own entry as long as for the place.
 */

#include <stddef.h>

#define UX_HUGE_PAGE ((size_t)2 << 20)

/* ux_pages_map - @len bytes; from UX_HUGE_PAGE on they begin where a huge page can. NULL without
 * memory. */
void *ux_pages_map(size_t len);
/* ux_pages_make_huge - ask for huge pages. An optimisation: that there are none does no harm. */
void ux_pages_make_huge(void *pages, size_t len);
void ux_pages_unmap(void *pages, size_t len);
