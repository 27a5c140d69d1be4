/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * The ids of transforms that lost their last reference, for the workers: each reads them at its own
 * pace and forgets what it holds of those keys. Only the newest are kept. Thread-safe.
 */

#include <stdbool.h>
#include <stdint.h>

/* ux_retired_count - how many so far. */
uint64_t ux_retired_count(void);
void ux_retired_add(uint64_t id);

/* ux_retired_each - @forget for all from the @from-th to the @to-th. False: some of them are not
 * kept any more. */
bool ux_retired_each(uint64_t from, uint64_t to, void (*forget)(void *opaque, uint64_t id),
		     void *opaque);
