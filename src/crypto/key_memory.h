/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * Memory for key bytes: locked if the limits allow, left out of core dumps, wiped when freed.
 * Many small keys share pages. Thread-safe.
 */

#include <stddef.h>

void *ux_key_alloc(size_t len);		 /* zeroed; NULL when out of memory */
void ux_key_free(void *key, size_t len); /* NULL is fine */
