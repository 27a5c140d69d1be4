/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/iv_ledger.h"

#include <errno.h>
#include <string.h>

/*
 * A source counts as used up this far below the end. Threads that pass the check at the same time
 * overshoot by one burst each, so the counter cannot wrap.
 */
#define IV_LAST (UINT64_MAX - (UINT64_C(1) << 48))

static bool has_fingerprint(const void *object, const void *key)
{
	const struct ux_iv_source *s = object;

	return memcmp(&s->fingerprint, key, sizeof(s->fingerprint)) == 0;
}

int ux_iv_ledger_init(struct ux_iv_ledger *l, uint64_t real_s, size_t max_idle)
{
	memset(l, 0, sizeof(*l));
	ux_siphash_random_key(&l->secret);
	ux_list_init(&l->idle);
	ux_list_init(&l->held);
	ux_slab_init(&l->slab, sizeof(struct ux_iv_source));
	l->max_idle = max_idle;
	l->floor = real_s << 32;
	return ux_sa_table_init(&l->sources);
}

static void free_list(struct ux_iv_ledger *l, struct ux_list *head)
{
	struct ux_list *pos, *tmp;

	ux_list_for_each_safe (pos, tmp, head) {
		ux_list_remove(pos);
		ux_slab_put(&l->slab, ux_container_of(pos, struct ux_iv_source, link));
	}
}

void ux_iv_ledger_fini(struct ux_iv_ledger *l)
{
	free_list(l, &l->idle);
	free_list(l, &l->held);
	ux_slab_fini(&l->slab);
	ux_sa_table_fini(&l->sources);
	explicit_bzero(&l->secret, sizeof(l->secret));
}

static struct ux_iv_source *source_new(struct ux_iv_ledger *l,
				       const struct ux_iv_fingerprint *fingerprint)
{
	struct ux_iv_source *s;

	if (ux_sa_table_reserve(&l->sources, 1, NULL) < 0)
		return NULL;
	s = ux_slab_get(&l->slab);
	if (!s)
		return NULL;
	atomic_init(&s->next, l->floor);
	s->fingerprint = *fingerprint;
	s->refs = 0;
	ux_list_init(&s->link);
	ux_sa_table_set(&l->sources, fingerprint->half[0], has_fingerprint, fingerprint, s);
	return s;
}

struct ux_iv_fingerprint ux_iv_fingerprint_of(const struct ux_iv_ledger *l, const void *key,
					      size_t len)
{
	struct ux_iv_fingerprint f;

	ux_siphash128(&l->secret, key, len, f.half);
	ux_sa_table_prefetch(&l->sources, f.half[0]);
	return f;
}

struct ux_iv_source *ux_iv_source_hold(struct ux_iv_ledger *l,
				       const struct ux_iv_fingerprint *fingerprint)
{
	struct ux_iv_source *s =
	    ux_sa_table_find(&l->sources, fingerprint->half[0], has_fingerprint, fingerprint);

	if (!s)
		s = source_new(l, fingerprint);
	if (!s)
		return NULL;
	if (s->refs++ == 0) {
		if (!ux_list_empty(&s->link)) /* it is not new */
			l->n_idle--;
		ux_list_remove(&s->link);
		ux_list_push_back(&l->held, &s->link);
		l->n_held++;
	}
	return s;
}

/* The next two to be forgotten: have near where the first one stands, and the second itself. */
static void prefetch_oldest(const struct ux_iv_ledger *l)
{
	const struct ux_list *oldest = l->idle.next;

	if (oldest == &l->idle)
		return;
	ux_sa_table_prefetch(
	    &l->sources, ux_container_of(oldest, struct ux_iv_source, link)->fingerprint.half[0]);
	__builtin_prefetch(oldest->next, 1);
}

/* Forget the key that has been idle longest: keys not known start above all it ever gave. */
static void forget_oldest(struct ux_iv_ledger *l)
{
	struct ux_iv_source *s = ux_container_of(l->idle.next, struct ux_iv_source, link);
	uint64_t next = atomic_load_explicit(&s->next, memory_order_relaxed);

	if (next > l->floor)
		l->floor = next;
	ux_sa_table_set(&l->sources, s->fingerprint.half[0], has_fingerprint, &s->fingerprint,
			NULL);
	ux_list_remove(&s->link);
	l->n_idle--;
	ux_slab_put(&l->slab, s);
}

void ux_iv_source_release(struct ux_iv_ledger *l, struct ux_iv_source *s)
{
	if (!s || --s->refs)
		return;
	ux_list_remove(&s->link);
	ux_list_push_back(&l->idle, &s->link);
	l->n_held--;
	l->n_idle++;
	while (l->n_idle > l->max_idle) {
		forget_oldest(l);
		prefetch_oldest(l);
	}
}

bool ux_iv_take(struct ux_iv_source *s, uint32_t n, uint64_t *ret_first)
{
	if (atomic_load_explicit(&s->next, memory_order_relaxed) > IV_LAST)
		return false;
	*ret_first = atomic_fetch_add_explicit(&s->next, n, memory_order_relaxed);
	return true;
}
