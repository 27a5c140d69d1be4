/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * A hash table of pointers: open addressing, linear probing, one writer, readers under RCU. It
 * holds heads of chains of SAs, and also the other things core looks up.
 *
 * A slot is a pointer and the hash of its key. Readers take the pointer first (acquire) and verify
 * the key in the object, so a slot may be reused at any time; NULL ends a probe, a tombstone does
 * not.
 *
 * Growing never stops the world: a new array is published that points to the one it follows, and
 * each ux_sa_table_reserve moves a few slots. Readers search the old array first and then the new
 * one, so an object that is moved between the two looks is seen in one of them; a miss is final
 * only if the table still has the array the search began with.
 *
 * The table knows nothing of keys: the caller brings the hash and a function that tells whether an
 * object has the key.
 */

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ext_ack.h"
#include "base/rcu.h"

struct ux_sa_slot {
	_Atomic(uint64_t) hash;
	_Atomic(void *) head; /* NULL, UX_SA_TOMBSTONE, or the object */
};

struct ux_sa_slots {
	size_t mask;		     /* number of slots - 1 */
	size_t n_used, n_tombstones; /* control thread */
	size_t n_moved;		     /* control thread: slots of previous already moved here */
	_Atomic(struct ux_sa_slots *) previous; /* being emptied into this one; NULL if none */
	struct ux_sa_slot *slot;
};

struct ux_sa_table {
	_Atomic(struct ux_sa_slots *) slots; /* control thread writes */
	size_t min_slots;
};

typedef bool (*ux_sa_key_equal)(const void *object, const void *key);

int ux_sa_table_init(struct ux_sa_table *t) UX_MUST_CHECK;
void ux_sa_table_fini(struct ux_sa_table *t); /* frees the arrays at once: no reader may be left */

/* ux_sa_table_find - the object with this key, or NULL. Readers in a read section, or the writer.
 */
void *ux_sa_table_find(const struct ux_sa_table *t, uint64_t hash, ux_sa_key_equal equal,
		       const void *key);
/* ux_sa_table_find_hash - the same where a hash is all there is of a key. */
void *ux_sa_table_find_hash(const struct ux_sa_table *t, uint64_t hash);
/* ux_sa_table_slots - how many slots it has now. As ux_sa_table_find. */
static inline size_t ux_sa_table_slots(const struct ux_sa_table *t)
{
	return ux_rcu_follow(&t->slots)->mask + 1;
}
/* ux_sa_table_prefetch - have the slot near when it is needed. */
void ux_sa_table_prefetch(const struct ux_sa_table *t, uint64_t hash);
/*
 * ux_sa_table_peek - an object that has this hash and most likely the key, or NULL: good for
 * nothing but to have its memory near. Looks at no object.
 */
void *ux_sa_table_peek(const struct ux_sa_table *t, uint64_t hash);
/*
 * ux_sa_table_set - make @head the object for the key: a new slot, a changed one, or with NULL none
 * any more. A new slot needs a ux_sa_table_reserve before. Control thread.
 */
void ux_sa_table_set(struct ux_sa_table *t, uint64_t hash, ux_sa_key_equal equal, const void *key,
		     void *head);
/*
 * ux_sa_table_reserve - make room for @n more slots (at most UX_SA_TABLE_RESERVE_MAX), and go on
 * with a move in progress. Arrays outgrown go to @retire; NULL: nobody reads, free at once. 0 or
 * -ENOMEM.
 */
#define UX_SA_TABLE_RESERVE_MAX 8
int ux_sa_table_reserve(struct ux_sa_table *t, size_t n, struct ux_retire *retire) UX_MUST_CHECK;
