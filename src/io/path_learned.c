/* SPDX-License-Identifier: BSD-2-Clause */

#include "io/path_learned.h"

#include <netinet/in.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/siphash.h"

#define PLACES 4096 /* in groups of a few, of which an address has one */
#define GROUP 4
/* As Linux: net.ipv4.route.mtu_expires, min_pmtu; RFC 8200 section 5. */
#define HOLD_NS 600000000000ull
#define LEAST4 552
#define LEAST6 1280

struct place {
	uint16_t family; /* 0: none */
	struct ux_addr to;
	uint32_t mtu;
	uint64_t until_ns;
};

struct ux_path_learned {
	pthread_mutex_t lock;
	struct ux_siphash_key key;
	struct place places[PLACES];
};

struct ux_path_learned *ux_path_learned_new(void)
{
	struct ux_path_learned *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	pthread_mutex_init(&l->lock, NULL);
	ux_siphash_random_key(&l->key);
	return l;
}

struct ux_path_learned *ux_path_learned_free(struct ux_path_learned *l)
{
	if (l)
		pthread_mutex_destroy(&l->lock);
	free(l);
	return NULL;
}

static struct place *group_of(struct ux_path_learned *l, const struct ux_addr *to)
{
	return &l->places[ux_siphash(&l->key, to, sizeof(*to)) % (PLACES / GROUP) * GROUP];
}

static bool is_for(const struct place *p, uint16_t family, const struct ux_addr *to)
{
	return p->family == family && ux_addr_equal(&p->to, to, family);
}

void ux_path_learned_note(struct ux_path_learned *l, uint16_t family, const struct ux_addr *to,
			  uint32_t mtu, uint64_t now_ns)
{
	struct place *group = group_of(l, to), *place = group;

	if (mtu < (family == AF_INET ? LEAST4 : LEAST6))
		return;
	pthread_mutex_lock(&l->lock);
	for (size_t i = 0; i < GROUP; i++) {
		if (is_for(&group[i], family, to)) {
			place = &group[i];
			break;
		}
		if (group[i].until_ns < place->until_ns)
			place = &group[i];
	}
	/* More than before is no news of a router: it would not have been told. */
	if (!is_for(place, family, to) || now_ns >= place->until_ns || mtu <= place->mtu)
		*place = (struct place){family, *to, mtu, now_ns + HOLD_NS};
	pthread_mutex_unlock(&l->lock);
}

uint32_t ux_path_learned_cap(struct ux_path_learned *l, uint16_t family, const struct ux_addr *to,
			     uint32_t mtu, uint64_t now_ns)
{
	struct place *group = group_of(l, to);

	pthread_mutex_lock(&l->lock);
	for (size_t i = 0; i < GROUP; i++) {
		if (is_for(&group[i], family, to) && now_ns < group[i].until_ns && group[i].mtu < mtu)
			mtu = group[i].mtu;
	}
	pthread_mutex_unlock(&l->lock);
	return mtu;
}

void ux_path_learned_forget(struct ux_path_learned *l)
{
	pthread_mutex_lock(&l->lock);
	for (size_t i = 0; i < PLACES; i++)
		l->places[i].family = 0;
	pthread_mutex_unlock(&l->lock);
}
