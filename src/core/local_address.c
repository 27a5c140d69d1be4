/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/local_address.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct local {
	uint16_t family;
	struct ux_addr addr; /* unused bytes zero */
};

struct ux_local_set {
	size_t n;
	struct local item[];
};

void ux_local_init(struct ux_local_addresses *l)
{
	atomic_init(&l->set, NULL);
}

void ux_local_fini(struct ux_local_addresses *l)
{
	free(ux_rcu_own(&l->set));
	atomic_store_explicit(&l->set, NULL, memory_order_relaxed);
}

static struct local make(uint16_t family, const struct ux_addr *addr)
{
	struct local item = {.family = family};

	memcpy(&item.addr, addr, family == AF_INET ? 4 : 16);
	return item;
}

static int compare(const struct local *a, const struct local *b)
{
	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	return memcmp(&a->addr, &b->addr, sizeof(a->addr));
}

/* The place of @item, or where it would go; *ret_there tells which. */
static size_t place(const struct ux_local_set *set, const struct local *item, bool *ret_there)
{
	size_t low = 0, high = set ? set->n : 0;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (compare(&set->item[middle], item) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*ret_there = set && low < set->n && compare(&set->item[low], item) == 0;
	return low;
}

static void publish(struct ux_local_addresses *l, struct ux_retire *retire,
		    struct ux_local_set *fresh)
{
	struct ux_local_set *old = ux_rcu_own(&l->set);

	ux_rcu_publish(&l->set, fresh);
	if (old)
		ux_retire_add(retire, old, free);
}

int ux_local_add(struct ux_local_addresses *l, struct ux_retire *retire, uint16_t family,
		 const struct ux_addr *addr)
{
	struct ux_local_set *old = ux_rcu_own(&l->set);
	struct local item = make(family, addr);
	size_t n = old ? old->n : 0;
	bool there;
	size_t at = place(old, &item, &there);

	if (there)
		return 0;

	struct ux_local_set *fresh = malloc(sizeof(*fresh) + (n + 1) * sizeof(fresh->item[0]));

	if (!fresh)
		return -ENOMEM;
	fresh->n = n + 1;
	if (old) {
		memcpy(fresh->item, old->item, at * sizeof(item));
		memcpy(&fresh->item[at + 1], &old->item[at], (n - at) * sizeof(item));
	}
	fresh->item[at] = item;
	publish(l, retire, fresh);
	return 0;
}

int ux_local_remove(struct ux_local_addresses *l, struct ux_retire *retire, uint16_t family,
		    const struct ux_addr *addr)
{
	struct ux_local_set *old = ux_rcu_own(&l->set);
	struct local item = make(family, addr);
	bool there;
	size_t at = place(old, &item, &there);

	if (!there)
		return 0;

	size_t n = old->n - 1;
	struct ux_local_set *fresh = malloc(sizeof(*fresh) + n * sizeof(fresh->item[0]));

	if (!fresh)
		return -ENOMEM;
	fresh->n = n;
	memcpy(fresh->item, old->item, at * sizeof(item));
	memcpy(&fresh->item[at], &old->item[at + 1], (n - at) * sizeof(item));
	publish(l, retire, fresh);
	return 0;
}

bool ux_local_contains(const struct ux_local_addresses *l, uint16_t family,
		       const struct ux_addr *addr)
{
	struct local item = make(family, addr);
	bool there;

	if (family == AF_INET && (addr->b[0] >> 4 == 0xe || addr->w[0] == UINT32_MAX))
		return true;
	if (family == AF_INET6 && addr->b[0] == 0xff)
		return true;
	(void)place(ux_rcu_follow(&l->set), &item, &there);
	return there;
}
