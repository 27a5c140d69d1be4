/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * A hash table of chains of SAs: open addressing, linear probing, one writer, readers under RCU.
 *
 * A slot is a pointer to the head of a chain and the hash of its key. Readers take the pointer first
 * (acquire) and verify the key in the SA, so a slot may be reused at any time; NULL ends a probe, a
 * tombstone does not. Growing copies the array, publishes the copy and retires the old one.
 *
 * The table knows nothing of keys: the caller brings the hash and a function that tells whether an SA
 * has the key.
 */

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ext_ack.h"
#include "base/rcu.h"

struct ux_sa;

struct ux_sa_slot {
	_Atomic(uint64_t) hash;
	_Atomic(struct ux_sa *) head; /* NULL, UX_SA_TOMBSTONE, or the newest SA of the chain */
};

struct ux_sa_slots {
	size_t mask; /* number of slots - 1 */
	struct ux_sa_slot slot[];
};

struct ux_sa_table {
	_Atomic(struct ux_sa_slots *) slots; /* control thread writes */
	size_t n_used, n_tombstones;	     /* control thread */
};

typedef bool (*ux_sa_key_equal)(const struct ux_sa *sa, const void *key);

int ux_sa_table_init(struct ux_sa_table *t) UX_MUST_CHECK;
void ux_sa_table_fini(struct ux_sa_table *t); /* frees the array at once: no reader may be left */

/* ux_sa_table_find - head of the chain with this key, or NULL. Readers in a read section, or the writer. */
struct ux_sa *ux_sa_table_find(const struct ux_sa_table *t, uint64_t hash, ux_sa_key_equal equal,
			       const void *key);
/*
 * ux_sa_table_set - make @head the head of the chain for the key: a new slot, a changed one, or with
 * NULL none any more. A new slot may have to grow the table; ux_sa_table_reserve before makes that
 * impossible to fail. Control thread.
 */
void ux_sa_table_set(struct ux_sa_table *t, uint64_t hash, ux_sa_key_equal equal, const void *key,
		     struct ux_sa *head);
/* ux_sa_table_reserve - make room for @n more slots; arrays outgrown go to @retire. 0 or -ENOMEM. */
int ux_sa_table_reserve(struct ux_sa_table *t, size_t n, struct ux_retire *retire) UX_MUST_CHECK;
