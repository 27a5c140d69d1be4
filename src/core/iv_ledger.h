/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * No (key, IV) pair twice. The explicit IV is a 64-bit counter that belongs to the key bytes, not
 * to the SA: the ledger has one IV source for each key it has seen, found by a secret 128-bit
 * fingerprint, and every SA that holds the key, now or later again, draws from that source.
 *
 * Sources of keys that no SA holds any more are kept, up to a bound; when the oldest is forgotten,
 * the floor rises above the last value it gave, and keys not in the ledger start at the floor. So
 * the guarantee holds for any sequence of requests in bounded memory. The first floor comes from
 * the wall clock (seconds << 32), above what an earlier process can have used.
 *
 * Control thread, except ux_iv_take.
 */

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "base/siphash.h"
#include "base/slab.h"
#include "core/sa_table.h"

/* Secret, of a key. */
struct ux_iv_fingerprint {
	uint64_t half[2];
};

struct ux_iv_source {
	_Alignas(64) _Atomic(uint64_t) next;  /* workers */
	struct ux_iv_fingerprint fingerprint; /* const */
	struct ux_list link;		      /* control thread: in the held or the idle list */
	uint32_t refs;			      /* control thread: SA runtimes that hold the key */
};

struct ux_iv_ledger {
	struct ux_siphash_key secret;
	struct ux_sa_table sources; /* by fingerprint; no readers beside the control thread */
	size_t n_held, n_idle, max_idle;
	struct ux_list held, idle; /* idle: oldest first */
	struct ux_slab slab;	   /* of struct ux_iv_source */
	uint64_t floor;
};

int ux_iv_ledger_init(struct ux_iv_ledger *l, uint64_t real_s, size_t max_idle);
void ux_iv_ledger_fini(struct ux_iv_ledger *l);

/*
 * ux_iv_fingerprint_of - of these key bytes: those of the cipher alone, without salt, so that the
 * same key under another name, ICV length or salt has the same source. What ux_iv_source_hold will
 * look at is on its way then.
 */
struct ux_iv_fingerprint ux_iv_fingerprint_of(const struct ux_iv_ledger *l, const void *key,
					      size_t len);
/* ux_iv_source_hold - the source of the key with this fingerprint. NULL: no memory. */
struct ux_iv_source *ux_iv_source_hold(struct ux_iv_ledger *l,
				       const struct ux_iv_fingerprint *fingerprint);
/* ux_iv_source_release - after the last reader of the SA's runtime is gone. */
void ux_iv_source_release(struct ux_iv_ledger *l, struct ux_iv_source *s);

/* ux_iv_take - @n consecutive IVs for a burst, first in *ret_first. False when they are used up.
 * Any thread. */
bool ux_iv_take(struct ux_iv_source *s, uint32_t n, uint64_t *ret_first);
