/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/interfaces.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct ux_interface_set {
	size_t n;
	uint32_t if_id[];
};

void ux_interfaces_init(struct ux_interfaces *i)
{
	atomic_init(&i->set, NULL);
}

void ux_interfaces_fini(struct ux_interfaces *i)
{
	free(ux_rcu_own(&i->set));
	atomic_store_explicit(&i->set, NULL, memory_order_relaxed);
}

/* How many are smaller than @if_id. */
static size_t place(const struct ux_interface_set *set, uint32_t if_id)
{
	size_t low = 0, high = set ? set->n : 0;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (set->if_id[middle] < if_id)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool is_at(const struct ux_interface_set *set, size_t at, uint32_t if_id)
{
	return set && at < set->n && set->if_id[at] == if_id;
}

static struct ux_interface_set *set_of(size_t n)
{
	struct ux_interface_set *set = malloc(sizeof(*set) + n * sizeof(set->if_id[0]));

	if (set)
		set->n = n;
	return set;
}

static void publish(struct ux_interfaces *i, struct ux_retire *retire,
		    struct ux_interface_set *fresh)
{
	struct ux_interface_set *old = ux_rcu_own(&i->set);

	ux_rcu_publish(&i->set, fresh);
	if (old)
		ux_retire_add(retire, old, free);
}

int ux_interfaces_add(struct ux_interfaces *i, struct ux_retire *retire, uint32_t if_id)
{
	struct ux_interface_set *old = ux_rcu_own(&i->set), *fresh;
	size_t n = old ? old->n : 0, at = place(old, if_id);

	if (if_id == 0)
		return -EINVAL;
	if (is_at(old, at, if_id))
		return -EEXIST;
	fresh = set_of(n + 1);
	if (!fresh)
		return -ENOMEM;
	if (old) {
		memcpy(fresh->if_id, old->if_id, at * sizeof(if_id));
		memcpy(&fresh->if_id[at + 1], &old->if_id[at], (n - at) * sizeof(if_id));
	}
	fresh->if_id[at] = if_id;
	publish(i, retire, fresh);
	return 0;
}

int ux_interfaces_remove(struct ux_interfaces *i, struct ux_retire *retire, uint32_t if_id)
{
	struct ux_interface_set *old = ux_rcu_own(&i->set), *fresh;
	size_t at = place(old, if_id);

	if (!is_at(old, at, if_id))
		return -ENOENT;
	fresh = set_of(old->n - 1);
	if (!fresh)
		return -ENOMEM;
	memcpy(fresh->if_id, old->if_id, at * sizeof(if_id));
	memcpy(&fresh->if_id[at], &old->if_id[at + 1], (fresh->n - at) * sizeof(if_id));
	publish(i, retire, fresh);
	return 0;
}

bool ux_interfaces_have(const struct ux_interfaces *i, uint32_t if_id)
{
	const struct ux_interface_set *set;

	if (if_id == 0)
		return false;
	set = ux_rcu_follow(&i->set);
	return is_at(set, place(set, if_id), if_id);
}
