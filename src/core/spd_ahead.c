/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/spd_ahead.h"

#include "core/instance.h"

#define LINE 64 /* of the processor's caches */

static void prefetch_lines(const void *object, size_t size)
{
	for (size_t at = 0; object && at < size; at += LINE)
		__builtin_prefetch((const char *)object + at, 1);
}

uint64_t ux_spd_ahead_of(const struct uxfrm *u, const struct ux_policy_key *key)
{
	const struct ux_spd_group group = {key->type, key->dir, key->sel->family, key->if_id};
	struct ux_spd_tuple tuple = ux_spd_tuple_of(1, key->sel, key->mark);
	struct ux_spd_probe probe;
	uint64_t place;

	ux_spd_probe_selector(&probe, &u->hash_key, &group, key->sel, key->mark);
	place = ux_spd_probe_hash(&probe, &tuple, 0);
	ux_sa_table_prefetch(&u->spd.tree.buckets, place);
	return place;
}

static const struct ux_spd_bucket *bucket_at(const struct uxfrm *u, uint64_t place)
{
	return ux_sa_table_peek(&u->spd.tree.buckets, place);
}

void ux_spd_ahead_bucket(const struct uxfrm *u, uint64_t place)
{
	prefetch_lines(bucket_at(u, place), sizeof(struct ux_spd_bucket));
}

static void prefetch_policy(const struct ux_policy *p)
{
	prefetch_lines(p, sizeof(*p) + sizeof(struct ux_template)); /* most have one */
}

/* Where policies do not crowd the bucket keeps the policy itself, most often alone. */
static const struct ux_policy *kept_at(const struct ux_spd_bucket *b, unsigned int i)
{
	return b ? ux_rcu_follow(&b->kept[i].policy) : NULL;
}

void ux_spd_ahead_policy(const struct uxfrm *u, uint64_t place)
{
	const struct ux_spd_bucket *b = bucket_at(u, place);

	for (unsigned int i = 0; i < UX_SPD_KEPT; i++)
		prefetch_policy(kept_at(b, i));
}

void ux_spd_ahead_around(const struct uxfrm *u, uint64_t place)
{
	const struct ux_spd_bucket *b = bucket_at(u, place);

	for (unsigned int i = 0; i < UX_SPD_KEPT; i++) {
		const struct ux_policy *p = kept_at(b, i);

		if (!p)
			continue;
		__builtin_prefetch(p->all.prev, 1);
		__builtin_prefetch(p->all.next, 1);
		ux_spd_prefetch_index(u, p->index);
	}
}

void ux_spd_ahead_walk(const struct ux_spd *spd, const struct ux_policy *policy)
{
	const struct ux_list *item = policy->all.next;

	/* the next one has been fetched by the step before */
	for (int i = 0; i < 2 && item != &spd->all; i++)
		item = item->next;
	if (item != &spd->all)
		prefetch_policy(ux_container_of(item, const struct ux_policy, all));
}
