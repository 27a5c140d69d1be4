/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * Read-copy-update: liburcu's memb flavour, and the only file that includes it.
 *
 * Readers (workers) hold one read section per burst. The one writer (the control thread) publishes
 * with release stores, readers follow with acquire loads, both as C11 atomics, and hands what it
 * took out to a struct ux_retire, which frees after a grace period. No thread is started for that.
 *
 * liburcu 0.13 tells ThreadSanitizer nothing, so the two edges it orders (end of a read section
 * before the free; publication before the read) are told here: the second by the C11 atomics, the
 * first by the annotations below, which are nothing in other builds.
 */

#include <stdatomic.h>
#include <stddef.h>

/* ux_rcu_register_thread - each thread that reads must call this first, and unregister last. */
void ux_rcu_register_thread(void);
void ux_rcu_unregister_thread(void);

/* ux_rcu_read_lock, ux_rcu_read_unlock - a read section; may nest, must not block inside. */
void ux_rcu_read_lock(void);
void ux_rcu_read_unlock(void);

/* ux_rcu_synchronize - wait until every read section that is open now has ended. Writer only. */
void ux_rcu_synchronize(void);

/* Publish and follow an RCU-protected pointer held as _Atomic(T *). */
#define ux_rcu_publish(slot, value) atomic_store_explicit((slot), (value), memory_order_release)
#define ux_rcu_follow(slot) atomic_load_explicit((slot), memory_order_acquire)
/* The writer's own look at what it published. */
#define ux_rcu_own(slot) atomic_load_explicit((slot), memory_order_relaxed)

/* Objects taken out of sight, waiting for a grace period. Control thread only. */
struct ux_retired;
struct ux_retire {
	struct ux_retired *items; /* array of @cap */
	size_t n, cap;
};

void ux_retire_init(struct ux_retire *r);
/* ux_retire_fini - wait for a grace period and free all that is left. */
void ux_retire_fini(struct ux_retire *r);
/*
 * ux_retire_add - free @object by @free_fn after a grace period. Takes the object. When many have
 * gathered (or when memory for the list is short) it waits for the grace period itself.
 */
void ux_retire_add(struct ux_retire *r, void *object, void (*free_fn)(void *object));
/* ux_retire_flush - wait for a grace period and free all; nothing to do costs nothing. */
void ux_retire_flush(struct ux_retire *r);
