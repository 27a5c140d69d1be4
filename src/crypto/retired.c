/* SPDX-License-Identifier: BSD-2-Clause */
#include "crypto/retired.h"

#include <pthread.h>
#include <stdatomic.h>

#define N_KEPT 4096u

static pthread_mutex_t writers = PTHREAD_MUTEX_INITIALIZER;
static _Atomic(uint64_t) count;
static _Atomic(uint64_t) ids[N_KEPT];

uint64_t ux_retired_count(void)
{
	return atomic_load_explicit(&count, memory_order_acquire);
}

void ux_retired_add(uint64_t id)
{
	uint64_t n;

	pthread_mutex_lock(&writers);
	n = atomic_load_explicit(&count, memory_order_relaxed);
	atomic_store_explicit(&ids[n % N_KEPT], id, memory_order_release);
	atomic_store_explicit(&count, n + 1, memory_order_release);
	pthread_mutex_unlock(&writers);
}

/*
 * Whoever reads an id that was written over sees, by the order of these loads and of the stores
 * above, a count that says so: the writer may be at the place of the one that is N_KEPT older than
 * the count.
 */
bool ux_retired_each(uint64_t from, uint64_t to, void (*forget)(void *opaque, uint64_t id),
		     void *opaque)
{
	if (to - from >= N_KEPT)
		return false;
	for (uint64_t i = from; i < to; i++)
		forget(opaque, atomic_load_explicit(&ids[i % N_KEPT], memory_order_acquire));
	return ux_retired_count() - from < N_KEPT;
}
