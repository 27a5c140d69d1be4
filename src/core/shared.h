/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * Values that many hold, such as limits and labels, each kept once: who has one holds a pointer.
 *
 * Control thread; a value is constant and stays until the last who held it has released it.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/ext_ack.h"
#include "base/siphash.h"
#include "core/sa_table.h"

struct ux_shared_pool {
	struct ux_siphash_key key;
	struct ux_sa_table values; /* of struct ux_shared; no readers beside the control thread */
	const void *latest;	   /* the value held last, most likely the next; or NULL */
	size_t n;		   /* values */
};

int ux_shared_init(struct ux_shared_pool *pool) UX_MUST_CHECK;
void ux_shared_fini(struct ux_shared_pool *pool); /* all must have been released */

/* ux_shared_hold - the value that has these @len bytes, aligned to 8. NULL: no memory. */
const void *ux_shared_hold(struct ux_shared_pool *pool, const void *value, size_t len);
/* ux_shared_hold_again - one more holder of a value that is held. NULL is fine, and returned. */
const void *ux_shared_hold_again(const void *value);
/* ux_shared_release - after the last reader who came by this holder is gone. NULL is fine. */
void ux_shared_release(const void *value);
